"""What the prepared view holds; tests/pages/ has a browser open one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sweeper.tracker.view import view_place, view_tag

VARYING = {"searched": ("lr", "batch_size", "n_fft"), "log_scaled": frozenset({"lr"})}


def view(story: Any) -> dict[str, Any]:
    key, value = view_tag(story.sweep)
    assert key.startswith("mlflow.sharedViewState.sweeper-")
    assert len(value) < 20_000  # MLflow's limit for an experiment's tag
    found: dict[str, Any] = json.loads(value)
    return found


@pytest.mark.parametrize(
    ("searched", "kinds"),
    [
        ((), []),
        (("lr",), ["PARALLEL", "SCATTER"]),
        (("lr", "batch_size"), ["PARALLEL", "CONTOUR", "SCATTER", "SCATTER"]),
        (tuple(f"p{i}" for i in range(40)), ["PARALLEL", "CONTOUR", "SCATTER", "SCATTER"]),
    ],
)
def test_charts_for_any_number_of_parameters(make_story: Any, searched: Any, kinds: Any) -> None:
    charts = view(make_story(searched=searched))["compareRunCharts"]
    assert [c["type"] for c in charts] == [*kinds, "LINE", "LINE", "LINE"]
    assert len({c["uuid"] for c in charts}) == len(charts)


def test_further_objectives_have_a_chart_and_a_column_each(make_story: Any) -> None:
    further = ("samples_per_second", "peak_memory_bytes")
    found = view(make_story(also=further, **VARYING))
    scatters = [c for c in found["compareRunCharts"] if c["type"] == "SCATTER"]
    assert [c["xaxis"] for c in scatters[2:]] == [
        {"key": f"{metric}_at_best", "type": "METRIC"} for metric in further
    ]
    assert {c["yaxis"]["key"] for c in scatters[2:]} == {"finished_val_si_sdr"}
    assert "metrics.`samples_per_second_at_best`" in found["selectedColumns"]


def test_axes_are_straight_and_the_place_opens_the_tag(make_story: Any) -> None:
    story = make_story(**VARYING)
    found = view(story)
    contour = next(c for c in found["compareRunCharts"] if c["type"] == "CONTOUR")
    assert contour["xaxis"] == {"key": "log10_lr", "type": "PARAM"}
    assert contour["yaxis"] == {"key": "batch_size", "type": "PARAM"}
    assert "params.`lr`" in found["selectedColumns"]
    assert story.sweep.sweep_id in found["searchFilter"]
    key = view_tag(story.sweep)[0].removeprefix("mlflow.sharedViewState.")
    assert f"viewStateShareKey={key}&" in view_place("7", story.sweep)


def test_an_objective_that_is_a_loss_is_drawn_once_and_sorted_from_below(make_story: Any) -> None:
    found = view(make_story(metric="val_loss", direction="minimize", **VARYING))
    lines = [c["metricKey"] for c in found["compareRunCharts"] if c["type"] == "LINE"]
    assert lines == ["val_loss_epoch", "train_loss_epoch"]
    assert found["orderByAsc"]
