"""One trial from near."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sweeper.board import confirms_words
from sweeper.diagnosis import SHORTEST, Diagnosis, diagnose
from sweeper.errors import SweepNotFound
from sweeper.records import EpochReport, TrialRecord, TrialState, best_report
from sweeper.sweep.look import Look
from sweeper.tracker.links import run_url
from sweeper.trial import LOG_NAME
from sweeper.words import count, duration, figure, labelled, measured, settings

__all__ = ["find_trial", "show", "to_json"]

_BARS = "▁▂▃▄▅▆▇█"
_ASCII_BARS = ".:-=+*#@"  # for terminals whose encoding has no blocks
_CURVE = 24
_TAIL = 12  # lines of the log
_LOG_BYTES = 1 << 16


def find_trial(found: Look, number: int) -> TrialRecord:
    """The trial with this number.

    Raises:
        SweepNotFound: the sweep has no such trial yet; says which there are.
    """
    record = found.history.record(number)
    if record is None:
        known = len(found.history)
        there = f"0 to {known - 1}" if known else "none yet"
        raise SweepNotFound(f"no trial {number} in sweep {found.name!r} (there: {there})")
    return record


def show(found: Look, record: TrialRecord) -> RenderableType:
    """All that there is to know about it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, value in _facts(found, record):
        grid.add_row(name, Text(value))
    best = _best(found, record)
    parts: list[RenderableType] = [_headline(found, record, best), grid]
    if record.reports:
        parts += ["", _metrics(record, best)]
    if tail := _log_tail(found.paths.trial(record.number) / LOG_NAME, record):
        parts += ["", Text(LOG_NAME, style="dim"), Text("\n".join(tail))]
    return Group(*parts)


def to_json(found: Look, record: TrialRecord) -> dict[str, Any]:
    """The same for programs: times in seconds since 1970, durations in seconds."""
    folder = found.paths.trial(record.number)
    diagnosis = _diagnosis(found, record)
    return asdict(record) | {
        "diagnosis": diagnosis.finding if diagnosis else None,
        "run_id": found.lag.runs.get(record.number),
        "folder": str(folder),
        "files": [str(path.relative_to(folder)) for path in _files(folder)],
    }


def _headline(found: Look, record: TrialRecord, best: EpochReport | None) -> Text:
    metric = found.config.objective.metric
    line = Text(f"trial {record.number} of {found.name}: ", style="bold")
    line.append(_state(found, record), style="bold")
    if best:
        line.append(f", best {metric} {measured(metric, best.metrics[metric])}")
        line.append(f" at epoch {best.epoch}; {record.epoch} of {found.config.epochs} trained")
    return line


def _best(found: Look, record: TrialRecord) -> EpochReport | None:
    objective = found.config.objective
    return best_report(record.reports, objective.metric, objective.direction)


def _run_url(found: Look, run_id: str) -> str | None:
    if found.lag.target is None:
        return None
    uri = found.note.tracking_uri if found.note else ""
    folder = Path(found.manifest.folder)
    return run_url(uri, found.lag.target.experiment_id, run_id, folder)


def _state(found: Look, record: TrialRecord) -> str:
    if record.state is TrialState.RUNNING and found.holder is None:
        return "interrupted"  # as its next driver will write
    return str(record.state).replace("_", " ")


def _facts(found: Look, record: TrialRecord) -> Iterator[tuple[str, str]]:
    yield "parameters", settings(record.params)
    if record.is_confirming:
        yield "confirms", confirms_words(record)
    if record.reason:
        yield "reason", record.reason
    if diagnosis := _diagnosis(found, record):
        yield "curve", f"{diagnosis.finding.words}: {diagnosis.evidence}. {diagnosis.advice}"
    elif record.state is TrialState.COMPLETE and len(record.reports) < SHORTEST:
        yield "curve", f"too short to be judged: that takes {SHORTEST} epochs"
    yield "seed", f"{record.seed}, {count(record.attempts, 'attempt')}"
    yield "time", _times(record)
    if run_id := found.lag.runs.get(record.number):
        yield "MLflow run", _run_url(found, run_id) or run_id
    folder = found.paths.trial(record.number)
    yield "folder", str(folder)
    files = [f"{p.relative_to(folder)} ({_size(p)})" for p in _files(folder)]
    yield "files", ", ".join(files) or "none"


def _diagnosis(found: Look, record: TrialRecord) -> Diagnosis | None:
    return diagnose(record, found.config.objective, found.config.epochs)


def _times(record: TrialRecord) -> str:
    said = f"began {_clock(record.started)}"
    if record.ended is not None:
        said += f", ended {_clock(record.ended)}"
    return f"{said}, {duration(record.seconds)} of worker time"


def _clock(seconds: float | None) -> str:
    return "-" if seconds is None else time.strftime("%m-%d %H:%M:%S", time.localtime(seconds))


def _files(folder: Path) -> list[Path]:
    return sorted(p for p in folder.rglob("*") if p.is_file() and not p.name.startswith("."))


def _size(path: Path) -> str:
    size = path.stat().st_size
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _metrics(record: TrialRecord, best: EpochReport | None) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("metric", overflow="fold")
    table.add_column(f"epochs {record.reports[0].epoch} to {record.epoch}", no_wrap=True)
    for name in (f"best ({best.epoch})" if best else "best", "last", "lowest", "highest"):
        table.add_column(name, justify="right", no_wrap=True)
    for name in dict.fromkeys(name for report in record.reports for name in report.metrics):
        values = [r.metrics[name] for r in record.reports if name in r.metrics]
        ends = (best.metrics.get(name) if best else None, values[-1], min(values), max(values))
        told = ("-" if value is None else figure(name, value) for value in ends)
        table.add_row(labelled(name), _Curve(values), *told)
    return table


class _Curve:
    """Values as small bars, thinned out where there are many."""

    def __init__(self, values: list[float]) -> None:
        step = max(1, -(-len(values) // _CURVE))
        shown = values[::-1][::step][::-1]
        low, high = min(shown), max(shown)
        span = (high - low) or 1.0
        self._levels = [round((v - low) / span * (len(_BARS) - 1)) for v in shown]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        bars = _ASCII_BARS if options.ascii_only else _BARS
        yield Text("".join(bars[level] for level in self._levels))

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        return Measurement(len(self._levels), len(self._levels))


def _log_tail(path: Path, record: TrialRecord) -> list[str]:
    """The end of the log; of a failed trial, from its last traceback on."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - _LOG_BYTES))
            lines = file.read().decode("utf-8", errors="replace").splitlines()
    except OSError:
        return []
    if record.state is TrialState.FAILED:
        begins = [i for i, line in enumerate(lines) if line.endswith("(most recent call last):")]
        return lines[begins[-1] :] if begins else lines[-_TAIL:]
    return lines[-_TAIL:]
