"""Checks of what the sweep looks for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from sweeper.config.messages import Mistake, dotted, shown, unknown
from sweeper.config.model import ALSO, GOAL, Goal
from sweeper.config.paths import option_path
from sweeper.config.search_space import SearchSpace
from sweeper.config.sections import check_options
from sweeper.config.yaml_core import KeyPath
from sweeper.records import Direction

__all__ = ["BETTER", "ObjectiveOptions", "check_objective"]

BETTER: Mapping[str, Direction] = {
    "val_si_sdr": "maximize",
    "val_si_sdr_improvement": "maximize",
    "val_loss": "minimize",
    "train_loss": "minimize",
    "samples_per_second": "maximize",
    "peak_memory_bytes": "minimize",
}
"""The metrics of sweeper's own tasks, and which way each is better."""

_AFTERWARDS = ("stoi", "pesq")  # of training.quality
_LOSSES = ("val_loss", "train_loss")
_MOST_FURTHER = 2

Aims = list[tuple[KeyPath, Mapping[str, Any]]]


class AimOptions(BaseModel):
    """A metric, and which way it is better."""

    model_config = ConfigDict(extra="forbid")

    metric: str = Field(min_length=1, description="a metric that each epoch reports")
    direction: Direction | None = Field(None, description="minimize or maximize")


def _as_mapping(value: Any) -> Any:
    return {"metric": value} if isinstance(value, str) else value


class ObjectiveOptions(AimOptions):
    """What the sweep looks for: the best ``metric`` of any epoch."""

    goal: Goal = Field("best", description=GOAL)
    also: list[Annotated[AimOptions, BeforeValidator(_as_mapping)]] = Field([], description=ALSO)


def check_objective(
    value: Any, space: SearchSpace, own_task: bool
) -> tuple[dict[str, Any] | None, list[Mistake]]:
    """Metric and direction; a task of the user's own may report any metric."""
    if value is None and not own_task:
        value = "val_si_sdr"
    value = _as_mapping(value)
    if not isinstance(value, Mapping):
        rule = "objective must be a mapping, for example {metric: val_si_sdr, direction: maximize}"
        several = ", with further metrics in also" if isinstance(value, list) else ""
        return None, [Mistake(("objective",), f"{rule}{several}, got {shown(value)}")]
    found, mistakes = check_options(ObjectiveOptions, value, ("objective",))
    if found is None:
        wrong = [] if own_task else _unknown_metric(value.get("metric"), ("objective",))
        return None, mistakes + wrong
    aims: Aims = [(("objective",), found)]
    aims += [(("objective", "also", i), aim) for i, aim in enumerate(found["also"])]
    for path, aim in aims:
        mistakes += _unnamed_direction(aim, path) if own_task else _wrong_metric(aim, path, space)
    also = [_directed(aim) for aim in found["also"]]
    return {**_directed(found), "also": also}, [*mistakes, *_wrong_together(found, aims)]


def _directed(aim: Mapping[str, Any]) -> dict[str, Any]:
    return {**aim, "direction": aim["direction"] or BETTER.get(aim["metric"])}


def _wrong_together(objective: Mapping[str, Any], aims: Aims) -> Iterator[Mistake]:
    """What is wrong with further metrics that are right one by one."""
    if len(aims) > 1 + _MOST_FURTHER:
        rule = f"at most {_MOST_FURTHER} metrics, got {len(aims) - 1}"
        why = "with more, nearly every trial is the best in some mixture of them"
        yield Mistake(("objective", "also"), f"objective.also: {rule}: {why}")
    names = [aim["metric"] for _, aim in aims]
    for i, (path, _) in enumerate(aims):
        if names[i] in names[:i]:
            yield Mistake(path, f"{dotted(path)}: {names[i]} is there twice")
    if len(aims) > 1 and objective["goal"] == "region":
        rule = "goal: region places trials for the first metric alone: take goal: best, or no also"
        yield Mistake(("objective", "goal"), f"objective: {rule}")


def _unnamed_direction(aim: Mapping[str, Any], path: KeyPath) -> list[Mistake]:
    if aim["direction"] is not None:
        return []
    rule = f"{dotted(path)} needs direction (minimize or maximize) where the task is your own"
    return [Mistake(path, rule)]


def _wrong_metric(aim: Mapping[str, Any], path: KeyPath, space: SearchSpace) -> list[Mistake]:
    metric, direction = aim["metric"], aim["direction"]
    if mistakes := _unknown_metric(metric, path):
        return mistakes
    if direction not in (None, BETTER[metric]):
        rule = f"{metric} is better the other way: write direction: {BETTER[metric]}"
        return [_mistake(path, "direction", rule)]
    scales = [
        n for n in space if option_path(n)[0] == "training" and option_path(n)[1][0] == "loss"
    ]
    if metric in _LOSSES and scales:
        rule = f"{metric} has another scale for each value of {scales[0]}: use val_si_sdr"
        return [_mistake(path, "metric", rule)]
    return []


def _unknown_metric(metric: object, path: KeyPath) -> list[Mistake]:
    if not isinstance(metric, str) or metric in BETTER:
        return []
    what = f"no metric {metric!r}"
    measure = metric.removeprefix("best_").removeprefix("val_")
    if measure in _AFTERWARDS:
        own = f"training.quality: [{measure}] measures it, once, after a trial's last epoch"
        message = f"{what} of each epoch: {own}; metrics: {', '.join(BETTER)}"
    else:
        message = unknown(what, metric, list(BETTER), "metrics")
    return [_mistake(path, "metric", message)]


def _mistake(path: KeyPath, key: str, rule: str) -> Mistake:
    return Mistake((*path, key), f"{dotted((*path, key))}: {rule}")
