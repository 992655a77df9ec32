"""A region in words, for researchers: what to use, what to expect, and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper.region.answer import ENOUGH, Best, Centre, Counts, Edge, Interval, Region, Row, Tie
from sweeper.words import count, listed, measured, number, settings, unit

if TYPE_CHECKING:
    from sweeper.records import ParamValue

__all__ = [
    "SURE",
    "bound_words",
    "edge_words",
    "expected_words",
    "interval_words",
    "row_words",
    "sureness",
]
__all__ += ["telling_edges", "thin_words", "tie_words"]
__all__ += ["unfinished_row", "unfinished_words", "verdict"]

SURE = 0.6
"""Expected overlap from which the evidence is called good."""

_FAIR = 0.45
_MOST = 4  # parameters named in a sentence
_FASTER = 1.1
_LIKELY = 0.8


def verdict(region: Region) -> str:
    """Two sentences: what to use and expect, and how sure that is."""
    if region.best is None:
        return f"{_nothing(region)} There is nothing to recommend yet."
    if region.lr is None and region.batch_size is None:
        return f"{_best_words(region, region.best)} {_tied_words(region)}{_edge_clause(region)}."
    if region.centre is None or not region.evidence.enough:
        return f"{thin_words(region)} {_so_far(region, region.best)}{_edge_clause(region)}."
    return f"{_use(region, region.centre)} {_sure(region)}{_edge_clause(region)}."


def thin_words(region: Region) -> str:
    """One sentence: that the evidence does not carry a region, and why."""
    reason = region.evidence.reason
    return f"Not enough evidence for a region{f': {reason}' if reason else ''}."


def interval_words(interval: Interval | None) -> str:
    """``1.2e-3 to 3.4e-3``; a dash where there is none."""
    return f"{number(interval.low, 2)} to {number(interval.high, 2)}" if interval else "-"


def row_words(region: Region, row: Row) -> str:
    """How a row's finished trials stand to the best, in a few words."""
    if row.best is None or row.behind is None or region.tolerance is None:
        return _no_finished(row.counts)
    if row.behind > region.tolerance:
        return f"{measured(region.metric, row.behind)} behind"
    if row.counts.finished < ENOUGH:
        return f"tied, only {row.counts.finished} finished"
    return "tied with the best"


def edge_words(edge: Edge) -> str:
    """A clause: that the optimum may lie beyond the end of a range, and how likely that is."""
    side = "below" if edge.side == "lower" else "above"
    sure = "" if edge.probability is None else f" ({edge.probability:.0%} probability)"
    return (
        f"{edge.name}: the optimum may lie {side} {number(_tidy(edge.bound))}, the {edge.side} end "
        f"of its range{sure}"
    )


def bound_words(edge: Edge) -> str:
    """What to do about an edge: ``move the lower end of batch_size from 2 to 1``."""
    bound = number(_tidy(edge.bound))
    if edge.proposed is None:
        return f"extend {edge.name} {'below' if edge.side == 'lower' else 'above'} {bound}"
    to = number(_tidy(edge.proposed))
    return f"move the {edge.side} end of {edge.name} from {bound} to {to}"


def _beyond(edge: Edge) -> str:
    """``batch_size below 2``."""
    return f"{edge.name} {'below' if edge.side == 'lower' else 'above'} {number(_tidy(edge.bound))}"


def tie_words(region: Region, tie: Tie) -> str:
    """``batch_size 16 with lr 5.5e-3 is as good and 1.7x faster``."""
    at = f" with {region.lr} {number(tie.lr, 2)}" if region.lr and tie.lr is not None else ""
    sure = "as good" if tie.inside >= _LIKELY else "probably as good"
    fast = f" and {tie.faster:.1f}x faster" if tie.faster and tie.faster >= _FASTER else ""
    return f"{region.batch_size} {number(tie.batch_size)}{at} is {sure}{fast}"


def sureness(region: Region) -> str:
    """``good``, ``fair`` or ``weak``, by the expected overlap."""
    overlap = region.confidence or 0.0
    return "good" if overlap >= SURE else "fair" if overlap >= _FAIR else "weak"


def _tidy(value: float) -> ParamValue:
    return int(value) if value.is_integer() else value


def _no_finished(counts: Counts) -> str:
    if not counts.ended:
        return "no trial ended"
    if counts.diverged == counts.ended:
        return f"all {counts.ended} diverged"
    if counts.out_of_memory == counts.ended:
        return f"all {counts.ended} ran out of memory"
    return "no trial finished"


def _nothing(region: Region) -> str:
    counts = region.counts
    if not counts.ended:
        return "No trial has ended."
    if counts.diverged == counts.ended > 1:
        return f"All {counts.ended} trials diverged: search lower learning rates."
    parts = {
        "stopped early": counts.stopped,
        "diverged": counts.diverged,
        "ran out of memory": counts.out_of_memory,
        "ran out of time": counts.timed_out,
        "failed": counts.failed,
    }
    said = ", ".join(f"{n:,} {what}" for what, n in parts.items() if n)
    return f"None of {count(counts.ended, 'ended trial')} finished ({said})."


def _best_words(region: Region, best: Best) -> str:
    value = measured(region.metric, best.value)
    return f"Best is {settings(best.params, _MOST)}: {region.metric} {value} (trial {best.number})."


def _tied_words(region: Region) -> str:
    """How many finished trials are as good as the best, and which settings they have."""
    finished = region.counts.finished
    if finished < ENOUGH:
        return f"Only {count(finished, 'trial')} finished, too few to say more"
    tolerance = measured(region.metric, region.tolerance)
    if region.tied == 1:
        return f"None of the other {finished - 1} finished trials is within {tolerance} of it"
    told = [r for r in region.ranges if r.name in (region.lr, region.batch_size)]
    ranges = " and ".join(f"{r.name} {r.label}" for r in told or region.ranges[:_MOST])
    return (
        f"{region.tied} of {finished} finished trials are within {tolerance} of it"
        f"{', with ' if ranges else ''}{ranges}"
    )


def _so_far(region: Region, best: Best) -> str:
    said = (
        f"Best so far is {settings(best.params, _MOST)} "
        f"with {region.metric} {measured(region.metric, best.value)} (trial {best.number})"
    )
    more = region.evidence.more_trials
    return (
        f"{said}; about {count(more, 'more trial')} to the last epoch would tell" if more else said
    )


def _use(region: Region, centre: Centre) -> str:
    row = region.recommended
    rest = {k: v for k, v in centre.params.items() if k not in (region.lr, region.batch_size)}
    what = []
    if row is not None and region.lr:
        what.append(
            f"{region.lr} {interval_words(row.interval)} "
            f"(centre {number(centre.params[region.lr], 2)})"
        )
    elif region.lr:
        what.append(f"{region.lr} {number(centre.params[region.lr], 2)}")
    if region.batch_size:
        what.append(f"{region.batch_size} {number(centre.params[region.batch_size])}")
    what += [settings(rest, _MOST)] if rest else []
    return f"Use {listed(what)}: expect {expected_words(region, centre)}."


def expected_words(region: Region, centre: Centre) -> str:
    """``val_si_sdr 10.31 dB (90% interval 10.11 to 10.51)``."""
    low, high = (
        measured(region.metric, end).removesuffix(unit(region.metric)).strip()
        for end in (centre.low, centre.high)
    )
    said = f"{region.metric} {measured(region.metric, centre.expected)}"
    return f"{said} (90% interval {low} to {high})"


def _sure(region: Region) -> str:
    said = [f"The evidence is {sureness(region)}"]
    if region.confidence is not None:
        said[0] += f" ({region.confidence:.0%} expected overlap with the true region)"
    if row := unfinished_row(region):
        stopped = f" and {row.counts.stopped} stopped early" if row.counts.stopped else ""
        said.append(f"{unfinished_words(region, row)}: this is predicted from others{stopped}")
    return "; ".join([*said, *_tied_sizes(region)])


def unfinished_row(region: Region) -> Row | None:
    """The recommended batch size's row if no trial finished there, nor has any confirmed."""
    if region.centre is None or region.batch_size is None or region.counts.confirmed:
        return None
    size = region.centre.params.get(region.batch_size)
    here = (row for row in region.rows if size in row.batch_sizes and not row.counts.finished)
    return next(here, None)


def unfinished_words(region: Region, row: Row) -> str:
    """``no trial with batch_size 4 has finished``."""
    return f"no trial with {region.batch_size} {row.label} has finished"


def _tied_sizes(region: Region) -> list[str]:
    """The fastest of the tied batch sizes; where none is faster, which are tied."""
    fast = [tie for tie in region.ties if (tie.faster or 0.0) >= _FASTER]
    if fast or len(region.ties) == 1:
        return [tie_words(region, tie) for tie in (fast or region.ties)[:1]]
    sizes = sorted((tie.batch_size for tie in region.ties), key=float)
    if not sizes:
        return []
    named = [number(size) for size in sizes]
    which = listed(named) if len(named) <= _MOST else f"{named[0]} to {named[-1]}"
    own = f", each with its own {region.lr}" if region.lr else ""
    return [f"{region.batch_size} {which} are about as good{own}"]


def _edge_clause(region: Region) -> str:
    beyond = listed([_beyond(edge) for edge in telling_edges(region)])
    return f"; the optimum may lie outside the search space ({beyond})" if beyond else ""


def telling_edges(region: Region) -> tuple[Edge, ...]:
    """None of a few trials without a surrogate: the best is at some end by chance."""
    core = region.lr or region.batch_size
    few = core and region.map is None and region.evidence.reason
    return () if few else region.edges
