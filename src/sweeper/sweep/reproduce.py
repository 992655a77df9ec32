"""`sweeper reproduce`: whether a trial gives the same numbers again."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from sweeper import words
from sweeper.config import SweepConfig
from sweeper.engine.resources import plan_slots
from sweeper.errors import SweeperError
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.repeats import training_identity
from sweeper.ledger.setting import Setting
from sweeper.records import EpochReport, TrialRecord
from sweeper.sweep.again import compared, differences, largest, train_again
from sweeper.sweep.identity import dataset_of
from sweeper.sweep.look import Look, look
from sweeper.sweep.place import enter
from sweeper.sweep.setting import look_around
from sweeper.sweep.show import find_trial
from sweeper.sweep.worktree import code_of, untracked_code
from sweeper.trial import Outcome

__all__ = ["Wanted", "reproduce", "reproduce_with_code_of_then"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to reproduce.

    Attributes:
        epochs: how many at most; None for all that the trial reported.
        out: where the new checkpoints and artifacts stay; None keeps none.
        code: where the user's own modules are found; None for where the sweep began.
    """

    name: str
    number: int
    sweeps: Path
    epochs: int | None = None
    out: Path | None = None
    code: Path | None = None


def reproduce(wanted: Wanted, console: Console) -> bool:
    """Train a trial again and compare it epoch by epoch; the sweep is only read.

    Returns:
        Whether every number is the same to the last bit; rates and memory are not compared.

    Raises:
        SweepNotFound: there is no such sweep or trial.
        SweeperError: the trial has nothing to compare with.
    """
    found, record = _find(wanted)
    then = found.history.settings.get(record.session, Setting())
    out = wanted.out.absolute() if wanted.out else None
    enter(found.manifest.folder)
    code = wanted.code or Path.cwd()
    console.print(
        f"trial {record.number} of {found.name}: {words.settings(record.params)}, "
        f"seed {record.seed}, {words.count(record.epoch, 'epoch')}",
        style="bold",
    )
    for line in _otherwise(found.config, record, then, code):
        console.print(line, style="yellow", markup=False)
    with _folder(out) as folder:
        again = train_again(found.config, record, then, code, folder, wanted.epochs)
        return _compare(record, again, console)


def reproduce_with_code_of_then(wanted: Wanted, console: Console) -> bool:
    """As `reproduce`, in a process that imports the commit and the changes of then.

    Raises:
        SweeperError: they were not recorded, or cannot be had.
    """
    found, record = _find(wanted)
    then = found.history.settings.get(record.session)
    if then is None or not then.commit:
        raise SweeperError(f"trial {record.number}: the commit of its code was not recorded")
    changes = _read(found.paths.root / then.changes) if then.changes else ""
    if names := untracked_code(changes):
        lacking = words.listed(names)
        console.print(f"not recorded, as git did not track it: {lacking}", style="yellow")
    with code_of(Path(found.manifest.folder), then.commit, changes) as code:
        said = f"with the code of {then.commit[:10]}" + (" and its changes" * bool(changes))
        console.print(said, style="dim")
        return subprocess.run(_command(wanted, code), env=_environment(code)).returncode == 0


def _find(wanted: Wanted) -> tuple[Look, TrialRecord]:
    found = look(SweepPaths.existing(wanted.name, wanted.sweeps))
    record = find_trial(found, wanted.number)
    if record.copy_of.isdigit():
        record = find_trial(found, int(record.copy_of))
    if not record.reports and not record.state.infeasible:
        raise SweeperError(f"trial {record.number} has no epoch to compare with")
    return found, record


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise SweeperError(f"cannot read {path}: {error.strerror}") from error


def _command(wanted: Wanted, code: Path) -> list[str]:
    # -P: what lies in the working directory must not come before the code of then
    command = [sys.executable, "-P", "-m", "sweeper", "reproduce", wanted.name, str(wanted.number)]
    command += ["--sweeps", str(wanted.sweeps.absolute()), "--code", str(code)]
    command += ["--epochs", str(wanted.epochs)] if wanted.epochs is not None else []
    return command + (["--out", str(wanted.out.absolute())] if wanted.out else [])


def _environment(code: Path) -> dict[str, str]:
    """The user's modules, and sweeper's own where the sweep was run in its repository."""
    before = os.environ.get("PYTHONPATH", "")
    places = [str(code / "src"), str(code), *([before] if before else [])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}


def _otherwise(
    config: SweepConfig, record: TrialRecord, then: Setting, code: Path
) -> Iterator[str]:
    """What is not as it was when the trial was trained, so far as that is known."""
    here = look_around(config, dataset_of(config), code, plan_slots(config.resources))
    now = here.setting
    identity = training_identity(config, record.params, record.seed, now.origin)
    if not record.identity:
        yield "its attempts were trained by different codes; which of them counts is not known"
    elif not then.parts:
        yield "an older sweeper trained it, which did not record its code and data"
    elif changed := list(then.differences(now)):
        yield f"not as then: {', '.join(changed)}"
        yield from _other_commit(then, now)
    elif identity != record.identity:
        yield "the sweep's configuration has been changed since"
    if then.gpus:
        yield "it was trained on a GPU, whose sums may differ in the last digits"


def _other_commit(then: Setting, now: Setting) -> Iterator[str]:
    if then.commit and (then.commit, then.changes) != (now.commit, now.changes):
        was, here = (f"{s.commit[:10]}{' with changes' * bool(s.changes)}" for s in (then, now))
        yield f"its commit was {was}, here is {here or 'none'}: --apply-diff trains with that one"


@contextmanager
def _folder(out: Path | None) -> Iterator[Path]:
    if out is not None:
        if out.exists() and any(out.iterdir()):
            raise SweeperError(f"{out} is not empty: a training there would go on, not begin")
        yield out
        return
    with tempfile.TemporaryDirectory(prefix="sweeper-reproduce-") as folder:
        yield Path(folder)


def _compare(record: TrialRecord, again: Iterator[EpochReport | Outcome], console: Console) -> bool:
    then, same, seen = {report.epoch: report for report in record.reports}, 0, 0
    for result in again:
        if isinstance(result, Outcome):
            return _judge(record, result, same, seen, console)
        seen += 1
        same += _compare_epoch(then.get(result.epoch), result, record.epoch, console)
    return _judge(record, None, same, seen, console)


def _compare_epoch(then: EpochReport | None, now: EpochReport, last: int, console: Console) -> bool:
    if then is None:
        console.print(f"epoch {now.epoch}: the trial had none", style="dim")
        return True
    found = differences(then, now)
    if not found:
        numbers = words.count(len(compared(now)), "number")
        console.print(f"epoch {now.epoch}/{last}: the same ({numbers})")
        return True
    worst = largest(found)
    console.print(
        f"epoch {now.epoch}/{last}: {words.count(len(found), 'number')} not the same, most of all "
        f"{worst.name}: {worst.then!r} then, {worst.now!r} now ({worst.relative:.1e} apart)",
        style="red",
        markup=False,
    )
    return False


def _judge(
    record: TrialRecord, outcome: Outcome | None, same: int, seen: int, console: Console
) -> bool:
    same_end = True
    if outcome is not None and record.state.infeasible:
        same_end = outcome.state is record.state
        console.print(f"then: {record.reason}\nnow:  {outcome.reason}", markup=False)
    elif outcome is not None and outcome.details:
        same_end = False
        console.print(outcome.details, style="red", markup=False)
    good = same_end and same == seen and (seen > 0 or record.state.infeasible)
    verdict = "the same, bit for bit" if good else "not the same"
    console.print(f"{same} of {words.count(seen, 'epoch')} the same: {verdict}", style="bold")
    return good
