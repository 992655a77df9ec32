"""What every plot must do; a new one is covered as soon as its file is there."""

from __future__ import annotations

import inspect
import json
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from sweeper import families, plots
from sweeper.charts import Chart, ParallelChart, as_plotly, write_png
from sweeper.config import SweepConfig
from sweeper.records import TrialRecord, TrialState
from sweeper.region import find_region, tied_region
from synthetic import sweep_config, sweep_records, trial

MEMBERS = families.member_names("plots")
LR = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
BATCH = {"type": "int", "low": 1, "high": 64, "log": True}
SPACES: dict[str, dict[str, Any]] = {
    "lr": {"lr": LR},
    "int_batch": {"lr": LR, "batch_size": BATCH},
    "linear": {"training.dropout": {"type": "float", "low": 0.0, "high": 0.5}, "lr": LR},
    "names": {
        "model.encoder": {"type": "categorical", "choices": ["a", "b", "c"]},
        "model.mask": {"type": "categorical", "choices": [True, False]},
    },
    "fixed": {"lr": {"type": "fixed", "value": 1e-3}},
    "many": {f"model.p{i}": {"type": "float", "low": 0.0, "high": 1.0} for i in range(15)},
}


def draw(name: str, records: list[TrialRecord], config: SweepConfig) -> Chart | ParallelChart:
    goal, space = config.objective, config.search_space
    shown = "region" in inspect.signature(families.load("plots", name)).parameters
    # of the first: any region must do for a figure, and fitting one to 3,000 trials takes long
    region = (find_region if shown else tied_region)(records[:30], goal, space)
    return plots.draw(name, records, goal, space, region)


def check(chart: Chart | ParallelChart, path: Path) -> None:
    """Both drawings can be made, and the PNG shows something."""
    assert chart.title
    assert chart.note or not chart.empty
    json.loads(as_plotly(chart).to_json())
    write_png(chart, path)
    assert imread(path)[..., :3].min() < 0.5


@pytest.mark.parametrize("n", [0, 1, 6, 24, 200])
@pytest.mark.parametrize("name", MEMBERS)
def test_any_number_of_trials(name: str, n: int, tmp_path: Path) -> None:
    chart = draw(name, sweep_records(n), sweep_config())
    json.loads(as_plotly(chart).to_json())
    if n in (0, 6, 200):
        check(chart, tmp_path / "x.png")


@pytest.mark.parametrize("state", list(TrialState))
@pytest.mark.parametrize("name", MEMBERS)
def test_one_outcome_alone(name: str, state: TrialState, tmp_path: Path) -> None:
    params = {"lr": 1e-3, "batch_size": 8, "model.encoder": "learned"}
    records = [trial(i, params, 3.0, state, epochs=2) for i in range(3)]
    chart = draw(name, records, sweep_config())
    json.loads(as_plotly(chart).to_json())
    if state in (TrialState.DIVERGED, TrialState.RUNNING):
        check(chart, tmp_path / "x.png")


@pytest.mark.parametrize("space", SPACES)
@pytest.mark.parametrize("name", MEMBERS)
def test_any_space(name: str, space: str) -> None:
    config = sweep_config(SPACES[space], metric="val_loss", direction="minimize")
    choices = {
        key: list(spec.choices) if spec.type == "categorical" else None
        for key, spec in config.search_space.items()
    }
    records = []
    for i in range(30):
        params: dict[str, Any] = {}
        for key, spec in config.search_space.items():
            options = choices[key]
            if options:
                params[key] = options[i % len(options)]
            elif spec.type in ("float", "int"):
                at = spec.low + (spec.high - spec.low) * (i / 29) ** 3
                params[key] = round(at) if spec.type == "int" else at
        state = TrialState.PRUNED if i % 3 == 0 else TrialState.COMPLETE
        records.append(trial(i, params, 1.0 + 0.1 * (i % 7), state, metric="val_loss"))
    json.loads(as_plotly(draw(name, records, config)).to_json())


@pytest.mark.parametrize("name", MEMBERS)
def test_extreme_and_equal_values(name: str, tmp_path: Path) -> None:
    params = {"lr": 1e-3, "batch_size": 8}
    values = [9.0, 9.0, 9.0, -4000.0, 8.5, 8.0, *([9.0] * 12)]
    records = [trial(i, params, value) for i, value in enumerate(values)]
    check(draw(name, records, sweep_config()), tmp_path / "x.png")
    json.loads(as_plotly(draw(name, records[:3], sweep_config())).to_json())


@pytest.mark.parametrize("name", MEMBERS)
def test_text_of_trials_cannot_become_markup(name: str) -> None:
    params = {"lr": 1e-3, "batch_size": 8, "model.encoder": "learned"}
    record = trial(0, params, 9.0, reason="<script>alert(1)</script>")
    assert "<script>" not in as_plotly(draw(name, [record], sweep_config())).to_json()


@pytest.mark.parametrize("name", MEMBERS)
def test_many_trials_make_a_small_figure(name: str) -> None:
    chart = draw(name, sweep_records(3000), sweep_config())
    assert len(as_plotly(chart).to_json()) < 2.5e6
