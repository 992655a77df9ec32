"""What the driver and a trial's worker tell each other by files, on a disk or in a store."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from sweeper import words
from sweeper.engine.storage import Storage
from sweeper.engine.workers import SIGN_NAME, signed_on
from sweeper.errors import SweeperError
from sweeper.ledger.files import told
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState
from sweeper.trial import STOP_NAME, request_stop

__all__ = ["TrialFiles"]

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrialFiles:
    """A sweep's trials as files. A store that does not answer is only logged.

    Attributes:
        paths: the sweep's folder.
        storage: where the workers have their files, if not there.
    """

    paths: SweepPaths
    storage: Storage | None

    def ask_to_stop(self, number: int, state: TrialState, reason: str) -> None:
        """Ask the worker on the trial to end it after its epoch.

        Raises:
            LedgerError: the trial's folder cannot be written.
        """
        folder = self.paths.trial(number)
        with told(folder, "write to"):
            request_stop(folder, state, reason)
        if self.storage is not None:
            with self._logging(number, "is not asked to stop"):
                self.storage.keep(number, folder, STOP_NAME)

    def sign(self, number: int) -> dict[str, Any]:
        """What the trial's worker said of itself (`sweeper.engine.workers.sign_on`)."""
        folder = self.paths.trial(number)
        if self.storage is not None:
            with self._logging(number, "has a worker that is not known"):
                self.storage.bring(number, folder, SIGN_NAME)
        return signed_on(folder)

    def collect(self, number: int) -> None:
        """Bring what people want of an ended trial to the sweep's folder."""
        if self.storage is not None:
            with self._logging(number, "has its files only there"):
                names = self.storage.results(number)
                self.storage.bring(number, self.paths.trial(number), *names)

    def discard_checkpoints(self, number: int) -> None:
        """Free what only an unfinished trial needs.

        Raises:
            LedgerError: the trial's folder cannot be written.
        """
        self.paths.discard_checkpoints(number)
        if self.storage is not None:
            with self._logging(number, "still has checkpoints"):
                self.storage.discard_checkpoints(number)

    def refuse_others(self, known: Collection[int]) -> None:
        """Make sure that the store has no trials but the ledger's.

        Others would pass for the files of the trials that get their numbers now.

        Raises:
            SweeperError: it has, or does not answer.
        """
        if self.storage is None:
            return
        with self._telling(self.storage) as storage:
            others = set(storage.trials()) - set(known)
        if others:
            raise SweeperError(
                f"{storage.uri} has {words.count(len(others), 'trial')} of another sweep named "
                f"{storage.sweep}: give this one a name of its own, or remove that folder "
                f"({storage.sweep}/) from the store"
            )

    def adopt(self, ended: Collection[int], unfinished: Collection[int]) -> None:
        """Make the store agree with a ledger that may be a moment older: it is a copy's.

        What belongs to a trial that the ledger does not know goes: it would pass for the files of
        the trial that gets the number now. So do requests to stop, which are made again where the
        ledger has the reports that they follow from.

        Raises:
            SweeperError: the store does not answer.
        """
        if self.storage is None:
            return
        with self._telling(self.storage) as storage:
            for number in storage.trials():
                folder = self.paths.trial(number)
                if number in unfinished:
                    storage.remove(number, lambda name: name == STOP_NAME)
                elif number not in ended:
                    storage.remove(number, lambda _: True)
                elif not folder.exists():
                    storage.bring(number, folder, *storage.results(number))

    @staticmethod
    @contextlib.contextmanager
    def _telling(storage: Storage) -> Iterator[Storage]:
        try:
            yield storage
        except OSError as error:
            raise SweeperError(f"{storage.uri} does not answer: {error}") from error

    @contextlib.contextmanager
    def _logging(self, number: int, what: str) -> Iterator[None]:
        try:
            yield
        except OSError:
            uri = self.storage.uri if self.storage else ""
            log.warning("%s does not answer; trial %d %s", uri, number, what, exc_info=True)
