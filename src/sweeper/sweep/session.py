"""One session of a sweep, from the opened ledger to the verdict."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from sweeper.config import Confirm, SweepConfig
from sweeper.engine.cluster import slots_for
from sweeper.engine.conductor import Conductor, Ending
from sweeper.engine.limits import gpu_hours_idle
from sweeper.engine.run import run_trials
from sweeper.engine.runtime import clean_up, quiet
from sweeper.errors import ConfigError, Problem
from sweeper.interruption import Terminated, deaf, terminable
from sweeper.ledger.files import told
from sweeper.ledger.history import read_history
from sweeper.ledger.ledger import open_ledger
from sweeper.ledger.lock import holder
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.admission import admit
from sweeper.sweep.contract import Contract
from sweeper.sweep.destination import destination, refuse_destination, shown
from sweeper.sweep.elsewhere import bring_folder, flush_copy, with_ledger
from sweeper.sweep.helm import Helm
from sweeper.sweep.herald import Herald
from sweeper.sweep.identity import identify
from sweeper.sweep.notify import keep_webhook, recall_webhook, webhook
from sweeper.sweep.origin_file import edited
from sweeper.sweep.place import enter
from sweeper.sweep.preflight import FOLDER, before_launch
from sweeper.sweep.report import LiveReport
from sweeper.sweep.setting import look_around
from sweeper.sweep.verdict import publish
from sweeper.sweep.watch import Watch
from sweeper.terminal import terminal
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.mirror import Mirror
from sweeper.tracker.thread import MirrorThread
from sweeper.words import duration

__all__ = ["confirm_sweep", "resume_sweep", "run_sweep"]

_PATIENCE_SECONDS, _PATIENCE_WITH_ERRORS_SECONDS = 120.0, 10.0
"""How long the end of a session waits for MLflow; `sweeper sync` ships what is left then."""
_SILENT_SECONDS = 3.0
"""How much of that needs no word."""
_HOLD_SECONDS = 15.0
"""How long MLflow, whose import takes seconds, waits at most for the first trial to train."""


def run_sweep(
    config: SweepConfig,
    source: str,
    sweeps: Path,
    console: Console,
    *,
    file: Path | None = None,
    confirm_now: bool = False,
    retry_failed: bool = False,
    brought: bool = False,
) -> Ending:
    """Begin or go on with the sweep of ``config`` and work until its budget is used up.

    Args:
        file: what ``config`` is from; None where it is the sweep's own.
        confirm_now: only train the best again that there are.
        retry_failed: let the trials that have failed go on.
        brought: the sweep's folder has just been made of its copy.

    Raises:
        ConfigError: the sweep cannot go on with this configuration, or the machine is too small.
        DataError: the data set cannot be read.
        SweepLocked: another driver is at work on it.
        LedgerError: its folder cannot be read or written.
        TrackingError: there can be no such MLflow store; one that does not answer is no matter.
    """
    paths = SweepPaths(sweeps.absolute() / config.name)
    brought = bring_folder(paths, config.resources.ledger, console) or brought
    admission = admit(config, paths, source, file=file, retry_failed=retry_failed)
    if not admission.is_new:
        enter(admission.manifest.folder)
    refuse_destination(paths)
    slots = slots_for(config.resources)
    # before anything is written: a data set that is not there shall leave no sweep behind
    sweep = identify(config, admission.manifest)
    if holder(paths.lock) is None:  # whoever holds it is training on the GPUs
        slots = before_launch(config, slots, paths.root, console)
    here = look_around(config, sweep.dataset, Path(admission.manifest.folder), slots)
    opened = open_ledger(paths, admission.manifest, config, here.setting, admission.warm)
    with opened as ledger, _logging_to(paths.logs):
        here.keep(paths)
        keep_webhook(config, paths)
        contract = Contract.of(
            ledger,
            admission.changes,
            confirm_now=confirm_now,
            retried=admission.retried,
            without_checkpoints=brought and config.resources.storage is None,
        )
        console.print(f"[bold]{config.name}[/] in {paths.root}\n{contract}\n{slots}")
        if idle := gpu_hours_idle(config, slots):
            console.print(idle, style="yellow")
        if trouble := webhook(config)[1]:
            console.print(f"notify: {trouble}", style="yellow", markup=False)
        conductor = Conductor(ledger, slots, confirm_now=confirm_now)
        return _session(conductor, sweep, contract, console)


def resume_sweep(
    name: str,
    sweeps: Path,
    console: Console,
    trials: int | None = None,
    address: str | None = None,
    ledger: str | None = None,
    *,
    retry_failed: bool = False,
) -> Ending:
    """Go on with the sweep ``name``, with a new total of ``trials`` if one is given.

    Args:
        retry_failed: let the trials that have failed go on, too.
        address: of the Ray cluster to go on with, if not where it was before.
        ledger: where the ledger's copy is; `NO_COPY` goes on without. A sweep that has no folder
            here is brought from there.

    Raises:
        SweepNotFound: there is no such sweep.
        ConfigError, SweepLocked, LedgerError: as `run_sweep`.
    """
    sweeps = sweeps.absolute()  # it is meant from here, before the change of folder below
    brought = bring_folder(SweepPaths(sweeps / name), ledger, console, known=True)
    config, source = _known(name, sweeps, console)
    config = with_ledger(config, ledger)
    if trials is not None:
        _check_total(SweepPaths(sweeps / name), trials)
        budget = config.budget.model_copy(update={"trials": trials})
        config = config.model_copy(update={"budget": budget})
    if address is not None:
        resources = config.resources.model_copy(update={"address": address})
        config = config.model_copy(update={"resources": resources})
    return run_sweep(config, source, sweeps, console, retry_failed=retry_failed, brought=brought)


def confirm_sweep(
    name: str, sweeps: Path, console: Console, top: int | None = None, seeds: int | None = None
) -> Ending:
    """Train the best of the sweep ``name`` again, with fresh seeds and to the last epoch.

    Args:
        top, seeds: how many configurations, and seeds for each; by default as the sweep has it,
            or else as `Confirm`.

    Raises:
        SweepNotFound, ConfigError, SweepLocked, LedgerError: as `resume_sweep`.
    """
    sweeps = sweeps.absolute()
    config, source = _known(name, sweeps, console)
    given = {key: value for key, value in (("top", top), ("seeds", seeds)) if value is not None}
    confirm = (config.confirm or Confirm()).model_copy(update=given)
    config = config.model_copy(update={"confirm": confirm})
    return run_sweep(config, source, sweeps, console, confirm_now=True)


def _known(name: str, sweeps: Path, console: Console) -> tuple[SweepConfig, str]:
    """A sweep's configuration and source. Says so where the sweep's file has been edited."""
    paths = SweepPaths.existing(name, sweeps)
    manifest = Manifest.read(paths)
    if said := edited(manifest, Path.cwd()):
        console.print(said, style="yellow", markup=False)
    return recall_webhook(SweepConfig.from_json(manifest.config), paths), manifest.source


def _check_total(paths: SweepPaths, trials: int) -> None:
    """Refuse a total below what there is already: it is meant as so many more.

    Raises:
        ConfigError: it is.
    """
    history = read_history(paths.history)
    begun = len(history) - history.confirming
    if trials < begun:
        rule = f"is a total, and there are {begun} trials: --trials {begun + trials} trains "
        raise ConfigError([Problem(f"--trials {trials}", f"{rule}{trials} more")])


def _session(
    conductor: Conductor, sweep: SweepIdentity, contract: Contract, console: Console
) -> Ending:
    ledger = conductor.ledger
    # also where nothing is left to train: a driver may have been killed after its last trial
    clean_up(ledger.paths.ray, ledger.paths.logs)
    tracking_uri = destination(ledger.paths)
    root = ledger.paths.root
    with Mirror(root, sweep, tracking_uri, safe=ledger.safe) as mirror, terminable():
        herald = Herald(ledger, mirror, console)
        try:
            return _work(conductor, mirror, herald, shown(tracking_uri), contract, console)
        except KeyboardInterrupt as error:
            deaf()
            if ledger.history.in_session:
                ledger.end_session(Ending.CANCELLED)
            console.print(
                f"[yellow]{str(error) or 'Ctrl-C'}: every trial is kept; `sweeper resume "
                f"{ledger.config.name}` brings what is missing[/]"
            )
            herald.tell(conductor.ending or Ending.CANCELLED, conductor.why or str(error))
            return Ending.CANCELLED
        except Exception as error:
            herald.fail(error)
            raise


def _work(
    conductor: Conductor,
    mirror: Mirror,
    herald: Herald,
    uri: str,
    contract: Contract,
    console: Console,
) -> Ending:
    ledger = conductor.ledger
    thread = MirrorThread(mirror, tell=LiveReport(ledger.config, ledger.paths, mirror))
    helm = Helm(conductor, thread, uri)
    ledger.begin_session(str(contract))
    if (ledger.paths.root / FOLDER).exists():
        mirror.log_parent_artifacts(ledger.paths.root / FOLDER, FOLDER)
    thread.start(hold=0.0 if contract.nothing_left else _HOLD_SECONDS)
    if contract.nothing_left:
        conductor.drain(Ending.FINISHED, "nothing left to do")
    if conductor.ending is not None:
        console.print(conductor.why)
    else:
        _train(conductor, thread, helm)
    helm.close()
    ending = conductor.ending or Ending.FINISHED
    ledger.end_session(ending, conductor.why)
    _say_why(conductor, console)
    if not flush_copy(ledger, console):
        thread.leave(_PATIENCE_WITH_ERRORS_SECONDS)
        herald.tell(Ending.CANCELLED, conductor.why)
        return Ending.CANCELLED
    _wait(thread, ledger.config.name, console)
    herald.tell(ending, conductor.why, publish(ledger, mirror, console))
    _close(thread, mirror, ledger.config.name, console)
    return ending


def _train(conductor: Conductor, thread: MirrorThread, helm: Helm) -> None:
    ledger = conductor.ledger
    with quiet(ledger.paths.logs / "ray.log") as output:
        own = terminal(output)
        with Watch(conductor, thread, own) as watch:

            def tick() -> None:
                if conductor.training:
                    thread.let_go()
                helm.tick()
                watch.tick()

            run_trials(conductor, ledger.manifest.folder, tick)


def _patience(thread: MirrorThread) -> float:
    """Seconds to wait for a tracking server; one that has been failing may be down for long."""
    return _PATIENCE_WITH_ERRORS_SECONDS if thread.status.error else _PATIENCE_SECONDS


def _wait(thread: MirrorThread, name: str, console: Console) -> None:
    """The verdict has links to MLflow; a person may have it without, by Ctrl-C."""
    try:
        if not thread.flush(_SILENT_SECONDS):
            _say_waiting(thread, name, console)
            thread.flush(_PATIENCE_SECONDS, _PATIENCE_WITH_ERRORS_SECONDS)
    except Terminated:
        raise
    except KeyboardInterrupt:
        console.print("[yellow]Ctrl-C: no longer waiting for MLflow[/]")


def _say_waiting(thread: MirrorThread, name: str, console: Console) -> None:
    status = thread.status
    why = f" ({status.error})" if status.error else ""
    console.print(
        f"waiting up to {duration(_patience(thread))} for MLflow{why}, which lacks {status.lacks}; "
        f"Ctrl-C leaves them to `sweeper sync {name}`",
        style="yellow",
        markup=False,
    )


def _say_why(conductor: Conductor, console: Console) -> None:
    if conductor.ending is not Ending.ABORTED or conductor.last_failure is None:
        return
    console.print(f"[bold red]The sweep was given up:[/] {conductor.why}. The last failure:")
    console.print(conductor.last_failure.details or conductor.last_failure.reason, markup=False)
    again = f"`sweeper resume {conductor.ledger.config.name} --retry-failed`"
    console.print(f"Once that is mended, {again} tries the failed trials again.", markup=False)


def _close(thread: MirrorThread, mirror: Mirror, name: str, console: Console) -> None:
    if not thread.close(_patience(thread)):
        later = f"`sweeper sync {name}` brings the rest, as does the next session"
        console.print(f"{thread.status}; {later}", style="yellow", markup=False)
    for remark in mirror.remarks:
        console.print(remark, style="yellow", markup=False)
    if mirror.parent_run_id:
        where = mirror.parent_url or "`sweeper ui` shows the parent run"
        console.print(where, style="dim", soft_wrap=True)


@contextmanager
def _logging_to(folder: Path) -> Iterator[None]:
    """Keep what sweeper itself has to say in a file, and the terminal for the board."""
    with told(folder, "write to"):
        folder.mkdir(parents=True, exist_ok=True)
        handler = logging.FileHandler(folder / "sweeper.log", encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logger = logging.getLogger("sweeper")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        yield
    finally:
        logger.removeHandler(handler)
        handler.close()
