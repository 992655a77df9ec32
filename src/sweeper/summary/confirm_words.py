"""What training the best again has shown, in words and as a table."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from sweeper.summary.tables import Table, short_names
from sweeper.words import count, measured, number, roughly, settings

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.records import ParamValue
    from sweeper.region import Centre, Region
    from sweeper.summary.answer import Summary
    from sweeper.summary.confirmation import Confirmation, Confirmed

__all__ = ["confirm_table", "confirm_warnings", "confirm_words"]

_FEW = 5  # degrees of freedom
_NEAR = 0.25


def confirm_words(found: Confirmation, metric: str) -> str:
    """One or two sentences: whether the winner holds, and what is better."""
    winner = found.winner
    if winner is None or winner.mean is None or winner.searched is None:
        return "The search's best has no fresh seed yet."
    said = (
        f"trial {winner.confirms} gave {metric} {measured(metric, winner.searched)} in the search, "
        f"and {_mean_words(winner, metric)}"
    )
    head = {
        "holds": "The winner holds: ",
        "lucky value": "The winner's value was a lucky seed: ",
        "lucky winner": "The winner was luck: ",
        "unstable": f"The winner is not stable, {_spoiled(winner)}: ",
        "unknown": "Too few seeds to tell luck: ",
    }[found.luck]
    return f"{head}{said}.{_better_words(found, metric)}"


def confirm_warnings(found: Confirmation | None, metric: str) -> Iterator[str]:
    """What makes the search's best weak."""
    if found is None:
        return
    winner = found.winner
    if winner is not None and found.luck == "unstable":
        yield f"The winner, trial {winner.confirms}, is not stable: {_spoiled(winner)}."
    elif winner is not None and found.luck in ("lucky value", "lucky winner"):
        expected, won = measured(metric, winner.mean), measured(metric, winner.searched)
        yield f"The best value was luck: expect {metric} {expected} of it, and not {won}."
    others = [one for one in found.configurations if one.spoiled and one is not found.winner]
    for one in others:
        yield f"{_name(one).capitalize()} is not stable: {_spoiled(one)}."


def confirm_table(summary: Summary) -> Table:
    """The configurations that were trained again; no rows where none was."""
    found, metric = summary.confirmation, summary.region.metric
    if found is None:
        return Table("Confirmed with fresh seeds", (), ())
    names = list(dict.fromkeys(name for one in found.configurations for name in one.params))
    shorter = short_names(names)
    header = ("#", "trial", *shorter, "search", "fresh seeds", "95% of mean", "seeds")
    rows = tuple(_row(one, names, metric) for one in found.configurations)
    spare = ("seeds", *reversed(shorter))
    return Table(
        "Confirmed with fresh seeds",
        header,
        rows,
        note=f"{_note(found, metric)}{_moved(summary)}",
        spare=spare,
    )


def _moved(summary: Summary) -> str:
    """Where the fresh seeds have moved the centre to, and what to do about it."""
    region, found = summary.region, summary.confirmation
    centre, tolerance = region.centre, region.tolerance
    if centre is None or found is None or tolerance is None or not region.evidence.enough:
        return ""
    if any(_is_near(centre.params, one.params) for one in found.configurations):
        return ""
    there = f"{measured(region.metric, centre.expected)} at {settings(centre.params)}"
    moved = f" With the fresh seeds the fit now expects the most, {there}"
    within = f"the tolerance of {roughly(region.metric, tolerance)}"
    if (one := _as_good(region, centre, found)) is not None:
        return f"{moved}; {_name(one)} is within {within} of that and confirmed: use it."
    return (
        f"{moved}; every confirmed mean is behind that by more than {within}: "
        f"`sweeper confirm {summary.name}` trains it too."
    )


def _as_good(region: Region, centre: Centre, found: Confirmation) -> Confirmed | None:
    """A confirmed configuration to use in place of ``centre``, with its batch size if there is."""
    sign = 1.0 if region.direction == "maximize" else -1.0
    least = sign * centre.expected - (region.tolerance or 0.0)
    good = [
        one
        for one in found.configurations
        if one.mean is not None and not one.spoiled and sign * one.mean >= least
    ]
    if found.clearly and found.better in good:
        return found.better
    name = region.batch_size or ""
    same = [one for one in good if one.params.get(name) == centre.params.get(name)]
    return next(iter(same or good), None)


def _is_near(a: Mapping[str, ParamValue], b: Mapping[str, ParamValue]) -> bool:
    """Whether all numbers are within a quarter, and all else is the same."""
    return all(_is_like(a[name], b[name]) for name in a.keys() & b.keys())


def _is_like(a: ParamValue, b: ParamValue) -> bool:
    if isinstance(a, float) and isinstance(b, float):
        return abs(a - b) <= _NEAR * max(abs(a), abs(b))
    return a == b


def _row(one: Confirmed, names: list[str], metric: str) -> tuple[str, ...]:
    interval = "-"
    if one.low is not None and one.high is not None:
        interval = f"{_bare(metric, one.low)} to {_bare(metric, one.high)}"
    ended = len(one.values) + one.spoiled
    return (
        str(one.rank or "-"),
        "centre" if one.confirms is None else str(one.confirms),
        *(number(one.params.get(name)) for name in names),
        measured(metric, one.searched),
        measured(metric, one.mean),
        interval,
        str(ended) if not one.spoiled else f"{len(one.values)} of {ended}",
    )


def _note(found: Confirmation, metric: str) -> str:
    said = [confirm_words(found, metric)]
    if found.sd is None:
        said.append("One seed each: no interval, and no word on luck.")
    else:
        few = ", which is few: the intervals lean on normal noise" if found.degrees < _FEW else ""
        said.append(
            f"Intervals: Student's t; the deviation over seeds, {measured(metric, found.sd)}, is "
            f"pooled with {count(found.degrees, 'degree')} of freedom{few}."
        )
    if found.unended:
        said.append(f"{count(found.unended, 'training')} not ended yet.")
    return " ".join(said)


def _better_words(found: Confirmation, metric: str) -> str:
    """Who is better over fresh seeds, and whether that is more than noise."""
    better, winner = found.better, found.winner
    if better is None or winner is None or better.mean is None or winner.mean is None:
        return ""
    mean = _mean_words(better, metric)
    if found.clearly:
        return f" Use {_name(better)}: {mean}."
    return f" {_name(better).capitalize()} comes out first, within seed noise: {mean}."


def _mean_words(one: Confirmed, metric: str) -> str:
    over = f"over {count(len(one.values), 'fresh seed')}"
    if one.low is None or one.high is None:
        return f"{measured(metric, one.mean)} {over}"
    interval = f"{_bare(metric, one.low)} to {_bare(metric, one.high)}"
    return f"{measured(metric, one.mean)} {over} (95%: {interval})"


def _spoiled(one: Confirmed) -> str:
    return f"{one.spoiled} of {count(one.spoiled + len(one.values), 'fresh seed')} did not finish"


def _name(one: Confirmed) -> str:
    return "the recommended centre" if one.confirms is None else f"trial {one.confirms}"


def _bare(metric: str, value: float) -> str:
    """A value as `measured` writes it, without its unit."""
    return measured(metric, value).partition(" ")[0]
