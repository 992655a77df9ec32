"""Comparisons: the estimator against brute force, and what is said against what is known."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from sweeper.compare import BestOf, Contender, chart, compare, csv_table, markdown, verdict
from sweeper.compare.report import header, rows
from sweeper.errors import ConfigError
from sweeper.records import TrialRecord, TrialState
from synthetic import sweep_config, sweep_records, trial


def _records(values: list[float | None], seconds: float = 10.0) -> list[TrialRecord]:
    states = {True: TrialState.DIVERGED, False: TrialState.COMPLETE}
    return [
        replace(trial(n, {"lr": 1e-3}, value, states[value is None]), seconds=seconds)
        for n, value in enumerate(values)
    ]


def _contender(name: str, values: list[float | None], seconds: float = 10.0) -> Contender:
    return Contender(name, sweep_config(), _records(values, seconds))


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("k", [1, 2, 4])
def test_the_median_is_that_of_all_possible_draws(direction: str, k: int) -> None:
    values = [3.0, 1.0, 1.0, 7.0, None]
    pick = max if direction == "maximize" else min
    drawn = [[v for v in draw if v is not None] for draw in itertools.product(values, repeat=k)]
    best = [pick(draw) for draw in drawn if draw]
    found = BestOf(_records(values), direction).after_trials(k)
    # of an even number of draws it may lie between two values
    assert np.quantile(best, 0.5, method="lower") <= found.median
    assert found.median <= np.quantile(best, 0.5, method="higher")
    assert found.low <= found.median <= found.high
    assert {found.low, found.high} <= {3.0, 1.0, 7.0}


def test_the_interval_holds_nine_of_ten_draws() -> None:
    values = list(np.random.default_rng(0).normal(size=40))
    best = BestOf(_records(values), "maximize").after_trials(8)
    draws = np.random.default_rng(1).choice(values, size=(20_000, 8)).max(axis=1)
    inside = (draws >= best.low) & (draws <= best.high)
    # of 20,000 draws, so 0.01 is five standard deviations; steps between values are up to 3%
    assert inside.mean() == pytest.approx(0.92, abs=0.04)
    assert best.median == pytest.approx(np.median(draws), abs=0.02)


def test_time_is_counted_as_trials_where_all_take_as_long() -> None:
    values = list(np.random.default_rng(0).normal(size=30))
    one = BestOf(_records(values, seconds=10.0), "maximize")
    for trials in (3, 12, 30):
        in_time = one.after_seconds([10.0 * trials + 1])[0]
        assert in_time is not None
        assert in_time.median == pytest.approx(one.after_trials(trials).median, abs=0.05)
    assert one.after_seconds([5.0]) == [None]
    assert one.seconds == 300


def test_more_budget_is_never_worse() -> None:
    one = BestOf(sweep_records(50), "maximize")
    curve = [one.after_trials(k).median for k in range(1, one.trials + 1)]
    assert curve == sorted(curve)


def test_a_better_sweep_is_found_and_equals_are_not_told_apart() -> None:
    draw = np.random.default_rng(0)
    worse, better = list(draw.normal(8, 0.5, 30)), list(draw.normal(10, 0.5, 30))
    comparison = compare([_contender("worse", worse), _contender("better", better)])
    first, second = comparison.standings
    assert (first.name, second.name) == ("better", "worse")
    assert first.beats["worse"] == pytest.approx(31 / 32, abs=0.001)
    assert first.beats["worse"] + second.beats["better"] == pytest.approx(1)
    assert verdict(comparison).startswith("better is better than worse after 30 trials each: ")
    same = compare([_contender("a", better), _contender("b", better[::-1])])
    assert same.standings[0].beats == {"b": pytest.approx(0.5)}
    assert "cannot be told apart" in verdict(same)


def test_one_lucky_trial_of_many_does_not_win_at_equal_budget() -> None:
    steady = [9.0 + 0.01 * i for i in range(20)]
    lucky = [*(5.0 + 0.01 * i for i in range(199)), 12.0]
    comparison = compare([_contender("lucky", lucky), _contender("steady", steady)])
    assert comparison.trials == 20
    first, second = comparison.standings
    assert first.name == "steady"
    assert (second.best.value, second.best.number) == (12.0, 199)
    assert first.beats["lucky"] > 0.85


def test_one_trial_far_off_does_not_move_what_is_expected_out_of_its_interval() -> None:
    steady, spoilt = _contender("s", [5.3, 5.4, 5.5]), _contender("wu", [-100.0, 5.7, 6.18])
    comparison = compare([steady, spoilt])
    first, second = comparison.standings
    assert (first.name, second.name) == ("wu", "s")
    for one in (first, second):
        assert one.at_trials.low <= one.at_trials.median <= one.at_trials.high
    # 3 trials of each allow no more than 80%
    assert 0.7 < first.beats["s"] < 0.8
    said = verdict(comparison)
    assert "expect val_si_sdr 6.18 dB, and 5.50 dB with s. wu finds the better one" in said


@pytest.mark.parametrize(
    ("trials", "judged"),
    [
        (3, "cannot be told apart"),
        (8, "probably better"),
        (17, "probably better"),
        (18, "is better"),
    ],
)
def test_no_verdict_is_surer_than_the_shorter_sweep_allows(trials: int, judged: str) -> None:
    long, short = [9.0 + 0.01 * i for i in range(40)], [5.0 + 0.01 * i for i in range(trials)]
    comparison = compare([_contender("long", long), _contender("short", short)])
    first, second = comparison.standings
    for sure in (first.beats["short"], first.beats_in_time["short"]):
        assert sure == pytest.approx((trials + 1) / (trials + 2))
    assert second.beats["long"] == pytest.approx(1 / (trials + 2))
    assert judged in verdict(comparison)


def test_equal_time_can_decide_otherwise_than_equal_trials() -> None:
    draw = np.random.default_rng(0)
    slow = _contender("slow", list(draw.normal(10, 1, 30)), seconds=100)
    fast = _contender("fast", list(draw.normal(9, 1, 300)), seconds=5)
    by_name = {s.name: s for s in compare([slow, fast]).standings}
    assert by_name["slow"].beats["fast"] > 0.5
    assert by_name["fast"].beats_in_time["slow"] > 0.8


def test_what_cannot_be_compared_is_said_at_once() -> None:
    other = Contender(
        "other", sweep_config(metric="val_loss", direction="minimize"), _records([1.0, 2.0, 3.0])
    )
    with pytest.raises(ConfigError) as caught:
        compare([_contender("one", [1.0, None]), other])
    text = str(caught.value)
    assert "one: 1 trial with a result" in text
    assert "other: it is to minimize val_loss, one to maximize val_si_sdr" in text
    with pytest.raises(ConfigError, match="two different sweeps"):
        compare([_contender("one", [1.0, 2.0, 3.0])])


def test_sweeps_may_have_spent_their_trials_for_different_goals() -> None:
    one, other = _contender("one", [1.0, 2.0, 3.0]), _contender("other", [2.0, 3.0, 4.0])
    aim = one.config.objective.model_copy(update={"goal": "region"})
    one = replace(one, config=one.config.model_copy(update={"objective": aim}))
    assert {s.name for s in compare([one, other]).standings} == {"one", "other"}


def test_repeats_and_running_trials_do_not_count() -> None:
    records = _records([1.0, 2.0, 3.0])
    records.append(replace(records[2], number=3, copy_of="2"))
    records.append(trial(4, {"lr": 1e-3}, 9.0, TrialState.RUNNING))
    one = Contender("one", sweep_config(), records)
    comparison = compare([one, _contender("two", [1.0, 2.0, 4.0])])
    assert comparison.trials == 3
    assert any("still running" in note for note in comparison.notes)


def test_the_forms_agree() -> None:
    comparison = compare(
        [
            Contender("dprnn", sweep_config(), sweep_records(40)),
            Contender("wave", sweep_config(), sweep_records(60, seed=1)),
        ]
    )
    assert comparison.trials == 40
    table = {label: cells for label, *cells in rows(comparison)}
    assert table["trials"] == [
        f"{one.trials}, {one.finished} finished" for one in comparison.standings
    ]
    chances = [float(cell.rstrip("%")) for cell in table["better of 40 trials"]]
    assert sum(chances) == pytest.approx(100, abs=1)
    assert {len(row) for row in rows(comparison)} == {len(header(comparison))}
    assert verdict(comparison) in markdown(comparison)
    panels = chart(comparison).panels
    assert len(panels) == 2
    assert [mark.label for mark in panels[0].marks] == ["", "dprnn", "", "wave"] or [
        mark.label for mark in panels[0].marks
    ] == ["", "wave", "", "dprnn"]
    lines = csv_table(comparison).splitlines()
    points = sum(len(s.by_trials) + len(s.by_seconds) for s in comparison.standings)
    assert len(lines) == 1 + points
