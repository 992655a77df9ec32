"""Several objectives: a trial's values, and which trials no other one beats."""

from __future__ import annotations

from dataclasses import replace

import optuna
import pytest
from hypothesis import given
from hypothesis import strategies as st
from optuna.trial import create_trial

from sweeper.config import Aim, Objective
from sweeper.pareto import further_values, is_on_front, valued
from sweeper.records import Direction, EpochReport, TrialRecord, TrialState

WAYS: list[Direction] = ["minimize", "maximize"]
BOTH = Objective(
    metric="quality",
    direction="maximize",
    also=(Aim(metric="speed", direction="maximize"), Aim(metric="memory", direction="minimize")),
)


@st.composite
def clouds(draw: st.DrawFn) -> tuple[list[tuple[float, ...]], list[Direction]]:
    """Points in few places, so that there are ties in one objective, in some and in all."""
    directions = draw(st.lists(st.sampled_from(WAYS), min_size=1, max_size=3))
    value = st.integers(-3, 3).map(float) | st.floats(-1e300, 1e300)
    point = st.tuples(*[value for _ in directions])
    return draw(st.lists(point, max_size=25)), directions


def dominates(a: tuple[float, ...], b: tuple[float, ...], directions: list[Direction]) -> bool:
    """As good in all, and better in one."""
    sides = [
        (x, y) if d == "maximize" else (-x, -y) for x, y, d in zip(a, b, directions, strict=True)
    ]
    return all(x >= y for x, y in sides) and any(x > y for x, y in sides)


@given(clouds())
def test_the_front_is_what_no_point_dominates(
    cloud: tuple[list[tuple[float, ...]], list[Direction]],
) -> None:
    points, directions = cloud
    on = is_on_front(points, directions)
    assert on == [not any(dominates(q, p, directions) for q in points) for p in points]
    assert any(on) == bool(points)


@given(clouds().filter(lambda cloud: len(cloud[1]) > 1))
def test_it_is_the_front_of_optuna(
    cloud: tuple[list[tuple[float, ...]], list[Direction]],
) -> None:
    points, directions = cloud
    study = optuna.create_study(directions=directions)
    study.add_trials([create_trial(values=point) for point in points])
    on = is_on_front(points, directions)
    assert [t.number for t in study.best_trials] == [i for i, stays in enumerate(on) if stays]


def _record(number: int, *epochs: dict[str, float], **fields: object) -> TrialRecord:
    reports = tuple(EpochReport(e, metrics, 0.0) for e, metrics in enumerate(epochs, 1))
    value = max((r.metrics["quality"] for r in reports), default=None)
    record = TrialRecord(number, {}, TrialState.COMPLETE, 0, reports=reports, value=value)
    return replace(record, **fields)  # type: ignore[arg-type]


def test_further_values_are_those_of_the_epoch_with_the_best_objective() -> None:
    reports = [
        EpochReport(1, {"quality": 1.0, "speed": 90.0, "memory": 3.0}, 0.0),
        EpochReport(2, {"quality": 4.0, "speed": 70.0, "memory": 5.0}, 0.0),
        EpochReport(3, {"quality": 2.0, "speed": 99.0, "memory": 1.0}, 0.0),
    ]
    assert further_values(reports, BOTH) == [70.0, 5.0]
    assert further_values([], BOTH) == [None, None]


@pytest.mark.parametrize("metrics", [{"speed": 1.0}, {"speed": float("nan"), "memory": 1.0}])
def test_what_is_not_known_is_none_and_such_a_trial_on_no_front(metrics: dict[str, float]) -> None:
    record = _record(0, {"quality": 4.0, **metrics})
    assert None in further_values(record.reports, BOTH)
    assert valued([record], BOTH) == []


def test_only_finished_trials_of_the_search_count() -> None:
    epoch = {"quality": 4.0, "speed": 7.0, "memory": 2.0}
    finished = _record(0, epoch)
    others = [
        _record(1, epoch, state=TrialState.PRUNED),
        _record(2, epoch, state=TrialState.DIVERGED, value=None),
        _record(3, epoch, state=TrialState.RUNNING),
        _record(4, epoch, copy_of="0"),
        _record(5, epoch, stage="confirm", confirms=0),
        _record(6, state=TrialState.FAILED),
    ]
    assert valued([finished, *others], BOTH) == [(finished, (4.0, 7.0, 2.0))]
