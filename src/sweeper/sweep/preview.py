"""What would run, without running it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from sweeper import words
from sweeper.config import SweepConfig, host_of
from sweeper.config.search_space import size
from sweeper.engine.cluster import slots_for
from sweeper.engine.limits import gpu_hours_idle
from sweeper.ledger.paths import SweepPaths
from sweeper.ledger.study import SweepStudy
from sweeper.ledger.warm_start import WarmStart
from sweeper.sweep.admission import admit
from sweeper.sweep.destination import refuse_destination
from sweeper.sweep.look import look
from sweeper.sweep.notify import webhook
from sweeper.sweep.place import enter

__all__ = ["preview"]

_SHOWN = 5


def preview(config: SweepConfig, source: str, sweeps: Path, console: Console) -> None:
    """Print what `run_sweep` would do; starts and writes nothing.

    Raises:
        ConfigError: the machine lacks what is asked for, or a sweep of that name is in the way.
        DataError: the data set cannot be read.
        LedgerError: the folder in which that sweep began is gone.
        TrackingError: there can be no such MLflow store.
    """
    paths = SweepPaths(sweeps.absolute() / config.name)
    admission = admit(config, paths, source)
    if not admission.is_new:
        enter(admission.manifest.folder)
    refuse_destination(paths)
    facts = Table.grid(padding=(0, 2))
    for name, value in _facts(config, paths, admission.is_new, console).items():
        facts.add_row(name, value)
    console.print(facts)
    for change in admission.changes:
        console.print(f"changed     {change}", markup=False)
    if admission.is_new:
        for said in admission.warm.said if admission.warm else ():
            console.print(said, markup=False)
        console.print(f"\nThe first of {words.count(config.budget.trials, 'trial')}:")
        console.print(_proposals(config, admission.warm))


def _facts(
    config: SweepConfig, paths: SweepPaths, is_new: bool, console: Console
) -> dict[str, str]:
    configurations = size(config.search_space)
    budget = config.budget.model_dump(exclude_none=True)
    ended = 0 if is_new else look(paths).board.counts.ended
    state = "new" if is_new else f"{ended} of {words.count(config.budget.trials, 'trial')} ended"
    slots = slots_for(config.resources)
    return {
        "sweep": f"{config.name} ({state}), experiment {config.experiment}",
        "folder": str(paths.root),
        "task": config.task,
        **_contents(config, console),
        "objective": ", also ".join(f"{a.direction} {a.metric}" for a in config.objective.aims),
        "space": f"{words.count(len(config.search_space), 'parameter')}, "
        + ("infinitely many" if configurations is None else f"{configurations:,}")
        + " configurations",
        "sampler": f"{config.sampler.name}, pruner {config.pruner.name}",
        "budget": ", ".join(f"{key} {value:g}" for key, value in budget.items())
        + f", {config.epochs} epochs each at most",
        "resources": str(slots),
        **_notified(config),
        **({"": idle} if (idle := gpu_hours_idle(config, slots)) else {}),
    }


def _notified(config: SweepConfig) -> dict[str, str]:
    address, trouble = webhook(config)
    said = trouble or (host_of(address) if address else "")
    return {"notify": said} if said else {}


def _contents(config: SweepConfig, console: Console) -> dict[str, str]:
    """Model and data of the enhancement task; a task of the user's own has its own."""
    if config.task != "enhancement":
        return {}
    from sweeper.corpora.bar import reading_shown
    from sweeper.tasks.enhancement import describe

    with reading_shown(console):
        found = describe(config.to_json())
    return {
        "model": f"{config.model.name}, {found.parameters:,} parameters",
        "data": f"{found.corpus}, {found.sample_rate} Hz: "
        f"{_split(found.train_recordings, found.train_seconds)} to train, "
        f"{_split(found.valid_recordings, found.valid_seconds)} to validate",
    }


def _split(recordings: int, seconds: float) -> str:
    return f"{words.count(recordings, 'recording')} ({words.duration(seconds)})"


def _proposals(config: SweepConfig, warm: WarmStart | None) -> Table:
    study = SweepStudy(None, config, warm)
    table = Table(box=None, padding=(0, 2))
    table.add_column("trial", justify="right")
    for name in config.search_space:
        table.add_column(name, justify="right")
    for _ in range(min(_SHOWN, config.budget.trials)):
        asked = study.ask()
        if asked is None:
            break
        number, params = asked
        table.add_row(str(number), *(words.number(params.get(n)) for n in config.search_space))
    return table
