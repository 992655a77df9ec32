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


def _check_command(words: list[str]) -> None:
    command: Any = get_command(app)
    with command.make_context("sweeper", words, resilient_parsing=False) as context:
        name, sub, rest = command.resolve_command(context, words)
        sub.make_context(name, rest, parent=context)


def test_its_settings_are_accepted() -> None:
    found = Resources(**_blocks()[0]["resources"])
    assert found.on_cluster
    assert found.storage is not None


def test_its_commands_and_files_are_there() -> None:
    entrypoint = shlex.split(_blocks()[2]["spec"]["entrypoint"])[2]
    told = [entrypoint, *re.findall(r"^    (sweeper .*)$", _TEXT, re.MULTILINE)]
    for line in told:
        words = shlex.split(line.partition("sweeper ")[2])
        assert (_ROOT / words[1]).exists()
        _check_command(words)
    for path in re.findall(r"tests/\S+\.py", _TEXT):
        assert (_ROOT / path).exists(), path


def test_its_job_starts_the_ray_that_is_tested() -> None:
    assert _blocks()[2]["spec"]["rayClusterSpec"]["rayVersion"] == ray.__version__
