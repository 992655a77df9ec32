"""How well a region agrees with the truth."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.interpolate import RegularGridInterpolator

from benchmarks.region.landscapes import Landscape
from benchmarks.region.rivals import RIVALS, Named, cells, finished
from sweeper.records import TrialRecord
from sweeper.region import Region

__all__ = ["BINS", "SIDES", "Score", "Verdict", "judge", "score"]

Array = np.ndarray[Any, Any]

BINS = 10
SIDES = (("lr", "lower"), ("lr", "upper"), ("batch_size", "lower"), ("batch_size", "upper"))
_RIM = 0.04


@dataclass(frozen=True)
class Score:
    """Agreement of one region; regrets are shares of (median - minimum)."""

    coverage: float
    precision: float
    recall: float
    iou: float
    regret: float


@dataclass(frozen=True)
class Verdict:
    """All that one sweep is judged by.

    Attributes:
        scores: by method.
        best_regret: that of the best observed trial, without its noise.
        cells, hits: (BINS,) cells by claimed probability, and how many of them are inside.
        edges: for each of `SIDES`: optimum at it, warned of it, best trial at it.
        enough: whether the sweep says that the evidence suffices.
        claimed: expected IoU.
        reason: why the evidence does not suffice.
        epochs: trained, in full trainings.
        seconds: of the processor, for the region.
    """

    scores: dict[str, Score]
    best_regret: float
    cells: tuple[int, ...] = (0,) * BINS
    hits: tuple[int, ...] = (0,) * BINS
    edges: tuple[tuple[bool, bool, bool], ...] = ()
    enough: bool = False
    claimed: float = 0.0
    reason: str = ""
    epochs: float = 0.0
    trials: int = 0
    seconds: float = 0.0


def score(landscape: Landscape, named: Named) -> Score:
    truth, mask = landscape.near_optimal, named.mask
    both = float((truth & mask).sum())
    optimum = np.unravel_index(landscape.final.argmin(), truth.shape)
    return Score(
        coverage=float(mask[optimum]),
        precision=both / mask.sum() if mask.any() else 0.0,
        recall=both / truth.sum(),
        iou=both / float((truth | mask).sum()),
        regret=_regret(landscape, float(landscape.final[named.centre])),
    )


def _regret(landscape: Landscape, value: float) -> float:
    """At most 10: a diverging centre is very bad, not infinitely."""
    spread = landscape.spread or 1.0
    return float(min((value - landscape.final.min()) / spread, 10.0))


def judge(
    landscape: Landscape, records: Sequence[TrialRecord], region: Region, seconds: float = 0.0
) -> Verdict:
    """Score the region and the rivals on the same trials."""
    done = finished(landscape, records)
    epochs = sum(r.epoch for r in records) / landscape.epochs
    if not len(done.value):
        return Verdict({}, 10.0, epochs=epochs, trials=len(records))
    scores = {name: score(landscape, rival(done)) for name, rival in RIVALS.items()}
    best = _regret(landscape, float(landscape.curve(*(2**done.best))[-1]))
    edges = _edges(landscape, region, done.best)
    if region.map is None:
        return Verdict(scores, best, edges=edges, epochs=epochs, trials=len(records))
    inside = _inside(landscape, region)
    centre = region.centre
    assert centre is not None
    at = np.log2([float(centre.params["lr"]), float(centre.params["batch_size"])])
    scores["sweeper"] = score(landscape, done.named((inside >= region.map.level).ravel(), at))
    which = np.clip((inside * BINS).astype(int), 0, BINS - 1).ravel()
    truth = landscape.near_optimal.ravel()
    return Verdict(
        scores,
        best,
        cells=_counted(which),
        hits=_counted(which[truth]),
        edges=edges,
        enough=region.evidence.enough,
        reason=region.evidence.reason,
        claimed=region.map.expected_iou,
        epochs=epochs,
        trials=len(records),
        seconds=seconds,
    )


def _counted(bins: Array) -> tuple[int, ...]:
    return tuple(np.bincount(bins, minlength=BINS).tolist())


def _inside(landscape: Landscape, region: Region) -> Array:
    """(batch, lr) the region's probability at the landscape's cells."""
    assert region.map is not None
    axes = (np.log2([float(b) for b in region.map.batch_sizes]), np.log2(region.map.lr))
    at = cells(landscape)[:, ::-1]
    at = np.clip(at, [a[0] for a in axes], [a[-1] for a in axes])
    found: Array = RegularGridInterpolator(axes, np.array(region.map.inside))(at)
    return found.reshape(landscape.final.shape)


def _edges(
    landscape: Landscape, region: Region, best: Array
) -> tuple[tuple[bool, bool, bool], ...]:
    if landscape.near_optimal.all():
        return ()  # where all is alike, no optimum lies at an edge
    row, column = np.unravel_index(landscape.final.argmin(), landscape.final.shape)
    places = {
        "lr": (column / (len(landscape.lr) - 1), _place(landscape.lr, best[0])),
        "batch_size": (row / (len(landscape.batch) - 1), _place(landscape.batch, best[1])),
    }
    warned = {(edge.name, edge.side) for edge in region.edges}
    return tuple(
        (_at(places[name][0], side), (name, side) in warned, _at(places[name][1], side))
        for name, side in SIDES
    )


def _place(axis: Array, log_value: float) -> float:
    return float((log_value - np.log2(axis[0])) / np.log2(axis[-1] / axis[0]))


def _at(place: float, side: str) -> bool:
    return place <= _RIM if side == "lower" else place >= 1 - _RIM
