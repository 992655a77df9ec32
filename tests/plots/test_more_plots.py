"""Importance, distribution, timeline and the best trials' curves, on trials with known answers."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import replace
from itertools import pairwise

import pytest

from sweeper.charts import Chart, Lines, as_csv
from sweeper.plots.edf import edf
from sweeper.plots.importance import importance
from sweeper.plots.learning_curves import learning_curves
from sweeper.plots.timeline import timeline
from sweeper.plots.top_curves import top_curves
from sweeper.records import EpochReport, TrialRecord, TrialState
from synthetic import START, sweep_config, sweep_records, trial

CONFIG = sweep_config()
GOAL, SPACE = CONFIG.objective, CONFIG.search_space
RECORDS = sweep_records(200)


def lines(chart: Chart, panel: int = 0) -> dict[str, Lines]:
    return {m.label: m for m in chart.panels[panel].marks if isinstance(m, Lines)}


def test_importance_finds_the_parameter_that_matters() -> None:
    chart = importance(RECORDS, GOAL, SPACE)
    names = chart.panels[0].y.ticks
    assert names is not None
    for mark in lines(chart).values():
        shares = {names[round(y)]: x[1] for (x, (y, _)) in mark.paths}
        assert sum(shares.values()) == pytest.approx(1.0, abs=0.01)
        assert shares["lr"] > 0.5
        assert shares["lr"] == max(shares.values())
    assert "model.n_fft" in chart.note  # it applies to some trials only
    assert chart.note.startswith("lr matters most, over the whole range and near the best.")


def test_importance_needs_evidence() -> None:
    done = [r for r in RECORDS if r.state is TrialState.COMPLETE]
    assert "10 finished" in importance(done[:9], GOAL, SPACE).note
    assert importance([replace(r, value=1.0) for r in done], GOAL, SPACE).empty
    assert not importance(done[:10], GOAL, SPACE).empty


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
def test_distribution_counts_the_trials_that_are_at_least_as_good(direction: str) -> None:
    config = sweep_config(direction=direction)
    records = [trial(i, {"lr": 1e-3, "batch_size": 4}, float(i)) for i in range(1, 11)]
    chart = edf(records, config.objective, config.search_space)
    ((xs, ys),) = next(m for k, m in lines(chart).items() if k.startswith("all")).paths
    rises = direction == "minimize"
    assert all((a <= b) == rises or a == b for a, b in pairwise(ys))
    at = max(y for x, y in zip(xs, ys, strict=True) if x == 8.0)
    assert at == pytest.approx(0.8 if rises else 0.3)  # 1 to 8, or 8 to 10


def test_distribution_says_which_batch_sizes_have_too_few_trials() -> None:
    records = [trial(i, {"lr": 1e-3, "batch_size": (4, 8)[i > 1]}, float(i)) for i in range(8)]
    chart = edf(records, GOAL, SPACE)
    assert "No curve for batch_size 2, 4 and 16: fewer than 3" in chart.note
    assert [k for k in lines(chart) if k.startswith("batch")] == ["batch_size 8 (6)"]
    assert "No curve" not in edf(RECORDS, GOAL, SPACE).note


def test_timeline_puts_no_two_trials_on_a_worker_at_once() -> None:
    chart = timeline(RECORDS, GOAL, SPACE)
    bars: dict[float, list[tuple[float, float]]] = {}
    for mark in lines(chart).values():
        for (start, end), (row, _) in mark.paths:
            bars.setdefault(row, []).append((start, end))
    assert sum(map(len, bars.values())) == len(RECORDS)
    for row in bars.values():
        assert all(a[1] <= b[0] + 1e-9 for a, b in pairwise(sorted(row)))


def test_timeline_leaves_out_the_days_between_two_sessions() -> None:
    first, second = trial(0, {"lr": 1e-3}, 9.0), trial(1, {"lr": 1e-3}, 9.0)
    assert second.started is not None
    assert second.ended is not None
    days = 3 * 86400.0
    reports = tuple(replace(e, time=e.time + days) for e in second.reports)
    late = replace(
        second, started=second.started + days, ended=second.ended + days, reports=reports
    )
    chart = timeline([first, late], GOAL, SPACE)
    assert "Idle time is cut out" in chart.note
    ends = [end for mark in lines(chart).values() for (_, end), _ in mark.paths]
    assert chart.panels[0].x.label == "minutes of work"
    assert max(ends) < 15
    assert "Idle" not in timeline([first, second], GOAL, SPACE).note


def _learned(number: int, value: float, losses: list[float]) -> TrialRecord:
    reports = tuple(
        EpochReport(
            epoch,
            {"val_loss": loss, "train_loss": loss / 2},
            START + epoch,
            {10 * epoch - 5: loss, 10 * epoch: loss},
        )
        for epoch, loss in enumerate(losses, start=1)
    )
    return replace(trial(number, {"lr": 1e-3}, value), reports=reports)


def test_the_best_trials_curves_are_on_log_axes_where_losses_fall_by_decades() -> None:
    config = sweep_config(metric="val_loss", direction="minimize")
    steep = [_learned(i, 0.01 * (i + 1), [10.0, 1.0, 0.01 * (i + 1)]) for i in range(7)]
    chart = top_curves(steep, config.objective, config.search_space)
    assert [p.y.label.split(",")[0] for p in chart.panels] == [
        "val_loss",
        "train_loss",
        "training loss by step",
    ]
    assert [p.y.log for p in chart.panels] == [True, True, False]
    assert [k.split(",")[0] for k in lines(chart)] == [f"trial {i}" for i in range(5)]
    ((steps, smooth),) = lines(chart, 2)["trial 0, 0.01"].paths
    assert steps == (5.0, 10.0, 15.0, 20.0, 25.0, 30.0)
    assert smooth[0] == 10.0
    assert all(a > b or math.isclose(a, b) for a, b in pairwise(smooth))
    assert learning_curves(steep, config.objective, config.search_space).panels[0].y.log
    flat = [_learned(0, 1.0, [3.0, 2.0, 1.0])]
    chart = top_curves(flat, config.objective, config.search_space)
    assert not any(p.y.log for p in chart.panels)
    assert chart.panels[0].y.limits == chart.panels[1].y.limits == (0.375, 3.125)
    assert "on one scale" in chart.note


def test_a_table_has_what_the_figure_shows() -> None:
    rows = list(csv.DictReader(io.StringIO(as_csv(learning_curves(RECORDS, GOAL, SPACE)))))
    finished = [row for row in rows if row["series"].startswith("finished")]
    known = {
        (float(e.epoch), e.metrics[GOAL.metric])
        for r in RECORDS
        if r.state is TrialState.COMPLETE
        for e in r.reports
    }
    assert {(float(row["x"]), float(row["y"])) for row in finished} == known
    assert all(row["text"].startswith("trial ") for row in finished)
    shares = list(csv.DictReader(io.StringIO(as_csv(importance(RECORDS, GOAL, SPACE)))))
    assert {row["y"] for row in shares} == {"lr", "batch_size", "model.encoder"}
