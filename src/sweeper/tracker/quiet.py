"""MLflow as a guest in the driver: brief waits, no chatter, what it says in one line."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterator

__all__ = ["is_unstorable", "reason", "setup", "without_password"]

_DEFAULTS = {
    # an outage must be noticed soon; the mirror itself tries again, and after a request whose fate
    # is unknown it looks first, which MLflow's own retries do not
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "0",
    "MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT": "true",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
    # costs a thread and CPU time in the driver, and a sweep should not report to anybody unasked
    "MLFLOW_DISABLE_TELEMETRY": "true",
}


def setup() -> None:
    """Set MLflow's environment where the user has not, and keep its log lines off the board."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    if "MLFLOW_LOGGING_LEVEL" not in os.environ:
        import mlflow  # noqa: F401  (its import sets the levels that are changed here)

        # every error reaches the mirror as an exception, so nothing is hidden
        logging.getLogger("mlflow").setLevel(logging.CRITICAL)
        logging.getLogger("alembic").setLevel(logging.WARNING)


def without_password(text: str) -> str:
    """``text`` with user names and passwords taken out of its URLs."""
    return re.sub(r"://[^/@\s]+@", "://", text)


def reason(error: BaseException) -> str:
    """Why ``error`` came about, in one line: the system's words where it was the system."""
    for cause in _causes(error):
        if isinstance(cause, TimeoutError):
            return "no answer in time"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
    text = str(error).strip() or type(error).__name__
    return without_password(text.splitlines()[0])[:300]


def is_unstorable(error: BaseException) -> bool:
    """Whether ``error`` is about a value that no later attempt can store either."""
    from sqlalchemy.exc import DataError

    if type(error) is ValueError:  # a request's field; what is derived from it tells of answers
        return True
    hopeless = (OverflowError, UnicodeEncodeError, DataError)
    return any(isinstance(cause, hopeless) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and what it came from, the origin first."""
    chain: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and cause not in chain:
        chain.append(cause)
        cause = cause.__cause__ or cause.__context__
    return reversed(chain)
