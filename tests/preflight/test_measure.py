"""Real steps in a real process, on the CPU."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from sweeper.config import SweepConfig, apply, load
from sweeper.errors import SweeperError
from sweeper.preflight import Measured, cells, measure

SPACE = Path(__file__).parents[2] / "search_spaces" / "dprnn.yaml"


@pytest.fixture(scope="module")
def config() -> SweepConfig:
    return load(SPACE, [])


def measured(config: SweepConfig, **training: int) -> Measured:
    sections = apply(config, cells(config)[0].params)
    sections["training"] = {**sections["training"], **training}
    return measure(sections, config.objective.model_dump(mode="json"), cpus=1, gpus=0)


@pytest.mark.slow  # two processes that import torch
def test_a_larger_batch_needs_more_memory(config: SweepConfig) -> None:
    small, large = measured(config, batch_size=1), measured(config, batch_size=64)
    assert small.fits
    assert large.fits
    assert small.peak_bytes is not None
    assert large.peak_bytes is not None
    assert small.peak_bytes + 50 * 2**20 < large.peak_bytes < large.total_bytes
    assert small.start_seconds > 0
    assert small.validation_seconds > 0
    timeless = replace(small, validation_seconds=0.0, start_seconds=0.0)
    assert replace(timeless, peak_bytes=0, samples_per_second=0.0) == Measured(
        0, small.total_bytes, 0.0, samples_per_epoch=73
    )


def test_a_broken_configuration_is_told_as_one(config: SweepConfig) -> None:
    with pytest.raises(SweeperError, match="no_such_option"):
        measured(config, no_such_option=1)
