"""The search spaces that come with sweeper."""

from __future__ import annotations

from pathlib import Path

import pytest

from sweeper.config import SweepConfig, apply, flat_params, load
from sweeper.config.search_space import active

SEARCH_SPACES = Path(__file__).parents[2] / "search_spaces"
FILES = sorted(SEARCH_SPACES.glob("*.yaml"))


def test_which_there_are() -> None:
    assert [path.stem for path in FILES] == [
        "dprnn",
        "librimix_dprnn",
        "mix_dprnn",
        "voicebank_dprnn",
        "voicebank_small",
        "voicebank_wave_unet",
        "wave_unet",
    ]


@pytest.fixture(params=FILES, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    return Path(request.param)


@pytest.fixture
def config(path: Path) -> SweepConfig:
    return load(path)


def test_it_is_named_like_its_file_and_goes_to_the_teams_experiment(
    config: SweepConfig, path: Path
) -> None:
    assert config.name == path.stem
    assert config.experiment == "baseline_verification"
    assert (config.objective.metric, config.objective.direction) == ("val_si_sdr", "maximize")


def test_editors_find_the_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    assert first == "# yaml-language-server: $schema=sweep.schema.json"
    assert (path.parent / "sweep.schema.json").exists()


def test_lr_and_batch_size_are_searched(config: SweepConfig) -> None:
    space = config.search_space
    assert space["lr"].type == "float"
    assert space["lr"].log
    assert space["batch_size"].ordered


def test_the_first_point_is_a_whole_trial(config: SweepConfig) -> None:
    (first, *_) = config.enqueue
    names = active(config.search_space, first)
    sampled = {n: config.search_space[n].values() for n in names if n not in first}
    params = {**{name: values[0] for name, values in sampled.items()}, **first}
    assert apply(config, params)["training"]["lr"] == first["lr"]
    assert flat_params(config, params)["model"] == config.model.name


def test_it_comes_back_from_its_resolved_copy(config: SweepConfig, tmp_path: Path) -> None:
    copy = tmp_path / "copy.yaml"
    copy.write_text(config.to_yaml(), encoding="utf-8")
    assert load(copy) == config
    assert SweepConfig.from_json(config.to_json()) == config


def test_the_demo_ones_have_few_and_short_trials(config: SweepConfig) -> None:
    if config.data.name == "demo":
        assert config.budget.trials * config.epochs <= 24 * 24
