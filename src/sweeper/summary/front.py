"""The Pareto front of a sweep with several objectives, in words and as a table."""

from __future__ import annotations

# the types are looked up when the schema of summary.json is made
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sweeper.pareto import is_on_front, valued
from sweeper.records import Direction, ParamValue
from sweeper.region.scale import scale_of
from sweeper.summary.tables import Table, short_names
from sweeper.words import count, listed, measured, number, roughly, settings, unit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sweeper.config import SweepConfig
    from sweeper.records import TrialRecord
    from sweeper.summary.answer import Summary

__all__ = ["Front", "FrontTrial", "find_front", "front_table", "front_words"]

_MOST = 10  # rows of the table


@dataclass(frozen=True, slots=True)
class FrontTrial:
    """A trial on the Pareto front.

    Attributes:
        number: the trial's.
        values: the objectives in the order of ``metrics``, all at the epoch with the best first.
        params: of the searched parameters, by their names in the search space.
        link: where its run is shown; empty where nobody gave one.
    """

    number: int
    values: tuple[float, ...]
    params: Mapping[str, ParamValue]
    link: str = ""


@dataclass(frozen=True, slots=True)
class Front:
    """The finished trials that no other one dominates: as good in all, and better in something.

    Attributes:
        metrics: the objectives, the one that decides first.
        directions: which way each is better.
        trials: the best in the first objective first.
        finished: of how many trials.
    """

    metrics: tuple[str, ...]
    directions: tuple[Direction, ...]
    trials: tuple[FrontTrial, ...]
    finished: int


def find_front(
    config: SweepConfig, records: Sequence[TrialRecord], links: Mapping[int, str]
) -> Front | None:
    """The front of the search so far; None where there is one objective."""
    aims = config.objective.aims
    if len(aims) == 1:
        return None
    known = valued(records, config.objective)
    directions = tuple(aim.direction for aim in aims)
    on_front = is_on_front([values for _, values in known], directions)
    searched = {name for name, spec in config.search_space.items() if scale_of(spec) is not None}
    trials = [
        FrontTrial(
            r.number,
            values,
            {name: value for name, value in r.params.items() if name in searched},
            links.get(r.number, ""),
        )
        for (r, values), on in zip(known, on_front, strict=True)
        if on
    ]
    trials.sort(key=lambda t: (_gain(t.values[0], directions[0]), -t.number), reverse=True)
    return Front(tuple(aim.metric for aim in aims), directions, tuple(trials), len(known))


def front_table(summary: Summary) -> Table:
    """The trials of the front; no rows where there is none."""
    front = summary.front
    if front is None:
        return Table("Pareto front", (), ())
    shown = _spread(front.trials)
    names = list(dict.fromkeys(name for trial in shown for name in trial.params))
    shorter = short_names(names)
    rows = tuple(_row(place, trial, front, names) for place, trial in enumerate(shown, 1))
    return Table(
        "Pareto front",
        ("#", "trial", *front.metrics, *shorter),
        rows,
        tuple(trial.link for trial in shown),
        f"{front_words(front, summary.region.noise.sd)} {_counted(summary, front, len(shown))}",
        tuple(shorter),
    )


def _counted(summary: Summary, front: Front, shown: int) -> str:
    part = f"; {shown} are shown" if shown < len(front.trials) else ""
    said = (
        f"On the front: {len(front.trials):,} of {count(front.finished, 'finished trial')}{part}."
    )
    if stopped := summary.region.counts.stopped:
        judged = f" Early stopping judged {front.metrics[0]} alone and left {stopped:,} out"
        said += f"{judged}: `pruner: none` trains all."
    return said


def front_words(front: Front, noise: float | None = None) -> str:
    """What the best bargain costs the first objective; nothing while no trial is on the front.

    Args:
        noise: standard deviation of the first objective over seeds, in its units; None unknown.
    """
    if not front.trials:
        return ""
    best, metric = front.trials[0], front.metrics[0]
    other = _bargain(front)
    if other is None:
        return f"Trial {best.number} is the best in all of them: nothing has to be traded."
    pairs = zip(front.metrics, best.values, other.values, strict=True)
    said = (
        f"Against trial {best.number} ({settings(best.params)}), the best in {metric}, "
        f"trial {other.number} ({settings(other.params)}) has "
        f"{listed([_change(*pair) for pair in pairs])}."
    )
    seeds = f" Seeds alone make {roughly(metric, noise)} (standard deviation)." if noise else ""
    return said + seeds


def _bargain(front: Front) -> FrontTrial | None:
    """Of the trials beside the best one, that with the largest sum of what is gained.

    All objectives count alike, each from the worst (0) to the best (1) on the front.
    """
    gains: dict[int, list[float]] = {t.number: _gains(t, front) for t in front.trials}
    spans = [(min(column), max(column)) for column in zip(*gains.values(), strict=True)]

    def worth(trial: FrontTrial) -> float:
        scaled = zip(gains[trial.number], spans, strict=True)
        return math.fsum((gain - low) / (high - low) for gain, (low, high) in scaled if high > low)

    others = [trial for trial in front.trials if trial.values != front.trials[0].values]
    return max(others, key=worth, default=None)


def _gains(trial: FrontTrial, front: Front) -> list[float]:
    return [_gain(v, d) for v, d in zip(trial.values, front.directions, strict=True)]


def _gain(value: float, direction: Direction) -> float:
    return value if direction == "maximize" else -value


def _change(metric: str, before: float, after: float) -> str:
    """``0.21 dB less val_si_sdr``; ``1.71 times the samples_per_second``."""
    if before == after:
        return f"the same {metric}"
    if unit(metric) != "dB" and before > 0 and after > 0:
        return f"{number(after / before)} times the {metric}"
    more = "more" if after > before else "less"
    return f"{measured(metric, abs(after - before))} {more} {metric}"


def _spread(trials: Sequence[FrontTrial]) -> list[FrontTrial]:
    """At most ten, both ends among them."""
    last, steps = len(trials) - 1, _MOST - 1
    if last <= steps:
        return list(trials)
    return [trials[round(i * last / steps)] for i in range(_MOST)]


def _row(place: int, trial: FrontTrial, front: Front, names: Sequence[str]) -> tuple[str, ...]:
    return (
        str(place),
        str(trial.number),
        *(measured(m, v) for m, v in zip(front.metrics, trial.values, strict=True)),
        *(number(trial.params.get(name)) for name in names),
    )
