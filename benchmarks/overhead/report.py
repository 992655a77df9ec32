"""From measured cases to the table."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.overhead.stacks import Case

__all__ = ["Slope", "machine", "render", "render_cold"]

_PACKAGES = ("ray", "optuna", "mlflow", "torch", "sweeper")
_HEAD = (
    "| stack | CPU s, {low} trials | CPU s, {high} trials | **CPU s per further trial** "
    "| of it driver | wall s per further trial | reports per trial | stopped early |"
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
        return (high - low) / (self.high.load.trials - self.low.load.trials)


def machine() -> str:
    """One line: processor, system and versions."""
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    return (
        f"{_processor()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}."
    )


def render(slopes: Sequence[Slope]) -> str:
    """Markdown: the table of one load, and the ratio of the first slope to each of the others."""
    first = slopes[0]
    low, high = first.low.load, first.high.load
    head = _HEAD.format(low=low.trials, high=high.trials)
    ratios = [
        f"A further trial costs {other.stack} **1/{first.cpu_seconds / other.cpu_seconds:.1f}** "
        f"of the CPU seconds of {first.stack}, its driver "
        f"**1/{first.driver_seconds / other.driver_seconds:.1f}**."
        for other in slopes[1:]
    ]
    title = f"## No trial stopped before epoch {high.grace}; {high.jobs} trials at a time"
    rule = "|---" * (head.count("|") - 1) + "|"
    return "\n".join([title, "", head, rule, *map(_row, slopes), "", *ratios, ""])


def render_cold(case: Case) -> str:
    """Markdown: a single case, start-up included, since starting actors dwarfs it."""
    usage, trials = case.usage, case.load.trials
    return (
        f"Stock with its default, no reuse of actors: {usage.cpu_seconds:.0f} CPU s and "
        f"{usage.wall_seconds:.0f} s for {trials} trials, start-up included; that is "
        f"{usage.cpu_seconds / trials:.1f} CPU s a trial.\n"
    )


def _row(slope: Slope) -> str:
    high = slope.high
    cells = (
        slope.stack,
        f"{slope.low.usage.cpu_seconds:.1f}",
        f"{high.usage.cpu_seconds:.1f}",
        f"**{slope.cpu_seconds:.3f}**",
        f"{slope.driver_seconds:.3f}",
        f"{slope.wall_seconds:.3f}",
        f"{high.reports / high.load.trials:.1f}",
        f"{high.stopped / high.load.trials:.0%}",
    )
    return f"| {' | '.join(cells)} |"


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()
