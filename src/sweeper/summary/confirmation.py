"""What training the best again has shown: means over fresh seeds, and whether the winner was luck.

The value that won the search is the best of many, so it is too good on average; fresh seeds are not
chosen by their results. Intervals are Student's t with one seed deviation for all configurations,
pooled, since each has few seeds.
"""

from __future__ import annotations

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean
from typing import TYPE_CHECKING, Literal

from sweeper.ledger.confirmation import confirming
from sweeper.records import ParamValue, TrialRecord, TrialState
from sweeper.region import inside
from sweeper.region.scale import scale_of

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["LEAST_DEGREES", "Confirmation", "Confirmed", "confirmation", "pooled"]

_CONFIDENCE = 0.95
LEAST_DEGREES = 3
"""Degrees of freedom, below which a deviation over seeds says nothing."""

_NEGLIGIBLE = 1e-9  # of a value's size

Luck = Literal["unknown", "holds", "lucky value", "lucky winner", "unstable"]


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A configuration over its fresh seeds.

    Attributes:
        confirms: the trial of the search that has it; None for the recommended centre.
        searched: that trial's value.
        values: of the fresh seeds that finished.
        spoiled: fresh seeds that diverged, or ran out of memory or of time.
        mean: None where no fresh seed finished.
        low, high: interval of the mean (95%); None where no seed deviation is known.
        rank: by the mean over fresh seeds, 1 is the best; None without one.
        rank_before: among the confirmed ones by the search's value; None for the centre.
    """

    confirms: int | None
    params: Mapping[str, ParamValue]
    searched: float | None
    values: tuple[float, ...]
    spoiled: int = 0
    mean: float | None = None
    low: float | None = None
    high: float | None = None
    rank: int | None = None
    rank_before: int | None = None


@dataclass(frozen=True, slots=True)
class Confirmation:
    """All of them.

    Attributes:
        configurations: the best mean first.
        sd: standard deviation over seeds, pooled; None where each has one seed only.
        degrees: degrees of freedom of ``sd``.
        unended: fresh trainings at work or to come, as far as they were begun.
        winner: the search's best among the confirmed.
        better: another configuration with a better mean than the winner's; None where none has.
        clearly: ``better`` is so beyond seed noise (5%).
        luck: ``holds``: the fresh seeds bear the winner out; ``lucky value``: its mean is worse
            than the value that won; ``lucky winner``: that value is out of reach of a single
            training (5%), or another one is clearly better; ``unstable``: fresh
            seeds of it did not finish.
    """

    configurations: tuple[Confirmed, ...]
    sd: float | None
    degrees: int
    unended: int
    winner: Confirmed | None = None
    better: Confirmed | None = None
    clearly: bool = False
    luck: Luck = "unknown"


def confirmation(config: SweepConfig, records: Sequence[TrialRecord]) -> Confirmation | None:
    """What the fresh seeds have shown so far; None where nothing was trained again."""
    known = {r.number: r for r in records}
    again = confirming(inside(config, records))
    if not again:
        return None
    sign = 1.0 if config.objective.direction == "maximize" else -1.0
    groups: dict[tuple[tuple[str, ParamValue], ...], list[TrialRecord]] = {}
    for record in again:
        groups.setdefault(tuple(sorted(record.params.items())), []).append(record)
    searched = {name for name, spec in config.search_space.items() if scale_of(spec) is not None}
    raw = [_confirmed(group, known, searched) for group in groups.values()]
    sd, degrees = pooled([one.values for one in raw])
    ranked = _ranked([_with_interval(one, sd, degrees) for one in raw], sign)
    unended = sum(not r.state.ended for r in again)
    return _judged(Confirmation(ranked, sd, degrees, unended), sign)


def _confirmed(
    group: Sequence[TrialRecord], known: Mapping[int, TrialRecord], searched: Container[str]
) -> Confirmed:
    number = next((r.confirms for r in group if r.confirms is not None), None)
    original = known.get(number) if number is not None else None
    values = [r.value for r in group if r.state is TrialState.COMPLETE and r.value is not None]
    ended = [r for r in group if r.state.ended and r.state is not TrialState.FAILED]
    return Confirmed(
        confirms=number,
        params={name: v for name, v in group[0].params.items() if name in searched},
        searched=original.value if original else None,
        values=tuple(values),
        spoiled=len(ended) - len(values),
        mean=fmean(values) if values else None,
    )


def pooled(groups: Iterable[Sequence[float]]) -> tuple[float | None, int]:
    """Standard deviation within groups and its degrees of freedom."""
    several = [values for values in groups if len(values) > 1]
    degrees = sum(len(values) - 1 for values in several)
    if not degrees:
        return None, 0
    squares = sum((v - fmean(values)) ** 2 for values in several for v in values)
    return math.sqrt(squares / degrees), degrees


def _with_interval(one: Confirmed, sd: float | None, degrees: int) -> Confirmed:
    if one.mean is None or sd is None:
        return one
    half = _t(degrees, (1 + _CONFIDENCE) / 2) * sd / math.sqrt(len(one.values))
    return replace(one, low=one.mean - half, high=one.mean + half)


def _ranked(found: Sequence[Confirmed], sign: float) -> tuple[Confirmed, ...]:
    """The best mean first, those without one last."""
    trained = sorted(
        (one for one in found if one.mean is not None), key=lambda one: -sign * (one.mean or 0.0)
    )
    before = sorted(
        (one for one in found if one.searched is not None),
        key=lambda one: -sign * (one.searched or 0.0),
    )
    rest = [one for one in found if one.mean is None]
    return tuple(
        replace(
            one,
            rank=trained.index(one) + 1 if one in trained else None,
            rank_before=before.index(one) + 1 if one in before else None,
        )
        for one in (*trained, *rest)
    )


def _judged(found: Confirmation, sign: float) -> Confirmation:
    winner = next((one for one in found.configurations if one.rank_before == 1), None)
    if winner is None:
        return found
    first = found.configurations[0]
    better = first if first is not winner and winner.mean is not None else None
    clearly = better is not None and _is_clear(found, better, winner, sign)
    found = replace(found, winner=winner, better=better, clearly=clearly)
    return replace(found, luck=_luck(found, winner, sign))


def _is_clear(found: Confirmation, better: Confirmed, winner: Confirmed, sign: float) -> bool:
    """Whether the difference of the two means is beyond seed noise, by a one-sided t-test."""
    if found.sd is None or better.mean is None or winner.mean is None:
        return False
    spread = found.sd * math.sqrt(1 / len(better.values) + 1 / len(winner.values))
    return _exceeds(sign * (better.mean - winner.mean), spread, found, winner.mean)


def _luck(found: Confirmation, winner: Confirmed, sign: float) -> Luck:
    if winner.spoiled:
        return "unstable"
    if winner.mean is None or winner.searched is None or found.sd is None:
        return "unknown"
    shift, own = sign * (winner.searched - winner.mean), len(winner.values)
    of_one_training = found.sd * math.sqrt(1 + 1 / own)
    if found.clearly or _exceeds(shift, of_one_training, found, winner.mean):
        return "lucky winner"
    of_the_mean = found.sd / math.sqrt(own)
    if _exceeds(shift, of_the_mean, found, winner.mean):
        return "lucky value"
    return "holds" if found.degrees >= LEAST_DEGREES else "unknown"


def _exceeds(value: float, spread: float, found: Confirmation, scale: float) -> bool:
    """Whether ``value`` is larger than chance makes it in 95 of 100 cases."""
    return value > _t(found.degrees, _CONFIDENCE) * spread + _NEGLIGIBLE * abs(scale)


def _t(degrees: int, probability: float) -> float:
    from scipy import stats  # type: ignore[import-untyped]

    return float(stats.t.ppf(probability, degrees))
