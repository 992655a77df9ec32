"""Which webhook is told how a sweep ends, and what of it is kept from session to session."""

from __future__ import annotations

import json
import os
from typing import Any

from sweeper.config import SweepConfig, check_webhook
from sweeper.ledger.files import write_atomically
from sweeper.ledger.paths import SweepPaths

__all__ = ["keep_told", "keep_webhook", "recall_told", "recall_webhook", "webhook"]

_VARIABLE = "SWEEPER_NOTIFY"


def webhook(config: SweepConfig) -> tuple[str, str]:
    """The address of the webhook, or why there is none though there should be."""
    wish = config.notify or (f"${_VARIABLE}" if os.environ.get(_VARIABLE) else "")
    if not wish.startswith("$"):
        return wish, ""
    name = wish.removeprefix("$")
    found = os.environ.get(name, "")
    if not found or found.startswith("$"):
        lacking = f"the environment variable {name} holds no address"
        return "", f"{lacking}, so nobody is told how the sweep ends"
    try:
        check_webhook(found)
    except ValueError as error:
        return "", f"the environment variable {name}: {error}"
    return found, ""


def keep_webhook(config: SweepConfig, paths: SweepPaths) -> None:
    """Keep the address for the next session where nobody else may read it.

    The configuration's own copies, which others see, are without it.
    """
    is_secret = config.notify is not None and not config.notify.startswith("$")
    _write(paths, url=config.notify if is_secret else None)


def recall_webhook(config: SweepConfig, paths: SweepPaths) -> SweepConfig:
    """A configuration that was read back, with the address that was kept."""
    kept = _read(paths).get("url")
    return config.model_copy(update={"notify": kept}) if kept and not config.notify else config


def keep_told(progress: str, paths: SweepPaths) -> None:
    """Keep how far the sweep was when the webhook was told that it has finished."""
    _write(paths, told=progress)


def recall_told(paths: SweepPaths) -> str:
    """How far the sweep was then; empty before the first time."""
    return str(_read(paths).get("told", ""))


def _read(paths: SweepPaths) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads(paths.notify.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def _write(paths: SweepPaths, **fields: str | None) -> None:
    before = _read(paths)
    now = {key: value for key, value in (before | fields).items() if value}
    if now != before:
        write_atomically(paths.notify, json.dumps(now) + "\n", private=True)
