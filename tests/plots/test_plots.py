from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from sweeper.charts import Chart, Field, Lines, ParallelChart, Points
from sweeper.plots.contour import contour
from sweeper.plots.history import history
from sweeper.plots.learning_curves import learning_curves
from sweeper.plots.parallel_coordinates import parallel_coordinates
from sweeper.plots.slice import slices
from sweeper.records import TrialState
from sweeper.region import tied_region
from synthetic import sweep_config, sweep_records, trial

CONFIG = sweep_config()
GOAL, SPACE = CONFIG.objective, CONFIG.search_space
RECORDS = sweep_records(200)
CONTOUR = contour(RECORDS, GOAL, SPACE)
INFEASIBLE = (TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)


def points(chart: Chart, panel: int = 0) -> dict[str, Points]:
    marks = chart.panels[panel].marks
    return {m.label.split(" (")[0].split(":")[0]: m for m in marks if isinstance(m, Points)}


def lines(chart: Chart) -> dict[str, Lines]:
    marks = chart.panels[0].marks
    return {m.label.split(" (")[0].split(":")[0]: m for m in marks if isinstance(m, Lines)}


def in_state(*states: TrialState) -> int:
    return sum(r.state in states for r in RECORDS)


def test_contour_shows_every_outcome_where_it_was() -> None:
    seen = points(CONTOUR)
    assert len(seen["finished"].x) == in_state(TrialState.COMPLETE)
    assert len(seen["stopped early"].x) == in_state(TrialState.PRUNED)
    assert len(seen["diverged"].x) == in_state(TrialState.DIVERGED)
    assert len(seen["out of memory"].x) == in_state(TrialState.OUT_OF_MEMORY)
    best = max((r for r in RECORDS if r.state is TrialState.COMPLETE), key=lambda r: r.value or 0)
    star = seen["best"]
    assert (star.x, star.y) == ((best.params["lr"],), (best.params["batch_size"],))


def test_contour_draws_the_regions_intervals() -> None:
    region = tied_region(RECORDS, GOAL, SPACE)
    drawn = lines(CONTOUR)["tied with the best"].paths
    known = [row for row in region.rows if row.interval]
    assert [x for x, _ in drawn] == [(r.interval.low, r.interval.high) for r in known if r.interval]
    assert [y[0] for _, y in drawn] == [row.batch_sizes[0] for row in known]


def test_contour_axes_are_logarithmic_with_the_choices_as_ticks() -> None:
    panel = CONTOUR.panels[0]
    assert panel.x.log
    assert panel.y.log
    assert panel.y.ticks == {2.0: "2", 4.0: "4", 8.0: "8", 16.0: "16"}
    assert panel.x.ticks is not None
    assert list(panel.x.ticks.values()) == ["1e-4", "3e-4", "1e-3", "3e-3", "1e-2", "3e-2"]


def valley(chart: Chart) -> Field | None:
    return next((m for m in chart.panels[0].marks if isinstance(m, Field)), None)


def test_valley_follows_the_true_surface_and_stops_where_trials_diverge() -> None:
    field = valley(CONTOUR)
    assert field is not None
    errors, known = [], 0
    for y, row in zip(field.y, field.z, strict=True):
        for x, z in zip(field.x, row, strict=True):
            known += math.isfinite(z)
            if math.isfinite(z):
                optimum = -2.9 + 0.5 * math.log10(y / 4)
                errors.append(abs(z - 9.5 + 2.5 * (math.log10(x) - optimum) ** 2))
    assert sorted(errors)[len(errors) // 2] < 0.15
    assert 0.5 < known / (len(field.x) * len(field.y)) < 0.95
    assert all(math.isnan(row[-1]) for row in field.z[:20])  # lr 3e-2 at small batches diverges


def test_valley_needs_evidence() -> None:
    finished = [r for r in RECORDS if r.state is TrialState.COMPLETE]
    assert valley(contour(finished[:9], GOAL, SPACE)) is None
    assert valley(contour(finished[:10], GOAL, SPACE)) is not None
    stopped = [replace(r, state=TrialState.PRUNED) for r in finished]
    assert valley(contour(stopped, GOAL, SPACE)) is None


def test_contour_without_two_parameters_says_so() -> None:
    config = sweep_config({"lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}})
    chart = contour([trial(0, {"lr": 1e-3}, 9.0)], config.objective, config.search_space)
    assert chart.empty
    assert "two searched parameters" in chart.note


def test_history_steps_up_only() -> None:
    ((_, ys),) = lines(history(RECORDS, GOAL, SPACE))["best so far"].paths
    assert all(a <= b for a, b in pairwise(ys))
    assert ys[-1] == max(r.value or 0 for r in RECORDS if r.state is TrialState.COMPLETE)


def test_failures_stand_alone_at_the_bad_end() -> None:
    chart = history(RECORDS, GOAL, SPACE)
    bottom = chart.panels[0].y.limits[0]  # type: ignore[index]
    seen = points(chart)
    assert set(seen["diverged"].y) == set(seen["out of memory"].y) == {bottom}
    assert min(seen["finished"].y + seen["stopped early"].y) > bottom


def test_far_outliers_do_not_squeeze_the_axis() -> None:
    outlier = trial(999, {"lr": 1e-3, "batch_size": 8}, -500.0)
    limits = history([*RECORDS, outlier], GOAL, SPACE).panels[0].y.limits
    assert limits is not None
    assert limits[0] > -10
    assert "edge" in history([*RECORDS, outlier], GOAL, SPACE).note


def test_slices_have_a_panel_for_each_searched_parameter() -> None:
    chart = slices(RECORDS, GOAL, SPACE)
    assert [p.x.label for p in chart.panels] == [
        "lr, log scale",
        "batch_size",
        "model.encoder",
        "model.n_fft",
    ]
    used = sum("model.n_fft" in r.params for r in RECORDS if r.state is TrialState.COMPLETE)
    assert len(points(chart, 3)["finished"].x) == used


def test_learning_curves_by_outcome() -> None:
    seen = lines(learning_curves(RECORDS, GOAL, SPACE))
    assert len(seen["finished"].paths) == in_state(TrialState.COMPLETE)
    assert len(seen["stopped early"].paths) == in_state(TrialState.PRUNED)
    assert seen["best"].width > seen["finished"].width
    (x, _) = seen["best"].paths[0]
    assert x[-1] == 12


def test_parallel_coordinates_have_a_line_for_each_trial() -> None:
    chart = parallel_coordinates(RECORDS, GOAL, SPACE)
    assert isinstance(chart, ParallelChart)
    assert len(chart.lines) == len(RECORDS) - in_state(TrialState.FAILED)
    assert sum(line.value is not None for line in chart.lines) == in_state(TrialState.COMPLETE)
    assert sum(line.group == 1 for line in chart.lines) == in_state(*INFEASIBLE)
    best = chart.lines[-1]
    assert best.value == max(line.value or -9 for line in chart.lines)


@pytest.mark.parametrize("direction", ["minimize", "maximize"])
def test_best_is_dark_either_way(direction: str) -> None:
    config = sweep_config(metric="val_loss", direction=direction)
    params = {"lr": 1e-3, "batch_size": 8, "model.encoder": "learned"}
    records = [trial(i, params, float(i), metric="val_loss") for i in range(5)]
    args = records, config.objective, config.search_space
    best = max(parallel_coordinates(*args).lines, key=lambda line: line.value or -9)
    place = best.places[-1]
    assert (place > 0.5) == (direction == "maximize")
    colours = contour(*args).colours
    assert colours is not None
    assert colours.high_is_best == (direction == "maximize")
