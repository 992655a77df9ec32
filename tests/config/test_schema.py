from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from sweeper import families
from sweeper.config import SweepConfig, json_schema, schema_text

SEARCH_SPACES = Path(__file__).parents[2] / "search_spaces"

TEXT = """\
model: {name: dprnn, encoder: stft}
data: {name: demo}
training: {epochs: 12, loss: {si_sdr: 1.0, l1: {weight: 0.1}}, schedule: {name: plateau}}
search_space:
  lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}
  model.n_fft: {type: categorical, choices: [256, 512], when: {batch_size: [4, 8]}}
  batch_size: {type: int, low: 4, high: 8}
objective: {metric: val_si_sdr}
sampler: {name: tpe, seed: 3}
pruner: hyperband
budget: {trials: 4, gpu_hours: 1.5}
notify: $TEAM
resources: {cpus: auto, gpus_per_trial: 0.5}
enqueue: [{lr: 0.001}]
"""


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


@pytest.fixture(scope="module")
def validator(schema: dict[str, Any]) -> Any:
    return pytest.importorskip("jsonschema").Draft7Validator(schema)


def test_the_published_schema_is_current() -> None:
    published = (SEARCH_SPACES / "sweep.schema.json").read_text(encoding="utf-8")
    assert published == schema_text(), "run: sweeper schema > search_spaces/sweep.schema.json"


def test_it_has_every_section(schema: dict[str, Any]) -> None:
    assert set(schema["properties"]) == set(SweepConfig.model_fields)
    for name, section in schema["properties"].items():
        assert section.get("description") or "anyOf" in section, name


@pytest.mark.parametrize(
    ("section", "family"),
    [("model", "models"), ("data", "datasets"), ("sampler", "samplers"), ("pruner", "pruners")],
)
def test_it_has_every_member_with_its_options(
    schema: dict[str, Any], section: str, family: str
) -> None:
    trained = schema["else"]["properties"]
    component = (trained if section in trained else schema["properties"])[section]["anyOf"][2]
    for name, rule in zip(families.member_names(family), component["allOf"], strict=True):
        options = families.options(families.load(family, name)).model_fields
        assert rule["if"]["properties"]["name"] == {"const": name}
        assert set(options) <= set(rule["then"]["properties"])
        for option, field in options.items():
            assert rule["then"]["properties"][option].get("description") == field.description


def test_it_is_a_schema(schema: dict[str, Any], validator: Any) -> None:
    validator.check_schema(schema)


def test_a_right_file_is_right(validator: Any) -> None:
    assert list(validator.iter_errors(yaml.safe_load(TEXT))) == []


def test_a_resolved_file_is_right(validator: Any, load_text) -> None:
    assert list(validator.iter_errors(load_text(TEXT).to_json())) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("name: dprnn", "name: dprn"),
        ("encoder: stft", "encoder: sfft"),
        ("encoder: stft", "coder: stft"),
        ("name: demo", "sample_rate: 3"),
        ("epochs: 12", "epochs: 0"),
        ("epochs: 12, ", ""),
        ("l1: {weight: 0.1}", "l2: {weight: 0.1}"),
        ("weight: 0.1", "weight: 0"),
        ("name: plateau", "name: plato"),
        ("type: float", "type: flaot"),
        ("low: 1.0e-4", "min: 1.0e-4"),
        ("choices: [256, 512]", "choices: []"),
        ("metric: val_si_sdr", "metrics: val_si_sdr"),
        ("seed: 3", "seed: -3"),
        ("pruner: hyperband", "pruner: {name: hyperband, reduction_factor: 1}"),
        ("trials: 4", "trials: 0"),
        ("trials: 4", "trial: 4"),
        ("gpu_hours: 1.5", "gpu_hours: 0"),
        ("notify: $TEAM", "notify: hooks.example.com"),
        ("cpus: auto", "cpus: all"),
        ("enqueue", "queue"),
    ],
)
def test_a_mistake_is_flagged(old: str, new: str, validator: Any) -> None:
    assert old in TEXT
    assert list(validator.iter_errors(yaml.safe_load(TEXT.replace(old, new))))


def test_a_task_of_ones_own_has_free_sections(validator: Any) -> None:
    own = {**yaml.safe_load(TEXT), "task": "own:task", "model": {"x": 1}, "data": {}}
    own["training"] = {"epochs": 3, "whatever": 1}
    assert list(validator.iter_errors(own)) == []


def test_members_of_ones_own_are_allowed(validator: Any) -> None:
    own = {**yaml.safe_load(TEXT), "model": {"name": "own:Model", "size": 3}}
    own["training"]["loss"] = {"own:Loss": {"weight": 1.0, "x": 2}}
    assert list(validator.iter_errors(own)) == []


def test_its_text_is_plain_json() -> None:
    json.loads(schema_text(), parse_constant=pytest.fail)
