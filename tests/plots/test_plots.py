from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise

import pytest

from sweeper.charts import Band, Chart, Field, Labels, Lines, ParallelChart, Points
from sweeper.plots import _surface as surface
from sweeper.plots.contour import contour
from sweeper.plots.history import history
from sweeper.plots.isolation import isolation
from sweeper.plots.learning_curves import learning_curves
from sweeper.plots.parallel_coordinates import parallel_coordinates
from sweeper.plots.profile import profile
from sweeper.plots.slice import slices
from sweeper.records import TrialRecord, TrialState
from sweeper.region import Evidence, Slope, find_region, interval_words, tied_region
from sweeper.region.scale import Scale
from synthetic import sound_records, sweep_config, sweep_records, trial

CONFIG = sweep_config()
GOAL, SPACE = CONFIG.objective, CONFIG.search_space
RECORDS = sweep_records(200)
CONTOUR = contour(RECORDS, GOAL, SPACE, tied_region(RECORDS, GOAL, SPACE))
PLAIN = {name: SPACE[name] for name in ("lr", "batch_size")}
SOUND = sound_records(40)
CLEAR = find_region(SOUND, GOAL, PLAIN)
MAP = contour(SOUND, GOAL, PLAIN, CLEAR)
INFEASIBLE = (TrialState.DIVERGED, TrialState.OUT_OF_MEMORY)


def points(chart: Chart, panel: int = 0) -> dict[str, Points]:
    marks = chart.panels[panel].marks
    return {m.label.split(" (")[0].split(":")[0]: m for m in marks if isinstance(m, Points)}


def lines(chart: Chart) -> dict[str, Lines]:
    marks = chart.panels[0].marks
    return {m.label.split(" (")[0].split(":")[0]: m for m in marks if isinstance(m, Lines)}


def shading(chart: Chart) -> Field:
    return next(m for m in chart.panels[0].marks if isinstance(m, Field))


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


def test_contour_draws_the_regions_intervals_and_names_them() -> None:
    known = [(row.batch_sizes[0], row.interval) for row in CLEAR.rows if row.interval]
    assert len(known) >= 2
    drawn = lines(MAP)["lr interval for each batch_size"].paths
    assert drawn == tuple(((i.low, i.high), (size, size)) for size, i in known)
    texts = [t for m in MAP.panels[0].marks if isinstance(m, Labels) for t in m.texts]
    assert CLEAR.recommended is not None
    assert f"use {interval_words(CLEAR.recommended.interval)}" in texts
    assert {text.removeprefix("use ") for text in texts} == {interval_words(i) for _, i in known}


def test_contour_marks_the_centre_on_the_ridge() -> None:
    assert CLEAR.centre is not None
    assert CLEAR.slope is not None
    at = CLEAR.centre.params["lr"], CLEAR.centre.params["batch_size"]
    assert (points(MAP)["use"].x, points(MAP)["use"].y) == ((at[0],), (at[1],))
    ((rates, sizes),) = lines(MAP)["best lr"].paths
    for rate, size in zip(rates, sizes, strict=True):
        assert rate == pytest.approx(at[0] * (size / at[1]) ** CLEAR.slope.exponent)


def test_a_trend_that_is_not_clear_has_no_ridge() -> None:
    unclear = replace(CLEAR, slope=Slope(0.2, -0.1, 0.5))
    assert "best lr" not in lines(contour(SOUND, GOAL, PLAIN, unclear))


def test_outline_holds_the_region_of_every_batch_size() -> None:
    (path,) = lines(MAP)["region"].paths
    for row in CLEAR.rows:
        size = float(row.batch_sizes[0])
        crossings = [
            math.exp(math.log(x1) + (math.log(size / y1) / math.log(y2 / y1)) * math.log(x2 / x1))
            for (x1, y1), (x2, y2) in pairwise(zip(*path, strict=True))
            if min(y1, y2) <= size < max(y1, y2)
        ]
        if row.interval and 2 < size < 16:
            assert min(crossings) == pytest.approx(row.interval.low, rel=0.05)
            assert max(crossings) == pytest.approx(row.interval.high, rel=0.05)


def test_shading_is_that_of_the_map_and_moves_along_the_slope_between() -> None:
    field = shading(MAP)
    assert CLEAR.map is not None
    for size, expected in zip(CLEAR.map.batch_sizes, CLEAR.map.inside, strict=True):
        row = min(range(len(field.y)), key=lambda i: abs(field.y[i] - float(size)))
        assert field.z[row] == pytest.approx(expected, abs=1e-3)
    # a valley so narrow that its neighbours do not overlap stays one valley
    lr = tuple(1e-4 * 10 ** (i / 16) for i in range(49))
    sizes = (2, 8)
    narrow = tuple(tuple(float(abs(i - 16 - 8 * k) < 2) for i in range(49)) for k in (0, 1))
    found = replace(CLEAR.map, lr=lr, batch_sizes=sizes, inside=narrow)
    slope = Slope(0.5 / math.log10(4), 0.0, 2.0)
    scale = Scale(lr[0], lr[-1], log=True), Scale(2, 8, log=True)
    assert all(max(row) > 0.9 for row in surface.shading(found, slope, *scale).z)
    assert min(max(row) for row in surface.shading(found, None, *scale).z) < 0.6


def test_contour_of_thin_evidence_names_no_region() -> None:
    thin = replace(CLEAR, evidence=Evidence(False, "only 3 trials finished"), recommended=None)
    chart = contour(SOUND, GOAL, PLAIN, thin)
    assert chart.note == "Not enough evidence for a region: only 3 trials finished."
    assert not lines(chart)
    assert "use" not in points(chart)
    assert chart.colours is not None
    assert MAP.colours is not None
    assert chart.colours.ramp != MAP.colours.ramp  # seen at a glance


def test_profile_has_a_panel_with_the_surrogates_curve_for_each_batch_size() -> None:
    chart = profile(SOUND, GOAL, PLAIN, CLEAR)
    assert CLEAR.map is not None
    assert [panel.title.split(" (")[0] for panel in chart.panels] == [
        f"batch_size {size}" for size in CLEAR.map.batch_sizes
    ]
    for i, panel in enumerate(chart.panels):
        curve = next(m for m in panel.marks if isinstance(m, Lines) and "expected" in m.label)
        ((lr, mean),) = curve.paths
        assert (lr, mean) == (CLEAR.map.lr, CLEAR.map.expected[i])
        band = next(m for m in panel.marks if isinstance(m, Band) and "90%" in m.label)
        assert all(a <= m <= b for a, m, b in zip(band.low, mean, band.high, strict=True))
        interval = next((m for m in panel.marks if isinstance(m, Band) and "lr" in m.label), None)
        known = CLEAR.rows[i].interval
        assert (interval is None) == (known is None)
        if interval and known:
            assert interval.x == (known.low, known.high)
    shown = sum(len(points(chart, i)["finished trial"].x) for i in range(len(chart.panels)))
    assert shown == sum(r.state is TrialState.COMPLETE for r in SOUND)


def test_profile_without_a_map_says_why() -> None:
    few = find_region(SOUND[:2], GOAL, PLAIN)
    chart = profile(SOUND[:2], GOAL, PLAIN, few)
    assert chart.empty
    assert chart.note == "Not enough evidence for a region: only 2 trials finished."


def test_isolation_bars_stand_at_the_best_of_each_choice() -> None:
    chart = isolation(SOUND, GOAL, PLAIN, CLEAR)
    bars = next(m for m in chart.panels[1].marks if isinstance(m, Lines) and "bucket" in m.label)
    heights = [ys[0] for _, ys in bars.paths]
    for size, height in zip((2, 4, 8, 16), heights, strict=True):
        values = [r.value for r in SOUND if r.params["batch_size"] == size and r.value is not None]
        assert height == max(values)
    for size, (ends, _) in zip((2, 4, 8, 16), bars.paths, strict=True):
        assert ends[0] < size < ends[1]


def test_isolation_marks_the_sweeps_best_trial_alone() -> None:
    chart = isolation(RECORDS, GOAL, SPACE, tied_region(RECORDS, GOAL, SPACE))
    best = max((r for r in RECORDS if r.state is TrialState.COMPLETE), key=lambda r: r.value or 0)
    for i, name in enumerate(("lr", "batch_size", "model.encoder", "model.n_fft")):
        assert ("best" in points(chart, i)) == (name in best.params)


def test_isolation_buckets_of_a_range_do_not_overlap_and_hold_their_best() -> None:
    chart = isolation(SOUND, GOAL, PLAIN, CLEAR)
    bars = next(m for m in chart.panels[0].marks if isinstance(m, Lines) and "bucket" in m.label)
    ends = [x for x, _ in bars.paths]
    assert all(a[1] < b[0] for a, b in pairwise(ends))
    assert max(ys[0] for _, ys in bars.paths) == max(r.value or -9 for r in SOUND)


def test_contour_axes_are_logarithmic_with_the_choices_as_ticks() -> None:
    panel = CONTOUR.panels[0]
    assert panel.x.log
    assert panel.y.log
    assert panel.y.ticks == {2.0: "2", 4.0: "4", 8.0: "8", 16.0: "16"}
    assert panel.x.ticks is not None
    assert list(panel.x.ticks.values()) == ["1e-4", "3e-4", "1e-3", "3e-3", "1e-2", "3e-2"]


def valley(chart: Chart) -> Field | None:
    return next((m for m in chart.panels[0].marks if isinstance(m, Field)), None)


def smooth(records: list[TrialRecord]) -> Field | None:
    """The fit under a map of two parameters of which none is a batch size."""
    other = {"lr": SPACE["lr"], "batch_sizes_in_all_but_name": SPACE["batch_size"]}
    moved = [
        replace(
            r,
            params={
                "lr": r.params["lr"],
                "batch_sizes_in_all_but_name": r.params["batch_size"],
            },
        )
        for r in records
    ]
    return valley(contour(moved, GOAL, other, tied_region(moved, GOAL, other)))


def test_valley_follows_the_true_surface_and_stops_where_trials_diverge() -> None:
    field = smooth(RECORDS)
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
    assert smooth(finished[:9]) is None
    assert smooth(finished[:10]) is not None
    assert smooth([replace(r, state=TrialState.PRUNED) for r in finished]) is None


def test_contour_without_two_parameters_says_so() -> None:
    config = sweep_config({"lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}})
    records = [trial(0, {"lr": 1e-3}, 9.0)]
    goal, space = config.objective, config.search_space
    chart = contour(records, goal, space, tied_region(records, goal, space))
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
    below = seen["stopped early, below the axis"].y
    assert min(seen["finished"].y + below) > bottom


def test_far_outliers_do_not_squeeze_the_axis() -> None:
    outlier = trial(999, {"lr": 1e-3, "batch_size": 8}, -500.0)
    limits = history([*RECORDS, outlier], GOAL, SPACE).panels[0].y.limits
    assert limits is not None
    assert limits[0] > -10
    assert "edge" in history([*RECORDS, outlier], GOAL, SPACE).note


@pytest.mark.parametrize(("direction", "side"), [("maximize", "below"), ("minimize", "above")])
def test_values_beyond_the_axis_do_not_look_like_values(direction: str, side: str) -> None:
    config = sweep_config(direction=direction)
    goal, sign = config.objective, 1 if direction == "maximize" else -1
    params = {"lr": 1e-3, "batch_size": 8}
    done = [trial(i, params, sign * (9.0 + 0.1 * i)) for i in range(9)]
    near = trial(20, params, sign * 8.0, TrialState.PRUNED)
    far = [trial(30 + i, params, sign * -500.0, TrialState.PRUNED) for i in range(2)]
    for chart in (
        history([*done, near, *far], goal, SPACE),
        slices([*done, near, *far], goal, SPACE),
    ):
        seen = {k.partition(" (")[0]: m for k, m in points(chart).items()}
        beyond = seen[f"stopped early, {side} the axis"]
        assert (len(beyond.x), beyond.symbol) == (2, "down" if side == "below" else "up")
        assert (len(seen["stopped early"].x), seen["stopped early"].symbol) == (1, "ring")
        assert "Triangles" in chart.note
    lines = parallel_coordinates([*done, near, *far], goal, SPACE)
    ticks = {text: at for at, text in lines.axes[-1].ticks.items()}
    (edge,) = (text for text in ticks if text.startswith(side))
    assert sum(line.places[-1] == ticks[edge] for line in lines.lines) == 2
    assert f"'{edge}'" in lines.note
    assert [name for name, _ in lines.groups] == ["stopped early"]
    plain = parallel_coordinates(done, goal, SPACE)
    assert not any(text.startswith(side) for text in plain.axes[-1].ticks.values())
    assert plain.groups == ()


def test_slices_have_a_panel_for_each_searched_parameter() -> None:
    chart = slices(RECORDS, GOAL, SPACE)
    assert [p.x.label for p in chart.panels] == [
        "lr, log scale",
        "batch_size",
        "model.encoder",
        "model.n_fft",
    ]
    used = sum("model.n_fft" in r.params for r in RECORDS if r.state is TrialState.COMPLETE)
    seen = points(chart, 3)
    assert len(seen["finished"].x + seen["finished, below the axis"].x) == used


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
    colours = contour(*args, tied_region(*args)).colours
    assert colours is not None
    assert colours.high_is_best == (direction == "maximize")
