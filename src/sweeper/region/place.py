"""Where the next full-length trial sharpens the region the most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from sweeper.config import Objective, SearchSpace
from sweeper.records import ParamValue, TrialRecord
from sweeper.region.analysis import Analysis, analyse
from sweeper.region.centre import params_of
from sweeper.region.edges import at_edges
from sweeper.region.grid import COARSE

__all__ = ["doubt_left", "place"]

Array = np.ndarray[Any, Any]

_BINS = 6
_CANDIDATES = 250
_EDGE = 0.02  # share of all cells that the doubt about a bound counts for
_ROWS = 260  # about 60 trials with their curves, thinner curves of more: seconds count here


def place(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: SearchSpace,
    pending: Sequence[Mapping[str, ParamValue]],
    seed: int,
) -> dict[str, ParamValue]:
    """The parameters of the next trial; the other parameters at their best setting.

    Args:
        pending: trials that run, and whose results will be known.

    Raises:
        TooFew: no surrogate can be fitted.
    """
    analysis = analyse(
        records,
        objective,
        space,
        draws=6,
        each=80,
        cells=COARSE,
        pending=pending,
        guard=0,
        rows=_ROWS,
    )
    left = doubt_left(analysis, seed)
    return params_of(analysis, space, int(left.argmin()))


def doubt_left(analysis: Analysis, seed: int) -> Array:
    """(cells,) expected doubt about the near-optimal set after a full-length trial in each cell.

    Doubt is the sum of p (1 - p) over all cells, p that the cell is near-optimal, and over the
    bounds of the space, p that the optimum lies there. Stepwise uncertainty reduction (Bect et al.
    2012, arXiv:1009.5177), with the samples sorted into bins by what the trial would show.
    """
    found = analysis.inclusion
    rng = np.random.default_rng(seed)
    z = analysis.model.warp.forward(found.samples)
    noise = (found.noise / analysis.model.warp.scale)[:, None] * rng.standard_normal(z.shape)
    shown = z + noise
    asked = np.hstack([found.member, at_edges(analysis)]).astype(float)
    worth = np.ones(asked.shape[1])
    worth[z.shape[1] :] = _EDGE * z.shape[1]
    left = np.full(z.shape[1], np.inf)
    for cell in _candidates(found.inside, found.possible, rng):
        bins = np.array_split(np.argsort(shown[:, cell]), _BINS)
        share = np.stack([asked[b].mean(axis=0) for b in bins])
        left[cell] = (share * (1 - share)).sum(axis=0) @ worth / _BINS
    return left


def _candidates(inside: Array, possible: Array, rng: np.random.Generator) -> Array:
    """Cells that may be near-optimal; at most so many, at random."""
    likely = np.flatnonzero(possible & (inside > 0.02))
    if len(likely) > _CANDIDATES:
        likely = np.sort(rng.choice(likely, _CANDIDATES, replace=False))
    return likely
