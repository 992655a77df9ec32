"""The code of then, beside the code of now."""

from __future__ import annotations

import re
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sweeper.errors import SweeperError

__all__ = ["code_of", "untracked_code"]

_CUT = "\n(cut here: "  # as sweeper.tracker.provenance marks it
_UNTRACKED = re.compile(r"^# untracked files.*$", re.MULTILINE)


@contextmanager
def code_of(folder: Path, commit: str, changes: str) -> Iterator[Path]:
    """A scratch work tree of the repository around ``folder``: ``commit`` with ``changes``.

    Yields:
        The place in it that ``folder`` has in its own work tree. It is removed at the end.

    Raises:
        SweeperError: git does not have the commit, or the changes cannot be applied.
    """
    top = Path(_git(folder, "rev-parse", "--show-toplevel").strip())
    with tempfile.TemporaryDirectory(prefix="sweeper-code-") as scratch:
        tree = Path(scratch) / "tree"
        _git(top, "worktree", "add", "--quiet", "--detach", str(tree), commit)
        try:
            _apply(tree, changes)
            yield tree / folder.resolve().relative_to(top.resolve())
        finally:
            _git(top, "worktree", "remove", "--force", str(tree))


def untracked_code(changes: str) -> list[str]:
    """Python files whose content was not kept."""
    names = _UNTRACKED.split(changes, maxsplit=1)[1:]
    return [name for line in names for name in line.split() if name.endswith(".py")]


def _apply(tree: Path, changes: str) -> None:
    if _CUT in changes:
        raise SweeperError("the stored changes were too long to be kept whole")
    diff = _UNTRACKED.split(changes, maxsplit=1)[0]
    if diff.strip():
        _git(tree, "apply", "--whitespace=nowarn", "-", text=diff)


def _git(folder: Path, *words: str, text: str = "") -> str:
    command = ["git", "-C", str(folder), *words]
    try:
        done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    except OSError as error:
        raise SweeperError(f"cannot run git: {error.strerror}") from error
    except subprocess.CalledProcessError as error:
        why = error.stderr.strip().splitlines()[-1:] or ["it failed"]
        raise SweeperError(f"git {words[0]} in {folder}: {why[0]}") from error
    return done.stdout
