"""Checks of what the sweep looks for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from sweeper.config.messages import Mistake, shown, unknown
from sweeper.config.model import GOAL, Goal
from sweeper.config.paths import option_path
from sweeper.config.search_space import SearchSpace
from sweeper.config.sections import check_options
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


class ObjectiveOptions(BaseModel):
    """What the sweep looks for: the best ``metric`` of any epoch."""

    model_config = ConfigDict(extra="forbid")

    metric: str = Field(min_length=1, description="a metric that each epoch reports")
    direction: Direction | None = Field(None, description="minimize or maximize")
    goal: Goal = Field("best", description=GOAL)


def check_objective(
    value: Any, space: SearchSpace, own_task: bool
) -> tuple[dict[str, Any] | None, list[Mistake]]:
    """Metric and direction; a task of the user's own may report any metric."""
    if value is None and not own_task:
        value = "val_si_sdr"
    if isinstance(value, str):
        value = {"metric": value}
    if not isinstance(value, Mapping):
        rule = "objective must be a mapping, for example {metric: val_si_sdr, direction: maximize}"
        return None, [Mistake(("objective",), f"{rule}, got {shown(value)}")]
    found, mistakes = check_options(ObjectiveOptions, value, ("objective",))
    if found is None:
        return None, mistakes + ([] if own_task else _unknown_metric(value.get("metric")))
    mistakes = _unnamed_direction(found) if own_task else _wrong_metric(found, space)
    direction = found["direction"] or BETTER.get(found["metric"])
    return {**found, "direction": direction}, mistakes


def _unnamed_direction(objective: Mapping[str, Any]) -> list[Mistake]:
    if objective["direction"] is not None:
        return []
    rule = "objective needs direction (minimize or maximize) where the task is your own"
    return [Mistake(("objective",), rule)]


def _wrong_metric(objective: Mapping[str, Any], space: SearchSpace) -> list[Mistake]:
    metric, direction = objective["metric"], objective["direction"]
    if mistakes := _unknown_metric(metric):
        return mistakes
    if direction not in (None, BETTER[metric]):
        rule = f"{metric} is better the other way: write direction: {BETTER[metric]}"
        return [Mistake(("objective", "direction"), f"objective.direction: {rule}")]
    scales = [
        n for n in space if option_path(n)[0] == "training" and option_path(n)[1][0] == "loss"
    ]
    if metric in _LOSSES and scales:
        rule = f"{metric} has another scale for each value of {scales[0]}: use val_si_sdr"
        return [Mistake(("objective", "metric"), f"objective.metric: {rule}")]
    return []


def _unknown_metric(metric: object) -> list[Mistake]:
    if not isinstance(metric, str) or metric in BETTER:
        return []
    what = f"objective.metric: no metric {metric!r}"
    measure = metric.removeprefix("best_").removeprefix("val_")
    if measure in _AFTERWARDS:
        own = f"training.quality: [{measure}] measures it, once, after a trial's last epoch"
        message = f"{what} of each epoch: {own}; metrics: {', '.join(BETTER)}"
    else:
        message = unknown(what, metric, list(BETTER), "metrics")
    return [Mistake(("objective", "metric"), message)]
