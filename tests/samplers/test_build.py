"""Making a sampler by its name, also of one's own."""

from __future__ import annotations

from typing import Any

import optuna
import pytest

from sweeper.config import CategoricalParam, SearchSpace
from sweeper.distributions import ask
from sweeper.records import TrialState
from sweeper.samplers._build import build, is_exhausted
from sweeper.samplers._told import broken
from sweeper.tell import tell

SMALL: SearchSpace = {
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4)),
    "model.encoder": CategoricalParam(type="categorical", choices=("learned", "stft")),
    "model.n_fft": CategoricalParam(
        type="categorical", choices=(256, 512), when={"model.encoder": ("stft",)}
    ),
}


SEEDS: set[int] = set()


def largest(space: SearchSpace, seed: int, number: int, /, *, of: int = 3) -> Any:
    """A member of one's own, of the family's form."""
    assert list(space) == list(SMALL)
    SEEDS.add(seed)
    return optuna.samplers.PartialFixedSampler(
        {"log2(batch_size)": 1 + number % of}, optuna.samplers.RandomSampler(seed=seed)
    )


class Watching(optuna.samplers.RandomSampler):
    """A sampler for Optuna that notes what it is shown."""

    shown: list[Any] = []  # noqa: RUF012

    def sample_relative(self, study: Any, trial: Any, search_space: Any) -> dict[str, Any]:
        Watching.shown = study.get_trials(deepcopy=False)
        return {}


def nothing() -> None:
    """No sampler."""


def test_a_member_of_ones_own_gets_space_seed_and_number() -> None:
    study = optuna.create_study(sampler=build(f"{__name__}:largest", {"of": 2}, SMALL, 5))
    assert [ask(study, SMALL)[1]["batch_size"] for _ in range(4)] == [2, 4, 2, 4]
    assert 5 in SEEDS


def test_a_sampler_for_optuna_is_shown_comparable_trials() -> None:
    sampler = build(f"{__name__}:Watching", {}, SMALL, 0)
    study = optuna.create_study(sampler=sampler)
    for state, value in ((TrialState.DIVERGED, None), (TrialState.COMPLETE, 2.0)):
        tell(study, ask(study, SMALL)[0].number, state, value)
    ask(study, SMALL)
    assert [t.value for t in Watching.shown] == [2.0, 2.0]
    assert [broken(t) for t in Watching.shown] == [True, False]


def test_a_sampler_for_optuna_has_another_seed_for_each_trial() -> None:
    def proposals(seed: int) -> list[Any]:
        study = optuna.create_study(sampler=build("optuna.samplers:RandomSampler", {}, SMALL, seed))
        return [ask(study, SMALL)[1] for _ in range(12)]

    assert proposals(0) == proposals(0) != proposals(1)
    assert len({str(params) for params in proposals(0)}) > 3


@pytest.mark.parametrize("name", ["grid", "optuna.samplers:BruteForceSampler"])
def test_a_finite_space_is_exhausted(name: str) -> None:
    study = optuna.create_study(sampler=build(name, {}, SMALL, 0))
    proposals = []
    while not is_exhausted(study):
        trial, params = ask(study, SMALL)
        proposals.append(str(params))
        tell(study, trial.number, TrialState.COMPLETE, 1.0)
    assert len(proposals) == len(set(proposals)) == 6


@pytest.mark.parametrize(
    ("name", "options", "error", "message"),
    [
        ("tree", {}, LookupError, "tree"),
        ("optuna.samplers:Tree", {}, LookupError, "Tree"),
        ("tpe", {"startup": 3}, TypeError, "startup"),
        ("cmaes", {"use_separable_cma": True}, ValueError, "with_margin"),
        (f"{__name__}:nothing", {}, TypeError, "BaseSampler"),
    ],
)
def test_mistakes_are_told_before_the_first_trial(
    name: str, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        build(name, options, SMALL, 0)
