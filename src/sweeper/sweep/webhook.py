"""One POST of JSON to a webhook, which never holds anybody up for long."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from threading import Thread
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from sweeper.tracker.quiet import reason

__all__ = ["PATIENCE_SECONDS", "deliver"]

PATIENCE_SECONDS = 30.0
_ANSWER_SECONDS = 10.0
_PAUSES = (1.0, 3.0)
"""Seconds before the second and the third attempt."""
_TOO_MANY_REQUESTS = 429


class _Staying(HTTPRedirectHandler):
    """A POST that is sent elsewhere would arrive as a GET, without what it says."""

    def redirect_request(self, *arguments: Any) -> None:
        return None


_OPENER = build_opener(_Staying)


def deliver(address: str, message: Mapping[str, Any], patience: float = PATIENCE_SECONDS) -> str:
    """Post ``message``, at most three times; a second time only where it has not arrived.

    Args:
        patience: seconds after which nobody waits any longer, whatever holds it up.

    Returns:
        Why it was not delivered, without the address, which is a secret; empty where it was.
    """
    outcome = ["no answer in time"]
    # in a thread of its own: looking up a host's name knows no time limit
    thread = Thread(target=lambda: outcome.append(_attempts(address, message)), daemon=True)
    thread.start()
    thread.join(patience)
    return outcome[-1]


def _attempts(address: str, message: Mapping[str, Any]) -> str:
    body = json.dumps(message).encode()
    for pause in _PAUSES:
        trouble, again = _post(address, body)
        if not again:
            return trouble
        time.sleep(pause)
    return _post(address, body)[0]


def _post(address: str, body: bytes) -> tuple[str, bool]:
    """What went wrong, if anything did, and whether another attempt may do better."""
    request = Request(address, body, {"Content-Type": "application/json", "User-Agent": "sweeper"})
    try:
        with _OPENER.open(request, timeout=_ANSWER_SECONDS):
            return "", False
    except HTTPError as error:
        error.close()
        return f"it answered {error.code}", error.code == _TOO_MANY_REQUESTS or error.code >= 500
    except URLError as error:  # no connection
        cause = error.reason
        return reason(cause) if isinstance(cause, Exception) else "no connection", True
    except OSError as error:  # the connection was there, so that it may have arrived
        return f"{reason(error)}; it may have arrived", False
    except (HTTPException, ValueError) as error:  # the text of some repeats the address
        return type(error).__name__, False
