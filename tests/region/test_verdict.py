from __future__ import annotations

from dataclasses import replace

import pytest

from sweeper.records import TrialRecord, TrialState
from sweeper.region import (
    Centre,
    Counts,
    Edge,
    Evidence,
    Interval,
    Region,
    Row,
    Tie,
    bound_words,
    edge_words,
    find_region,
    row_words,
    tie_words,
    tied_region,
    verdict,
)
from synthetic import sound_records, sweep_config, trial

SPACE = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "batch_size": {"type": "categorical", "choices": [2, 4, 8, 16]},
}
CONFIG = sweep_config(SPACE)
LOW = Edge("batch_size", "lower", bound=2.0, best=2.0, probability=0.71, proposed=1.0)
HIGH = Edge("model.n_fft", "upper", bound=512.0, best=512.0)
TIE = Tie(16, lr=3.3e-3, expected=9.2, inside=0.9, faster=1.7)


def at(number: int, lr: float, value: float | None = None, **kind: object) -> TrialRecord:
    batch = kind.pop("batch", 8)
    return trial(number, {"lr": lr, "batch_size": batch}, value, **kind)  # type: ignore[arg-type, dict-item]


def found(records: list[TrialRecord], **more: float) -> Region:
    return find_region(records, CONFIG.objective, CONFIG.search_space, **more)


def said(records: list[TrialRecord]) -> str:
    return verdict(found(records))


def sure_region() -> Region:
    interval = Interval(1.2e-3, 3.4e-3, tied=3, worse=0, expected=9.25, confidence=0.9)
    row = Row((8,), Counts(finished=5, stopped=7), interval=interval, inside=0.98)
    return replace(
        tied_region([at(0, 2e-3, 9.31)], CONFIG.objective, CONFIG.search_space),
        rows=(row,),
        recommended=row,
        confidence=0.71,
        centre=Centre({"lr": 2e-3, "batch_size": 8}, 9.2512, 9.1, 9.41, 0.98),
        evidence=Evidence(enough=True, inside=4, finished=5),
    )


def test_two_sentences_say_what_to_use_what_to_expect_and_how_sure_that_is() -> None:
    assert verdict(sure_region()) == (
        "Use lr 1.2e-3 to 3.4e-3 (centre 2e-3) and batch_size 8: "
        "expect val_si_sdr 9.25 dB (90% interval 9.10 to 9.41). "
        "The evidence is good (71% expected overlap with the true region)."
    )


@pytest.mark.parametrize(
    ("overlap", "word"), [(0.8, "good"), (0.6, "good"), (0.5, "fair"), (0.4, "weak")]
)
def test_how_good_the_evidence_is_called(overlap: float, word: str) -> None:
    assert f"The evidence is {word} (" in verdict(replace(sure_region(), confidence=overlap))


def test_a_batch_size_where_no_trial_finished_is_said_to_be_predicted() -> None:
    region = sure_region()
    rows = (replace(region.rows[0], counts=Counts(stopped=3, diverged=1)),)
    predicted = replace(region, rows=rows, recommended=rows[0])
    assert verdict(predicted).endswith(
        "; no trial with batch_size 8 has finished: "
        "this is predicted from others and 3 stopped early."
    )
    # one that has trained the centre again may well have finished
    confirmed = replace(predicted, counts=replace(predicted.counts, confirmed=3))
    assert "is predicted" not in verdict(confirmed)
    assert "is predicted" not in verdict(region)


def test_a_faster_batch_size_that_is_as_good_is_named() -> None:
    region = replace(sure_region(), confidence=0.5, ties=(TIE, replace(TIE, batch_size=4)))
    assert verdict(region).endswith(
        "The evidence is fair (50% expected overlap with the true region); "
        "batch_size 16 with lr 3.3e-3 is as good and 1.7x faster."
    )


def test_batch_sizes_that_are_as_good_but_no_faster_are_listed() -> None:
    slow = [Tie(size, 1e-3, 9.2, 0.9, faster=0.8) for size in (16, 4)]
    assert verdict(replace(sure_region(), ties=tuple(slow))).endswith(
        "; batch_size 4 and 16 are about as good, each with its own lr."
    )
    many = tuple(Tie(size, 1e-3, 9.2, 0.9) for size in (14, 12, 10, 19, 23))
    assert "; batch_size 10 to 23 are about as good" in verdict(replace(sure_region(), ties=many))


def test_a_tie_that_is_not_certain_is_called_so() -> None:
    unsure = replace(TIE, inside=0.6, faster=1.05)
    assert tie_words(sure_region(), unsure) == "batch_size 16 with lr 3.3e-3 is probably as good"


def test_edges_are_part_of_the_verdict_and_have_words_of_their_own() -> None:
    assert verdict(replace(sure_region(), edges=(LOW, HIGH))).endswith(
        "; the optimum may lie outside the search space "
        "(batch_size below 2 and model.n_fft above 512)."
    )
    assert edge_words(LOW) == (
        "batch_size: the optimum may lie below 2, the lower end of its range (71% probability)"
    )
    assert bound_words(LOW) == "move the lower end of batch_size from 2 to 1"
    assert bound_words(HIGH) == "extend model.n_fft above 512"


def test_the_best_of_a_few_trials_is_at_some_end_of_the_space_by_chance() -> None:
    region = replace(sure_region(), edges=(LOW,), centre=None, recommended=None)
    few = replace(region, evidence=Evidence(False, "only 2 trials finished"))
    assert "outside the search space" not in verdict(few)
    assert "outside the search space" in verdict(replace(few, evidence=Evidence(False)))


def test_a_clear_sweep_is_recommended_and_a_thin_one_is_not() -> None:
    clear = said(sound_records(40))
    assert clear.startswith("Use lr ")
    assert clear.count(". ") == 1
    assert said(sound_records(2)) == (
        "Not enough evidence for a region: only 2 trials finished. Best so far is lr 3.4e-3, "
        "batch_size 4 with val_si_sdr 29.22 dB (trial 1)."
    )


def test_how_many_more_trials_it_would_take_is_said() -> None:
    thin = Evidence(False, "it is known too little", more_trials=1)
    region = replace(sure_region(), evidence=thin, recommended=None)
    assert verdict(region) == (
        "Not enough evidence for a region: it is known too little. Best so far is lr 2e-3, "
        "batch_size 8 with val_si_sdr 9.31 dB (trial 0); "
        "about 1 more trial to the last epoch would tell."
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


def test_other_parameters_alone_are_told_by_their_ties() -> None:
    config = sweep_config({"training.dropout": {"type": "float", "low": 0.0, "high": 0.5}})
    records = [trial(i, {"training.dropout": 0.1 * i + 0.1}, 9.0 - 0.1 * i) for i in range(4)]
    region = tied_region(records, config.objective, config.search_space, tolerance=0.15)
    assert verdict(region) == (
        "Best is training.dropout 0.1: val_si_sdr 9.00 dB (trial 0). 2 of 4 finished trials are "
        "within 0.15 dB of it, with training.dropout 0.1 to 0.2."
    )


def test_words_of_each_kind_of_row() -> None:
    records = [
        *(at(i, 2e-3, 9.3) for i in range(3)),
        *(at(10 + i, 1e-3, 5.0, batch=4) for i in range(3)),
        at(20, 1e-2, state=TrialState.DIVERGED, batch=16),
    ]
    region = tied_region(records, CONFIG.objective, CONFIG.search_space, tolerance=0.3)
    assert [row_words(region, row) for row in region.rows] == [
        "no trial ended",
        "4.30 dB behind",
        "tied with the best",
        "all 1 diverged",
    ]
    few = tied_region(records[:1], CONFIG.objective, CONFIG.search_space, tolerance=0.3)
    assert row_words(few, few.rows[2]) == "tied, only 1 finished"
