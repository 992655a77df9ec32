"""Sweeps without Ray and MLflow: the conductor with workers that step in turn, in one process."""

from __future__ import annotations

import contextlib
import functools
import gc
import itertools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from sweeper.config import SweepConfig
from sweeper.engine.conductor import Conductor, Next
from sweeper.engine.resources import Slots
from sweeper.ledger import files
from sweeper.ledger.ledger import Ledger, open_ledger
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.setting import Setting
from sweeper.records import EpochReport, Trial
from sweeper.sweep.admission import admit
from sweeper.trial import TrialRun

ONE = Slots(1, 1.0, 0.0, 1, 0)
TWO = Slots(2, 1.0, 0.0, 2, 0)


class Killed(BaseException):
    """Stands for a kill -9: nothing after it runs."""


def open_sweep(
    folder: Path,
    config: SweepConfig,
    origin: str = "",
    setting: Setting | None = None,
    *,
    retry_failed: bool = False,
) -> Any:
    """Open the sweep in ``folder``, as `sweeper run` does."""
    paths = SweepPaths(folder / config.name)
    admission = admit(config, paths, "toy.yaml", retry_failed=retry_failed)
    return open_ledger(
        paths, admission.manifest, config, setting or Setting({"code": origin}), admission.warm
    )


def train(conductor: Conductor) -> None:
    """What Ray does, in turn: one step of each worker."""
    workers: dict[int, TrialRun] = {}
    try:
        while True:
            while isinstance(found := conductor.next_trial(), Trial):
                workers[found.number] = TrialRun(found)
            if found is Next.NOTHING and not workers:
                return
            for number in list(workers):
                _step(conductor, workers, number)
    finally:
        for run in workers.values():
            run.close()


def _step(conductor: Conductor, workers: dict[int, TrialRun], number: int) -> None:
    result = workers[number].step()
    if isinstance(result, EpochReport):
        conductor.on_report(number, result)
    else:
        workers.pop(number).close()
        conductor.on_outcome(number, result)


@functools.cache
def _warm_up() -> None:
    """What is imported by now stays: as in a warm worker, no collection looks at it again."""
    gc.collect()
    gc.freeze()


def run_session(
    folder: Path,
    config: SweepConfig,
    slots: Slots = ONE,
    origin: str = "",
    setting: Setting | None = None,
    *,
    confirm_now: bool = False,
    retry_failed: bool = False,
) -> tuple[Ledger, Conductor]:
    """One session, to its end."""
    with open_sweep(folder, config, origin, setting, retry_failed=retry_failed) as ledger:
        ledger.begin_session()
        conductor = Conductor(ledger, slots, confirm_now=confirm_now)
        _warm_up()
        train(conductor)
        ledger.end_session(conductor.ending or "")
    return ledger, conductor


def story(ledger: Ledger) -> list[Any]:
    """All that must not depend on how often the sweep was interrupted."""
    return [
        (
            (r.number, dict(r.params), r.seed, r.state, r.value, r.reason, r.copy_of, r.confirms),
            [(e.epoch, dict(e.metrics), dict(e.steps)) for e in r.reports],
        )
        for r in ledger.history.records()
    ]


def check_survival(
    folder: Path,
    configs: Sequence[SweepConfig],
    monkeypatch: pytest.MonkeyPatch,
    *,
    kills: int,
    session: Callable[..., tuple[Ledger, Conductor]] = run_session,
) -> Ledger:
    """Run a sweep with one configuration after the other, and again with a kill at a write.

    Args:
        kills: how many runs with a kill, evenly over all writes.
        session: runs one session in a folder with a configuration.

    Returns:
        The sweep that was not killed; the others have told the same story.
    """
    writes, ledger = _run(folder / "calm", configs, monkeypatch, session, kill_at=None)
    for kill_at in range(0, writes, -(-writes // kills)):
        _, other = _run(folder / str(kill_at), configs, monkeypatch, session, kill_at=kill_at)
        assert story(other) == story(ledger), f"killed at write {kill_at} of {writes}"
        assert other.unfinished() == []
    return ledger


def _run(
    folder: Path,
    configs: Sequence[SweepConfig],
    monkeypatch: pytest.MonkeyPatch,
    session: Callable[..., tuple[Ledger, Conductor]],
    kill_at: int | None,
) -> tuple[int, Ledger]:
    """How many writes there were up to the kill or the end, and the ledger at the end."""
    folder.mkdir()
    writes = itertools.count()
    made = 0

    def maybe_kill() -> None:
        nonlocal made
        made = next(writes)
        if made == kill_at:
            raise Killed

    waiting = list(configs)
    with monkeypatch.context() as patch:
        _before_and_after_each_write(patch, maybe_kill)
        while waiting:
            with contextlib.suppress(Killed):
                ledger, _ = session(folder, waiting[0])
                waiting.pop(0)
    assert kill_at is None or made >= kill_at, "was not killed"
    return made, ledger


def _before_and_after_each_write(patch: pytest.MonkeyPatch, action: Callable[[], None]) -> None:
    """Lines of the history, entries of the journal, and files that take another's place."""
    places = [(files.LineLog, "append"), (Path, "replace")]
    for owner, name in places:
        original = getattr(owner, name)

        def wrapped(*args: Any, _original: Any = original, **options: Any) -> Any:
            action()
            result = _original(*args, **options)
            action()
            return result

        patch.setattr(owner, name, wrapped)
