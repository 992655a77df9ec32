"""What it costs to ship, to look at and to sum up a sweep that is there."""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from sweeper.cli.status import status
from sweeper.config import SweepConfig
from sweeper.ledger.history import History, read_history
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.summary import write
from sweeper.sweep.identity import identify
from sweeper.sweep.report import report
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.tail import read_chunk

__all__ = ["Shipped", "peak_bytes", "ship", "status_seconds", "summary_seconds"]


@dataclass(frozen=True, slots=True)
class Shipped:
    """What the trials of one piece of the history cost on their way into MLflow.

    Attributes:
        before: trials that were there.
        trials: that ended in it.
        cpu: milliseconds for each of them.
    """

    before: int
    trials: int
    cpu: float


def ship(paths: SweepPaths, store: Path) -> list[Shipped]:
    """Mirror the sweep's whole history to SQLite in ``store``, piece by piece."""
    pieces: list[Shipped] = []
    with _mirror(paths, store) as mirror:
        mirror.open()
        ends = _ended_by_piece(paths)
        last = time.thread_time()

        def at_piece() -> bool:
            nonlocal last
            now, done = time.thread_time(), len(pieces)
            if done < len(ends) and mirror._state.offset >= ends[done][0]:
                before = ends[done - 1][1] if done else 0
                trials = ends[done][1] - before
                pieces.append(Shipped(before, trials, 1e3 * (now - last) / max(1, trials)))
                last = now
            return False

        mirror.sync(at_piece)
        at_piece()
    return pieces


def status_seconds(paths: SweepPaths) -> float:
    """CPU seconds of ``sweeper status`` after Python's start and the imports of its command."""
    with redirect_stdout(StringIO()):
        return _cpu(lambda: status(paths.root.name, paths.root.parent))


def summary_seconds(paths: SweepPaths, store: Path) -> float:
    """CPU seconds of the summary: region, text, tables, report and every figure."""
    manifest, history = Manifest.read(paths), read_history(paths.history)
    config = SweepConfig.from_json(manifest.config)
    with _mirror(paths, store) as mirror:
        return _cpu(lambda: _sum_up(config, history, mirror, paths))


def peak_bytes() -> int:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _sum_up(config: SweepConfig, history: History, mirror: Mirror, paths: SweepPaths) -> None:
    write(report(config, history, mirror), config, history.records(), paths.summary)


def _mirror(paths: SweepPaths, store: Path) -> Mirror:
    manifest = Manifest.read(paths)
    sweep = identify(SweepConfig.from_json(manifest.config), manifest, with_data=False)
    return Mirror(paths.root, sweep, f"sqlite:///{store}/mlflow.db")


def _ended_by_piece(paths: SweepPaths) -> list[tuple[int, int]]:
    """For each piece that is shipped at once: its last byte, and how many trials had ended."""
    pieces, ended, start = [], 0, 0
    while (chunk := read_chunk(paths.history, start)).events:
        ended += sum(event["event"] == "end" for event in chunk.events)
        start = chunk.end
        pieces.append((start, ended))
    return pieces


def _cpu(action: Callable[[], object]) -> float:
    before = time.process_time()
    action()
    return time.process_time() - before
