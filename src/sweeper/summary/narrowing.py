"""Where each parameter's bounds go in the next search space, and why.

What is near-optimal decides over lr and batch size, what tied trials have over the others. A part
is left out only where trials were and none was good, and a bound moves out only where the optimum
may lie beyond it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from sweeper.config import CategoricalParam, FixedParam, FloatParam, IntParam, ParamSpec
from sweeper.region import Edge, Region, Row
from sweeper.region.scale import scale_of
from sweeper.summary.ranges import Range, Side, beyond, extended, octave, part, picked, with_ends
from sweeper.words import count, listed, number

if TYPE_CHECKING:
    from sweeper.records import ParamValue, TrialRecord

__all__ = ["Bounds", "Kind", "bounds_of", "fits", "kept"]

Kind = Literal["kept", "narrowed", "moved", "fixed", "left out"]

Edges = dict[Side, Edge]

_NEAR = 0.5  # probability of being near-optimal from which a batch size's interval is searched on
_POSSIBLE = 0.1  # below it a batch size is left out
_TRIED = 3  # trials that a part must have had to be left out
_TIED = 5  # tied trials from which those tell of a parameter beside lr and batch size
_LEAST = 0.25  # of the old range, for those
_MOST = 0.85  # of the old range: narrowing to more than that is not worth a change
_HIGHEST_LR = 1.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """A parameter in the next space; ``spec`` is None where it has no place there."""

    kind: Kind
    why: str
    spec: ParamSpec | None


def kept(spec: ParamSpec, why: str) -> Bounds:
    return Bounds("kept", why, spec)


def bounds_of(
    name: str,
    spec: ParamSpec,
    region: Region,
    tied: Sequence[TrialRecord],
    ended: Sequence[TrialRecord],
) -> Bounds:
    """The parameter's bounds after a region for which the evidence suffices.

    Args:
        tied: trials within the tolerance of the best.
        ended: all that ended and could have been good.
    """
    if scale_of(spec) is None:
        return kept(spec, "it has one value")
    edges = {edge.side: edge for edge in region.edges if edge.name == name}
    if name == region.lr and isinstance(spec, FloatParam | IntParam):
        return _lr(spec, region, edges)
    if name == region.batch_size:
        return _batch_size(spec, region, edges, ended)
    values = [r.params[name] for r in tied if name in r.params]
    tried = [r.params[name] for r in ended if name in r.params]
    if len(values) < _TIED:
        return kept(spec, f"thin evidence: {count(len(values), 'tied trial')} with it")
    if isinstance(spec, CategoricalParam):
        return _choices(spec, values, tried, edges)
    assert isinstance(spec, FloatParam | IntParam)
    return _values(spec, [float(v) for v in values], [float(v) for v in tried], edges)


def _lr(spec: Range, region: Region, edges: Edges) -> Bounds:
    """The intervals of the near-optimal batch sizes, an octave wider, up to the cliff."""
    rows = [
        row
        for row in region.rows
        if row.interval and (row is region.recommended or (row.inside or 0.0) >= _NEAR)
    ]
    if not rows:
        return kept(spec, "thin evidence: no batch size has an interval")
    held = [value for value in _chosen(region, region.lr) if spec.low <= value <= spec.high]
    low = min([*held, *(row.interval.low for row in rows if row.interval)])
    high = max([*held, *(row.interval.high for row in rows if row.interval)])
    one = octave(spec)
    first, last = part(spec, low, high, pad=one, least=2 * one)
    cliff = _cliff(rows)
    last = max(high, min(last, cliff)) if cliff is not None else last
    why = f"near-optimal: {number(low, 2)} to {number(high, 2)}"
    return _ranged(spec, first, last, edges, why, highest=_HIGHEST_LR)


def _chosen(region: Region, name: str | None) -> list[float]:
    """What the centre and the best trial have for lr or batch size."""
    points = [point.params for point in (region.centre, region.best) if point]
    return [float(params[name]) for params in points if name is not None and name in params]


def _cliff(rows: Sequence[Row]) -> float | None:
    """The lr above which trials diverged whatever the batch size; None where one never did."""
    found = [
        row.interval.high * 2**row.cliff_octaves
        for row in rows
        if row.interval and row.cliff_octaves is not None
    ]
    return max(found) if len(found) == len(rows) else None


def _batch_size(
    spec: ParamSpec, region: Region, edges: Edges, ended: Sequence[TrialRecord]
) -> Bounds:
    name = region.batch_size or ""
    possible = [
        float(size)
        for row in region.rows
        if (row.inside or 0.0) >= _POSSIBLE
        for size in row.batch_sizes
    ]
    possible += _chosen(region, name)
    if not possible:
        return kept(spec, "thin evidence: no batch size is likely")
    edges = _that_fit(edges, region)
    if isinstance(spec, CategoricalParam):
        tried = [r.params[name] for r in ended if name in r.params]
        return _ordered(spec, possible, tried, edges, f"at least {_POSSIBLE:.0%} likely: ", 0)
    assert isinstance(spec, FloatParam | IntParam)
    low, high = max(min(possible), spec.low), min(max(possible), spec.high)
    one = octave(spec)
    first, last = part(spec, low, high, pad=one, least=2 * one)
    why = f"at least {_POSSIBLE:.0%} likely: {number(low)} to {number(high)}"
    return _ranged(spec, first, last, edges, why)


def _that_fit(edges: Edges, region: Region) -> Edges:
    return {side: edge for side, edge in edges.items() if fits(edge, region)}


def fits(edge: Edge, region: Region) -> bool:
    """Whether there is room beyond it: not for larger batch sizes where one ran out of memory."""
    full = any(row.counts.out_of_memory for row in region.rows)
    return edge.name != region.batch_size or edge.side == "lower" or not full


def _choices(
    spec: CategoricalParam,
    values: Sequence[ParamValue],
    tried: Sequence[ParamValue],
    edges: Edges,
) -> Bounds:
    if spec.ordered:
        numbers = [float(value) for value in values]
        at_end = {side: edge for side, edge in edges.items() if _most(numbers, spec.choices, side)}
        return _ordered(spec, numbers, tried, at_end, "tied trials have ", 1)
    good = [c for c in spec.choices if c in values or tried.count(c) < _TRIED]
    if len(good) == len(spec.choices):
        return kept(spec, "tied trials have each, or others were hardly tried")
    out = listed([number(c) for c in spec.choices if c not in good])
    why = f"no tied trial has {out}"
    if len(good) == 1:
        return Bounds("fixed", why, FixedParam(type="fixed", value=good[0], when=spec.when))
    return Bounds("narrowed", why, picked(spec, good))


def _most(numbers: Sequence[float], choices: Sequence[ParamValue], side: Side) -> bool:
    end = float(choices[-1] if side == "upper" else choices[0])
    return 2 * numbers.count(end) >= len(numbers)


def _ordered(
    spec: CategoricalParam,
    good: Sequence[float],
    tried: Sequence[ParamValue],
    edges: Edges,
    why: str,
    neighbours: int,
) -> Bounds:
    """From the least to the largest good choice, with their neighbours, and at least two."""
    rising = sorted(spec.choices, key=float)
    at = [i for i, choice in enumerate(rising) if float(choice) in good]
    first, last = max(0, min(at) - neighbours), min(len(rising) - 1, max(at) + neighbours)
    while first > 0 and (tried.count(rising[first - 1]) < _TRIED or "lower" in edges):
        first -= 1
    while last < len(rising) - 1 and (tried.count(rising[last + 1]) < _TRIED or "upper" in edges):
        last += 1
    if first == last:
        first, last = (first, last + 1) if last < len(rising) - 1 else (first - 1, last)
    keep = rising[first : last + 1]
    why += listed([number(rising[i]) for i in at])
    choices = [choice for choice in spec.choices if choice in keep]
    for side, edge in edges.items():
        choices = _with_more(choices, side, edge) if spec.ordered else choices
    if [*choices] == [*spec.choices]:
        return kept(spec, why)
    moved = len(choices) > len(keep)
    new = type(spec).model_validate({**spec.model_dump(), "choices": choices})
    return Bounds("moved" if moved else "narrowed", _edge_words(edges) if moved else why, new)


def _with_more(choices: list[ParamValue], side: Side, edge: Edge) -> list[ParamValue]:
    return extended(choices, side, edge.proposed) if len(choices) > 1 else choices


def _values(spec: Range, values: Sequence[float], tried: Sequence[float], edges: Edges) -> Bounds:
    """What the tied trials have, wider by the mean gap between them: their ends are no sharper."""
    scale = scale_of(spec)
    assert scale is not None
    low, high = min(values), max(values)
    gap = (scale.position(high) - scale.position(low)) / (len(values) - 1)
    first, last = part(spec, low, high, pad=max(gap, 0.05), least=_LEAST)
    if sum(value < first for value in tried) < _TRIED:
        first = spec.low
    if sum(value > last for value in tried) < _TRIED:
        last = spec.high
    why = f"{count(len(values), 'tied trial')} have {number(low, 2)} to {number(high, 2)}"
    outside = {"lower": 0.04, "upper": 0.96}
    crowded = {
        side: edge
        for side, edge in edges.items()
        if 2 * sum((scale.position(v) <= outside[side]) == (side == "lower") for v in values)
        >= len(values)
    }
    return _ranged(spec, first, last, crowded, why)


def _ranged(
    spec: Range,
    low: float,
    high: float,
    edges: Edges,
    why: str,
    highest: float | None = None,
) -> Bounds:
    """The range from ``low`` to ``high``; where the optimum may lie beyond an end, that moves."""
    moved: list[str] = []
    for side, edge in edges.items():
        to = edge.proposed if edge.proposed is not None else beyond(spec, side)
        if side == "upper":
            to = min(to, max(highest, spec.high)) if to is not None and highest else to
            high = max(spec.high, to or spec.high)
            moved += [side] if high > spec.high else []
        else:
            to = beyond(spec, side) if to is not None and to <= 0 < spec.low else to
            low = min(spec.low, to if to is not None else spec.low)
            moved += [side] if low < spec.low else []
    new = with_ends(spec, low, high)
    if new == spec:
        return kept(spec, why)
    if moved:
        return Bounds("moved", f"{_edge_words(edges)}; {why}", new)
    if _width(spec, new) > _MOST:
        return kept(spec, f"nearly all of it is good; {why}")
    return Bounds("narrowed", why, new)


def _width(old: Range, new: Range) -> float:
    scale = scale_of(old)
    assert scale is not None
    return scale.position(new.high) - scale.position(new.low)


def _edge_words(edges: Edges) -> str:
    return listed([f"the optimum may lie beyond the {side} end" for side in edges])
