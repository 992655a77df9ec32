"""The figure of a sweep with several objectives."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from matplotlib.image import imread

from sweeper.charts import Chart, as_csv, as_plotly, write_png
from sweeper.charts.chart import Labels, Lines, Points
from sweeper.config import Aim, Objective
from sweeper.plots.pareto import pareto
from sweeper.records import Direction, TrialRecord, TrialState
from synthetic import trial

SPEED, MEMORY = "samples_per_second", "peak_memory_bytes"


def _objective(*also: tuple[str, Direction]) -> Objective:
    aims = tuple(Aim(metric=metric, direction=direction) for metric, direction in also)
    return Objective(metric="val_si_sdr", direction="maximize", also=aims)


def _record(number: int, si_sdr: float, speed: float, memory: float = 1e8) -> TrialRecord:
    record = trial(number, {"lr": 1e-3}, si_sdr)
    more = {SPEED: speed, MEMORY: memory}
    return replace(
        record, reports=tuple(replace(r, metrics={**r.metrics, **more}) for r in record.reports)
    )


FAST = _objective((SPEED, "maximize"))
RECORDS = [_record(0, 9.0, 50.0), _record(1, 8.0, 80.0), _record(2, 8.5, 40.0)]


def _marks(chart: Chart, kind: type, panel: int = 0) -> list:  # type: ignore[type-arg]
    return [mark for mark in chart.panels[panel].marks if isinstance(mark, kind)]


@pytest.mark.parametrize(
    ("direction", "speeds", "path"),
    [
        ("maximize", (50.0, 80.0), [(50.0, 9.0), (50.0, 8.0), (80.0, 8.0)]),
        ("minimize", (80.0, 50.0), [(80.0, 9.0), (80.0, 8.0), (50.0, 8.0)]),
    ],
)
def test_the_front_is_stairs_around_what_it_dominates(
    direction: Direction, speeds: tuple[float, float], path: list[tuple[float, float]]
) -> None:
    records = [_record(i, 9.0 - i, speed) for i, speed in enumerate(speeds)]
    chart = pareto(records, _objective((SPEED, direction)))
    (line,) = _marks(chart, Lines)
    (found,) = line.paths
    corners = list(zip(*found, strict=True))
    assert corners[1:-1] == path
    x, y = chart.panels[0].x.limits, chart.panels[0].y.limits
    assert x is not None
    assert y is not None
    # it begins and ends where everything is worse
    assert corners[0] == (x[0] if direction == "maximize" else x[1], 9.0)
    assert corners[-1] == (path[-1][0], y[0])


def test_dominated_trials_are_apart() -> None:
    dominated, front = _marks(pareto(RECORDS, FAST), Points)
    assert (dominated.x, dominated.y) == ((40.0,), (8.5,))
    assert (front.x, front.y) == ((50.0, 80.0), (9.0, 8.0))
    assert dominated.colour != front.colour
    (labels,) = _marks(pareto(RECORDS, FAST), Labels)
    assert labels.texts == ("0", "1")


def test_axes_have_units_and_say_which_way_is_better() -> None:
    panel = pareto(RECORDS, FAST).panels[0]
    assert panel.x.label == "samples_per_second (segments/s), more is better"
    assert panel.y.label == "val_si_sdr (dB), more is better"


def test_what_is_far_from_the_front_stands_at_the_edge() -> None:
    chart = pareto([*RECORDS, _record(3, -80.0, 45.0)], FAST)
    limits = chart.panels[0].y.limits
    assert limits is not None
    assert limits[0] > 6
    assert limits[0] in _marks(chart, Points)[0].y


def test_three_objectives_have_two_panels_and_no_stairs() -> None:
    records = [_record(0, 9.0, 50.0, 1e8), _record(1, 8.0, 60.0, 3e8), _record(2, 7.0, 40.0, 2e8)]
    chart = pareto(records, _objective((SPEED, "maximize"), (MEMORY, "minimize")))
    assert [panel.x.label.split()[0] for panel in chart.panels] == [SPEED, MEMORY]
    assert not _marks(chart, Lines)
    assert _marks(chart, Points, 1)[-1].x == (1e8, 3e8)


@pytest.mark.parametrize(
    "records",
    [[], [replace(RECORDS[0], state=TrialState.PRUNED)], [trial(0, {"lr": 1e-3}, 3.0)]],
    ids=["none", "stopped", "unreported"],
)
def test_without_a_finished_trial_it_says_so(records: list[TrialRecord]) -> None:
    chart = pareto(records, FAST)
    assert chart.empty
    assert chart.note == "No trial has finished."


@pytest.mark.parametrize("n", [1, 2, 40])
def test_it_can_be_drawn(n: int, tmp_path: Path) -> None:
    chart = pareto([_record(i, 9.0 - i % 7, 50.0 + i) for i in range(n)], FAST)
    json.loads(as_plotly(chart).to_json())
    write_png(chart, tmp_path / "x.png")
    assert imread(tmp_path / "x.png")[..., :3].min() < 0.5
    assert len(as_csv(chart).splitlines()) > n
