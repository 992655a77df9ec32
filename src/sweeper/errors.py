"""What can go wrong for a user, as one tree.

    SweeperError                 the command line prints it and exits with 2, without a traceback
    ├── ConfigError              the YAML is wrong; holds every problem at once
    ├── DataError                a recording or a data set cannot be used
    ├── ModelError               a network does not give (batch, time) for (batch, time)
    ├── LedgerError              the sweep directory cannot be read or written
    │   ├── SweepNotFound
    │   └── SweepLocked          another driver holds the sweep
    ├── TrackingError            MLflow cannot be reached where that cannot wait
    └── ServerError              the MLflow UI cannot be started or stopped
        └── PortTaken            another program listens there

Inside a worker, ``Diverged`` and ``DeadlineReached`` end a trial; they are no fault of the user's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

__all__ = [
    "ConfigError",
    "DataError",
    "DeadlineReached",
    "Diverged",
    "LedgerError",
    "ModelError",
    "PortTaken",
    "Problem",
    "ServerError",
    "SweepLocked",
    "SweepNotFound",
    "SweeperError",
    "TrackingError",
]


class SweeperError(Exception):
    """Says what is wrong, where, and what to do."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a configuration: ``where`` is ``file:line`` or the flag that set the value."""

    where: str
    message: str

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class ConfigError(SweeperError):
    """Every mistake of a configuration at once."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in problems))


class DataError(SweeperError):
    """A recording or a data set cannot be used.

    Attributes:
        heading: what cannot be used, where there are ``problems``.
        problems: everything that is wrong with it, also what the message leaves out.
    """

    def __init__(self, message: str, heading: str = "", problems: Sequence[str] = ()) -> None:
        self.heading = heading
        self.problems = tuple(problems)
        super().__init__(message)


class ModelError(SweeperError):
    """A network does not give (batch, time) for (batch, time)."""


class LedgerError(SweeperError):
    """The sweep directory cannot be read or written."""


class SweepNotFound(LedgerError):
    """No sweep of that name."""


class SweepLocked(LedgerError):
    """Another driver holds the sweep."""


class TrackingError(SweeperError):
    """MLflow cannot be reached where that cannot wait."""


class ServerError(SweeperError):
    """The MLflow UI cannot be started or stopped."""


class PortTaken(ServerError):
    """Another program listens on the port; ``free`` is the next one that is free, if any."""

    def __init__(self, message: str, free: int | None) -> None:
        self.free = free
        super().__init__(message)


class Diverged(Exception):
    """A trial's loss is no longer finite."""


class DeadlineReached(Exception):
    """A trial's time is up."""
