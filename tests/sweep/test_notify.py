"""Whom a sweep tells how it ended, and that nobody else learns the address."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

import toy
from hooks import SECRET
from sweeper.config import SweepConfig, load
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.notify import (
    keep_told,
    keep_webhook,
    recall_told,
    recall_webhook,
    webhook,
)

ADDRESS = f"https://hooks.example.com/services/{SECRET}"


def _config(folder: Path, notify: str = "") -> SweepConfig:
    more = f"notify: {notify}\n" if notify else ""
    return load(toy.write_space(folder, "valley", more=more))


def test_the_file_comes_before_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SWEEPER_NOTIFY", raising=False)
    assert webhook(_config(tmp_path)) == ("", "")
    monkeypatch.setenv("SWEEPER_NOTIFY", "https://everybody.example.com")
    monkeypatch.setenv("TEAM", ADDRESS)
    assert webhook(_config(tmp_path)) == ("https://everybody.example.com", "")
    assert webhook(_config(tmp_path, ADDRESS)) == (ADDRESS, "")
    assert webhook(_config(tmp_path, "$TEAM")) == (ADDRESS, "")


def test_a_variable_without_an_address_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = _config(tmp_path, "$TEAM")
    for value in ("", "$OTHER"):
        monkeypatch.setenv("TEAM", value)
        why = "the environment variable TEAM holds no address, so nobody is told"
        assert webhook(config)[1].startswith(why)
    monkeypatch.setenv("TEAM", f"ftp://host/{SECRET}")
    address, why = webhook(config)
    assert (address, why.startswith("the environment variable TEAM: want https://")) == ("", True)
    assert SECRET not in why


def test_the_address_is_kept_for_the_user_alone_until_the_file_has_none(tmp_path: Path) -> None:
    config, paths = _config(tmp_path, ADDRESS), SweepPaths(tmp_path / "sweep")
    keep_webhook(config, paths)
    keep_told("4 4", paths)
    assert stat.S_IMODE(paths.notify.stat().st_mode) == 0o600
    written = SweepConfig.from_json(config.to_json())
    assert SECRET not in config.to_yaml() + str(config)
    assert recall_webhook(written, paths) == config
    keep_webhook(_config(tmp_path), paths)
    assert recall_webhook(written, paths).notify is None
    assert recall_told(paths) == "4 4"
