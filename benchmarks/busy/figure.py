"""The timeline of each stack: a bar for each epoch, white where a worker does not train."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from benchmarks.busy.intervals import Busy, Epoch, lanes

__all__ = ["draw"]

_SHOWN = 40.0  # seconds
_COLOURS = ("#1f5fa8", "#8db6dc")  # one trial after the other


def draw(found: Mapping[str, Sequence[Epoch]], measured: Mapping[str, Busy], path: Path) -> None:
    """Write the picture of the first seconds to ``path``."""
    figure, axes = plt.subplots(
        len(found), 1, sharex=True, figsize=(9, 0.9 + 1.1 * len(found)), squeeze=False
    )
    for axis, (name, epochs) in zip(axes[:, 0], found.items(), strict=True):
        _row(axis, epochs)
        axis.set_title(
            f"{name}: {measured[name].whole:.1%} of worker time", loc="left", fontsize=10
        )
    axes[-1, 0].set_xlabel("seconds since the first epoch's begin")
    figure.suptitle("When the workers trained (one colour after the other: a trial)", fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    plt.close(figure)


def _row(axis: Axes, epochs: Sequence[Epoch]) -> None:
    start = epochs[0].began
    rows = lanes(epochs)
    for row, trials in enumerate(rows):
        for number, trial in enumerate(trials):
            bars = [(e.began - start, e.ended - e.began) for e in trial if e.began < start + _SHOWN]
            axis.broken_barh(bars, (row - 0.4, 0.8), color=_COLOURS[number % 2], linewidth=0)
    axis.set_xlim(0, _SHOWN)
    axis.set_yticks(range(len(rows)), [str(row + 1) for row in range(len(rows))])
    axis.set_ylabel("worker")
    axis.invert_yaxis()
