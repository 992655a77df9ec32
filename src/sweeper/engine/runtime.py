"""Ray: started on this machine or joined, left wholly, and cleaned up after a killed driver."""

from __future__ import annotations

import contextlib
import gc
import json
import logging
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import psutil

from sweeper import words
from sweeper.engine import environment
from sweeper.engine.cluster import join
from sweeper.engine.daemons import Guard
from sweeper.engine.resources import Slots
from sweeper.engine.worker_logs import keep_worker_logs
from sweeper.errors import LedgerError, SweeperError
from sweeper.garbage import without_collections
from sweeper.ledger.files import told, write_atomically
from sweeper.ledger.paths import SweepPaths
from sweeper.throttle import Throttle

if TYPE_CHECKING:
    from sweeper.config import Resources

__all__ = ["Notes", "clean_up", "quiet", "ray_running"]

_STORE_BYTES = 256 * 2**20
_MOST_WAITING = 1000
_NOTE_SECONDS = 2.0
_REMOVAL_SECONDS = 10.0
_PREFIX = "sweeper-"  # of scratch folders


@contextmanager
def quiet(log: Path) -> Iterator[TextIO]:
    """Send all that this process and its children print to ``log``; gives the real output.

    Ray talks from several languages and threads, so the file descriptors themselves are moved.
    """
    with told(log, "open"):
        log.parent.mkdir(parents=True, exist_ok=True)
        file = log.open("a", encoding="utf-8")
    sys.stdout.flush()
    sys.stderr.flush()
    with (
        file,
        os.fdopen(os.dup(1), "w", 1, encoding=sys.stdout.encoding, errors="replace") as real,
        os.fdopen(os.dup(2), "w", encoding="utf-8") as errors,
    ):
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
        try:
            yield real
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os.dup2(real.fileno(), 1)
            os.dup2(errors.fileno(), 2)


@contextmanager
def ray_running(
    slots: Slots,
    resources: Resources,
    paths: SweepPaths,
    on_lost: Callable[[str], None],
    on_stuck: Callable[[], None],
    imports: Callable[[], None],
) -> Iterator[Notes]:
    """Start Ray for ``slots`` and stop it again, or join a cluster and leave it as it is.

    Args:
        resources: name the cluster, if there is one.
        paths: the sweep's folder, with a note of what must be cleaned up after a killed driver, and
            in the end with what the workers have left behind in words.
        on_lost, on_stuck: called in another thread when one of Ray's own processes is gone, and
            where the driver cannot leave after that: then this process ends.
        imports: done while Ray's own processes start, which takes seconds.

    Raises:
        LedgerError: the note cannot be written.
        SweeperError: Ray does not start, or the cluster cannot be joined.
    """
    note, logs = paths.ray, paths.logs
    clean_up(note, logs)
    # nodes may come, and the conductor never hands out more trials than there is room for
    most_waiting = _MOST_WAITING if resources.on_cluster else slots.concurrent
    os.environ["TUNE_MAX_PENDING_TRIALS_PG"] = str(most_waiting)
    environment.prepare()

    def last_act() -> None:
        clean_up(note, logs)
        on_stuck()

    # short, because it holds sockets: their paths may have 107 characters
    scratch = Path(tempfile.mkdtemp(prefix=_PREFIX))
    notes = Notes(note, scratch)
    with ExitStack() as begun, ExitStack() as ending:
        # the first that is put here comes last, whatever the others raise
        ending.callback(clean_up, note, logs)
        ending.callback(_leave_ray)
        ending.callback(notes.last_write)
        if resources.on_cluster:
            join(resources.address)
        else:
            _start_ray_beside(slots, scratch, imports)
        guard = Guard(on_lost, last_act=last_act)
        ending.callback(guard.stop)
        begun.callback(guard.left)
        yield notes


def _start_ray_beside(slots: Slots, scratch: Path, work: Callable[[], None]) -> None:
    """Start Ray, which mostly waits, and do ``work`` in another thread meanwhile.

    Not the other way round: Ray's processes are killed when the thread that started them ends.
    """
    with ThreadPoolExecutor(1, "while-ray-starts") as executor:
        done = executor.submit(work)
        _start_ray(slots, scratch)
        done.result()


def _start_ray(slots: Slots, scratch: Path) -> None:
    import ray

    # Ray's processes inherit the mask: a terminal that is closed is told to the driver alone
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGHUP})
    try:
        with environment.few_daemons():
            ray.init(
                address="local",  # never join a cluster that happens to run here
                num_cpus=slots.concurrent,  # so many workers are started ahead
                num_gpus=slots.gpus,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                object_store_memory=_STORE_BYTES,
                _temp_dir=str(scratch),
            )
    except Exception as error:
        what = words.printable(str(error)).strip().partition("\n")[0]
        raise SweeperError(
            f"Ray does not start: {what or type(error).__name__}. Every trial is kept; what Ray "
            "says is in logs/ray.log of the sweep's folder."
        ) from error
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGHUP})


def _leave_ray() -> None:
    """Shut Ray down; no other thread collects garbage meanwhile.

    Where that has one of Ray's handles in a circle, the handle asks a Ray that is half gone, and
    the whole process ends.
    """
    import ray

    gc.unfreeze()
    gc.collect()
    with without_collections():
        ray.shutdown()


class Notes:
    """What must be cleaned up after a killed driver, kept up to date in a file.

    Ray's agents lose their parent when the raylet dies, and their command line when they start, so
    each process is written down while it is below this one.
    """

    def __init__(self, path: Path, scratch: Path) -> None:
        self._path = path
        self.scratch = scratch
        self._others = {p.pid for p in psutil.Process().children(recursive=True)}
        self._known: dict[int, float] = {}
        self._throttle = Throttle(_NOTE_SECONDS)
        self._save()

    def tick(self) -> None:
        """Write down new processes, every few seconds."""
        if self._throttle.due:
            with self._throttle.turn():
                self.write()

    def write(self) -> None:
        """Write down new processes now."""
        new = {}
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):
                if process.pid not in self._others and process.pid not in self._known:
                    new[process.pid] = process.create_time()
        if new:
            self._known |= new
            self._save()

    def last_write(self) -> None:
        """`write`, though a full disk may be why all ends: Ray's processes shall not outlive it."""
        with contextlib.suppress(LedgerError):
            self.write()

    def _save(self) -> None:
        noted = {"processes": list(self._known.items()), "scratch": str(self.scratch)}
        write_atomically(self._path, json.dumps(noted))


def clean_up(note: Path, logs: Path) -> None:
    """Kill the Ray processes in the file ``note`` that still live, all below them, their scratch.

    After a killed driver they would go on training, and write over what their successors do. What
    they have said goes to the folder ``logs``.
    """
    try:
        noted = json.loads(note.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if not Path(noted["scratch"]).name.startswith(_PREFIX):
        return  # not ours: the sweep's folder may come from anywhere
    victims = [*_noted(noted["processes"]), *_with_argument(noted["scratch"])]
    victims += [child for victim in victims for child in _below(victim)]
    for victim in victims:
        with contextlib.suppress(psutil.NoSuchProcess):
            victim.kill()
    psutil.wait_procs(victims, timeout=10)
    keep_worker_logs(Path(noted["scratch"]), logs)
    # what could not be removed now is for the next session, which finds it by this note
    if _removed(Path(noted["scratch"])):
        note.unlink(missing_ok=True)


def _removed(scratch: Path) -> bool:
    """Remove the folder, into which dying processes may still write; whether it is gone."""
    end = time.monotonic() + _REMOVAL_SECONDS
    while scratch.exists():
        shutil.rmtree(scratch, ignore_errors=True)
        if time.monotonic() >= end:
            return False
        time.sleep(0.05)
    return True


def _noted(processes: Iterable[tuple[int, float]]) -> Iterator[psutil.Process]:
    for pid, created in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process = psutil.Process(pid)
            # a pid is given again to strangers; its start time tells them apart
            if process.create_time() == created:
                yield process


def _with_argument(scratch: str) -> Iterator[psutil.Process]:
    """Processes that were started with ``scratch``: those that nobody had the time to note."""
    for process in psutil.process_iter(["cmdline"]):
        if any(scratch in argument for argument in process.info["cmdline"] or ()):
            yield process


def _below(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
