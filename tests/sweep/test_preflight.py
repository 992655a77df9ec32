from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console

from sweeper.config import SweepConfig
from sweeper.engine import resources
from sweeper.engine.resources import Slots, plan_slots
from sweeper.preflight import Cell, Forecast, Measured
from sweeper.sweep import preflight
from sweeper.sweep.preflight import FOLDER, before_launch, said, show
from synthetic import sweep_config

GIB = 2**30
NEEDS = Measured(10 * GIB, 80 * GIB, 50.0, samples_per_epoch=100)
FORECAST = Forecast(((Cell(4, 1.0, {"batch_size": 4}), NEEDS),), epochs=12, trials=24)


@pytest.fixture
def config(monkeypatch: pytest.MonkeyPatch) -> SweepConfig:
    """On a machine that says that it has two GPUs."""
    monkeypatch.setattr(resources, "_gpu_count", lambda: 2)
    monkeypatch.setattr(resources.os, "sched_getaffinity", lambda _: set(range(32)))
    return sweep_config()


@pytest.fixture
def measurements(monkeypatch: pytest.MonkeyPatch) -> list[Slots]:
    """Where it was measured; the GPU itself is out of reach here."""
    calls: list[Slots] = []

    def measured(config: SweepConfig, slots: Slots, console: Console) -> Forecast:
        calls.append(slots)
        return FORECAST

    monkeypatch.setattr(preflight, "preflight", measured)
    return calls


def test_as_many_trials_share_a_gpu_as_fit(
    config: SweepConfig, measurements: list[Slots], tmp_path: Path
) -> None:
    slots = before_launch(config, plan_slots(config.resources), tmp_path, Console(quiet=True))
    assert (slots.concurrent, slots.gpus_per_trial) == (14, 0.14)  # 7 on each of two
    kept = json.loads((tmp_path / FOLDER / "preflight.json").read_text())
    assert kept["peak_bytes"] == 10 * GIB


def test_a_resumed_sweep_is_not_measured_again_but_a_changed_one_is(
    config: SweepConfig, measurements: list[Slots], tmp_path: Path
) -> None:
    slots, quiet = plan_slots(config.resources), Console(quiet=True)
    first, second = (before_launch(config, slots, tmp_path, quiet) for _ in range(2))
    assert first == second
    assert len(measurements) == 1
    longer = config.model_copy(update={"training": {**config.training, "segment": 4.0}})
    before_launch(longer, slots, tmp_path, quiet)
    assert len(measurements) == 2


def test_a_share_that_was_asked_for_stays(
    config: SweepConfig, measurements: list[Slots], tmp_path: Path
) -> None:
    asked = config.resources.model_copy(update={"gpus_per_trial": 0.5})
    config = config.model_copy(update={"resources": asked})
    slots = before_launch(config, plan_slots(asked), tmp_path, Console(quiet=True))
    assert slots.gpus_per_trial == 0.5


def test_gpu_hours_that_are_not_enough_are_said(config: SweepConfig) -> None:
    slots = plan_slots(config.resources)
    seconds = FORECAST.seconds(1)
    assert seconds is not None
    scarce = replace(FORECAST, gpu_hours=seconds / 3600 / 2)
    plenty = replace(FORECAST, gpu_hours=seconds / 3600 * 2)
    last = f"is enough for about {FORECAST.trials // 2} full trainings."
    assert list(said(scarce, slots))[-1].endswith(last)
    assert list(said(plenty, slots)) == list(said(FORECAST, slots))


def test_without_a_gpu_nothing_is_measured(measurements: list[Slots], tmp_path: Path) -> None:
    slots = Slots(2, 1.0, 0.0, 2, 0)
    assert before_launch(sweep_config(), slots, tmp_path, Console(quiet=True)) == slots
    assert not measurements


def test_the_plan_is_shown_before_launch() -> None:
    console = Console(record=True, width=120)
    show(FORECAST, Slots(7, 4.0, 0.14, 32, 1), console)
    text = console.export_text()
    assert "10,240 MiB" in text
    assert "holds 7 trials at once" in text
    # 12 epochs of 2 s for each of 24, on one GPU
    assert "take about 10 min if none is stopped early, 0.2 GPU-hours: begun now, they end" in text
