"""Samplers must learn from every ending: measured on curves by formula."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import optuna
import pytest
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial

from sweeper import records
from sweeper.config import SearchSpace
from sweeper.samplers._build import build
from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import broken, comparable
from sweeper.tell import tell

Zones = Callable[..., float]
Make = Callable[[SearchSpace, int, int], optuna.samplers.BaseSampler]
DIVERGES_ABOVE = 1e-2


def trial(state: TrialState, reports: dict[int, float], value: float | None = None) -> FrozenTrial:
    return create_trial(state=state, value=value, intermediate_values=reports)


def seen(
    *trials: FrozenTrial, maximize: bool = True, constraints: bool = True
) -> list[FrozenTrial]:
    for number, one in enumerate(trials):
        one.number = number
    direction = StudyDirection.MAXIMIZE if maximize else StudyDirection.MINIMIZE
    return comparable(trials, direction, constraints=constraints)


def finished(*curve: float) -> FrozenTrial:
    return trial(TrialState.COMPLETE, dict(enumerate(curve, 1)), max(curve))


def pruned(*curve: float) -> FrozenTrial:
    return trial(TrialState.PRUNED, dict(enumerate(curve, 1)))


def diverged(*curve: float) -> FrozenTrial:
    one = pruned(*curve)
    one.system_attrs["constraints:feasible"] = 1.0
    return one


def test_a_pruned_trial_gains_what_others_gained() -> None:
    shown = seen(finished(1, 4, 6), finished(2, 5, 9), finished(0, 3, 4), pruned(1, 2))
    # from epoch 2 on the others gained 2, 4 and 1
    assert [t.value for t in shown] == [6, 9, 4, 4]
    assert all(t.state == TrialState.COMPLETE for t in shown)


def test_a_pruned_trial_is_never_shown_as_the_best() -> None:
    assert seen(finished(1, 6), pruned(5))[1].value == 6


def test_what_a_trial_had_reached_counts() -> None:
    assert seen(finished(1, 2, 9), pruned(3, 1))[1].value == 9
    assert seen(pruned(3, 1))[0].value == 3


def test_minimized_values_go_the_other_way() -> None:
    curves = [
        trial(TrialState.COMPLETE, {1: 9.0, 2: 5.0}, 5.0),
        trial(TrialState.PRUNED, {1: 11.0}),
        trial(TrialState.PRUNED, {1: 4.0}),
        diverged(1),
    ]
    assert [t.value for t in seen(*curves, maximize=False)] == [5, 7, 5, 7]


def test_infeasible_trials_have_the_worst_value_and_the_constraint() -> None:
    shown = seen(finished(1, 6), diverged(8), pruned(2))
    assert [t.value for t in shown] == [6, 6, 6]
    shown = seen(finished(1, 6), diverged(8), finished(1, 3), pruned())
    assert [t.value for t in shown] == [6, 3, 3, 3]
    assert [broken(t) for t in shown] == [False, True, False, False]
    assert all(len(t.constraints) == 1 for t in shown)


def test_without_infeasible_trials_there_is_no_constraint() -> None:
    assert not any(t.constraints for t in seen(finished(1), pruned(1)))


def test_samplers_without_constraints_see_none() -> None:
    assert not any(t.constraints for t in seen(finished(1), diverged(1), constraints=False))


def test_the_study_keeps_what_happened() -> None:
    told = [finished(1, 6), diverged(8), pruned(2)]
    seen(*told)
    assert [t.state for t in told] == [TrialState.COMPLETE, TrialState.PRUNED, TrialState.PRUNED]
    assert [t.value for t in told] == [6, None, None]
    assert broken(told[1])


def test_failed_and_running_trials_are_left_alone() -> None:
    assert seen(trial(TrialState.FAIL, {}), trial(TrialState.RUNNING, {1: 2.0})) == []


def ours(name: str) -> Make:
    return lambda space, seed, _: build(name, {}, space, seed)


def stock_tpe(_: SearchSpace, seed: int, number: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(seed=proposal_seed(seed, number))


def stock_gp(_: SearchSpace, seed: int, number: int) -> optuna.samplers.BaseSampler:
    own = proposal_seed(seed, number)
    return optuna.samplers.GPSampler(seed=own, warn_independent_sampling=False)


def diverging(ending: records.TrialState, trained: Callable[..., Any]) -> Callable[..., Any]:
    def end(study: optuna.Study, number: int, params: dict[str, Any]) -> None:
        if params["lr"] > DIVERGES_ABOVE:
            tell(study, number, ending)
        else:
            trained(study, number, params)

    return end


# of random trials 42 % diverge, and 43 % are pruned as too slow or too bad
SEEDS = [("tpe", 6, 40), ("gp", 1, 30), ("cmaes", 6, 40), ("nsgaii", 6, 40)]


@pytest.mark.parametrize(("name", "seeds", "trials"), SEEDS)
def test_few_trials_land_where_training_diverges(
    name: str, seeds: int, trials: int, share_in_zone: Zones, trained: Callable[..., Any]
) -> None:
    end = diverging(records.TrialState.DIVERGED, trained)
    share = share_in_zone(
        ours(name), lambda lr: lr > DIVERGES_ABOVE, end, seeds=seeds, trials=trials
    )
    assert share < 0.25


@pytest.mark.parametrize(("stock", "seeds", "trials"), [(stock_tpe, 4, 30), (stock_gp, 1, 30)])
def test_told_as_failed_most_trials_would_land_there(
    stock: Make, seeds: int, trials: int, share_in_zone: Zones, trained: Callable[..., Any]
) -> None:
    end = diverging(records.TrialState.FAILED, trained)
    share = share_in_zone(stock, lambda lr: lr > DIVERGES_ABOVE, end, seeds=seeds, trials=trials)
    assert share > 0.6


@pytest.mark.parametrize(("name", "seeds", "trials"), SEEDS)
def test_few_trials_land_where_they_are_pruned(
    name: str, seeds: int, trials: int, share_in_zone: Zones, trained: Callable[..., Any]
) -> None:
    share = share_in_zone(
        ours(name),
        lambda lr: not 3e-4 < lr < 3e-2,
        trained,
        seeds=seeds,
        trials=trials,
        pruner="hyperband",
    )
    assert share < 0.3
