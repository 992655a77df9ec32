"""The search space that follows on a sweep: valid, holding what is good, never beyond sense."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import toy
from sweeper.config import CategoricalParam, FixedParam, FloatParam, IntParam, SweepConfig, load
from sweeper.config.search_space import propose
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState
from sweeper.region import Edge, Evidence, Region, region_of
from sweeper.region.tied import tied_region
from sweeper.summary.next_space import NextSpace, free_name, next_space

LR = "lr: {type: float, low: 1.0e-4, high: 1.0e-1, log: true}"
BATCH = "batch_size: {type: categorical, choices: [2, 4, 8, 16]}"
KINDS = {
    "lr alone": [LR],
    "batch size alone": [BATCH],
    "both": [LR, BATCH],
    "linear lr": ["lr: {type: float, low: 0.0001, high: 0.1}", BATCH],
    "lr in choices": ["lr: {type: categorical, choices: [0.0001, 0.001, 0.01, 0.1]}", BATCH],
    "batch size as int": [LR, "batch_size: {type: int, low: 2, high: 16}"],
    "batch size as log int": [LR, "batch_size: {type: int, low: 2, high: 16, log: true}"],
    "batch size in steps": [LR, "batch_size: {type: int, low: 2, high: 16, step: 2}"],
    "batch size out of order": [LR, "batch_size: {type: categorical, choices: [8, 2, 4]}"],
    "two batch sizes": [LR, "batch_size: {type: categorical, choices: [2, 4]}"],
    "float": [LR, "x: {type: float, low: 0.0, high: 1.0}"],
    "float in steps": [LR, "x: {type: float, low: 0.1, high: 0.9, step: 0.1}"],
    "log float": [LR, "x: {type: float, low: 0.001, high: 1.0, log: true}"],
    "int": [LR, "x: {type: int, low: 1, high: 6}"],
    "names": [LR, "x: {type: categorical, choices: [bad, good, fair]}"],
    "numbers out of order": [LR, "x: {type: categorical, choices: [4, 1, 2]}"],
    "rising numbers": [LR, "x: {type: categorical, choices: [1, 2, 4, 8]}"],
    "truth": [LR, "x: {type: categorical, choices: [true, false]}"],
    "one choice": [LR, "x: {type: categorical, choices: [1]}"],
    "fixed": [LR, "x: {type: fixed, value: 3}"],
    "condition": [
        LR,
        "x: {type: categorical, choices: [bad, good]}",
        "y: {type: int, low: 1, high: 9, when: {x: bad}}",
        "z: {type: float, low: 0.0, high: 1.0, when: {x: [good, bad]}}",
        "deep: {type: categorical, choices: [1, 2], when: {y: [1, 2]}}",
    ],
    "no lr at all": ["x: {type: float, low: 0.0, high: 1.0}", "y: {type: int, low: 1, high: 9}"],
}


def _config(folder: Path, lines: Sequence[str], *flags: str, trials: int = 60) -> SweepConfig:
    path = toy.write_space(folder, "valley", trials=trials)
    head, _, rest = path.read_text().partition("search_space:\n")
    tail = rest.partition("objective:")[2]
    space = "".join(f"  {line}\n" for line in lines)
    path.write_text(f"{head}search_space:\n{space}objective:{tail}")
    return load(path, flags)


def _value(params: dict[str, ParamValue]) -> float:
    """Best at lr 3e-3 to 5e-3 and in the middle of everything else; a good name is better."""
    lr, batch = float(params.get("lr", 3e-3)), float(params.get("batch_size", 4))
    value = 10 - 3 * (math.log10(lr / 4e-3) - 0.5 * math.log10(batch / 4)) ** 2
    for name in ("x", "y", "z"):
        found = params.get(name, 0.5)
        if isinstance(found, str):
            value -= {"good": 0.0, "fair": 1.0, "bad": 3.0}[found]
        elif not isinstance(found, bool):
            value -= 0.5 * abs(float(found) - (0.5 if float(found) <= 1 else 3.0))
    return value


def _records(config: SweepConfig, count: int = 60, seed: int = 0) -> list[TrialRecord]:
    draw = random.Random(seed)

    def suggest(_: str, spec: Any) -> ParamValue:
        if (values := spec.values()) is not None:
            found: ParamValue = draw.choice(list(values))
            return found
        if spec.log:
            return float(spec.low * (spec.high / spec.low) ** draw.random())
        return float(draw.uniform(spec.low, spec.high))

    records = []
    for number in range(count):
        params = propose(config.search_space, suggest)
        value = _value(params) + draw.gauss(0, 0.02)
        curve = tuple(EpochReport(e, {"score": value * e / 4}, float(e)) for e in range(1, 5))
        records.append(
            TrialRecord(number, params, TrialState.COMPLETE, number, reports=curve, value=value)
        )
    return records


def _sure(config: SweepConfig, records: Sequence[TrialRecord], **more: Any) -> Region:
    """The region as the finished trials show it, with evidence that suffices.

    The surrogate's part of it is what its own tests are about.
    """
    region = tied_region(records, config.objective, config.search_space)
    rows = tuple(
        replace(row, inside=1.0 if row.interval or region.lr is None else 0.02)
        for row in region.rows
    )
    return replace(region, rows=rows, evidence=Evidence(enough=True), **more)


def _loaded(found: NextSpace, folder: Path) -> SweepConfig:
    path = folder / "next.yaml"
    path.write_text(found.yaml)
    return load(path)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_each_kind_of_space_gives_a_valid_part_of_it_with_the_best_in_it(
    tmp_path: Path, kind: str, seed: int
) -> None:
    config = _config(tmp_path, KINDS[kind])
    records = _records(config, seed=seed)
    region = _sure(config, records, edges=())
    found = next_space(config, region, records, ["toy"])
    new = _loaded(found, tmp_path)
    assert new.name == found.name == "toy-2"
    assert new.warm_start == ("toy",)
    assert region.best is not None
    for name, value in region.best.params.items():
        assert new.search_space[name].accepts(value), (name, value, new.search_space[name])
    for name, spec in new.search_space.items():
        _check_part(config.search_space[name], spec)
    assert [step.name for step in found.steps] == list(config.search_space)
    for row in region.rows:
        lr = new.search_space.get("lr")
        if row.interval and isinstance(lr, FloatParam):
            assert lr.low <= row.interval.low <= row.interval.high <= lr.high


def _check_part(old: Any, new: Any) -> None:
    if isinstance(new, FloatParam | IntParam):
        assert old.low <= new.low < new.high <= old.high
        assert (new.log, new.step, new.type) == (old.log, old.step, old.type)
    elif isinstance(new, CategoricalParam):
        assert list(new.choices) == [c for c in old.choices if c in new.choices]
    else:
        assert isinstance(new, FixedParam)
        assert old.accepts(new.value)


def test_a_clear_valley_narrows_lr_and_leaves_bad_batch_sizes_and_names_out(tmp_path: Path) -> None:
    config = _config(tmp_path, [*KINDS["both"], *KINDS["condition"][1:]])
    records = _records(config, 300)
    region = _sure(config, records, edges=())
    rows = tuple(
        replace(r, inside=1.0 if r.batch_sizes[0] in (4, 8) else 0.01) for r in region.rows
    )
    found = next_space(config, replace(region, rows=rows), records)
    new = _loaded(found, tmp_path)
    lr = new.search_space["lr"]
    assert isinstance(lr, FloatParam)
    assert 4 <= lr.high / lr.low < 200
    assert new.search_space["batch_size"].values() == (4, 8)
    assert isinstance(new.search_space["x"], FixedParam)
    # y waited for a name that is no longer there, and deep for y
    assert new.search_space.keys() == {"lr", "batch_size", "x", "z"}
    assert new.search_space["z"].when == {"x": ("good",)}
    kinds = {step.name: step.kind for step in found.steps}
    assert kinds["y"] == kinds["deep"] == "left out"
    assert "# y left out (was 1 to 9): x no longer has its value" in found.yaml
    assert "# fixed (was bad, good): no tied trial has bad" in found.yaml


def test_what_was_hardly_tried_stays(tmp_path: Path) -> None:
    config = _config(tmp_path, KINDS["names"])
    records = [r for r in _records(config, 200) if r.params["x"] != "bad"]
    new = _loaded(next_space(config, _sure(config, records, edges=()), records), tmp_path)
    assert "bad" in new.search_space["x"].values()  # type: ignore[operator]
    assert "fair" not in new.search_space["x"].values()  # type: ignore[operator]


@pytest.mark.parametrize("count", [0, 1, 6])
def test_thin_evidence_keeps_all_bounds_and_says_why(tmp_path: Path, count: int) -> None:
    config = _config(tmp_path, [*KINDS["both"], *KINDS["condition"][1:]])
    records = _records(config, count)
    region = region_of(config, records)
    found = next_space(config, region, records)
    new = _loaded(found, tmp_path)
    assert new.search_space == config.search_space
    assert {step.kind for step in found.steps} == {"kept"}
    assert region.evidence.reason in " ".join(found.yaml.replace("#", "").split())
    assert (new.enqueue, new.sampler.seed) == ((), config.sampler.seed + 1)


def _edge(name: str, side: Any, bound: float, proposed: float | None) -> Edge:
    return Edge(name, side, bound, bound, 0.8, proposed)


@pytest.mark.parametrize(
    ("lines", "edge", "values"),
    [
        (KINDS["both"], ("batch_size", "upper", 16, 64.0), (8, 16, 32, 64)),
        (KINDS["both"], ("batch_size", "lower", 2, 1.0), (1, 2)),
        (KINDS["both"], ("lr", "upper", 0.1, 0.4), 0.4),
        (KINDS["both"], ("lr", "lower", 1e-4, 2.5e-5), 2.5e-5),
        (["lr: {type: float, low: 0.01, high: 0.9, log: true}"], ("lr", "upper", 0.9, 3.6), 1.0),
        (KINDS["linear lr"], ("lr", "lower", 1e-4, -0.02), 5e-5),
    ],
)
def test_a_bound_moves_where_the_optimum_may_lie_beyond(
    tmp_path: Path, lines: list[str], edge: tuple[Any, ...], values: Any
) -> None:
    config = _config(tmp_path, lines)
    records = _records(config)
    region = _sure(config, records, edges=(_edge(*edge),))
    found = next_space(config, region, records)
    spec = _loaded(found, tmp_path).search_space[edge[0]]
    assert {step.name: step.kind for step in found.steps}[edge[0]] == "moved"
    if isinstance(spec, CategoricalParam):
        assert set(values) <= set(spec.choices)
    else:
        assert isinstance(spec, FloatParam)
        assert (spec.high if edge[1] == "upper" else spec.low) == pytest.approx(values)
    assert f"the optimum may lie beyond the {edge[1]} end" in found.yaml


def test_batch_sizes_do_not_grow_beyond_the_memory(tmp_path: Path) -> None:
    config = _config(tmp_path, KINDS["both"])
    records = _records(config)
    full = replace(records[0], number=60, state=TrialState.OUT_OF_MEMORY, value=None, reports=())
    region = _sure(config, [*records, full], edges=(_edge("batch_size", "upper", 16, 64.0),))
    found = next_space(config, region, [*records, full])
    assert max(_loaded(found, tmp_path).search_space["batch_size"].values() or ()) == 16


def test_a_bound_that_the_program_refuses_stays(tmp_path: Path) -> None:
    """Here because the user's task is not there any more, so that nothing can be tried out."""
    config = _config(tmp_path, KINDS["both"])
    records = _records(config)
    region = _sure(config, records, edges=(_edge("lr", "upper", 0.1, 0.4),))
    gone = config.model_copy(update={"task": "toy:nothing"})
    found = next_space(gone, region, records)
    assert {step.name: step.kind for step in found.steps}["lr"] == "kept"
    assert "high: 0.1, log" in found.yaml


def test_the_surrogates_own_region_narrows_and_its_centre_comes_first(tmp_path: Path) -> None:
    config = _config(tmp_path, KINDS["both"])
    records = _records(config, 60)
    region = region_of(config, records)
    assert region.evidence.enough
    assert region.recommended is not None
    new = _loaded(next_space(config, region, records), tmp_path)
    lr = new.search_space["lr"]
    assert isinstance(lr, FloatParam)
    assert lr.high / lr.low < 300
    interval = region.recommended.interval
    assert interval is not None
    assert lr.low <= interval.low <= interval.high <= lr.high
    (first,) = new.enqueue
    assert interval.low <= float(first["lr"]) <= interval.high


def test_older_sweeps_that_it_began_with_are_carried_on(tmp_path: Path) -> None:
    config = _config(tmp_path, KINDS["both"], "warm_start=[old, gone]", "name=toy-7")
    found = next_space(config, region_of(config, []), [], ["old", "toy-7", "toy-8"])
    new = _loaded(found, tmp_path)
    assert (new.name, new.warm_start) == ("toy-9", ("toy-7", "old"))


@pytest.mark.parametrize(
    ("name", "taken", "new"),
    [
        ("dprnn", [], "dprnn-2"),
        ("dprnn-2", ["dprnn-2"], "dprnn-3"),
        ("dprnn", ["dprnn-2", "dprnn-3"], "dprnn-4"),
        ("wave-unet", [], "wave-unet-2"),
    ],
)
def test_names(name: str, taken: list[str], new: str) -> None:
    assert free_name(name, taken) == new
