"""The table of how long it took."""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Protocol

from benchmarks.table import row, rule

__all__ = ["render"]

_HEAD = (
    "| stack | reached | seconds from the command: median | least | most "
    "| from the first epoch: median | trained by then, s: median | sweeper takes |"
)


class _Reached(Protocol):
    @property
    def seconds(self) -> float: ...
    @property
    def training(self) -> float: ...
    @property
    def trained(self) -> float: ...


def render(
    machine: str,
    found: Mapping[str, Sequence[_Reached]],
    target: float,
    options: argparse.Namespace,
) -> str:
    """Markdown; ratios are of the medians, to the first stack's."""
    first = next(iter(found.values()))
    intro = (
        f"Until a trial's val_si_sdr reaches {target:.2f} dB, which {options.share:.1%} of random "
        f"configurations do when they are trained to the end; at most {options.trials} trials, "
        f"{options.jobs} at a time, {len(first)} seeds. Real learning curves of a small DPRNN on "
        "the demo corpus, recorded with the CPU time of each epoch, which is slept here."
    )
    rows = [_row(name, each, first) for name, each in found.items()]
    top = ["# Time to a target\n", f"{machine}\n", f"{intro}\n", _HEAD, rule(_HEAD)]
    return "\n".join([*top, *rows, ""])


def _row(name: str, found: Sequence[_Reached], first: Sequence[_Reached]) -> str:
    seconds = [each.seconds for each in found]
    ours = median(each.seconds for each in first)
    cells = (
        name,
        f"{sum(map(math.isfinite, seconds))} of {len(seconds)}",
        f"**{median(seconds):.0f}**",
        f"{min(seconds):.0f}",
        f"{max(seconds):.0f}",
        f"{median(each.training for each in found):.0f}",
        f"{median(each.trained for each in found):.0f}",
        "" if found is first else f"{ours / median(seconds):.2f} of it",
    )
    return row(cells)
