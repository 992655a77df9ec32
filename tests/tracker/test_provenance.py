"""Commit, uncommitted changes and environment."""

import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import pytest

from sweeper.tracker import provenance
from sweeper.tracker.provenance import Provenance, collect, environment, git_facts


def _git(folder: Path, *arguments: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=n", "-c", "user.email=e", *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    folder = tmp_path / "repo"
    (folder / "deep").mkdir(parents=True)
    _git(folder, "init", "--initial-branch=trunk")
    (folder / "model.py").write_text("layers = 4\n")
    _git(folder, "add", ".")
    _git(folder, "commit", "--message=first")
    return folder


def test_a_clean_work_tree_is_its_commit(repo: Path) -> None:
    facts = git_facts(repo / "deep")
    assert facts is not None
    assert facts.commit == _git(repo, "rev-parse", "HEAD")
    assert (facts.branch, facts.url, facts.changes) == ("trunk", "", "")
    assert facts.tags()["mlflow.source.git.dirty"] == "false"


@pytest.mark.parametrize("quote", ["", "'", '"'])
def test_a_webhook_that_is_not_committed_is_hidden(repo: Path, quote: str) -> None:
    line = f"notify: {quote}https://hooks.example.com/services/T0{quote}  # the team's\n"
    (repo / "model.py").write_text(f"layers = 4\n{line}")
    facts = git_facts(repo)
    assert facts is not None
    hidden = f"+notify: {quote}https://hooks.example.com/hidden{quote}  # the team's\n"
    assert hidden in facts.changes
    assert "T0" not in facts.changes


def test_uncommitted_changes_are_kept_from_wherever_they_are(repo: Path) -> None:
    (repo / "model.py").write_text("layers = 6\n")
    (repo / "notes.txt").write_text("a secret thought")
    facts = git_facts(repo / "deep")
    assert facts is not None
    assert "-layers = 4\n+layers = 6\n" in facts.changes
    assert "#   notes.txt\n" in facts.changes
    assert "secret" not in facts.changes
    assert facts.tags()["mlflow.source.git.dirty"] == "true"


def test_what_sweeps_leave_behind_is_no_change_of_the_code(repo: Path) -> None:
    left = ["mlflow.db", "mlflow.db-wal", "mlruns/0/meta.yaml", "__pycache__/model.cpython-311.pyc"]
    left += [f"한 글/s/{name}" for name in ("manifest.json", "history.jsonl", "trials/0000/a.wav")]
    for name in (*left, "data/manifest.json"):
        (repo / name).parent.mkdir(parents=True, exist_ok=True)
        (repo / name).touch()
    facts = git_facts(repo)
    assert facts is not None
    assert facts.changes.splitlines()[1:] == ["#   data/manifest.json"]
    (repo / "data/manifest.json").unlink()
    assert (again := git_facts(repo)) is not None
    assert again.tags()["mlflow.source.git.dirty"] == "false"


def test_a_huge_change_is_cut_and_says_so(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(provenance, "_MAX_DIFF", 50)
    monkeypatch.setattr(provenance, "_MAX_UNTRACKED", 1)
    (repo / "model.py").write_text("layers = 6\n" * 100)
    for name in "abc":
        (repo / name).touch()
    facts = git_facts(repo)
    assert facts is not None
    assert "cut here: the whole diff has " in facts.changes
    assert "#   a\n#   ... and 2 more\n" in facts.changes


@pytest.mark.parametrize(
    ("remote", "shown"),
    [
        ("https://mina:token@example.org/team/speech.git", "https://example.org/team/speech.git"),
        ("git@example.org:team/speech.git", "git@example.org:team/speech.git"),
        ("https://example.org:8443/speech", "https://example.org:8443/speech"),
    ],
)
def test_the_remote_is_shown_without_credentials(repo: Path, remote: str, shown: str) -> None:
    _git(repo, "remote", "add", "origin", remote)
    facts = git_facts(repo)
    assert facts is not None
    assert facts.url == shown


def test_no_repository_no_commit_no_git(
    tmp_path: Path, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert git_facts(tmp_path) is None
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    _git(fresh, "init")
    assert git_facts(fresh) is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_facts(repo) is None


def test_a_detached_head_has_no_branch(repo: Path) -> None:
    _git(repo, "checkout", "--detach")
    facts = git_facts(repo)
    assert facts is not None
    assert "mlflow.source.git.branch" not in facts.tags()


def test_the_environment_names_what_matters() -> None:
    text = environment()
    assert f"Python {platform.python_version()}" in text
    assert f"torch=={version('torch')}\n" in text
    assert "GPU " in text


def test_the_tags_are_mlflows_own(tmp_path: Path) -> None:
    facts = collect(tmp_path)
    assert facts.git is None
    assert facts.tags()["mlflow.user"] == facts.user
    assert Provenance(None, "mina", "").tags()["mlflow.source.type"] == "LOCAL"
