from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import ValidationError

from sweeper.config import (
    CategoricalParam,
    Component,
    FixedParam,
    FloatParam,
    IntParam,
    SweepConfig,
    load,
)


def test_defaults_are_filled_in(load_text, minimal: str) -> None:
    config = load_text(minimal)
    assert (config.version, config.name, config.seed, config.task) == (1, "sweep", 0, "enhancement")
    assert config.experiment == "sweeper"
    assert config.objective.metric == "val_si_sdr"
    assert config.objective.direction == "maximize"
    assert config.sampler.name == "tpe"
    assert config.pruner.name == "hyperband"
    assert config.budget.hours is None
    assert config.resources.cpus == "auto"
    assert config.enqueue == ()
    assert config.epochs == 12
    assert config.training["loss"] == {"si_sdr": {"weight": 1.0, "ceiling": None}}
    assert config.model.options["layers"] == 6


def test_what_the_search_space_sets_is_not_in_the_sections(load_text, minimal: str) -> None:
    config = load_text(minimal, ["search_space.model.layers={type: int, low: 1, high: 3}"])
    assert "lr" not in config.training
    assert "layers" not in config.model.options


def test_a_conditional_option_keeps_the_value_for_when_the_condition_does_not_hold(
    load_text, minimal: str
) -> None:
    config = load_text(
        minimal,
        [
            "search_space.optimizer={type: categorical, choices: [adam, sgd]}",
            "search_space.momentum={type: float, low: 0, high: 0.9, when: {optimizer: sgd}}",
            "training.momentum=0.1",
        ],
    )
    assert config.training["momentum"] == 0.1


def test_the_sampler_has_the_seed_of_the_sweep_unless_it_has_its_own(
    load_text, minimal: str
) -> None:
    assert load_text(minimal, ["seed=5"]).sampler.seed == 5
    config = load_text(minimal, ["seed=5", "sampler={name: tpe, seed: 6}"])
    assert (config.seed, config.sampler.seed) == (5, 6)
    assert "seed" not in config.sampler.options


def test_kinds_of_parameters(load_text, minimal: str) -> None:
    space = load_text(
        minimal,
        [
            "search_space.batch_size={type: categorical, choices: [2, 4]}",
            "search_space.warmup_steps={type: int, low: 0, high: 100, step: 50}",
            "search_space.training.weight_decay={type: fixed, value: 1e-5}",
        ],
    ).search_space
    assert [type(spec) for spec in space.values()] == [
        FloatParam,
        CategoricalParam,
        IntParam,
        FixedParam,
    ]
    assert list(space)[-1] == "weight_decay"
    assert isinstance(space["batch_size"], CategoricalParam)
    assert space["batch_size"].choices == (2, 4)


@pytest.mark.parametrize(
    "flag",
    [
        "sampler=optuna.samplers:RandomSampler",
        "pruner=optuna.pruners:NopPruner",
        "sampler={name: 'optuna.samplers:QMCSampler', scramble: true}",
        "pruner={name: 'optuna.pruners:PercentilePruner', percentile: 25}",
        "model={name: 'torch.nn:Identity'}",
    ],
)
def test_members_by_dotted_name(flag: str, load_text, minimal: str) -> None:
    config = load_text(minimal, [flag])
    assert ":" in getattr(config, flag.partition("=")[0]).name
    assert SweepConfig.from_json(config.to_json()) == config


OWN_TASK = """\
task: own_of_load:task
model: {size: 3, deep: {er: [1, 2]}}
training: {epochs: 3, anything: {goes: here}}
search_space:
  x: {type: float, low: 0, high: 1}
  anything.goes: {type: fixed, value: 1, when: {k: 2}}
  k: {type: int, low: 1, high: 2}
objective: {metric: mine, direction: minimize}
budget: {trials: 2}
"""


@pytest.fixture
def own_task(tmp_path: Path) -> None:
    (tmp_path / "own_of_load.py").write_text("def task(trial, /): yield\n")


@pytest.mark.usefixtures("own_task")
def test_a_task_of_ones_own_reads_its_sections_as_it_likes(load_text) -> None:
    config = load_text(OWN_TASK)
    assert config.model == Component(options={"size": 3, "deep": {"er": [1, 2]}})
    assert config.data == Component()
    assert config.training == {"epochs": 3, "anything": {"goes": "here"}}
    assert config.to_json()["model"] == {"size": 3, "deep": {"er": [1, 2]}}


@pytest.mark.usefixtures("own_task")
@pytest.mark.parametrize(
    ("flag", "message"),
    [
        (
            "training.epochs=0",
            "training needs epochs, a whole number > 0: the reports of a full tr",
        ),
        ("training={y: 1}", "training needs epochs, a whole number > 0"),
        ("model=[1]", "model must be a mapping, got [1]"),
        ("objective=mine", "objective needs direction (minimize or maximize) where the task is"),
        ("search_space.k.when.x=1", "x has infinitely many values"),
        ("search_space.epochs={type: int, low: 1, high: 2}", "is the budget of every trial"),
        ("training.x=1", "training.x is also given in its section (as 1)"),
    ],
)
def test_mistakes_with_a_task_of_ones_own(flag: str, message: str, problems) -> None:
    (problem,) = problems(OWN_TASK, [flag])
    assert message in problem


def test_a_model_of_ones_own_that_cannot_be_built_is_told(
    problems, minimal: str, tmp_path: Path
) -> None:
    (tmp_path / "broken_of_load.py").write_text(
        "class Model:\n    def __init__(self, size: int = 1):\n        self.no = self.where\n"
    )
    (problem,) = problems(minimal, ["model={name: 'broken_of_load:Model'}"])
    assert "model: broken_of_load:Model fails with AttributeError" in problem


def test_configurations_are_frozen(load_text, minimal: str) -> None:
    config = load_text(minimal)
    with pytest.raises(ValidationError, match="frozen"):
        config.seed = 3
    with pytest.raises(ValidationError, match="frozen"):
        config.search_space["lr"].low = 3


def test_importing_costs_none_of_the_heavy_libraries() -> None:
    script = """
import sys, json
import sweeper.config
heavy = {"torch", "torchaudio", "optuna", "ray", "mlflow", "numpy", "pandas", "scipy", "matplotlib"}
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
config = sweeper.config.SweepConfig.from_json(sys.stdin.read())
sweeper.config.apply(config, {"lr": 1e-3})
assert not heavy & sys.modules.keys(), heavy & sys.modules.keys()
"""
    subprocess.run(
        [sys.executable, "-c", script],
        input=json.dumps(_resolved()),
        text=True,
        check=True,
        timeout=60,
    )


def _resolved() -> dict[str, object]:
    return {
        "version": 1,
        "name": "x",
        "experiment": "x",
        "seed": 0,
        "task": "enhancement",
        "model": {"name": "dprnn"},
        "data": {"name": "demo"},
        "training": {"epochs": 1},
        "search_space": {"lr": {"type": "float", "low": 1e-4, "high": 1.0}},
        "objective": {"metric": "val_si_sdr", "direction": "maximize"},
        "sampler": {"name": "tpe", "seed": 0},
        "pruner": {"name": "none"},
        "budget": {"trials": 1},
        "resources": {},
        "enqueue": [],
    }


def test_the_path_may_be_text(tmp_path: Path, minimal: str) -> None:
    path = tmp_path / "named.yaml"
    path.write_text(minimal)
    assert load(str(path)) == load(path)
    assert load(path).name == "named"
