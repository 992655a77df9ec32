"""What ends a sweep though trials are left."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

import toy
from dry_runs import ONE
from sweeper.config import load
from sweeper.engine.limits import gpu_hours_idle, is_over
from sweeper.ledger.history import History
from sweeper.ledger.ledger import open_ledger
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.sweep.offer import choose


def _history(score: float, seconds: float) -> History:
    trial = {"trial": 0, "params": {}, "seed": 1, "gpus": 0.5}
    start = {"event": "start", **trial, "attempt": 1, "time": 0.0}
    epoch = {"event": "epoch", "trial": 0, "epoch": 1, "metrics": {"score": score}, "steps": {}}
    return History(
        [
            {"event": "session", "session": 1, "time": 0.0},
            start,
            {**epoch, "time": 1.0},
            {"event": "interrupt", "trial": 0, "reason": "stopped", "time": seconds},
            {"event": "session_end", "reason": "stopped", "time": seconds},
        ]
    )


@pytest.mark.parametrize(
    ("limit", "why"),
    [
        ("budget.trials=9", ""),
        ("budget.target=5", "target score 5 reached"),
        ("budget.target=5.01", ""),
        ("budget.hours=1", "budget of 1 h used up"),
        ("budget.hours=1.01", ""),
        ("budget.gpu_hours=0.5", "budget of 0.5 GPU-hours used up"),
        ("budget.gpu_hours=0.501", ""),
    ],
)
def test_a_sweep_is_over_by_its_limits(tmp_path: Path, limit: str, why: str) -> None:
    config = load(toy.write_space(tmp_path, "valley"), [limit])
    assert is_over(config, _history(score=5.0, seconds=3600.0), now=9999.0) == why


def test_that_no_gpu_counts_towards_gpu_hours_is_said(tmp_path: Path) -> None:
    config = load(toy.write_space(tmp_path, "valley"), ["budget.gpu_hours=1"])
    assert "will not end this sweep" in gpu_hours_idle(config, ONE)
    assert gpu_hours_idle(config, replace(ONE, gpus=1, gpus_per_trial=0.5)) == ""
    without = load(toy.write_space(tmp_path, "valley"))
    assert gpu_hours_idle(without, ONE) == ""


def _sweep(folder: Path, name: str, *flags: str, seconds: float = 60.0) -> None:
    config = load(toy.write_space(folder, "valley"), [f"name={name}", *flags])
    paths = SweepPaths(folder / "sweeps" / name)
    with open_ledger(paths, Manifest.new(config.to_json(), "toy.yaml"), config) as ledger:
        ledger.begin_session()
    text = paths.history.read_text()
    paths.history.write_text(
        text + f'{{"event":"session_end","reason":"stopped","time":{_began(text) + seconds}}}\n'
    )


def _began(history: str) -> float:
    return float(history.split('"time":')[1].split(",")[0])


def test_the_unfinished_are_listed_whatever_is_beside_them(tmp_path: Path) -> None:
    _sweep(tmp_path, "goes_on")
    _sweep(tmp_path, "used_up", "budget.hours=1", seconds=3601.0)
    for name in ("a_damaged_history", "b_damaged_manifest", "c_damaged_config"):
        _sweep(tmp_path, name)
    sweeps = tmp_path / "sweeps"
    (sweeps / "a_damaged_history" / "history.jsonl").write_text("[]\n")
    (sweeps / "b_damaged_manifest" / "manifest.json").write_bytes(b"\xff")
    manifest = sweeps / "c_damaged_config" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"trials": 8', '"trials": "many"'))
    console = Console(record=True)
    assert choose(sweeps, console) is None
    said = console.export_text().splitlines()
    assert "sweeper resume goes_on" in said
    assert not any("used_up" in line for line in said)
    for name in ("a_damaged_history", "b_damaged_manifest", "c_damaged_config"):
        assert any(line.startswith(f"{name} cannot be read: ") for line in said), said
