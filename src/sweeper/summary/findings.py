"""What the verdict rests on, one finding a line, in words that need no statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.region import SURE, expected_words, tie_words
from sweeper.words import count, measured, number, roughly, settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sweeper.region import Centre, LeaveOneOut, Region, Slope, Tie
    from sweeper.summary.repeats import Repeats

__all__ = ["Finding", "findings"]

_MOST_TIES = 4
_RULES = ((0.5, "square-root"), (1.0, "linear"))


@dataclass(frozen=True, slots=True)
class Finding:
    """One finding.

    Attributes:
        topic: a word or two: "seed noise".
        text: a clause or two.
    """

    topic: str
    text: str


def findings(region: Region, repeats: Repeats | None = None) -> Iterator[Finding]:
    """Those that there are, most important first.

    Args:
        repeats: what configurations that were trained again have shown.
    """
    if region.best is None:
        return
    if region.evidence.enough and region.centre is not None:
        yield Finding("centre", _centre(region, region.centre))
        yield from (Finding("as good", _tie(region, tie)) for tie in region.ties[:_MOST_TIES])
    if region.evidence.enough and region.confidence is not None:
        yield Finding("overlap", _overlap(region.confidence))
    yield Finding("trials", _trials(region))
    if region.evidence.enough and region.slope is not None:
        yield Finding("slope", _slope(region, region.slope))
    yield from _cliff(region)
    if region.noise.sd is not None:
        yield Finding("seed noise", _noise(region, region.noise.sd, repeats))
    if region.evidence.loo is not None:
        yield Finding("prediction", _prediction(region.evidence.loo))


def _centre(region: Region, centre: Centre) -> str:
    return (
        f"{settings(centre.params)}: {expected_words(region, centre)}; "
        f"near-optimal with {_share(centre.inside)} probability"
    )


def _tie(region: Region, tie: Tie) -> str:
    expect = f"expect {region.metric} {measured(region.metric, tie.expected)}"
    return f"{tie_words(region, tie)}: {expect}, near-optimal with {_share(tie.inside)} probability"


def _overlap(confidence: float) -> str:
    return (
        f"{_share(confidence)} expected overlap of this region with the true one (the share of "
        f"both together that is in both; {_share(SURE)} and more is good)"
    )


def _trials(region: Region) -> str:
    evidence, counts = region.evidence, region.counts
    done = f"{counts.finished} of {counts.ended} trained to the last epoch"
    if 0 < evidence.finished < counts.finished:  # there are too many for one surrogate
        done += f", the surrogate sees {evidence.finished}"
    if counts.confirmed:  # what confirms tells the surrogate as much
        done += f", {counts.confirmed} more with fresh seeds to confirm"
    where = f", {evidence.inside} of them in the region" if evidence.enough else ""
    return f"{done}{where}{_seeds(region)}"


def _seeds(region: Region) -> str:
    """Of how many seeds the trials have, which only the surrogate's analysis counts."""
    if region.noise.sd is None:
        return ""
    if repeated := region.noise.repeated:
        return f", {count(repeated, 'configuration')} with more than one seed"
    return "" if region.counts.confirmed else ", one seed each"


def _slope(region: Region, slope: Slope) -> str:
    sure = f"90% interval {slope.low:.2f} to {slope.high:.2f}"
    if slope.low <= 0 <= slope.high:
        return f"no clear trend of the best {region.lr} with {region.batch_size} ({sure})"
    way = "grows" if slope.exponent > 0 else "falls"
    rules = [name for at, name in _RULES if slope.low <= at <= slope.high]
    fits = f", as the {' or '.join(rules)} rule has it" if len(rules) == 1 else ""
    return f"the best {region.lr} {way} as {region.batch_size}^{slope.exponent:.2f} ({sure}){fits}"


def _cliff(region: Region) -> Iterator[Finding]:
    row = region.recommended
    if row is None or row.interval is None or not region.counts.diverged:
        return
    if row.cliff_octaves is None:
        text = f"no trial diverged above the interval with {region.batch_size} {row.label}"
    else:
        factor = 2**row.cliff_octaves
        lr = row.interval.high * factor
        text = (
            f"the nearest trial that diverged had {region.lr} {number(lr, 2)}, "
            f"{factor:.1f} times the interval's upper end ({row.cliff_octaves:.1f} octaves)"
        )
    yield Finding("cliff", text)


def _noise(region: Region, sd: float, repeats: Repeats | None) -> str:
    seen = ""
    if repeats:
        seen = (
            f"; {roughly(region.metric, repeats.sd)} seen where good configurations were trained "
            f"again, with {count(repeats.degrees, 'degree')} of freedom"
        )
    return (
        f"{roughly(region.metric, sd)} from seed to seed (one standard deviation, estimated{seen})"
        f"; near-optimal is within {roughly(region.metric, region.tolerance)} of the best "
        f"({region.rule})"
    )


def _prediction(loo: LeaveOneOut) -> str:
    said = (
        f"of {count(loo.trials, 'trial')}, each foretold from the others, {_share(loo.coverage)} "
        f"fell into their 90% interval; {_share(max(loo.explained, 0.0))} of the variance explained"
    )
    return said if loo.predicts else f"{said}: the model does not predict, do not rely on it"


def _share(value: float) -> str:
    return f"{value:.0%}"
