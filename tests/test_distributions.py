from __future__ import annotations

import math
from typing import Any

import optuna
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from sweeper.config import CategoricalParam, FixedParam, FloatParam, IntParam, SearchSpace
from sweeper.config.search_space import propose
from sweeper.distributions import ask, distributions, enqueue, to_optuna, to_params

SPACE: SearchSpace = {
    "model.n_fft": CategoricalParam(
        type="categorical", choices=(256, 512), when={"model.encoder": ("stft",)}
    ),
    "lr": FloatParam(type="float", low=1e-4, high=1e-2, log=True),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4, 8, 16)),
    "model.encoder": CategoricalParam(type="categorical", choices=("learned", "stft")),
    "weight_decay": FixedParam(type="fixed", value=1e-5),
    "model.center": FixedParam(type="fixed", value=True, when={"model.encoder": ("stft",)}),
}


def categorical(*choices: Any) -> CategoricalParam:
    return CategoricalParam(type="categorical", choices=choices)


@pytest.mark.parametrize(
    ("spec", "name", "distribution"),
    [
        (categorical(2, 4, 8, 16), "log2(x)", IntDistribution(1, 4)),
        (categorical(0.25, 0.5, 1, 2.0), "log2(x)", IntDistribution(-2, 1)),
        (categorical(2, 4, 16), "index(x)", IntDistribution(0, 2)),
        (categorical(1, 1.5, 10), "index(x)", IntDistribution(0, 2)),
        (categorical(-2, -1), "index(x)", IntDistribution(0, 1)),
        (categorical(0, 1, 2), "index(x)", IntDistribution(0, 2)),
        (categorical(8, 4, 2), "x", CategoricalDistribution((8, 4, 2))),
        (categorical(False, True), "x", CategoricalDistribution((False, True))),
        (categorical(1, "auto"), "x", CategoricalDistribution((1, "auto"))),
        (categorical(8), "x", CategoricalDistribution((8,))),
        (
            FloatParam(type="float", low=1e-4, high=1e-2, log=True),
            "x",
            FloatDistribution(1e-4, 1e-2, log=True),
        ),
        (
            FloatParam(type="float", low=0, high=0.3, step=0.1),
            "x",
            FloatDistribution(0, 0.3, step=0.1),
        ),
        (IntParam(type="int", low=1, high=7, step=2), "x", IntDistribution(1, 7, step=2)),
        (IntParam(type="int", low=1, high=64, log=True), "x", IntDistribution(1, 64, log=True)),
    ],
)
def test_ordered_numbers_stay_ordered_numbers(spec: Any, name: str, distribution: Any) -> None:
    assert distributions({"x": spec}) == {name: distribution}


def test_conditional_and_fixed_parameters_are_not_in_every_trial() -> None:
    assert list(distributions(SPACE)) == ["lr", "log2(batch_size)", "model.encoder"]


def test_only_what_applies_is_asked_for() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    asked = [ask(study, SPACE) for _ in range(20)]
    for trial, params in asked:
        stft = params["model.encoder"] == "stft"
        assert ("model.n_fft" in params) is ("model.center" in params) is stft
        assert ("log2(model.n_fft)" in trial.params) is stft
        assert params["weight_decay"] == 1e-5
        assert to_params(SPACE, trial.params) == params
    assert {params["model.encoder"] for _, params in asked} == {"learned", "stft"}


def test_enqueued_points_come_first_and_may_be_partial() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    enqueue(study, SPACE, {"lr": 1e-3, "batch_size": 8, "weight_decay": 1e-5})
    enqueue(study, SPACE, {"model.encoder": "stft", "model.n_fft": 512})
    first, second = ask(study, SPACE)[1], ask(study, SPACE)[1]
    assert (first["lr"], first["batch_size"]) == (1e-3, 8)
    assert (second["model.encoder"], second["model.n_fft"]) == ("stft", 512)


@pytest.mark.parametrize(
    ("point", "message"),
    [
        ({"lr": 1.0}, "lr: 1.0 is not"),
        ({"batch_size": 6}, "batch_size: 6 is not"),
        ({"model.encoder": "mel"}, "model.encoder: 'mel' is not"),
        ({"weight_decay": 0.1}, "weight_decay: 0.1 is not"),
        ({"rate": 1.0}, r"rate is not in the search space: model\.n_fft, lr"),
    ],
)
def test_points_outside_of_the_space_are_refused(point: dict[str, Any], message: str) -> None:
    study = optuna.create_study()
    with pytest.raises(ValueError, match=message):
        enqueue(study, SPACE, point)
    assert not study.trials


def test_an_interrupted_asking_is_finished() -> None:
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    started = study.ask()
    lr = started.suggest_float("lr", 1e-4, 1e-2, log=True)
    trial, params = ask(study, SPACE, started.number)
    assert (trial.number, len(study.trials)) == (0, 1)
    assert params["lr"] == lr
    assert params == to_params(SPACE, study.trials[0].params)
    assert ask(study, SPACE, 0)[1] == params


def test_a_trial_that_is_not_there_cannot_be_finished() -> None:
    with pytest.raises(IndexError):
        ask(optuna.create_study(), SPACE, 3)


NARROW = [
    FloatParam(type="float", low=0.1, high=0.1 * (1 + 1e-12), log=True),
    FloatParam(type="float", low=1e-5, high=3e-5, log=True),
    FloatParam(type="float", low=0.1, high=0.7, step=0.2),
]


@pytest.mark.parametrize("spec", NARROW)
def test_no_rounding_leaves_the_range(spec: FloatParam) -> None:
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=0))
    for number in range(40):
        value = ask(study, {"x": spec})[1]["x"]
        assert spec.low <= float(value) <= spec.high
        assert spec.accepts(value)
        study.tell(number, float(value))
    assert to_params({"x": spec}, {"x": spec.high * (1 + 1e-15)}) == {"x": spec.high}


def test_stepped_floats_are_what_a_person_would_write() -> None:
    spec = FloatParam(type="float", low=0.0, high=0.5, step=0.1)
    values = [to_params({"x": spec}, {"x": 0.1 * i})["x"] for i in range(6)]
    assert values == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5]


NUMBERS = st.integers(-1000, 1000)
FLOATS = st.floats(1e-6, 1e6)


@st.composite
def specs(draw: st.DrawFn) -> Any:
    match draw(st.sampled_from(["float", "int", "powers", "categorical", "fixed"])):
        case "float":
            low = draw(FLOATS)
            high = draw(st.floats(math.nextafter(low, math.inf), low * 1e6))
            return FloatParam(type="float", low=low, high=high, log=draw(st.booleans()))
        case "int":
            low, step = draw(NUMBERS), draw(st.integers(1, 5))
            high = low + step * draw(st.integers(1, 9))
            return IntParam(type="int", low=low, high=high, step=step)
        case "powers":
            low = draw(st.integers(-8, 8))
            return categorical(*(2.0**i for i in range(low, low + draw(st.integers(1, 6)))))
        case "categorical":
            scalars = st.one_of(NUMBERS, FLOATS, st.text(max_size=3), st.booleans())
            return categorical(*draw(st.lists(scalars, min_size=1, max_size=5, unique=True)))
        case _:
            return FixedParam(type="fixed", value=draw(NUMBERS))


@st.composite
def spaces(draw: st.DrawFn) -> SearchSpace:
    space = {"encoder": categorical("learned", "stft")}
    for index, spec in enumerate(draw(st.lists(specs(), max_size=5))):
        when = {"encoder": ("stft",)} if draw(st.booleans()) else {}
        space[f"x{index}"] = spec.model_copy(update={"when": when})
    return space


@st.composite
def values(draw: st.DrawFn, spec: Any) -> Any:
    if isinstance(spec, FloatParam):
        return draw(st.floats(spec.low, spec.high))
    return draw(st.sampled_from(spec.values()))


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_there_and_back_again_is_exact(data: st.DataObject) -> None:
    space = data.draw(spaces())
    params = propose(space, lambda name, spec: data.draw(values(spec), label=name))
    told = to_optuna(space, params)
    back = to_params(space, told)
    assert back == params
    assert [type(v) for v in back.values()] == [type(v) for v in params.values()]
    assert to_optuna(space, back) == told


@settings(max_examples=60, deadline=None)
@given(spaces(), st.integers(0, 2**31))
def test_every_proposal_is_in_its_space(space: SearchSpace, seed: int) -> None:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=seed))
    for _ in range(3):
        trial, params = ask(study, space)
        assert all(space[name].accepts(value) for name, value in params.items())
        assert to_params(space, trial.params) == params
        assert to_optuna(space, params).keys() == trial.params.keys()
