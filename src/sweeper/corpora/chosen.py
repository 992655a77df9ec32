"""Which data set a command is about."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sweeper.config import load
from sweeper.config.document import Document
from sweeper.config.sections import check_component
from sweeper.errors import ConfigError

__all__ = ["chosen"]

_PREFIX = "data."


def chosen(what: str, settings: Sequence[str]) -> dict[str, Any]:
    """The section ``data`` of a search space (``*.yaml``), or of a data set by its name.

    Args:
        settings: ``key=value``; for a data set's name the keys are its options (``root=...``).

    Raises:
        ConfigError: every mistake.
    """
    if what.endswith((".yaml", ".yml")):
        section: dict[str, Any] = load(Path(what), settings).to_json()["data"]
        return section
    document = Document(what, {"data": {"name": what}}, {(): f"data set {what}"})
    for setting in settings:
        own = setting if setting.startswith(_PREFIX) else f"{_PREFIX}{setting}"
        document = document.override(own)
    section_or_none, mistakes = check_component("datasets", document.tree["data"], ("data",))
    problems = [*document.problems, *map(document.problem, mistakes)]
    if problems or section_or_none is None:
        raise ConfigError(problems)
    return section_or_none
