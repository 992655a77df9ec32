"""How much each searched parameter matters, by Optuna's evaluators."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

from sweeper.charts.chart import Axis, Chart, Lines, Panel
from sweeper.charts.style import BEST, RAMP
from sweeper.plots._axes import scales
from sweeper.plots._outcomes import finished, thinned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from optuna import Study
    from optuna.importance import BaseImportanceEvaluator

    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord

__all__ = ["importance"]

_ENOUGH = 10
_MOST = 400  # the forest's time grows with the trials, its answer does not
_DEPTH = 8  # deeper trees cost three to nine times as much and change no share by a hundredth
_TITLE = "How much each parameter matters"


def importance(
    records: Sequence[TrialRecord], objective: Objective, space: Mapping[str, ParamSpec]
) -> Chart:
    """Shares that add up to 1 of two questions.

    fANOVA (Hutter et al., 2014) splits the variance of the objective over the whole range;
    PED-ANOVA (Watanabe et al., 2023) asks what sets the best tenth apart. Finished trials only:
    the value at which others were stopped says more of when that was.
    """
    done = finished(records)
    if len(done) < _ENOUGH or len({r.value for r in done}) < 2:
        note = f"{_ENOUGH} finished trials with different values are needed."
        return Chart(_TITLE, (), note=note)
    found = scales(space)
    common = [name for name in found if all(name in r.params for r in done)]
    if len(common) < 2:
        note = "Two searched parameters are needed that every trial has."
        return Chart(_TITLE, (), note=note)
    whole, best = _shares(thinned(done, _MOST), objective, space, common)
    names = sorted(common, key=lambda name: max(whole.get(name, 0.0), best.get(name, 0.0)))
    marks = (
        _bars("for the objective over the whole range (fANOVA)", whole, names, RAMP[3], 0.17),
        _bars("for being among the best tenth (PED-ANOVA)", best, names, BEST, -0.17),
    )
    axis = Axis("", (-0.6, len(names) - 0.4), ticks={float(i): n for i, n in enumerate(names)})
    panel = Panel(Axis("share", (0.0, 1.05)), axis, marks)
    return Chart(_TITLE, (panel,), note=_note(done, [n for n in found if n not in common]))


def _note(done: Sequence[TrialRecord], absent: Sequence[str]) -> str:
    said = f"From {len(done)} finished trials; shares add up to 1."
    return (
        f"{said} Left out, since not every trial has it: {', '.join(absent)}." if absent else said
    )


def _bars(
    label: str, shares: Mapping[str, float], names: Sequence[str], colour: str, offset: float
) -> Lines:
    at = [(shares.get(name, 0.0), i + offset) for i, name in enumerate(names)]
    width = max(4.0, 13.0 - 0.4 * len(names))
    paths = tuple(((0.0, share), (y, y)) for share, y in at)
    hover = tuple(f"{name}: {shares.get(name, 0.0):.0%}" for name in names)
    return Lines(label, paths, colour, width=width, hover=hover)


def _shares(
    done: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    names: Sequence[str],
) -> tuple[dict[str, float], dict[str, float]]:
    """fANOVA's and PED-ANOVA's."""
    from optuna.importance import FanovaImportanceEvaluator, PedAnovaImportanceEvaluator

    study, axes = _study(done, objective, space, names)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is experimental; that shares are all zero
        best = _evaluate(study, axes, PedAnovaImportanceEvaluator())
    whole = FanovaImportanceEvaluator(max_depth=_DEPTH, seed=0)
    return _evaluate(study, axes, whole), best


def _evaluate(
    study: Study, axes: Mapping[str, str], evaluator: BaseImportanceEvaluator
) -> dict[str, float]:
    from optuna.importance import get_param_importances

    shares = get_param_importances(study, evaluator=evaluator)
    return {axes[axis]: share for axis, share in shares.items()}


def _study(
    done: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    names: Sequence[str],
) -> tuple[Study, dict[str, str]]:
    """A study in memory with these trials, and the parameters by their names in it."""
    import optuna

    from sweeper.distributions import placed
    from sweeper.tell import frozen

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(direction=objective.direction)
    axes: dict[str, str] = {}
    for record in done:
        params = {name: record.params[name] for name in names}
        study.add_trial(frozen(record, *placed(space, params), objective))
        if not axes:
            axes = {axis: n for n in names for axis in placed(space, {n: params[n]})[1]}
    return study, axes
