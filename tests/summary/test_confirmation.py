"""Means over fresh seeds, and when the winner was luck."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import fmean

import pytest

from sweeper.records import TrialRecord, TrialState
from sweeper.summary import markdown, summarise
from sweeper.summary.confirm_words import confirm_table, confirm_words
from sweeper.summary.confirmation import Confirmation, Confirmed, confirmation
from synthetic import START, sound_records, sweep_config, trial

_SPACE = {
    "lr": {"type": "float", "low": 1e-4, "high": 3e-2, "log": True},
    "model.chunk": {"type": "fixed", "value": 64},
}
CONFIG = sweep_config(_SPACE)


def _records(
    searched: list[float],
    fresh: dict[int | None, list[float | TrialState]],
) -> list[TrialRecord]:
    """A search and its fresh seeds: by trial, each a value or how it ended else."""
    records = [trial(n, {"lr": 1e-3 * (n + 1)}, value) for n, value in enumerate(searched)]
    for number, values in fresh.items():
        lr = 5e-4 if number is None else 1e-3 * (number + 1)
        for value in values:
            state = value if isinstance(value, TrialState) else TrialState.COMPLETE
            one = trial(
                len(records), {"lr": lr}, None if isinstance(value, TrialState) else value, state
            )
            records.append(replace(one, stage="confirm", confirms=number))
    return records


def _found(
    searched: list[float], fresh: dict[int | None, list[float | TrialState]]
) -> Confirmation:
    found = confirmation(CONFIG, _records(searched, fresh))
    assert found is not None
    return found


def test_mean_interval_and_ranks() -> None:
    found = _found([9.0, 8.8, 5.0], {None: [9.0, 9.2], 0: [8.8, 9.0], 1: [8.7, 8.9]})
    assert [one.confirms for one in found.configurations] == [None, 0, 1]
    assert [one.rank for one in found.configurations] == [1, 2, 3]
    assert [one.rank_before for one in found.configurations] == [None, 1, 2]
    # each pair is 0.2 apart: a variance of 0.02 with 1 degree of freedom each
    assert found.sd == pytest.approx(0.02**0.5)
    assert found.degrees == 3
    centre = found.configurations[0]
    assert centre.mean == pytest.approx(9.1)
    half = 3.18245 * 0.02**0.5 / 2**0.5  # the 97.5% point of t with 3 degrees of freedom
    assert (centre.low, centre.high) == pytest.approx((9.1 - half, 9.1 + half), abs=1e-4)


@pytest.mark.parametrize(
    ("winner", "fresh", "luck"),
    [
        (9.1, {0: [9.0, 9.1, 9.2], 1: [8.5, 8.6, 8.7]}, "holds"),
        (9.5, {0: [9.0, 9.1, 9.2], 1: [8.5, 8.6, 8.7]}, "lucky winner"),
        (9.3, {0: [9.0, 9.1, 9.2], 1: [8.5, 8.6, 8.7]}, "lucky value"),
        (9.1, {0: [9.0, 9.1, 9.2], 1: [9.5, 9.6, 9.7]}, "lucky winner"),
        (9.1, {0: [9.0, 9.1, 9.2], 1: [9.05, 9.15, 9.25]}, "holds"),
        (9.1, {0: [9.0, 9.1, TrialState.DIVERGED], 1: [8.5, 8.6, 8.7]}, "unstable"),
        (9.1, {0: [9.0], 1: [8.5]}, "unknown"),
    ],
)
def test_luck(winner: float, fresh: dict[int | None, list[float | TrialState]], luck: str) -> None:
    assert _found([winner, 8.9, 5.0], fresh).luck == luck


def test_a_minimised_objective_is_lucky_the_other_way() -> None:
    config = sweep_config(_SPACE, direction="minimize")
    records = _records([1.0, 1.5, 4.0], {0: [1.6, 1.7, 1.8], 1: [1.4, 1.5, 1.6]})
    found = confirmation(config, records)
    assert found is not None
    assert (found.luck, found.configurations[0].confirms) == ("lucky winner", 1)


def test_intervals_hold_the_truth_and_false_alarms_are_rare() -> None:
    """2000 sweeps without any luck; at 95% and 2000 draws four deviations are 0.02."""
    draw = random.Random(0)
    held = alarms = 0
    for _ in range(2000):
        fresh: dict[int | None, list[float | TrialState]] = {
            n: [draw.gauss(9.0, 0.2) for _ in range(3)] for n in range(3)
        }
        found = _found([draw.gauss(9.0, 0.2), 8.0, 7.0], {0: fresh[0], 1: fresh[1], 2: fresh[2]})
        one = next(one for one in found.configurations if one.confirms == 0)
        assert one.low is not None
        assert one.high is not None
        held += one.low <= 9.0 <= one.high
        shift = (one.searched or 0) - fmean(one.values)
        alarms += found.luck == "lucky winner" and not found.clearly and shift > 0
    assert held / 2000 == pytest.approx(0.95, abs=0.02)
    assert alarms / 2000 < 0.07


def test_a_configuration_confirmed_twice_is_one() -> None:
    records = _records([9.0, 8.0], {0: [8.9, 9.1]})
    more = [replace(r, number=r.number + 10, confirms=0) for r in records[2:]]
    found = confirmation(CONFIG, [*records, *more])
    assert found is not None
    assert [len(one.values) for one in found.configurations] == [4]


def test_nothing_confirmed_is_nothing_said() -> None:
    assert confirmation(CONFIG, _records([9.0, 8.0], {})) is None


def test_what_runs_still_is_said() -> None:
    records = _records([9.0, 8.0], {0: [8.9, 9.1, TrialState.RUNNING]})
    found = confirmation(CONFIG, records)
    assert found is not None
    assert (found.unended, found.configurations[0].spoiled) == (1, 0)


def test_words() -> None:
    found = _found([9.5, 8.9, 5.0], {0: [9.0, 9.1, 9.2], 1: [9.3, 9.4, 9.5]})
    said = confirm_words(found, "val_si_sdr")
    assert said.startswith(
        "The winner was luck: trial 0 gave val_si_sdr 9.50 dB in the search, and 9.10 dB over 3 "
        "fresh seeds (95%: 8.94 to 9.26). Use trial 1: 9.40 dB over 3 fresh seeds (95%: "
    )


def test_the_summary_has_it_and_the_best_of_the_search_stays_the_best() -> None:
    records = _records([9.5, 8.9, 5.0], {0: [9.0, 9.1, 9.7], None: [9.3, 9.4, 9.5]})
    summary = summarise(CONFIG, records, now=START)
    counts = summary.region.counts
    assert (counts.finished, counts.confirmed, counts.ended) == (3, 6, 3)
    assert summary.region.best is not None
    assert summary.region.best.number == 0
    assert [entry.number for entry in summary.leaderboard] == [0, 1, 2]
    text = markdown(summary).replace("&emsp;", "")  # between columns
    assert "## Confirmed with fresh seeds" in text
    assert "| 1 | centre | 5e-4 | - | 9.40 dB |" in text
    assert "model.chunk" not in text
    assert "is pooled with 4 degrees of freedom, which is few" in text


def test_a_centre_that_has_moved_is_met_by_what_was_confirmed_or_called_better() -> None:
    summary = summarise(sweep_config(), sound_records(40), now=START)
    region, centre, tolerance = summary.region, summary.region.centre, summary.region.tolerance
    assert centre is not None
    assert tolerance is not None

    def note(behind: float, batch_size: object = 2, **more: int) -> str:
        """What is said of a configuration so many tolerances behind the centre of now."""
        params = {**centre.params, "lr": float(centre.params["lr"]) * 2, "batch_size": batch_size}
        mean = centre.expected - behind * tolerance
        other = {**params, "batch_size": centre.params["batch_size"]}
        one = Confirmed(7, params, 9.0, (mean,), mean=mean, **more)
        two = Confirmed(None, other, None, (mean,), mean=mean - 0.05 * tolerance)
        both = Confirmation((one, two), None, 0, 0)
        return confirm_table(replace(summary, confirmation=both)).note

    assert region.direction == "maximize"
    # of two that are as good, that with the batch size of the verdict
    assert "the recommended centre is within the tolerance of" in note(0.5)
    assert "; trial 7 is within the tolerance of" in note(0.98)
    assert note(0.98).endswith("of that and confirmed: use it.")
    far = note(1.5)
    assert "every confirmed mean is behind that by more than the tolerance" in far
    assert far.endswith("trains it too.")
    assert "the recommended centre is within" in note(0.5, spoiled=1)
