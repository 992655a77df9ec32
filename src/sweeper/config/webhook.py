"""The address of a webhook. Who knows it can write there, so it is a secret."""

from __future__ import annotations

import re
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field

__all__ = ["Webhook", "check_webhook", "host_of"]

WEBHOOK = r"^(https?://[^\s/@?#]+([/?][!-~]*)?|\$[A-Za-z_][A-Za-z0-9_]*)$"


def check_webhook(address: Any) -> Any:
    """Give ``address`` back if it may be one, names a variable that holds one, or is no text.

    Raises:
        ValueError: says what it should be; the address is not repeated.
    """
    if isinstance(address, str) and not (re.search(WEBHOOK, address) and _has_host(address)):
        raise ValueError(
            "want https://host/..., without a user name, or $NAME of the environment variable that "
            "holds it"
        )
    return address


def _has_host(address: str) -> bool:
    try:
        return address.startswith("$") or bool(host_of(address))
    except ValueError:
        return False


def host_of(address: str) -> str:
    """What may be written down of an address: ``https://hooks.slack.com``.

    Raises:
        ValueError: its port is no number.
    """
    parts = urlsplit(address)
    port = "" if parts.port is None else f":{parts.port}"
    return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else ""


Webhook = Annotated[str, Field(pattern=WEBHOOK), BeforeValidator(check_webhook)]
