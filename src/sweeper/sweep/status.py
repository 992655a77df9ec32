"""How a sweep stands, for people and programs."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from typing import Any

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from sweeper.board.live import picture
from sweeper.records import TrialRecord, TrialState
from sweeper.sweep.look import Look, Standing, ago
from sweeper.words import count

__all__ = ["LOOKS", "failures", "next_commands", "status", "to_json"]

LOOKS = {
    Standing.RUNNING: "cyan",
    Standing.PAUSED: "yellow",
    Standing.PAUSING: "yellow",
    Standing.STOPPING: "yellow",
    Standing.FINISHED: "green",
    Standing.ABORTED: "bold red",
    Standing.LOST: "bold red",
}
"""The colour of a standing, where it has one."""
_FAILURES = 3


def status(found: Look) -> RenderableType:
    """All that ``sweeper status`` shows."""
    # the board's region is a quick guess, and the verdict may well say otherwise
    board = replace(found.board, region="") if found.verdict else found.board
    parts: list[RenderableType] = [_headline(found), picture(board, 0.0)]
    if found.verdict:
        parts.append(Text(found.verdict, style="bold"))
        parts.append(Text(f"{found.paths.summary}: summary.md, report.html", style="dim"))
    parts += [Text(line, style="red") for line in failures(found)]
    grid = Table.grid(padding=(0, 2))
    for why, command in next_commands(found).items():
        grid.add_row(Text(why, style="dim"), Text(command, style="cyan", overflow="fold"))
    return Group(*parts, grid)


def _headline(found: Look) -> Text:
    line = Text()
    line.append(str(found.standing), style=LOOKS.get(found.standing, "bold"))
    if found.holder:
        since = time.strftime("%Y-%m-%d %H:%M", time.localtime(found.holder.since))
        line.append(f", driven by {found.holder} since {since}")
        if not found.holder.is_here and found.beat is not None:
            line.append(f" (last sign of life {ago(found.at - found.beat)})")
    line.append(f", last event {ago(found.at - found.last_active)}", style="dim")
    line.append(f", experiment {found.config.experiment}", style="dim")
    return line


def failures(found: Look) -> Iterator[str]:
    """The last trials that failed, and how many more."""
    failed = [r for r in found.board.ended if r.state is TrialState.FAILED]
    for record in failed[-_FAILURES:]:
        yield f"trial {record.number} failed: {record.reason}"
    if len(failed) > _FAILURES:
        yield f"and {count(len(failed) - _FAILURES, 'earlier failure')}"


def next_commands(found: Look) -> dict[str, str]:
    """What to type next, by purpose."""
    name, standing = found.name, found.standing
    if standing in (Standing.PAUSED, Standing.PAUSING):
        return {"go on": f"sweeper resume {name}", "end": f"sweeper stop {name}"}
    if found.holder:
        watching = {"follow": f"sweeper watch {name}"}
        if standing is Standing.STOPPING:
            return watching | {"end now": f"sweeper cancel {name}"}
        if standing.working:
            free = {"free the workers": f"sweeper pause {name}"}
            return watching | free | {"end": f"sweeper stop {name}"}
        return watching
    said = {"go on": f"sweeper resume {name}"} if found.unfinished else {}
    if found.board.best and not found.unfinished:
        said["the best trial"] = f"sweeper show {name} {found.board.best.number}"
        if not found.confirm.total:
            said["confirm the best"] = f"sweeper confirm {name}"
        said["more trials"] = f"sweeper resume {name} --trials {found.enough_trials}"
    if not found.lag.none:
        said["complete MLflow"] = f"sweeper sync {name}"
    return said


def to_json(found: Look) -> dict[str, Any]:
    """The same for programs: times in seconds since 1970, durations in seconds."""
    board = found.board
    return {
        "name": found.name,
        "state": str(found.standing),
        "why": found.why,
        "folder": str(found.paths.root),
        "experiment": found.config.experiment,
        "driver": asdict(found.holder) if found.holder else None,
        "last_sign_of_life": found.beat if found.holder else None,
        "last_event": found.history.last_time,
        "sessions": found.history.sessions,
        "total": board.total,
        "counts": asdict(board.counts),
        "confirm": {"done": board.confirm.done, "total": board.confirm.total},
        "metric": board.metric,
        "best": asdict(board.best) if board.best else None,
        "running": [asdict(trial) for trial in board.running],
        "elapsed_seconds": board.elapsed_seconds,
        "gpu_seconds": found.gpu_seconds,
        "eta_seconds": board.eta_seconds,
        "mlflow": {
            "events_behind": found.lag.events,
            "uploads_behind": found.lag.uploads,
            "parent_run": found.lag.target.run_id if found.lag.target else None,
            "tracking_uri": found.note.tracking_uri if found.note else "",
            "trouble": found.trouble,
        },
        "copy": {"address": found.config.resources.ledger, "trouble": found.copy_trouble},
        "verdict": found.verdict,
        "summary": str(found.paths.summary) if found.verdict else None,
        "failures": [_failure(r) for r in board.ended if r.state is TrialState.FAILED],
        "next": list(next_commands(found).values()),
    }


def _failure(record: TrialRecord) -> dict[str, Any]:
    return {"trial": record.number, "reason": record.reason}
