"""What holds for every configuration, whatever its search space."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.config import SweepConfig, apply, diff, flat_params, load
from sweeper.config.paths import get, option_path
from sweeper.config.search_space import active, propose
from sweeper.config.yaml_core import dump

relaxed = settings(
    deadline=None,
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


def choices(*values: Any) -> dict[str, Any]:
    return {"type": "categorical", "choices": list(values)}


def fixed(value: Any) -> dict[str, Any]:
    return {"type": "fixed", "value": value}


FLOAT = {"type": "float", "low": 1e-5, "high": 1.0, "log": True}
PARAMS: dict[str, list[dict[str, Any]]] = {
    "lr": [FLOAT, {**FLOAT, "low": 0.1, "high": 0.5, "log": False, "step": 0.1}, fixed(1e-3)],
    "batch_size": [choices(2, 4, 8), {"type": "int", "low": 1, "high": 9, "step": 2}],
    "optimizer": [choices("adam", "sgd"), fixed("sgd")],
    "momentum": [{"type": "float", "low": 0, "high": 0.9}],
    "remix": [choices(True, False)],
    "model.layers": [{"type": "int", "low": 1, "high": 4, "log": True}],
    "model.chunk": [choices("auto", 8, 16)],
    "loss.multi_resolution_stft.n_fft": [choices(256, 512)],
}
CONDITIONS: dict[str, dict[str, Any]] = {
    "momentum": {"optimizer": "sgd"},
    "model.chunk": {"remix": [True]},
    "loss.multi_resolution_stft.n_fft": {"optimizer": ["sgd"], "remix": False},
}


@st.composite
def trees(draw: st.DrawFn) -> dict[str, Any]:
    """Files without mistakes."""
    names = draw(st.lists(st.sampled_from(sorted(PARAMS)), min_size=1, unique=True))
    space = {}
    for name in names:
        when = CONDITIONS.get(name, {})
        is_conditional = when and when.keys() <= set(names) and draw(st.booleans())
        parameter = draw(st.sampled_from(PARAMS[name]))
        space[name] = {**parameter, "when": when} if is_conditional else parameter
    if space.get("optimizer") == fixed("sgd"):
        space["optimizer"] = choices("adam", "sgd")
    return {
        "seed": draw(st.integers(0, 2**32 - 1)),
        "model": {"name": "dprnn"},
        "data": "demo",
        "training": {
            "epochs": draw(st.integers(1, 100)),
            "segment": draw(st.floats(0.1, 10)),
            "loss": {"si_sdr": 1.0, "multi_resolution_stft": {"weight": draw(st.floats(0.1, 1))}},
        },
        "search_space": space,
        "pruner": "none",
        "sampler": {"name": "random", "seed": draw(st.integers(0, 9))},
        "budget": {"trials": draw(st.integers(1, 10**6)), "hours": draw(st.none() | st.just(0.5))},
    }


@pytest.fixture
def load_tree(tmp_path: Path) -> Any:
    def load_it(tree: dict[str, Any] | str) -> SweepConfig:
        path = tmp_path / "sweep.yaml"
        path.write_text(tree if isinstance(tree, str) else dump(tree), encoding="utf-8")
        return load(path)

    return load_it


@relaxed
@given(trees())
def test_a_configuration_comes_back_from_yaml_and_json(load_tree: Any, tree: Any) -> None:
    config = load_tree(tree)
    assert load_tree(config.to_yaml()) == config
    assert SweepConfig.from_json(json.dumps(config.to_json())) == config
    assert SweepConfig.from_json(config.to_json()).to_json() == config.to_json()
    assert diff(config, load_tree(config.to_yaml())) == ()


@relaxed
@given(trees(), st.randoms())
def test_a_trial_has_the_values_of_its_active_parameters(
    load_tree: Any, tree: Any, random: Any
) -> None:
    config = load_tree(tree)
    space = config.search_space
    params = propose(space, lambda _, spec: random.choice(spec.values() or (spec.low, spec.high)))
    sections = apply(config, params)
    names = active(space, params)
    assert set(names) == params.keys()
    for name in space:
        section, path = option_path(name)
        written = {"model": config.model.options, "training": config.training}[section]
        own = params[name] if name in names else get(written, path)
        assert get(sections[section], path) == own


@relaxed
@given(trees(), st.randoms())
def test_values_of_inactive_parameters_change_nothing(
    load_tree: Any, tree: Any, random: Any
) -> None:
    config = load_tree(tree)
    space = config.search_space
    params = propose(space, lambda _, spec: random.choice(spec.values() or (spec.low, spec.high)))
    others = {n: (spec.values() or (spec.low,))[0] for n, spec in space.items() if n not in params}
    assert apply(config, {**params, **others}) == apply(config, params)
    assert flat_params(config, {**params, **others}) == flat_params(config, params)


@relaxed
@given(trees(), st.randoms())
def test_flat_names_are_unique_and_the_same_whatever_is_active(
    load_tree: Any, tree: Any, random: Any
) -> None:
    config = load_tree(tree)
    space = config.search_space

    def flat() -> dict[str, Any]:
        params = propose(space, lambda _, s: random.choice(s.values() or (s.low, s.high)))
        return flat_params(config, params)

    a, b = flat(), flat()
    conditional = {name.rpartition(".")[2] for name, spec in space.items() if spec.when}
    assert {name.rpartition(".")[2] for name in a.keys() ^ b.keys()} <= conditional
