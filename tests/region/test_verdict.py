from __future__ import annotations

import pytest

from sweeper.records import TrialRecord, TrialState
from sweeper.region import row_words, tied_region, verdict
from synthetic import sweep_config, trial

SPACE = {
    "lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True},
    "batch_size": {"type": "categorical", "choices": [4, 8, 16]},
}
CONFIG = sweep_config(SPACE)


def at(number: int, lr: float, value: float | None = None, **kind: object) -> TrialRecord:
    batch = kind.pop("batch", 8)
    return trial(number, {"lr": lr, "batch_size": batch}, value, **kind)  # type: ignore[arg-type, dict-item]


def said(records: list[TrialRecord], **more: float) -> str:
    return verdict(tied_region(records, CONFIG.objective, CONFIG.search_space, **more))


VALLEY = [at(0, 1.2e-3, 9.31), at(1, 2e-3, 9.2), at(2, 3.4e-3, 9.1), at(3, 2e-4, 4.0)]


def test_recommendation() -> None:
    assert said(VALLEY, tolerance=0.3) == (
        "Use batch_size 8 with lr 1.2e-3 to 3.4e-3: expect val_si_sdr about 9.20 dB "
        "(best 9.31 dB, trial 0). "
        "Evidence: 3 of 3 trials there are within 0.30 dB of the best, one seed each."
    )


def test_other_batch_sizes_that_are_tied_are_named() -> None:
    others = [at(10 + i, 1e-3 * (i + 1), 9.2, batch=4) for i in range(3)]
    assert "; batch_size 4 tied too." in said(VALLEY + others, tolerance=0.3)


def test_thin_evidence_says_what_there_is() -> None:
    assert said([VALLEY[0], VALLEY[3]]) == (
        "Not enough evidence for an interval of lr for each batch size: best so far is lr 1.2e-3, "
        "batch_size 8 with val_si_sdr 9.31 dB (trial 0). "
        "Only 2 trials finished, too few to say more."
    )


def test_a_lonely_best_is_no_region() -> None:
    lonely = [VALLEY[0], VALLEY[3], at(4, 1e-2, 5.0)]
    assert said(lonely, tolerance=0.3).endswith(
        "None of the other 2 finished trials is within 0.30 dB of it."
    )


@pytest.mark.parametrize(
    ("records", "expected"),
    [
        ([], "No trial has ended."),
        ([at(0, 1e-3, 3.0, state=TrialState.RUNNING)], "No trial has ended."),
        (
            [at(i, 1e-2, state=TrialState.DIVERGED) for i in range(3)],
            "All 3 trials diverged: search lower learning rates.",
        ),
        (
            [
                at(0, 1e-2, state=TrialState.DIVERGED),
                at(1, 1e-2, 3.0, state=TrialState.PRUNED, epochs=2),
                at(2, 1e-2, state=TrialState.OUT_OF_MEMORY),
            ],
            "None of 3 ended trials finished (1 stopped early, 1 diverged, 1 ran out of memory).",
        ),
    ],
)
def test_no_recommendation_without_a_finished_trial(
    records: list[TrialRecord], expected: str
) -> None:
    assert said(records) == f"{expected} There is nothing to recommend yet."


def test_edge_is_part_of_the_verdict() -> None:
    top = [at(i, 9.5e-2 + 1e-3 * i, 9.0 + 0.01 * i) for i in range(4)]
    assert said(top, tolerance=0.3).endswith(
        "; lr 0.098 is at the upper end of its range (0.1), the optimum may lie beyond."
    )


def test_other_parameters_are_told_in_the_verdict() -> None:
    config = sweep_config({"training.dropout": {"type": "float", "low": 0.0, "high": 0.5}})
    records = [trial(i, {"training.dropout": 0.1 * i + 0.1}, 9.0 - 0.1 * i) for i in range(4)]
    region = tied_region(records, config.objective, config.search_space, tolerance=0.15)
    assert verdict(region) == (
        "Best is training.dropout 0.1: val_si_sdr 9.00 dB (trial 0). 2 of 4 finished trials are "
        "within 0.15 dB of it, one seed each, with training.dropout 0.1 to 0.2."
    )


def test_words_of_each_kind_of_row() -> None:
    records = [
        *VALLEY,
        *(at(10 + i, 1e-3, 5.0, batch=4) for i in range(3)),
        at(20, 1e-2, state=TrialState.DIVERGED, batch=16),
    ]
    region = tied_region(records, CONFIG.objective, CONFIG.search_space, tolerance=0.3)
    assert [row_words(region, row) for row in region.rows] == [
        "4.31 dB behind",
        "3 of 3 tied",
        "all 1 diverged",
    ]
    few = tied_region(VALLEY[:1], CONFIG.objective, CONFIG.search_space)
    assert [row_words(few, row) for row in few.rows] == [
        "no trial ended",
        "not enough evidence (1 of 3)",
        "no trial ended",
    ]
