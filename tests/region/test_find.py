"""The region by the surrogate, on valleys that are known."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from region.valleys import BATCH, EPOCHS, LR, flat, record, ridge, space, sweep
from sweeper.records import EpochReport, TrialRecord, TrialState
from sweeper.region import Region, find_region
from synthetic import sweep_config

SPACE = space()
VALLEY = sweep()


def region_of(
    records: list[TrialRecord], found: dict[str, Any] | None = None, **more: Any
) -> Region:
    config = sweep_config(found or SPACE, **more)
    return find_region(records, config.objective, config.search_space)


FOUND = region_of(VALLEY)


def test_the_known_valley_is_found() -> None:
    assert FOUND.evidence.enough
    assert FOUND.centre is not None
    assert ridge(FOUND.centre.params) > 8.9
    assert FOUND.centre.low <= ridge(FOUND.centre.params) <= FOUND.centre.high + 0.3
    assert FOUND.recommended is not None
    assert FOUND.recommended.batch_sizes == (FOUND.centre.params["batch_size"],)
    interval = FOUND.recommended.interval
    assert interval is not None
    assert interval.low < float(FOUND.centre.params["lr"]) < interval.high
    assert interval.confidence is not None
    assert interval.confidence > 0.8


def test_the_map_has_a_cell_for_each_lr_and_batch_size() -> None:
    found = FOUND.map
    assert found is not None
    assert found.batch_sizes == (4, 8, 16, 32, 64)
    grids = (found.inside, found.optimum, found.expected, found.sd, found.region)
    assert {(len(grid), len(row)) for grid in grids for row in grid} == {(5, len(found.lr))}
    assert sum(map(sum, found.optimum)) == pytest.approx(1, abs=0.01)
    assert all(0 <= p <= 1 for row in found.inside for p in row)
    inside = np.array(found.inside)
    assert np.array_equal(np.array(found.region), inside >= found.level - 1e-9)


def test_lr_grows_as_the_root_of_the_batch_size() -> None:
    assert FOUND.slope is not None
    assert FOUND.slope.low < 0.5 < FOUND.slope.high
    assert FOUND.slope.high - FOUND.slope.low < 0.8


def test_the_noise_over_seeds_is_about_right() -> None:
    assert FOUND.noise.sd is not None
    assert 0.03 < FOUND.noise.sd < 0.3


def test_the_order_of_the_trials_does_not_matter() -> None:
    assert region_of(VALLEY[::-1]) == FOUND


def test_other_units_of_lr_move_the_region_with_them() -> None:
    scaled = [replace(r, params={**r.params, "lr": 8 * float(r.params["lr"])}) for r in VALLEY]
    moved = region_of(scaled, space(lr={**LR, "low": 8e-4, "high": 8e-1}))
    assert moved.map is not None
    assert FOUND.map is not None
    assert np.allclose(moved.map.lr, 8 * np.array(FOUND.map.lr))
    assert np.allclose(moved.map.inside, FOUND.map.inside, atol=0.02)


def test_a_minimised_objective_is_the_mirror_image() -> None:
    def flipped(r: TrialRecord) -> TrialRecord:
        reports = tuple(
            EpochReport(e.epoch, {"val_loss": -e.metrics["val_si_sdr"]}, e.time) for e in r.reports
        )
        return replace(r, reports=reports, value=None if r.value is None else -r.value)

    mirror = region_of([flipped(r) for r in VALLEY], metric="val_loss", direction="minimize")
    assert mirror.map is not None
    assert FOUND.map is not None
    assert mirror.map.inside == FOUND.map.inside
    assert np.allclose(mirror.map.expected, -np.array(FOUND.map.expected))


def test_units_of_the_objective_do_not_matter() -> None:
    def scaled(r: TrialRecord) -> TrialRecord:
        reports = tuple(
            EpochReport(e.epoch, {"val_si_sdr": 5 + 3 * e.metrics["val_si_sdr"]}, e.time)
            for e in r.reports
        )
        return replace(r, reports=reports, value=None if r.value is None else 5 + 3 * r.value)

    other = region_of([scaled(r) for r in VALLEY])
    assert other.map is not None
    assert FOUND.map is not None
    assert np.allclose(other.map.inside, FOUND.map.inside, atol=0.02)
    assert other.tolerance == pytest.approx(3 * (FOUND.tolerance or 0), rel=0.01)


@pytest.mark.parametrize(("trials", "seed"), [(40, 0), (40, 1), (8, 0), (8, 1), (15, 2)])
def test_a_flat_landscape_is_not_enough_evidence(trials: int, seed: int) -> None:
    found = region_of(sweep(flat, trials=trials, seed=seed))
    assert not found.evidence.enough
    assert found.evidence.reason
    assert found.recommended is None


@pytest.mark.parametrize(("trials", "why"), [(0, "no trial"), (2, "only 2 trials"), (6, "only 6")])
def test_too_few_trials_are_told(trials: int, why: str) -> None:
    found = region_of(
        [record(i, {"lr": 1e-3 * (i + 1), "batch_size": 8}, 9.0) for i in range(trials)]
    )
    assert not found.evidence.enough
    assert found.evidence.reason.startswith(why)
    assert (found.map, found.centre, found.recommended) == (None, None, None)


def test_only_lr() -> None:
    records = sweep(draw=lambda rng: {"lr": float(10 ** rng.uniform(-4, -1))})
    found = region_of(records, {"lr": LR})
    assert found.map is not None
    assert found.map.batch_sizes == ()
    assert len(found.map.inside) == 1
    assert found.slope is None
    (row,) = found.rows
    assert row.interval is not None
    assert row.interval.low < 10**-2.5 < row.interval.high


def test_only_batch_size() -> None:
    found = region_of(
        sweep(draw=lambda rng: {"batch_size": int(rng.choice([4, 16, 64]))}), {"batch_size": BATCH}
    )
    assert found.map is not None
    assert found.map.lr == ()
    assert found.centre is not None
    assert found.centre.params == {"batch_size": 16}
    assert all(row.interval is None for row in found.rows)


def test_no_lr_and_no_batch_size() -> None:
    layers = {"model.layers": {"type": "int", "low": 1, "high": 8}}
    records = [record(i, {"model.layers": 1 + i % 8}, 9.0) for i in range(20)]
    assert region_of(records, layers).map is None


def test_other_parameters_are_at_their_best_setting() -> None:
    def objective(params: Any) -> float:
        worse = {"learned": 0.0, "stft": 2.0}[params["model.encoder"]]
        return ridge(params) - worse - (params["dropout"] - 0.1) ** 2 * 50

    def draw(rng: np.random.Generator) -> dict[str, Any]:
        return {
            "lr": float(10 ** rng.uniform(-4, -1)),
            "batch_size": int(rng.choice([4, 8, 16, 32, 64])),
            "model.encoder": str(rng.choice(["learned", "stft"])),
            "dropout": float(rng.uniform(0, 0.5)),
        }

    more = {
        "model.encoder": {"type": "categorical", "choices": ["learned", "stft"]},
        "dropout": {"type": "float", "low": 0.0, "high": 0.5},
    }
    found = region_of(sweep(objective, draw=draw, trials=60), space(**more))
    assert found.centre is not None
    assert found.centre.params["model.encoder"] == "learned"
    assert abs(float(found.centre.params["dropout"]) - 0.1) < 0.1
    assert objective(found.centre.params) > 8.5


@pytest.mark.parametrize("trials", [30, 60])
def test_the_better_of_two_names_is_chosen_by_little_more_than_noise(trials: int) -> None:
    def objective(params: Any) -> float:
        return ridge(params) - {"learned": 0.0, "stft": 0.5}[params["model.encoder"]]

    def draw(rng: np.random.Generator) -> dict[str, Any]:
        return {
            "lr": float(10 ** rng.uniform(-4, -1)),
            "batch_size": int(rng.choice([4, 8, 16, 32, 64])),
            "model.encoder": str(rng.choice(["learned", "stft"])),
        }

    names = {"type": "categorical", "choices": ["learned", "stft"]}
    records = sweep(objective, draw=draw, trials=trials, noise=0.12)
    found = region_of(records, space(**{"model.encoder": names}))
    assert found.centre is not None
    assert found.centre.params["model.encoder"] == "learned"
    assert found.evidence.enough


def test_an_optimum_at_the_end_of_a_range_is_told_with_a_new_bound() -> None:
    records = sweep(lambda p: ridge({**p, "lr": float(p["lr"]) / 64}))
    edges = {(edge.name, edge.side): edge for edge in region_of(records).edges}
    edge = edges["lr", "upper"]
    assert edge.probability is not None
    assert edge.probability > 0.5
    assert edge.proposed == pytest.approx(4e-1)


def test_batch_sizes_that_run_out_of_memory_are_not_in_the_region() -> None:
    fits = [r for r in VALLEY if r.params["batch_size"] in (4, 8)]
    out = [
        TrialRecord(100 + i, {"lr": 3e-3, "batch_size": 16}, TrialState.OUT_OF_MEMORY, seed=0)
        for i in range(4)
    ]
    found = region_of([*sweep(trials=80)[::1], *out])
    assert found.map is not None  # 16 has trained as well: possible
    found = region_of([*fits, *[replace(r, number=r.number + 200) for r in fits], *out])
    assert found.map is not None
    assert not np.array(found.map.inside)[2:].any()


def test_stopped_trials_far_behind_do_not_hide_the_noise() -> None:
    """Their last values are of early epochs; the scale of the good ones must not come from them."""
    early = [
        record(300 + i, {"lr": 1.2e-4, "batch_size": 64}, 9.0 - 300, epochs=1) for i in range(60)
    ]
    found = region_of([*VALLEY, *early])
    assert found.noise.sd is not None
    assert found.noise.sd < 0.4
    assert found.centre is not None
    assert ridge(found.centre.params) > 8.8


def test_diverged_trials_keep_the_region_away() -> None:
    def diverged(r: TrialRecord) -> TrialRecord:
        too_fast = float(r.params["lr"]) > 6e-3
        return replace(r, state=TrialState.DIVERGED, value=None, reports=()) if too_fast else r

    found = region_of([diverged(r) for r in VALLEY])
    assert found.map is not None
    inside = np.array(found.map.inside)
    assert inside[:, np.array(found.map.lr) > 3e-2].max() < 0.1
    cliffs = [row.cliff_octaves for row in found.rows if row.cliff_octaves is not None]
    assert cliffs
    assert min(cliffs) > 0


def test_ties_are_ordered_by_throughput() -> None:
    def timed(r: TrialRecord) -> TrialRecord:
        speed = 10.0 * math.sqrt(float(r.params["batch_size"]))
        reports = tuple(
            replace(e, metrics={**e.metrics, "samples_per_second": speed}) for e in r.reports
        )
        return replace(r, reports=reports)

    even = sweep(lambda p: ridge({"lr": p["lr"], "batch_size": 16}))
    found = region_of([timed(r) for r in even])
    assert len(found.ties) >= 2
    speeds = [tie.faster for tie in found.ties]
    assert speeds == sorted(speeds, key=lambda s: -(s or 0.0))
    assert found.centre is not None
    base = math.sqrt(float(found.centre.params["batch_size"]))
    for tie in found.ties:
        assert tie.faster == pytest.approx(math.sqrt(float(tie.batch_size)) / base)


def test_a_stopped_slow_starter_does_not_count_as_bad() -> None:
    """Stopped trials with low values at epoch 9 say little where every curve is low at epoch 9."""
    finished = [r for r in VALLEY if r.epoch == EPOCHS]
    stopped = [record(200 + i, {"lr": 10**-2.5, "batch_size": 16}, 9.0, epochs=3) for i in range(4)]
    found = region_of([*finished, *stopped])
    assert found.centre is not None
    assert ridge(found.centre.params) > 8.8


def test_repeats_are_no_further_evidence() -> None:
    copies = [replace(r, number=r.number + 100, copy_of=str(r.number)) for r in VALLEY]
    assert region_of([*VALLEY, *copies]).map == FOUND.map
