"""A sweep without a driver: what a dead one left is set right, in the ledger and in MLflow."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console

from sweeper import words
from sweeper.config import SweepConfig
from sweeper.engine.runtime import clean_up
from sweeper.errors import DataError, TrackingError
from sweeper.ledger.ledger import Ledger, open_ledger
from sweeper.ledger.lock import holder, last_holder
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.destination import destination, refuse_destination
from sweeper.sweep.elsewhere import flush_copy
from sweeper.sweep.identity import identify
from sweeper.sweep.look import Standing, look, read_config
from sweeper.sweep.place import enter
from sweeper.sweep.verdict import publish
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.mirror import Mirror

__all__ = ["sync", "tidy"]


def tidy(paths: SweepPaths, console: Console) -> bool:
    """Set right what a lost driver left: workers, interrupted trials, summary, runs in MLflow.

    Returns:
        Whether MLflow has everything.

    Raises:
        SweepLocked: a driver has begun in the meantime.
        LedgerError: the folder cannot be read or written.
    """
    found = look(paths)
    if found.standing is not Standing.LOST or found.history.last_end is not None:
        _say_nobody(paths, console)
        return True
    lost = found.lost
    who = f" ({lost})" if lost else ""
    console.print(f"{found.name} has lost its driver{who}; it is set right now", markup=False)
    with _opened(paths, None) as (ledger, mirror):
        error = _ship(mirror)
        if not flush_copy(ledger, console):
            return False
        publish(ledger, mirror, console)
        return _report(mirror, _ship(mirror) or error, console)


def sync(paths: SweepPaths, console: Console, tracking_uri: str | None = None) -> bool:
    """Ship to MLflow what it lacks, and make the status of each run true.

    Where a driver is at work, it does that.

    Returns:
        Whether everything is there.

    Raises:
        LedgerError: the folder cannot be read or written.
    """
    if (driver := holder(paths.lock)) is not None:
        found = look(paths)
        console.print(
            f"{driver} is at work on {found.name} and brings MLflow up to date itself: "
            f"{found.mirror_words}",
            markup=False,
        )
        return found.lag.none
    with _opened(paths, tracking_uri) as (ledger, mirror):
        if not flush_copy(ledger, console):
            return False
        return _report(mirror, _ship(mirror), console)


@contextmanager
def _opened(paths: SweepPaths, tracking_uri: str | None) -> Iterator[tuple[Ledger, Mirror]]:
    """The ledger, which sets itself right, and its mirror."""
    manifest = Manifest.read(paths)
    config = read_config(manifest, paths)
    uri = destination(paths, tracking_uri)
    enter(manifest.folder)
    refuse_destination(paths, tracking_uri)
    lost = last_holder(paths.lock)
    with (
        open_ledger(paths, manifest, config) as ledger,
        Mirror(paths.root, _identify(config, manifest), uri, safe=ledger.safe) as mirror,
    ):
        if lost is None or lost.is_here:
            clean_up(paths.ray, paths.logs)
        yield ledger, mirror


def _identify(config: SweepConfig, manifest: Manifest) -> SweepIdentity:
    """The sweep for MLflow; where its data are out of reach, without them."""
    try:
        return identify(config, manifest)
    except (DataError, OSError):
        return identify(config, manifest, with_data=False)


def _ship(mirror: Mirror) -> str:
    """Bring MLflow up to date; what went wrong, or nothing."""
    try:
        mirror.sync()
        mirror.finish()
    except TrackingError as error:
        return str(error)
    return ""


def _report(mirror: Mirror, error: str, console: Console) -> bool:
    for remark in mirror.remarks:
        console.print(remark, style="yellow", markup=False)
    if error:
        console.print(error, style="red", markup=False)
    behind, owed = mirror.behind, mirror.owed
    complete = not (error or behind or owed)
    if behind or owed:
        lacks = f"{words.count(behind, 'event')} and {words.count(owed, 'upload')}"
        console.print(f"MLflow still lacks {lacks}")
    elif error:
        console.print("nothing is left to ship; how MLflow shows it could not be checked")
    else:
        console.print("MLflow has everything")
    if complete and mirror.parent_url:
        console.print(mirror.parent_url, style="dim", soft_wrap=True)
    return complete


def _say_nobody(paths: SweepPaths, console: Console) -> None:
    found = look(paths)
    console.print(f"nobody runs {found.name}: it is {found.standing}", markup=False)
    if not found.lag.none:
        console.print(f"MLflow is {found.lag}: `sweeper sync {found.name}`", style="yellow")
