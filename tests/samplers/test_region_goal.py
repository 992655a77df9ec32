"""Sweeps whose goal is the region: how the budget is parted, and what the last part is."""

from __future__ import annotations

import math
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sweeper.config import SweepConfig
from sweeper.ledger.journal import Journal
from sweeper.ledger.study import SweepStudy
from sweeper.records import EpochReport, TrialState
from sweeper.samplers._region import COVERED, PLACED, part_of
from synthetic import EPOCHS, sweep_config

LR = {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}
BATCH = {"type": "categorical", "choices": [4, 8, 16, 32]}
TRIALS = 30


def config(space: dict[str, Any] | None = None, goal: str = "region") -> SweepConfig:
    found = sweep_config(space or {"lr": LR, "batch_size": BATCH}, trials=TRIALS).to_json()
    found["objective"]["goal"] = goal
    return SweepConfig.from_json(found)


def si_sdr(params: Any, epoch: int) -> float:
    u = math.log2(params["lr"] / 3e-3) - 0.5 * math.log2(params.get("batch_size", 8) / 8)
    return 9 - u * u / 2 - 6 * math.exp(-epoch / 3)


def train(study: SweepStudy, number: int, params: Any) -> TrialState:
    for epoch in range(1, EPOCHS + 1):
        value = si_sdr(params, epoch)
        if study.report(number, EpochReport(epoch, {"val_si_sdr": value}, 0.0)):
            study.end(number, TrialState.PRUNED, value)
            return TrialState.PRUNED
    study.end(number, TrialState.COMPLETE, si_sdr(params, EPOCHS))
    return TrialState.COMPLETE


def run(study: SweepStudy, trials: Iterable[int]) -> tuple[list[Any], list[TrialState]]:
    proposals, states = [], []
    for _ in trials:
        asked = study.ask()
        assert asked is not None
        proposals.append(asked[1])
        states.append(train(study, *asked))
    return proposals, states


def test_the_budget_has_three_parts() -> None:
    parts = [part_of(number, TRIALS) for number in range(TRIALS)]
    assert parts == sorted(parts, key=["cover", "improve", "place"].index)
    assert parts.count("cover") == round(COVERED * TRIALS)
    assert parts.count("place") == round(PLACED * TRIALS)
    assert part_of(TRIALS + 5, TRIALS) == "place"  # an extended sweep that was not told


def test_the_first_part_covers_the_space_evenly() -> None:
    proposals, _ = run(SweepStudy(None, config()), range(8))
    octaves = sorted(math.log10(p["lr"] / 1e-4) / 3 * 8 for p in proposals)
    assert [int(at) for at in octaves] == list(range(8))


def test_the_last_part_is_trained_to_its_end_where_the_region_is() -> None:
    proposals, states = run(SweepStudy(None, config()), range(TRIALS))
    placed = round(PLACED * TRIALS)
    assert TrialState.PRUNED in states[:-placed]
    assert set(states[-placed:]) == {TrialState.COMPLETE}
    good = [si_sdr(p, EPOCHS) > 7 for p in proposals]
    assert sum(good[-placed:]) / placed > 0.5 > sum(good[: -2 * placed]) / len(good[: -2 * placed])
    assert len({tuple(sorted(p.items())) for p in proposals[-placed:]}) > placed / 2


def test_a_resumed_sweep_proposes_the_same(tmp_path: Path) -> None:
    whole, _ = run(SweepStudy(None, config()), range(TRIALS))
    with closing(Journal(tmp_path / "study.journal")) as journal:
        begun, _ = run(SweepStudy(journal, config()), range(TRIALS - 4))
    with closing(Journal(tmp_path / "study.journal")) as journal:
        rest, _ = run(SweepStudy(journal, config()), range(4))
    assert begun + rest == whole


def test_running_trials_are_not_proposed_again() -> None:
    study = SweepStudy(None, config())
    run(study, range(TRIALS - 4))
    asked = [study.ask() for _ in range(4)]
    proposals = {tuple(sorted(params.items())) for found in asked if found for _, params in [found]}
    assert len(proposals) == 4


def test_where_nothing_can_be_estimated_the_sampler_goes_on() -> None:
    study = SweepStudy(None, config())
    for _ in range(TRIALS):
        asked = study.ask()
        assert asked is not None
        study.end(asked[0], TrialState.DIVERGED, None)


@pytest.mark.slow
def test_conditional_and_named_parameters_are_placed_too() -> None:
    space = {
        "lr": LR,
        "model.encoder": {"type": "categorical", "choices": ["learned", "stft"]},
        "model.n_fft": {
            "type": "categorical",
            "choices": [256, 512],
            "when": {"model.encoder": "stft"},
        },
    }
    proposals, _ = run(SweepStudy(None, config(space)), range(TRIALS))
    assert all(("model.n_fft" in p) == (p["model.encoder"] == "stft") for p in proposals)


def test_the_goal_best_is_what_it_was() -> None:
    best, _ = run(SweepStudy(None, config(goal="best")), range(12))
    plain = sweep_config({"lr": LR, "batch_size": BATCH}, trials=TRIALS)
    assert best == run(SweepStudy(None, plain), range(12))[0]


def test_placed_values_are_on_the_steps_of_their_parameters() -> None:
    space = {
        "lr": {"type": "float", "low": 1e-3, "high": 1.9e-2, "step": 1e-3},
        "batch_size": {"type": "int", "low": 4, "high": 32, "step": 4},
    }
    proposals, _ = run(SweepStudy(None, config(space)), range(TRIALS))
    assert all(p["batch_size"] % 4 == 0 for p in proposals)
    assert all(round(p["lr"] * 1e3, 9).is_integer() for p in proposals)
