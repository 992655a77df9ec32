"""What a case of the chaos suite found, and the file in which it is kept for the report."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

RESULTS = "SWEEPER_CHAOS_RESULTS"


@dataclass(frozen=True)
class Losses:
    """Counted after the last session of a sweep; an untroubled one has zeros.

    Attributes:
        trials: asked for, but not ended; or ended otherwise than they must.
        wrong_numbers: epochs whose metrics are not those of an untroubled training.
        epochs_again: epochs that were begun more than once.
        beyond_one: of these, those beyond one for each trial at each fault that met it running.
        steps_lost, steps_twice: metric points of the ledger that MLflow lacks; has too many of.
        runs_twice: runs beyond one for each trial and one parent.
        runs_open: runs that MLflow shows as running, and a parent that is not finished.
        files: trials whose log is not among their run's artifacts.
        processes: that still live; and scratch folders that are still there.
    """

    trials: int = 0
    wrong_numbers: int = 0
    epochs_again: int = 0
    beyond_one: int = 0
    steps_lost: int = 0
    steps_twice: int = 0
    runs_twice: int = 0
    runs_open: int = 0
    files: int = 0
    processes: int = 0

    @property
    def none(self) -> bool:
        """Nothing was lost, nothing done twice but what had to be."""
        return dataclasses.replace(self, epochs_again=0) == Losses()


@dataclass(frozen=True)
class Result:
    """One case.

    Attributes:
        fault: what was done, as the report names it.
        seed: repeats it.
        times: how often the fault was inflicted.
        recovery_seconds: the longest time from a fault, or from the command after it, until the
            next epoch was reported, or all was done.
        detail: where in the sweep's life.
        commit: of sweeper.
    """

    fault: str
    seed: str
    times: int
    losses: Losses
    recovery_seconds: float
    detail: str = ""
    commit: str = ""

    @property
    def right(self) -> bool:
        return self.losses.none

    def keep(self) -> None:
        """Append it to the file that the environment names, if any; processes may do so at once."""
        if path := os.environ.get(RESULTS):
            line = json.dumps({**dataclasses.asdict(self), "commit": _commit()}) + "\n"
            file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            os.write(file, line.encode())
            os.close(file)


def _commit() -> str:
    command = ["git", "-C", str(Path(__file__).parent), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def read_results(path: Path) -> list[Result]:
    found = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Result(**{**entry, "losses": Losses(**entry["losses"])}) for entry in found]
