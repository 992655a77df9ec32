"""Whatever stands in a file, it is a configuration or a list of mistakes, never a traceback."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.config import SweepConfig, load
from sweeper.config.yaml_core import dump
from sweeper.errors import ConfigError

relaxed = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)

BASE: dict[str, Any] = {
    "version": 1,
    "name": "x",
    "experiment": "x",
    "seed": 0,
    "task": "enhancement",
    "model": {"name": "dprnn", "encoder": "stft", "layers": 2},
    "data": {"name": "demo", "sample_rate": 16000},
    "training": {
        "epochs": 12,
        "segment": 1.0,
        "snr": [0, 5],
        "loss": {"si_sdr": 1.0, "multi_resolution_stft": {"weight": 0.1, "n_fft": 512}},
        "schedule": {"name": "plateau", "patience": 3},
    },
    "search_space": {
        "lr": {"type": "float", "low": 1e-4, "high": 1e-2, "log": True},
        "batch_size": {"type": "categorical", "choices": [2, 4, 8]},
        "model.n_fft": {"type": "categorical", "choices": [256, 512], "when": {"batch_size": [2]}},
        "warmup_steps": {"type": "int", "low": 0, "high": 10, "step": 5},
        "weight_decay": {"type": "fixed", "value": 0},
    },
    "objective": {"metric": "val_si_sdr", "direction": "maximize"},
    "sampler": {"name": "random", "seed": 1},
    "pruner": {"name": "hyperband"},
    "budget": {"trials": 4, "hours": None},
    "resources": {"cpus": "auto", "gpus_per_trial": 0.5},
    "enqueue": [{"lr": 1e-3, "batch_size": 2, "model.n_fft": 256}],
}

# numbers stay small: a model of 10^9 layers is no mistake that a check could tell
junk = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 9),
    st.floats(-3, 9),
    st.sampled_from(["", "x", "auto", "stft", "none", "a:b", "model.name", "l1", "int", "[", "1"]),
    st.builds(list),
    st.builds(dict),
    st.builds(lambda: [[]]),
    st.builds(lambda: {"": None}),
    st.builds(lambda: {"name": "x"}),
    st.builds(lambda: {"type": "int", "low": 1, "high": 2}),
    st.builds(lambda: {"type": "fixed", "value": "x", "when": {"lr": 1}}),
    st.builds(lambda: {"batch_size": [2], "x": 1}),
)
keys = st.sampled_from(
    ["", "name", "lr", "x", "type", "when", "model", "model.name", "loss", "loss.l1.weight", "."]
)


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in nested collections."""
    items = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else items
    return [path, *(inner for key, part in items for inner in paths(part, (*path, key)))]


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """The base with some places replaced, removed or added to."""
    tree = copy.deepcopy(BASE)
    for _ in range(draw(st.integers(1, 3))):
        path = draw(st.sampled_from(paths(tree)[1:]))
        holder = tree
        for key in path[:-1]:
            holder = holder[key]
        action = draw(st.sampled_from(["replace", "remove", "add"]))
        if action == "remove":
            del holder[path[-1]]
        elif action == "add" and isinstance(holder[path[-1]], dict):
            holder[path[-1]][draw(keys)] = draw(junk)
        else:
            holder[path[-1]] = draw(junk)
    return tree


def check(path: Path, flags: list[str]) -> None:
    try:
        config = load(path, flags)
    except ConfigError as refused:
        problems = refused.problems
    else:
        assert SweepConfig.from_json(config.to_json()) == config
        return
    assert problems
    for problem in problems:
        assert problem.where.startswith((str(path), "--set "))
        assert problem.message.strip()
        assert "\n" not in problem.message


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("sweep.yaml")


def test_the_base_is_right(path: Path) -> None:
    path.write_text(dump(BASE))
    assert load(path).to_json()["enqueue"] == BASE["enqueue"]


@relaxed
@given(spoiled())
def test_a_spoiled_file_is_loaded_or_refused(path: Path, tree: Any) -> None:
    path.write_text(dump(tree), encoding="utf-8")
    check(path, [])


PARTS = [
    *("search_space", "model", "training", "enqueue", "pruner", "lr", "loss", "l1", "n_fft"),
    *("batch_size", "choices", "type", "name", "low", "when", "0", "9", ""),
]
VALUES = ["1", "x", "", "[1]", "{a: 1}", "null", "1e-3", "{type: fixed, value: 1}"]
flag_keys = st.lists(st.sampled_from(PARTS), min_size=1, max_size=5).map(".".join)


@relaxed
@given(st.lists(st.builds("{}={}".format, flag_keys, st.sampled_from(VALUES)), max_size=3))
def test_any_flags_are_taken_or_refused(path: Path, flags: list[str]) -> None:
    path.write_text(dump(BASE))
    check(path, flags)
