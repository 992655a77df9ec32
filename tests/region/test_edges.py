"""How likely the optimum is said to lie at an end of a range."""

from __future__ import annotations

from typing import Any

import pytest

from region.valleys import ridge, space, sweep
from sweeper.region import find_region
from sweeper.region.analysis import analyse
from sweeper.region.edges import at_edges
from synthetic import sweep_config

RANGE = {"type": "int", "low": 4, "high": 64, "log": True}
SIDES = [("lr", "lower"), ("lr", "upper"), ("batch_size", "lower"), ("batch_size", "upper")]


def _told(batch: dict[str, Any], shift: float = 2.5) -> tuple[dict[Any, float], dict[Any, float]]:
    """Share of the samples with their optimum at each bound, and the probabilities told."""
    records = sweep(
        lambda p: ridge(
            {**p, "lr": float(p["lr"]) / 11, "batch_size": shift * float(p["batch_size"])}
        ),
        trials=30,
        noise=0.3,
    )
    config = sweep_config(space(batch_size=batch))
    shares = at_edges(analyse(records, config.objective, config.search_space)).mean(axis=0)
    found = find_region(records, config.objective, config.search_space)
    told = {(edge.name, edge.side): edge.probability or 0.0 for edge in found.edges}
    return dict(zip(SIDES, shares.tolist(), strict=True)), told


def test_the_smallest_of_a_range_of_batch_sizes_is_thought_of_first() -> None:
    shares, told = _told(RANGE)
    share = shares["batch_size", "lower"]
    assert 0.1 < share < 0.9
    assert told["batch_size", "lower"] == pytest.approx(3 * share / (3 * share + 1 - share))
    assert told["lr", "upper"] == pytest.approx(shares["lr", "upper"])


def test_it_is_told_where_another_bound_would_not_be() -> None:
    shares, told = _told(RANGE, 0.7)
    assert 0.13 < shares["batch_size", "lower"] < 0.3
    assert told["batch_size", "lower"] > 0.3
    shares, told = _told(RANGE, 0.5)
    assert 0.0 < shares["batch_size", "lower"] < 0.12
    assert ("batch_size", "lower") not in told


def test_of_a_few_choices_the_smallest_has_a_good_share_already() -> None:
    shares, told = _told({"type": "categorical", "choices": [4, 8, 16, 32, 64]})
    assert told["batch_size", "lower"] == pytest.approx(shares["batch_size", "lower"])
