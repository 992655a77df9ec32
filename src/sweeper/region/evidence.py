"""Whether the evidence carries a region, and what is missing where it does not."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.spatial import cKDTree  # type: ignore[import-untyped]

from sweeper.records import TrialRecord, TrialState
from sweeper.region.analysis import Analysis
from sweeper.region.answer import Evidence, LeaveOneOut, Noise
from sweeper.region.kernel import Covariance

__all__ = ["blind", "evidence_of", "leave_one_out", "noise_of"]

Array = np.ndarray[Any, Any]

_IOU = 0.35  # expected: below it half of the regions were bad in simulated sweeps, above .6 none
_SHARE = 0.5  # of all cells: a region that large says that lr and batch size do not matter
_CONTRAST = 3.0  # (median - best) over the seed noise; with nothing to find it was 1.5 to 3.6
_NORMAL_90 = 1.645
_POINTS = 21  # along lr, and along batch size


def evidence_of(analysis: Analysis) -> Evidence:
    """The verdict on the evidence, by expected overlap, contrast and leave-one-out prediction."""
    loo = leave_one_out(analysis)
    reason = _reason(analysis, loo)
    obs = analysis.observations
    finished = round(float(obs.weight[obs.final].sum()))
    return Evidence(
        enough=not reason,
        reason=reason,
        more_trials=_more(analysis, finished) if reason else 0,
        inside=_inside(analysis),
        finished=finished,
        loo=loo,
    )


def _reason(analysis: Analysis, loo: LeaveOneOut) -> str:
    found = analysis.inclusion
    if why := blind(analysis, loo):
        return why
    if found.expected_iou < _IOU:
        return f"expected overlap with the true region only {found.expected_iou:.0%}"
    return ""


def blind(analysis: Analysis, loo: LeaveOneOut) -> str:
    """Why the surrogate has seen nothing to go by; empty where it has."""
    found = analysis.inclusion
    contrast = float(np.median(found.spread / np.maximum(found.noise, 1e-300)))
    if contrast < _CONTRAST or found.region.mean() > _SHARE:
        return "seeds differ as much as learning rates and batch sizes do"
    if not loo.predicts:
        return "the fitted model does not predict trials that it has not seen"
    return ""


def _more(analysis: Analysis, finished: int) -> int | None:
    """Trials to the end until the expected overlap suffices, its gap shrinking as 1/sqrt(n)."""
    gap, goal = 1 - analysis.inclusion.expected_iou, 1 - _IOU
    if gap <= goal:
        return None
    return max(1, math.ceil(finished * ((gap / goal) ** 2 - 1)))


def _inside(analysis: Analysis) -> int:
    """Finished trials whose nearest cell is in the region."""
    obs = analysis.observations
    cells = analysis.grid.core.reshape(-1, 2)
    at = obs.core[obs.final]
    nearest = ((at[:, None, :] - cells[None]) ** 2).sum(axis=2).argmin(axis=1)
    return round(float(obs.weight[obs.final][analysis.inclusion.region[nearest]].sum()))


def leave_one_out(analysis: Analysis) -> LeaveOneOut:
    """Each trial's last row foretold from those of all others (Rasmussen, Williams 5.4.2).

    What is explained counts each trial alike or by its share of the space, whichever is more:
    trials crowded into a valley differ by their seeds alone, and over the space a few lone ones
    decide.
    """
    model = analysis.model
    total = Covariance.of(model.inputs, model.draws[0]).total
    inverse = np.linalg.inv(total)
    alpha = inverse @ model.target
    errors, sds, lasts = [], [], []
    for trial in np.unique(model.inputs.trial):
        rows = np.flatnonzero(model.inputs.trial == trial)
        block = np.linalg.inv(inverse[np.ix_(rows, rows)])
        errors.append(float((block @ alpha[rows])[-1]))
        sds.append(math.sqrt(block[-1, -1]))
        lasts.append(int(rows[-1]))
    error = np.array(errors)
    coverage = float((np.abs(error) <= _NORMAL_90 * np.array(sds)).mean())
    ended = model.inputs.left[lasts], model.target[lasts]
    every = _explained(error, *ended, np.ones(len(error)))
    space = _explained(error, *ended, space_of(model.inputs.core[lasts]))
    return LeaveOneOut(len(error), coverage, max(every, space))


def space_of(core: Array) -> Array:
    """(trials,) to how many points of an even grid over lr and batch size each is the nearest."""
    axis = np.linspace(-1, 1, _POINTS)
    points = np.stack(np.meshgrid(axis, axis), axis=2).reshape(-1, 2)
    _, nearest = cKDTree(core).query(points)
    return np.bincount(nearest, minlength=len(core)).astype(float)


def _explained(error: Array, left: Array, target: Array, weight: Array) -> float:
    """Share of the variance among trials that ended at the same epoch."""
    total = missed = 0.0
    for group in np.unique(left):
        same = left == group
        if same.sum() >= 3 and weight[same].any():
            mean = np.average(target[same], weights=weight[same])
            total += float(weight[same] @ (target[same] - mean) ** 2)
            missed += float(weight[same] @ error[same] ** 2)
    return 1 - missed / total if total > 0 else 0.0


def noise_of(analysis: Analysis, records: Sequence[TrialRecord]) -> Noise:
    """The surrogate's estimate, and how many configurations were trained more than once."""
    done = [r for r in records if r.state is TrialState.COMPLETE and not r.is_repeat]
    seeds = Counter(tuple(sorted(r.params.items())) for r in done)
    repeated = sum(count > 1 for count in seeds.values())
    return Noise(float(np.median(analysis.inclusion.noise)), repeated)
