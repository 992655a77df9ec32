"""docs/cluster.md says what there is."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import ray
import yaml
from typer.main import get_command

from sweeper.cli.app import app
from sweeper.config import Resources

_ROOT = Path(__file__).parents[1]
_TEXT = (_ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def _blocks() -> list[Any]:
    return [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", _TEXT, re.DOTALL)]


def _job() -> Any:
    (found,) = (block for block in _blocks() if block.get("kind") == "RayJob")
    return found


def _check_command(words: list[str]) -> None:
    command: Any = get_command(app)
    with command.make_context("sweeper", words, resilient_parsing=False) as context:
        name, sub, rest = command.resolve_command(context, words)
        sub.make_context(name, rest, parent=context)


def test_its_settings_are_accepted() -> None:
    place, ledger = (Resources(**block["resources"]) for block in _blocks()[:2])
    assert place.on_cluster
    assert place.storage is not None
    assert ledger.ledger is not None


def test_its_commands_and_files_are_there() -> None:
    entrypoint = shlex.split(_job()["spec"]["entrypoint"])[2]
    told = [entrypoint, *re.findall(r"^    (sweeper .*)$", _TEXT, re.MULTILINE)]
    for line in told:
        words = shlex.split(line.partition("sweeper ")[2])
        assert words[0] != "run" or (_ROOT / words[1]).exists()
        _check_command(words)
    for path in re.findall(r"tests/\S+\.py", _TEXT):
        assert (_ROOT / path).exists(), path


def test_its_job_starts_the_ray_that_is_tested() -> None:
    assert _job()["spec"]["rayClusterSpec"]["rayVersion"] == ray.__version__
