"""What a sweep was run with: the code's commit and uncommitted changes, and the environment."""

from __future__ import annotations

import getpass
import os
import platform
import re
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psutil

import sweeper
from sweeper.ledger.paths import SweepPaths

__all__ = ["GitFacts", "Provenance", "collect", "environment", "git_facts"]

_OWN = ("__pycache__/", "mlruns/", "mlartifacts/", "mlflow.db*", "preflight/preflight.json")
"""Git's patterns of what a sweep leaves in a work tree beside its folder."""
_MAX_DIFF = 1_000_000
_MAX_UNTRACKED = 1_000
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class GitFacts:
    """The work tree that the sweep was started in.

    Attributes:
        url: of the remote, without user name and password; empty where there is none.
        changes: the diff of the tracked files and the names of the untracked ones, as text; empty
            where the work tree is clean but for what sweeps have left in it.
    """

    commit: str
    branch: str
    url: str
    changes: str

    def tags(self) -> dict[str, str]:
        """MLflow's own tags for these facts."""
        tags = {
            "mlflow.source.git.commit": self.commit,
            "mlflow.source.git.branch": self.branch,
            "mlflow.source.git.repoURL": self.url,
            "mlflow.source.git.dirty": str(bool(self.changes)).lower(),
        }
        return {key: value for key, value in tags.items() if value}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Who ran what, where; ``git`` is None outside a repository or without git."""

    git: GitFacts | None
    user: str
    environment: str

    def tags(self) -> dict[str, str]:
        """MLflow's own tags for these facts, and the version of sweeper."""
        tags = {
            "mlflow.user": self.user,
            "mlflow.source.type": "LOCAL",
            "sweeper.version": sweeper.__version__,
        }
        return {**tags, **(self.git.tags() if self.git else {})}


def collect(folder: Path | None = None) -> Provenance:
    """The facts of this process; git's are those of ``folder`` (default: the working directory)."""
    return Provenance(git_facts(folder or Path.cwd()), _user(), environment())


def git_facts(folder: Path) -> GitFacts | None:
    """The repository that ``folder`` lies in; None without git, repository or commit."""
    top = _git(folder, "rev-parse", "--show-toplevel")
    commit = _git(folder, "rev-parse", "--verify", "--quiet", "HEAD")
    if not top or not commit:
        return None
    root = Path(top.strip())
    branch = (_git(root, "rev-parse", "--abbrev-ref", "HEAD") or "").strip()
    return GitFacts(
        commit=commit.strip(),
        branch="" if branch == "HEAD" else branch,
        url=_public_url((_git(root, "config", "--get", "remote.origin.url") or "").strip()),
        changes=_changes(root),
    )


def _changes(root: Path) -> str:
    diff = _git(root, "diff", "HEAD", "--no-color", "--no-ext-diff")
    own = [f"--exclude={pattern}" for pattern in _OWN]
    untracked = _git(root, "ls-files", "--others", "--exclude-standard", "-z", *own)
    if diff is None or untracked is None:
        return f"(git took longer than {_PATIENCE:.0f} s to compare the work tree)\n"
    return _cut_diff(_without_webhooks(diff)) + _list_untracked(
        _without_sweeps(untracked.split("\0")[:-1])
    )


def _without_sweeps(names: Sequence[str]) -> list[str]:
    """The files that are in no sweep's folder."""
    paths = SweepPaths(Path())
    with_manifest, with_history = (
        {name.removesuffix(file.name) for name in names if name.endswith(f"/{file.name}")}
        for file in (paths.manifest, paths.history)
    )
    sweeps = tuple(with_manifest & with_history)
    return [name for name in names if not name.startswith(sweeps)]


def _without_webhooks(diff: str) -> str:
    """What is committed is known to all who have the repository; what is not may be a secret."""
    return re.sub(r"(?m)^(\+\s*notify:\s*[\"']?https?://[^\s/?\"']+)[^\s\"']*", r"\1/hidden", diff)


def _cut_diff(diff: str) -> str:
    if len(diff) <= _MAX_DIFF:
        return diff
    return f"{diff[:_MAX_DIFF]}\n(cut here: the whole diff has {len(diff):,} characters)\n"


def _list_untracked(names: Sequence[str]) -> str:
    if not names:
        return ""
    more = len(names) - _MAX_UNTRACKED
    lines = [f"#   {name}" for name in names[:_MAX_UNTRACKED]]
    lines += [f"#   ... and {more:,} more"] if more > 0 else []
    return "\n".join(["# untracked files, whose content is not recorded:", *lines, ""])


def _public_url(url: str) -> str:
    parts = urlsplit(url)
    if not parts.scheme or "@" not in parts.netloc:
        return url
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def environment() -> str:
    """Python, platform, processors, GPUs and every installed package, as text."""
    memory = psutil.virtual_memory().total / 1e9
    lines = [
        f"sweeper {sweeper.__version__}",
        f"Python {platform.python_version()} ({platform.python_implementation()})",
        f"Platform {platform.platform()}",
        f"CPU {_cpu_model()}, {os.cpu_count()} logical cores, {memory:.1f} GB memory",
        *(f"GPU {gpu}" for gpu in _gpus()),
        "",
        *sorted({f"{d.name}=={d.version}" for d in distributions()}, key=str.lower),
    ]
    return "\n".join(lines) + "\n"


def _cpu_model() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def _gpus() -> list[str]:
    query = "--query-gpu=name,memory.total,driver_version"
    found = _output(["nvidia-smi", query, "--format=csv,noheader"])
    return found.splitlines() if found else ["none found"]


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # no entry for this user id, as in some containers
        return str(os.getuid())


def _git(folder: Path, *arguments: str) -> str | None:
    return _output(["git", "-C", str(folder), *arguments])


def _output(command: Sequence[str]) -> str | None:
    """What ``command`` prints; None where it is missing, fails or takes too long."""
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            check=True,
            timeout=_PATIENCE,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode(errors="replace")
