"""The search space that follows on a sweep: complete, commented, and ready to be run."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

from sweeper.config import CategoricalParam, ParamSpec, load
from sweeper.config.yaml_core import dump
from sweeper.errors import ConfigError
from sweeper.records import TrialRecord, TrialState
from sweeper.region import inside
from sweeper.region.settled import settled
from sweeper.summary.narrowing import Bounds, Kind, bounds_of, kept

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.records import ParamValue
    from sweeper.region import Region

__all__ = ["NextSpace", "Step", "next_space"]

_WIDTH = 98
_SEEDS = 2**32


@dataclass(frozen=True, slots=True)
class Step:
    """What becomes of a parameter: its values before and after, in words, and why."""

    name: str
    kind: Kind
    before: str
    after: str
    why: str


@dataclass(frozen=True, slots=True)
class NextSpace:
    """Attributes:
    name: of the sweep that it would begin.
    steps: each parameter of the old space.
    yaml: the file.
    """

    name: str
    steps: tuple[Step, ...]
    yaml: str

    @property
    def changed(self) -> tuple[Step, ...]:
        return tuple(step for step in self.steps if step.kind != "kept")


def next_space(
    config: SweepConfig,
    region: Region,
    records: Sequence[TrialRecord],
    taken: Collection[str] = (),
) -> NextSpace:
    """The space after what ``records`` have shown; valid by `load`, like that of ``config``.

    Args:
        region: that of ``records``.
        taken: names of the sweeps that there are.
    """
    found = _decided(config, region, records)
    cautious = {
        n: b if b.kind in ("kept", "narrowed") else _back(config, n) for n, b in found.items()
    }
    name = free_name(config.name, taken)
    # a part of a valid range is valid: only what goes beyond the old space needs to be tried out
    safe = found == cautious or _is_valid(_config(config, region, found, name, taken))
    bounds = found if safe else cautious
    following = _config(config, region, bounds, name, taken)
    return NextSpace(name, _steps(config, bounds), _yaml(config, following, region, bounds))


def free_name(name: str, taken: Collection[str] = ()) -> str:
    """``dprnn-2`` after ``dprnn``, ``dprnn-3`` after that or where that is taken."""
    found = re.fullmatch(r"(.+)-(\d{1,6})", name)
    stem, number = (found[1], int(found[2])) if found else (name, 1)
    while (new := f"{stem}-{number + 1}") in taken:
        number += 1
    return new


def _decided(
    config: SweepConfig, region: Region, records: Sequence[TrialRecord]
) -> dict[str, Bounds]:
    space = config.search_space
    if not region.evidence.enough:
        why = f"thin evidence: {region.evidence.reason or 'no trial has finished'}"
        return {name: kept(spec, why) for name, spec in space.items()}
    ended = [r for r in inside(config, records) if _tells(r)]
    tied = [r for r in ended if _is_tied(r, region)]
    found = {n: bounds_of(n, spec, region, tied, ended) for n, spec in space.items()}
    return _with_conditions(found)


def _tells(record: TrialRecord) -> bool:
    """Whether the trial says something of its parameters."""
    counts = record.state.ended and record.state is not TrialState.FAILED
    return counts and not (record.is_repeat or record.is_confirming)


def _is_tied(record: TrialRecord, region: Region) -> bool:
    if record.state is not TrialState.COMPLETE or record.value is None:
        return False
    if region.best is None or region.tolerance is None:
        return False
    return abs(record.value - region.best.value) <= region.tolerance


def _with_conditions(found: Mapping[str, Bounds]) -> dict[str, Bounds]:
    """Without conditions that can hold no longer, and without what waits for them alone."""
    result = dict(found)
    for _ in found:  # a chain of conditions is no longer than that
        result = {name: _conditioned(bounds, result) for name, bounds in result.items()}
    return result


def _conditioned(bounds: Bounds, found: Mapping[str, Bounds]) -> Bounds:
    spec = bounds.spec
    if spec is None or not spec.when:
        return bounds
    when: dict[str, tuple[ParamValue, ...]] = {}
    for parent, values in spec.when.items():
        above = found[parent].spec
        possible = tuple(v for v in values if above is not None and above.accepts(v))
        if not possible:
            return Bounds("left out", f"{parent} no longer has its value", None)
        when[parent] = possible
    if when == dict(spec.when):
        return bounds
    new = type(spec).model_validate({**spec.model_dump(), "when": when})
    return Bounds(bounds.kind, bounds.why, new)


def _back(config: SweepConfig, name: str) -> Bounds:
    return kept(config.search_space[name], "another range would not be valid, or is not known")


def _config(
    config: SweepConfig,
    region: Region,
    found: Mapping[str, Bounds],
    name: str,
    taken: Collection[str],
) -> SweepConfig:
    space = {n: bounds.spec for n, bounds in found.items() if bounds.spec is not None}
    sampler = config.sampler.model_copy(update={"seed": (config.sampler.seed + 1) % _SEEDS})
    older = [other for other in config.warm_start if other in taken]
    new: dict[str, Any] = {
        "name": name,
        "search_space": space,
        "sampler": sampler,
        "warm_start": tuple(dict.fromkeys([config.name, *older])),
        "enqueue": (),
    }
    following = config.model_copy(update=new)
    return following.model_copy(update={"enqueue": _first(following, region)})


def _first(config: SweepConfig, region: Region) -> tuple[Mapping[str, ParamValue], ...]:
    """The recommended centre, where there is one and it is in the space."""
    try:
        return (settled(config, region),)
    except ValueError:
        return ()


def _is_valid(config: SweepConfig) -> bool:
    """Whether the program would take it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "next.yaml"
        path.write_text(config.to_yaml(), encoding="utf-8")
        try:
            load(path)
        except ConfigError:
            return False
        return True


def _steps(config: SweepConfig, found: Mapping[str, Bounds]) -> tuple[Step, ...]:
    return tuple(
        Step(name, b.kind, _domain(config.search_space[name]), _domain(b.spec), b.why)
        for name, b in found.items()
    )


def _domain(spec: ParamSpec | None) -> str:
    if spec is None:
        return "-"
    if isinstance(spec, CategoricalParam):
        return ", ".join(map(str, spec.choices))
    return spec.domain.removeprefix("always ")


def _yaml(old: SweepConfig, new: SweepConfig, region: Region, found: Mapping[str, Bounds]) -> str:
    """The file with a comment for each parameter."""
    ended = region.counts.ended
    head = [
        f"The search space that follows on {old.name} ({ended} trials), as sweeper proposes it.",
        f"`sweeper refine {old.name}` runs it; with --dry-run it says what would run.",
        f"The trials of {old.name} that fit are shown to the sampler (warm_start), and none of "
        "them is trained again.",
        *([] if region.evidence.enough else [_thin(region)]),
    ]
    if new.enqueue:
        head.append("The recommended centre is tried first (enqueue).")
    lines = [line for text in head for line in _comment(text)]
    for key, value in new.to_json().items():
        if key == "search_space":
            lines += ["search_space:", *_parameters(old, value, found)]
        else:
            # on lines of their own, as long as something nested is beside them
            lines += takewhile("_:".__ne__, dump({key: value, "_": {"_": {}}}).splitlines())
    return "\n".join(lines) + "\n"


def _thin(region: Region) -> str:
    more = region.evidence.more_trials
    wanted = f" About {more} more trials to the end would do." if more else ""
    reason = region.evidence.reason or "no trial has finished"
    return f"Bounds are as they were, because the evidence is thin: {reason}.{wanted}"


def _parameters(
    old: SweepConfig, specs: Mapping[str, Any], found: Mapping[str, Bounds]
) -> list[str]:
    lines = []
    for name, bounds in found.items():
        was = "" if bounds.kind == "kept" else f" (was {_domain(old.search_space[name])})"
        said = f"{name} left out" if bounds.spec is None else bounds.kind
        lines += _comment(f"{said}{was}: {bounds.why}", "  ")
        if name in specs:
            lines += dump({"search_space": {name: specs[name]}}).splitlines()[1:]
    return lines


def _comment(text: str, indent: str = "") -> list[str]:
    clean = " ".join(text.split())
    return [f"{indent}# {line}" for line in wrap(clean, _WIDTH - len(indent) - 2)]
