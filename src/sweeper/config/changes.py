"""What changed between two configurations of a sweep, and whether it can go on with that."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from sweeper.config.fitting import option
from sweeper.config.model import SweepConfig
from sweeper.config.paths import canonical
from sweeper.records import ParamValue

__all__ = ["Change", "diff", "newly_searched"]

Verdict = Literal["accepted", "re-seeded", "refused"]

_ENDLESS_SCHEDULES = ("none", "plateau", "exponential")
"""Schedules that do the same in epoch k however many epochs there are."""

_WHY_REFUSED = {
    "name": "that is another sweep",
    "experiment": "the runs are in the old experiment",
    "task": "finished trials did something else",
    "model": "finished trials trained another model",
    "data": "finished trials heard other data",
    "training": "finished trials were trained otherwise",
    "seed": "finished trials have other seeds",
    "objective": "finished trials were judged otherwise",
    "version": "that is another format",
}
_WHY_RESEEDED = {
    "search_space": "the sampler begins anew, with the trials that fit",
    "sampler": "it begins anew, with the trials so far",
    "objective.also": "the sampler begins anew, with the trials so far",
    "pruner": "trials so far keep their endings, it judges from here on",
    "enqueue": "the points that no trial has are tried next",
}
_REMEDY = "start a new sweep under another name; the old trials can seed it"


@dataclass(frozen=True, slots=True)
class Change:
    """One key that differs.

    Attributes:
        key: dotted, as for ``--set``.
        old, new: JSON values; None where the key is not there.
        verdict: ``accepted``: the sweep goes on with the new value; ``re-seeded``: it does, with a
            new study that has the old trials in it; ``refused``: it cannot.
        why: for people.
    """

    key: str
    old: Any
    new: Any
    verdict: Verdict
    why: str

    def __str__(self) -> str:
        return f"{self.key}: {self.old} -> {self.new}, {self.verdict}: {self.why}"


def diff(old: SweepConfig, new: SweepConfig) -> tuple[Change, ...]:
    """Every key with another value in ``new``, in the order of the file."""
    before, after = _flat(old.to_json()), _flat(new.to_json())
    return tuple(
        Change(key, before.get(key), after.get(key), *_judge(key, old, new))
        for key in (*before, *(key for key in after if key not in before))
        if before.get(key) != after.get(key) or (key in before) != (key in after)
    )


def _flat(config: Mapping[str, Any]) -> dict[str, Any]:
    return dict(_leaves(config, ""))


def _leaves(holder: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for key, value in holder.items():
        if isinstance(value, Mapping):
            yield from _leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def _judge(key: str, old: SweepConfig, new: SweepConfig) -> tuple[Verdict, str]:
    section = key.partition(".")[0]
    if section in ("budget", "resources", "repeats", "notify") or key == "objective.goal":
        return "accepted", "it does not touch what trials are"
    if section == "confirm":
        return "accepted", "the best are trained again after the search"
    if section == "warm_start":
        return "accepted", "what the sweep began with stays"
    if key == "training.epochs":
        return _judge_epochs(old, new)
    if key == "enqueue" and new.enqueue[: len(old.enqueue)] == old.enqueue:
        return "accepted", "the new points are tried next"
    if why := _WHY_RESEEDED.get(key) or _WHY_RESEEDED.get(section):
        return "re-seeded", why
    if (name := canonical(key)) in {*old.search_space} ^ {*new.search_space}:
        was = "trials so far have" if name in new.search_space else "trials from here on have"
        return "re-seeded", f"{was} this one value"
    return "refused", f"{_WHY_REFUSED[section]}; {_REMEDY}"


def newly_searched(old: SweepConfig, new: SweepConfig) -> dict[str, ParamValue]:
    """The values that ``old`` gives to what ``new`` searches and it did not."""
    names = [name for name in new.search_space if name not in old.search_space]
    values = {name: option(old, name) for name in names}
    return {n: v for n, v in values.items() if isinstance(v, (str, int, float, bool))}


def _judge_epochs(old: SweepConfig, new: SweepConfig) -> tuple[Verdict, str]:
    if new.epochs < old.epochs:
        return "refused", f"trials have trained up to {old.epochs} epochs; {_REMEDY}"
    schedule = (new.training.get("schedule") or {}).get("name", "none")
    if schedule not in _ENDLESS_SCHEDULES:
        why = f"the schedule {schedule} is laid out over all epochs, so begun trials would differ"
        return "refused", f"{why}; {_REMEDY}"
    return "re-seeded", "ended trials count as stopped early, the others train on to the new end"
