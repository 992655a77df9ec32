"""``python -m benchmarks.scale.turns``: a small sweep and a large one in turns.

In `benchmarks.scale` minutes lie between the sizes, and on a machine with other work the CPU time
of the same thing changes by half meanwhile. Here a few trials of each follow one another.
"""

from __future__ import annotations

import argparse
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from benchmarks.scale.replay import Replay, opened
from sweeper.ledger.paths import SweepPaths

_SMALL, _TURNS, _AT_ONCE, _NEW_AFTER = 100, 12, 6, 4


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.turns", description=__doc__)
    parser.add_argument("--large", type=int, default=10_000, help="trials of the large sweep")
    large = parser.parse_args().large
    with tempfile.TemporaryDirectory(prefix="turns-") as folder, ExitStack() as kept:
        big = _grown(Path(folder), large, kept)
        turns = []
        for turn in range(_TURNS):
            if turn % _NEW_AFTER == 0:  # it grows, too
                small = _grown(Path(folder), _SMALL + turn, kept)
            turns.append((_proposing(small), _proposing(big)))
    here, there = (median(column) for column in zip(*turns, strict=True))
    ratio = median(b / a for a, b in turns)
    print(
        f"proposing with TPE: {here:.2f} CPU ms at some {_SMALL} trials, {there:.2f} at "
        f"{large:,}: {ratio:.2f} times as much, median of {_TURNS} turns of {_AT_ONCE} trials each"
    )


def _grown(folder: Path, trials: int, kept: ExitStack) -> Replay:
    """A sweep of its own with ``trials`` trials."""
    paths = SweepPaths(folder / f"grown-{trials}" / "scale")
    replay = kept.enter_context(opened(paths, 10 * trials))
    with replay.using("random", "hyperband"):
        replay.run(trials)
    return replay


def _proposing(replay: Replay) -> float:
    return replay.cost(_AT_ONCE).by_stage["proposing"]


if __name__ == "__main__":
    _main()
