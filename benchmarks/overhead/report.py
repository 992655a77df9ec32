"""From measured cases to the table."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overhead.stacks import Case
from benchmarks.table import row, rule

__all__ = ["Slope", "machine", "render", "render_cold"]

_PACKAGES = ("ray", "optuna", "mlflow", "torch", "sweeper")
_HEAD = (
    "| stack | CPU s, {low} trials | CPU s, {high} trials | **CPU s per further trial** "
    "| of it driver | wall s per further trial | reports per trial | stopped early "
    "| sweeper takes |"
)


@dataclass(frozen=True, slots=True)
class Slope:
    """What one more trial costs a stack: the difference of two cases, so without its start-up."""

    stack: str
    low: Case
    high: Case

    @property
    def cpu_seconds(self) -> float:
        return self._per_trial(self.low.usage.cpu_seconds, self.high.usage.cpu_seconds)

    @property
    def driver_seconds(self) -> float:
        return self._per_trial(self.low.usage.driver_seconds, self.high.usage.driver_seconds)

    @property
    def wall_seconds(self) -> float:
        return self._per_trial(self.low.usage.wall_seconds, self.high.usage.wall_seconds)

    def _per_trial(self, low: float, high: float) -> float:
        return (high - low) / (self.high.trials - self.low.trials)


def machine() -> str:
    """One line: processor, system and versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}."
    )


def render(slopes: Sequence[Slope], ours: Slope) -> str:
    """Markdown: the table of one load, and the ratio of ``ours`` to the first slope."""
    first = slopes[0]
    low, high = first.low.load, first.high.load
    head = _HEAD.format(low=low.trials, high=high.trials)
    title = f"## No trial stopped before epoch {high.grace}; {high.jobs} trials at a time"
    whole, driver = (
        f"1/{first.cpu_seconds / ours.cpu_seconds:.1f}",
        f"1/{first.driver_seconds / ours.driver_seconds:.1f}",
    )
    ratio = (
        f"A further trial costs {ours.stack} **{whole}** of the CPU seconds of {first.stack}, "
        f"and {driver} of those of its driver."
    )
    return "\n".join([title, "", head, rule(head), *(_row(s, ours) for s in slopes), "", ratio, ""])


def render_cold(case: Case) -> str:
    """Markdown: a single case, start-up included, since starting actors dwarfs it."""
    usage, trials = case.usage, case.trials
    return (
        f"Stock with its default, no reuse of actors: {usage.cpu_seconds:.0f} CPU s and "
        f"{usage.wall_seconds:.0f} s for {trials} trials, start-up included; that is "
        f"{usage.cpu_seconds / trials:.1f} CPU s a trial.\n"
    )


def _row(slope: Slope, ours: Slope) -> str:
    high = slope.high
    cells = (
        slope.stack,
        f"{slope.low.usage.cpu_seconds:.1f}",
        f"{high.usage.cpu_seconds:.1f}",
        f"**{slope.cpu_seconds:.3f}**",
        f"{slope.driver_seconds:.3f}",
        f"{slope.wall_seconds:.3f}",
        f"{high.reports / high.trials:.1f}",
        f"{high.stopped / high.trials:.0%}",
        "" if slope is ours else f"{ours.cpu_seconds / slope.cpu_seconds:.2f} of it",
    )
    return row(cells)


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
