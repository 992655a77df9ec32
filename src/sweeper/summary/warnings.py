"""What makes a verdict weak, and what to do about it."""

from __future__ import annotations

from textwrap import shorten
from typing import TYPE_CHECKING

from sweeper.records import TrialRecord, TrialState
from sweeper.region import edge_words
from sweeper.region.verdict import telling_edges
from sweeper.summary.repeats import Repeats, repeats_of
from sweeper.words import count, number, roughly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sweeper.config import SweepConfig
    from sweeper.region import Region

__all__ = ["warnings"]

_FEW = 10  # finished trials
_MANY = 0.25  # share of ended trials


def warnings(config: SweepConfig, records: Sequence[TrialRecord], region: Region) -> Iterator[str]:
    """One sentence each, most important first."""
    yield from _unended(config, region)
    yield from _failed(records, region)
    yield from _blind(region)
    yield from _too_sure(repeats_of(config, records), region)
    for edge in telling_edges(region):
        yield f"{edge_words(edge)}."
    yield from _diverged(records, region)
    yield from _out_of_memory(region)
    yield from _few(region)


def _unended(config: SweepConfig, region: Region) -> Iterator[str]:
    counts, total = region.counts, config.budget.trials
    waiting = counts.running + counts.interrupted
    if waiting or counts.ended < total:
        left = f", {waiting} are unfinished" if waiting else ""
        yield f"{counts.ended} of {count(total, 'trial')} ended{left}: this is not the whole sweep."


def _failed(records: Sequence[TrialRecord], region: Region) -> Iterator[str]:
    counts = region.counts
    failed = [r for r in records if r.state is TrialState.FAILED]
    if failed:
        why = shorten(failed[-1].reason or "no reason known", 200)
        yield f"{count(len(failed), 'trial')} failed; the last (trial {failed[-1].number}): {why}"
    if counts.timed_out:
        yield f"{count(counts.timed_out, 'trial')} ran out of time before the last epoch."


def _blind(region: Region) -> Iterator[str]:
    loo = region.evidence.loo
    if loo is not None and not loo.predicts:
        yield (
            "The fitted model does not predict trials that it has not seen "
            f"({max(loo.explained, 0.0):.0%} of their variance explained): do not rely on its map."
        )


def _too_sure(repeats: Repeats | None, region: Region) -> Iterator[str]:
    if repeats is not None and repeats.contradict(region):
        seen, estimated = (roughly(region.metric, sd) for sd in (repeats.sd, region.noise.sd))
        degrees = count(repeats.degrees, "degree")
        yield (
            f"Good configurations that were trained again differ by {seen} from seed to seed "
            f"({degrees} of freedom), more than twice the {estimated} that the surrogate takes for "
            "it: the region's claims are too sure."
        )


def _diverged(records: Sequence[TrialRecord], region: Region) -> Iterator[str]:
    counts = region.counts
    if not counts.ended or counts.diverged / counts.ended < _MANY:
        return
    where = ""
    if region.lr:
        rates = [
            float(r.params[region.lr])
            for r in records
            if r.state is TrialState.DIVERGED and region.lr in r.params
        ]
        where = f", the lowest at {region.lr} {number(min(rates))}" if rates else ""
    share = counts.diverged / counts.ended
    yield f"{share:.0%} of the trials diverged{where}: lower the upper end of the range."


def _out_of_memory(region: Region) -> Iterator[str]:
    if not region.counts.out_of_memory:
        return
    rows = [row for row in region.rows if row.batch_sizes and row.counts.out_of_memory]
    said = [
        f"{row.counts.out_of_memory} of {count(row.counts.ended, 'trial')} with "
        f"{region.batch_size} {row.label}"
        for row in rows
    ]
    which = ", ".join(said) or count(region.counts.out_of_memory, "trial")
    yield f"Out of memory: {which}."


def _few(region: Region) -> Iterator[str]:
    if 0 < region.counts.finished < _FEW:
        trained = count(region.counts.finished, "trial")
        yield f"Only {trained} trained to the end: ranges and ranks can change with more."
