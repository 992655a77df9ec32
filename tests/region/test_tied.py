from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sweeper.config import SweepConfig
from sweeper.records import TrialRecord, TrialState
from sweeper.region import Region, tied_region, verdict
from synthetic import sweep_config, sweep_records, trial

LR = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
BATCH = {"type": "categorical", "choices": [4, 8, 16]}
BOTH = sweep_config({"lr": LR, "batch_size": BATCH})


def at(number: int, lr: float, value: float | None, batch: int = 8, **kind: object) -> TrialRecord:
    return trial(number, {"lr": lr, "batch_size": batch}, value, **kind)  # type: ignore[arg-type]


def region_of(records: list[TrialRecord], config: SweepConfig = BOTH, **more: float) -> Region:
    return tied_region(records, config.objective, config.search_space, **more)


VALLEY = [
    at(0, 2e-4, 4.0),
    at(1, 8e-4, 8.9),
    at(2, 1e-3, 9.0),
    at(3, 2e-3, 8.8),
    at(4, 8e-3, 5.0),
    at(5, 1.6e-2, None, state=TrialState.DIVERGED),
]


def test_interval_spans_the_tied_trials() -> None:
    region = region_of(VALLEY, tolerance=0.3)
    row = region.rows[1]
    assert row.interval is not None
    assert (row.interval.low, row.interval.high) == (8e-4, 2e-3)
    assert (row.interval.tied, row.interval.worse, row.interval.expected) == (3, 0, 8.9)
    assert row.interval.confidence is None
    assert region.recommended is row
    assert region.tied == 3
    assert (row.counts.finished, row.counts.diverged) == (5, 1)


def test_cliff_is_measured_from_the_top_of_the_interval() -> None:
    assert region_of(VALLEY, tolerance=0.3).rows[1].cliff_octaves == pytest.approx(3.0)


def test_no_cliff_where_nothing_diverged_above() -> None:
    below = [*VALLEY[:-1], at(5, 1.2e-4, None, state=TrialState.DIVERGED)]
    assert region_of(below, tolerance=0.3).rows[1].cliff_octaves is None


def test_tolerance_counts_unfinished_trials_as_worse_than_the_median() -> None:
    finished = [at(i, 1e-3 * (i + 1), 9.0 - i) for i in range(5)]
    assert region_of(finished).tolerance == pytest.approx(0.1 * 2)  # median 7
    stopped = [at(9 + i, 1e-2, 1.0, state=TrialState.PRUNED) for i in range(3)]
    assert region_of(finished + stopped).tolerance == pytest.approx(0.1 * 3.5)
    failed = [at(20 + i, 1e-2, None, state=TrialState.FAILED) for i in range(9)]
    assert region_of(finished + failed).tolerance == region_of(finished).tolerance


def test_noise_widens_the_tolerance() -> None:
    region = region_of(VALLEY, noise=2.5)
    assert region.tolerance == 2.5
    assert "seeds" in region.rule


@pytest.mark.parametrize("early", [0.1, 8.95, 99.0])
def test_stopped_trials_neither_tie_nor_cut(early: float) -> None:
    stopped = [
        at(10, 9e-4, early, state=TrialState.PRUNED, epochs=2),
        at(11, 5e-2, early, state=TrialState.PRUNED, epochs=2),
    ]
    with_them, without = (region_of(r, tolerance=0.3) for r in (VALLEY + stopped, VALLEY))
    assert with_them.rows[1].interval == without.rows[1].interval
    assert with_them.best == without.best
    assert with_them.rows[1].counts.stopped == 2


def test_one_unlucky_seed_does_not_cut_but_a_gap_does() -> None:
    lucky = [at(i, 1e-3 * 2**i, value) for i, value in enumerate([9.0, 8.9, 8.0, 8.9, 9.0, 8.9])]
    interval = region_of(lucky, tolerance=0.3).rows[1].interval
    assert interval is not None
    assert (interval.low, interval.tied, interval.worse) == (1e-3, 5, 1)
    apart = [9.1, 9.0, 7.0, 7.0, 7.0, 8.9]
    gap = [at(i, 1e-3 * 2**i, value) for i, value in enumerate(apart)]
    interval = region_of(gap, tolerance=0.3).rows[1].interval
    assert interval is not None
    assert (interval.low, interval.high) == (1e-3, 2e-3)


def test_other_parameters_do_not_count_against_a_learning_rate() -> None:
    encoder = {"type": "categorical", "choices": ["learned", "stft"]}
    config = sweep_config({"lr": LR, "model.encoder": encoder})
    values = {"learned": [9.0, 8.9, 9.1, 8.8], "stft": [6.0, 6.1, 6.0, 6.2]}
    records = [
        trial(10 * k + i, {"lr": 1e-3 * 2**i, "model.encoder": name}, value)
        for k, name in enumerate(values)
        for i, value in enumerate(values[name])
    ]
    interval = region_of(records, config, tolerance=0.4).rows[0].interval
    assert interval is not None
    assert (interval.low, interval.high, interval.expected) == (1e-3, 8e-3, 8.95)
    assert (interval.tied, interval.worse) == (4, 4)


def test_minimised_objectives_mirror_maximised_ones() -> None:
    flipped = [replace(r, value=None if r.value is None else -r.value) for r in VALLEY]
    low = sweep_config({"lr": LR, "batch_size": BATCH}, metric="val_loss", direction="minimize")
    one, other = region_of(VALLEY), region_of(flipped, low)
    assert one.tolerance == other.tolerance
    pairs = [(a.interval, b.interval) for a, b in zip(one.rows, other.rows, strict=True)]
    assert [(a and (a.low, a.high)) for a, _ in pairs] == [
        (b and (b.low, b.high)) for _, b in pairs
    ]


@pytest.mark.parametrize(("finished", "given"), [(1, False), (2, False), (3, True)])
def test_three_finished_trials_are_needed(finished: int, given: bool) -> None:
    region = region_of([at(i, 1e-3 * (i + 1), 9.0) for i in range(finished)], tolerance=0.5)
    assert (region.rows[1].interval is not None) is given


def test_only_lr_gives_one_row() -> None:
    records = [trial(i, {"lr": 1e-3 * (i + 1)}, 9.0 - 0.1 * i) for i in range(4)]
    region = region_of(records, sweep_config({"lr": LR}), tolerance=0.15)
    assert [row.label for row in region.rows] == ["any"]
    assert region.batch_size is None
    assert region.recommended is not None
    assert "batch_size" not in verdict(region)


def test_only_batch_size_gives_rows_without_intervals() -> None:
    records = [trial(i, {"batch_size": b}, 9.0 - 0.1 * b) for i, b in enumerate([4, 8, 16])]
    region = region_of(records, sweep_config({"batch_size": BATCH}))
    assert [row.best and row.best.value for row in region.rows] == [8.6, 8.2, 7.4]
    assert [row.interval for row in region.rows] == [None] * 3
    assert "batch_size 4" in verdict(region)


def test_batch_size_as_a_wide_range_is_grouped_by_powers_of_two() -> None:
    space = {"lr": LR, "batch_size": {"type": "int", "low": 1, "high": 64, "log": True}}
    records = [trial(i, {"lr": 1e-3, "batch_size": i + 4}, 9.0) for i in range(20)]
    region = region_of(records, sweep_config(space))
    assert [row.label for row in region.rows] == ["4 to 5", "6 to 11", "12 to 22", "23"]
    assert sum(row.counts.finished for row in region.rows) == 20


def test_other_parameters_have_the_range_of_the_tied_trials() -> None:
    space = {
        "model.layers": {"type": "int", "low": 1, "high": 8},
        "model.encoder": {"type": "categorical", "choices": ["a", "b", "c"]},
    }
    records = [
        trial(i, {"model.layers": n, "model.encoder": e}, v)
        for i, (n, e, v) in enumerate([(3, "c", 9.0), (5, "a", 8.9), (8, "b", 2.0)])
    ]
    region = region_of(records, sweep_config(space), tolerance=0.2)
    assert [(r.name, r.label) for r in region.ranges] == [
        ("model.layers", "3 to 5"),
        ("model.encoder", "a, c"),
    ]
    assert region.rows == ()


@pytest.mark.parametrize(
    ("lr", "batch", "edges"),
    [
        (9.9e-2, 8, [("lr", "upper")]),
        (1.01e-4, 4, [("lr", "lower"), ("batch_size", "lower")]),
        (1e-3, 16, [("batch_size", "upper")]),
        (1e-3, 8, []),
    ],
)
def test_best_at_the_end_of_a_range_is_told(
    lr: float, batch: int, edges: list[tuple[str, str]]
) -> None:
    region = region_of([at(0, lr, 9.0, batch)])
    assert [(edge.name, edge.side) for edge in region.edges] == edges


def test_nothing_finished() -> None:
    region = region_of([at(i, 1e-3, 5.0, state=TrialState.PRUNED) for i in range(4)])
    assert (region.best, region.tolerance, region.recommended, region.tied) == (None,) * 3 + (0,)
    assert region.rows[1].counts.stopped == 4


def test_fixed_parameters_are_no_part_of_the_answer() -> None:
    region = region_of(
        [trial(0, {"lr": 1e-3, "training.weight_decay": 1e-5}, 9.0)],
        sweep_config({"lr": LR, "training.weight_decay": {"type": "fixed", "value": 1e-5}}),
    )
    assert region.best is not None
    assert region.best.params == {"lr": 1e-3}


OUTCOMES = st.tuples(
    st.floats(1e-4, 1e-1),
    st.sampled_from([4, 8, 16]),
    st.floats(-30, 20),
    st.sampled_from(list(TrialState)),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(OUTCOMES, max_size=30))
def test_any_sweep_has_a_consistent_answer(
    drawn: list[tuple[float, int, float, TrialState]],
) -> None:
    records = [at(i, lr, value, b, state=state) for i, (lr, b, value, state) in enumerate(drawn)]
    region = region_of(records)
    finished = [r for r in records if r.state is TrialState.COMPLETE]
    assert region.counts.finished == len(finished)
    assert sum(row.counts.ended for row in region.rows) == region.counts.ended
    assert verdict(region).count(". ") <= 1
    assert verdict(region).endswith(".")
    for row in region.rows:
        if row.interval:
            assert row.interval.low <= row.interval.high
            assert 2 <= row.interval.tied <= row.counts.finished
            assert region.best is not None
            assert row.interval.expected <= region.best.value
        assert row.cliff_octaves is None or row.cliff_octaves > 0


def test_order_of_the_records_does_not_matter() -> None:
    records = sweep_records(60)
    config = sweep_config()
    assert region_of(records, config) == region_of(records[::-1], config)


def test_a_known_valley_is_found() -> None:
    """The optimum of the synthetic sweep at batch size 8 is lr 10 ** -2.75."""
    region = region_of(sweep_records(200), sweep_config())
    assert region.recommended is not None
    intervals = [row.interval for row in region.rows if row.interval]
    assert len(intervals) >= 2
    for interval in intervals:
        assert 1e-4 < interval.low < interval.high < 1.2e-2
    middle = region.rows[2].interval
    assert middle is not None
    assert math.log2(middle.high / middle.low) < 4
    assert middle.low < 10**-2.75 < middle.high


def test_a_repeat_is_no_further_evidence() -> None:
    copies = [replace(r, number=r.number + 6, copy_of=str(r.number)) for r in VALLEY]
    alone, both = region_of(VALLEY), region_of([*VALLEY, *copies])
    assert replace(both, counts=alone.counts) == alone
    assert (both.counts.copied, both.counts.finished) == (6, alone.counts.finished)
    assert both.counts.ended == 12
