"""The best again with fresh seeds: which, when, and after a crash at any point."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState as OptunaState

import toy
from dry_runs import ONE, TWO, check_survival, open_sweep, run_session
from sweeper.config import Confirm, SweepConfig, load
from sweeper.engine.choice import choose
from sweeper.engine.conductor import Conductor, Ending, Next
from sweeper.engine.resources import Slots
from sweeper.ledger.confirmation import ConfirmPlan, progress
from sweeper.records import EpochReport, Trial, TrialRecord, TrialState
from sweeper.region import region_of
from sweeper.sweep.contract import Contract
from synthetic import SPACE, sweep_config, sweep_records

pytestmark = pytest.mark.usefixtures("no_waiting_for_the_disk")

CONFIRM = "confirm={top: 2, seeds: 2}"
RANDOM = "sampler={name: random}"
_SPACE = {name: SPACE[name] for name in ("lr", "batch_size", "model.encoder", "model.n_fft")}
CALM = "pruner={name: none}"


def _config(folder: Path, *flags: str, task: str = "noisy", **options: Any) -> SweepConfig:
    return load(toy.write_space(folder, task, **options), flags)


def _session(folder: Path, config: SweepConfig, **options: Any) -> list[TrialRecord]:
    return run_session(folder, config, **options)[0].history.records()


def _again(records: list[TrialRecord]) -> list[TrialRecord]:
    return [r for r in records if r.is_confirming]


def _search(records: list[TrialRecord]) -> list[TrialRecord]:
    return [r for r in records if not r.is_confirming]


def test_the_best_are_trained_again_with_fresh_seeds_to_the_last_epoch(tmp_path: Path) -> None:
    """Whatever the pruner of the search, which would stop most of them, thinks."""
    strict = "pruner={name: threshold, lower: 100}"
    records = _session(tmp_path, _config(tmp_path, CALM, trials=7))
    ledger, conductor = run_session(tmp_path, _config(tmp_path, strict, CONFIRM, trials=7))
    search, again = _search(ledger.history.records()), _again(ledger.history.records())
    assert search == records
    ranked = sorted(search, key=lambda r: -(r.value or 0.0))
    assert Counter(r.confirms for r in again) == {ranked[0].number: 2, ranked[1].number: 2}
    for record in again:
        assert (record.state, record.epoch) == (TrialState.COMPLETE, 4)
        assert record.params == search[record.confirms or 0].params
    assert len({r.seed for r in [*search, *again]}) == 11
    said = "all 7 trials are done; 4 trials confirmed 2 configurations with fresh seeds"
    assert (conductor.ending, conductor.why) == (Ending.FINISHED, said)


def test_the_recommended_centre_comes_with_the_best_as_the_summary_shows_it() -> None:
    config, records = sweep_config(_SPACE, trials=60), sweep_records(60)
    plan = choose(config, records, Confirm(), by_hand=False)
    assert [point.confirms is None for point in plan.points] == [True, False, False, False]
    centre = plan.points[0].params
    assert 5e-4 < float(centre["lr"]) < 3e-3
    assert float(f"{centre['lr']:.3g}") == centre["lr"]
    finished = [r for r in records if r.state is TrialState.COMPLETE]
    ranked = sorted(finished, key=lambda r: -(r.value or 0.0))
    assert [point.confirms for point in plan.points[1:3]] == [r.number for r in ranked[:2]]
    # what confirming them gives moves neither the centre nor the ranks
    spoiled = [
        replace(ranked[0], number=60 + n, seed=n, value=5.0, stage="confirm", confirms=1)
        for n in range(3)
    ]
    more = Confirm(top=3, seeds=5)
    again = choose(config, [*records, *spoiled], more, by_hand=False, before=plan)
    assert again.points == plan.points


def test_the_best_with_a_batch_size_that_is_as_good_comes_before_the_third() -> None:
    config, records = sweep_config(_SPACE, trials=60), sweep_records(60)
    ties = [tie.batch_size for tie in region_of(config, records).ties]
    finished = [r for r in records if r.state is TrialState.COMPLETE]
    ranked = sorted(finished, key=lambda r: -(r.value or 0.0))
    first, second, third = (r.number for r in ranked[:3])
    shown = {r.params["batch_size"] for r in ranked[:2]}
    size = next(size for size in ties if size not in shown)
    rival = next(r.number for r in ranked if r.params["batch_size"] == size)
    assert rival != third

    def chosen(top: int, before: ConfirmPlan | None = None) -> list[int | None]:
        plan = choose(config, records, Confirm(top=top), by_hand=False, before=before)
        return [point.confirms for point in plan.points if point.confirms is not None]

    assert chosen(2) == [first, second]
    assert chosen(3) == [first, second, rival]
    # and stays where more is asked for after the same search
    plan = choose(config, records, Confirm(), by_hand=False)
    assert chosen(4, before=plan) == [first, second, third, rival]


def test_thin_evidence_has_no_centre_and_says_why() -> None:
    config, records = sweep_config(_SPACE, trials=60), sweep_records(6)
    plan = choose(config, records, Confirm(), by_hand=False)
    assert all(point.confirms is not None for point in plan.points)
    assert plan.without_centre


def test_they_are_no_part_of_the_budget(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, CONFIRM, trials=4)
    _session(tmp_path, config)
    with open_sweep(tmp_path, config) as ledger:
        assert (ledger.count(), len(ledger.history)) == (4, 8)
        contract = Contract.of(ledger, ())
        assert contract.nothing_left
        assert str(contract) == "4 done, 0 to go, 4 confirmed, 0 to confirm"
    more = _config(tmp_path, CALM, CONFIRM, trials=6)
    with open_sweep(tmp_path, more) as ledger:
        assert str(Contract.of(ledger, ())) == "4 done, 2 to go, 4 confirmed, at most 6 to confirm"
    records = _session(tmp_path, more)
    assert len(_search(records)) == 6
    # what had its seeds already has no more of them
    assert set(Counter(r.confirms for r in _again(records)).values()) == {2}


def test_a_higher_number_of_seeds_adds_what_is_lacking(tmp_path: Path) -> None:
    first = _again(_session(tmp_path, _config(tmp_path, CALM, CONFIRM, trials=6)))
    config = _config(tmp_path, CALM, "confirm={top: 3, seeds: 3}", trials=6)
    again = _again(_session(tmp_path, config))
    assert again[: len(first)] == first
    assert sorted(Counter(r.confirms for r in again).values()) == [3, 3, 3]
    assert len({r.seed for r in again}) == 9


def test_they_begin_when_every_trial_of_the_search_has_ended(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, CONFIRM, trials=3, epochs=1)
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, TWO)
        for number in range(3):
            trial = conductor.next_trial()
            assert isinstance(trial, Trial)
            conductor.on_report(number, EpochReport(1, {"score": float(number)}, 0.0))
            if number < 2:
                _complete(conductor, number)
        assert conductor.next_trial() is Next.LATER
        assert ledger.history.plan is None
        _complete(conductor, 2)
        again = [conductor.next_trial() for _ in range(3)]
        assert [t.number for t in again if isinstance(t, Trial)] == [3, 4]
        assert again[2] is Next.LATER
        assert [ledger.record(n).confirms for n in (3, 4)] == [2, 1]
        assert conductor.ending is None


def _complete(conductor: Conductor, number: int) -> None:
    from sweeper.trial import Outcome

    conductor.on_outcome(number, Outcome(TrialState.COMPLETE, ""))


@pytest.mark.parametrize(
    "sampler",
    ["{name: tpe, n_startup_trials: 3}", pytest.param("{name: grid}", marks=pytest.mark.slow)],
)
def test_killed_at_any_write_they_go_on_as_if_they_had_not_been(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sampler: str
) -> None:
    small = "search_space.lr={type: categorical, choices: [1e-3, 1e-2, 1e-1]}"
    flags = (f"sampler={sampler}", small)
    configs = [_config(tmp_path, *flags, CONFIRM, trials=n, epochs=2) for n in (4, 5)]
    ledger = check_survival(tmp_path, configs, monkeypatch, kills=12)
    again = _again(ledger.history.records())
    assert len(_search(ledger.history.records())) == 5
    assert min(Counter(str(dict(r.params)) for r in again).values()) == 2


def test_nothing_is_trained_again_unless_asked_for(tmp_path: Path) -> None:
    assert _again(_session(tmp_path, _config(tmp_path, trials=4))) == []


def test_a_person_may_want_it_before_the_search_is_over(tmp_path: Path) -> None:
    begun = _config(tmp_path, CALM, trials=4)
    _session(tmp_path, begun)
    config = _config(tmp_path, CALM, CONFIRM, trials=10)
    records = _session(tmp_path, config, confirm_now=True)
    assert (len(_search(records)), len(_again(records))) == (4, 4)
    # the next session goes on with the search, and then with what is best by then
    records = _session(tmp_path, config)
    assert len(_search(records)) == 10
    best = max(_search(records), key=lambda r: r.value or 0.0)
    assert sum(r.confirms == best.number for r in records) == 2


def test_what_confirms_has_done_so_when_it_has_ended_and_not_when_it_begins(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, "confirm={top: 1, seeds: 2}", trials=3)
    _session(tmp_path, _config(tmp_path, CALM, trials=3))
    with open_sweep(tmp_path, config) as ledger:
        conductor = Conductor(ledger, Slots(3, 1.0, 0.0, 3, 0), confirm_now=True)
        again = [
            found.number for _ in range(2) if isinstance(found := conductor.next_trial(), Trial)
        ]
        assert (conductor.next_trial(), conductor.ending) == (Next.NOTHING, Ending.FINISHED)
        begun = "on request; 2 trials confirm 1 configuration with fresh seeds"
        for number in again:
            assert conductor.why == begun
            conductor.on_report(number, EpochReport(4, {"score": 1.0}, 0.0))
            _complete(conductor, number)
        assert conductor.why == begun.replace("confirm ", "confirmed ")


def test_a_person_may_have_it_chosen_anew_and_what_has_its_seeds_gets_no_more(
    tmp_path: Path,
) -> None:
    config = _config(tmp_path, CALM, CONFIRM, trials=5)
    before = _again(_session(tmp_path, config))
    with open_sweep(tmp_path, config) as ledger:
        assert not Contract.of(ledger, (), confirm_now=True).nothing_left
    ledger, conductor = run_session(tmp_path, config, confirm_now=True)
    again = _again(ledger.history.records())
    assert again[: len(before)] == before
    assert max(Counter(str(dict(r.params)) for r in again).values()) == 2
    assert ledger.history.plan is not None
    assert ledger.history.plan.by_hand
    assert conductor.ending is Ending.FINISHED


def test_unfinished_trials_of_the_search_wait_while_a_person_confirms(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, CONFIRM, trials=4)
    _session(tmp_path, _config(tmp_path, CALM, trials=3))
    with open_sweep(tmp_path, _config(tmp_path, CALM, trials=4)) as ledger:
        Conductor(ledger, ONE).next_trial()
    with open_sweep(tmp_path, config) as ledger:
        assert Contract.of(ledger, (), confirm_now=True).continuing == {}
    records = _session(tmp_path, config, confirm_now=True)
    assert records[3].state is TrialState.INTERRUPTED
    assert len(_again(records)) == 4
    assert _session(tmp_path, config)[3].state is TrialState.COMPLETE


def test_used_up_hours_stand_against_it_unless_a_person_wants_it(tmp_path: Path) -> None:
    hours = "budget.hours=0.5"
    _session(tmp_path, _config(tmp_path, CALM, hours, trials=3))
    config = _config(tmp_path, CALM, hours, CONFIRM, trials=3)
    with open_sweep(tmp_path, config) as ledger:
        late = Conductor(ledger, ONE, clock=lambda: ledger.history.last_time + 1)
        assert isinstance(late.next_trial(), Trial)
        ledger.history.seconds = 3600.0
        late = Conductor(ledger, ONE)
        assert (late.next_trial(), late.why) == (Next.NOTHING, "budget of 0.5 h used up")
        by_hand = Conductor(ledger, ONE, confirm_now=True)
        assert isinstance(by_hand.next_trial(), Trial)


def test_what_a_person_wanted_beyond_the_hours_survives_a_kill(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, "budget.hours=0.5", CONFIRM, trials=3)
    _session(tmp_path, config.model_copy(update={"confirm": None}))
    with open_sweep(tmp_path, config) as ledger:
        ledger.history.seconds = 3600.0
        assert isinstance(Conductor(ledger, TWO, confirm_now=True).next_trial(), Trial)
    with open_sweep(tmp_path, config) as ledger:
        ledger.history.seconds = 3600.0
        assert progress(config, ledger.history).by_hand
        again = Conductor(ledger, ONE).next_trial()
        assert isinstance(again, Trial)
        assert ledger.record(again.number).attempts == 2


def test_a_target_reached_is_confirmed_and_a_lucky_seed_reaches_none(tmp_path: Path) -> None:
    config = _config(tmp_path, CALM, CONFIRM, "budget.target=5", trials=30)
    ledger, conductor = run_session(tmp_path, config)
    records = ledger.history.records()
    assert len(_search(records)) < 30
    assert len(_again(records)) >= 2
    assert conductor.why.startswith("target score 5 reached; ")


def test_to_sampler_and_study_they_are_further_finished_observations(tmp_path: Path) -> None:
    config = _config(tmp_path, "sampler={name: tpe, n_startup_trials: 3}", CONFIRM, trials=6)
    records = _session(tmp_path, config)
    with open_sweep(tmp_path, config) as ledger:
        trials = ledger._study._study.get_trials()
    assert [t.number for t in trials] == [r.number for r in records]
    for record, trial in zip(records, trials, strict=True):
        if record.is_confirming:
            assert (trial.state, trial.value) == (OptunaState.COMPLETE, record.value)
            assert trial.params["lr"] == record.params["lr"]
            assert len(trial.intermediate_values) == 4


def test_they_do_not_change_what_is_proposed_to_a_sampler_that_does_not_learn(
    tmp_path: Path,
) -> None:
    proposals = []
    for sampler in ("{name: qmc}", "{name: grid, n_points: 3, order: listed}"):
        for confirm in (CONFIRM, "confirm=null"):
            folder = tmp_path / f"{len(proposals)}"
            folder.mkdir()
            for trials in (4, 8):
                config = _config(folder, f"sampler={sampler}", CALM, confirm, trials=trials)
                records = _session(folder, config)
            proposals.append([dict(r.params) for r in _search(records)])
    assert proposals[0] == proposals[1]
    assert proposals[2] == proposals[3]


def test_a_changed_space_keeps_them_and_what_fits_is_chosen_anew(tmp_path: Path) -> None:
    config = _config(tmp_path, RANDOM, CALM, CONFIRM, trials=5)
    before = _session(tmp_path, config)
    narrow = _config(tmp_path, RANDOM, CALM, CONFIRM, "search_space.lr.high=0.005", trials=7)
    records = _session(tmp_path, narrow)
    assert records[: len(before)] == before
    later = _again(records[len(before) :])
    assert all(r.params["lr"] <= 0.005 for r in later)
    with open_sweep(tmp_path, narrow) as ledger:
        trials = ledger._study._study.get_trials()
        fitting = [r for r in _again(before) if r.params["lr"] <= 0.005]
        assert all(trials[r.number].state is OptunaState.COMPLETE for r in fitting)


def test_without_a_finished_trial_there_is_nothing_to_confirm(tmp_path: Path) -> None:
    config = _config(tmp_path, CONFIRM, "search_space.lr.low=0.05", task="cliff", trials=3)
    ledger, conductor = run_session(tmp_path, config)
    assert _again(ledger.history.records()) == []
    assert conductor.why.endswith("nothing to confirm: no trial has finished")
    assert progress(config, ledger.history).left == 0


def test_the_parts_of_a_region_sweep_are_those_of_its_budget(tmp_path: Path) -> None:
    """Early confirmation must not move later trials of the search into the last part."""
    flags = ("objective.goal=region", "sampler={name: random}", CALM)
    begun = _config(tmp_path, *flags, trials=4)
    _session(tmp_path, begun)
    config = _config(tmp_path, *flags, "confirm={top: 3, seeds: 3}", trials=10)
    _session(tmp_path, config, confirm_now=True)
    with open_sweep(tmp_path, config) as ledger:
        study = ledger._study._study
        trial = study.ask()  # the fifth of ten is still evenly spread or random, not placed
        assert "sweeper:full_length" not in trial._cached_frozen_trial.system_attrs


@pytest.mark.parametrize(
    ("options", "most"), [({}, 12), ({"top": 1, "seeds": 1}, 2), ({"top": 5}, 18)]
)
def test_how_many_trials_it_takes_at_most(options: dict[str, int], most: int) -> None:
    assert Confirm(**options).most == most
