"""Seed noise as repeats show it, beside what the surrogate makes of it."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import stdev

import pytest

from sweeper.records import TrialRecord, TrialState
from sweeper.region import Noise, region_of
from sweeper.summary import summarise
from sweeper.summary.findings import findings
from sweeper.summary.repeats import Repeats, repeats_of
from sweeper.summary.warnings import warnings
from synthetic import sweep_config, sweep_records

CONFIG = sweep_config(trials=40)
RECORDS = sweep_records(40)
FINISHED = [r for r in RECORDS if r.state is TrialState.COMPLETE]
BEST = max(FINISHED, key=lambda r: r.value or 0.0)
WORST = min(FINISHED, key=lambda r: r.value or 0.0)


def _again(record: TrialRecord, values: list[float]) -> list[TrialRecord]:
    more = {"stage": "confirm", "confirms": record.number}
    return [
        replace(record, number=1000 + record.number * 10 + i, seed=i, value=value, **more)
        for i, value in enumerate(values)
    ]


def _drawn(record: TrialRecord, sd: float) -> list[float]:
    draw = random.Random(1)
    return [(record.value or 0.0) + draw.gauss(0.0, sd) for _ in range(5)]


def test_the_deviation_is_that_of_the_fresh_seeds_of_good_configurations() -> None:
    values = _drawn(BEST, 0.3)
    spoiled = _again(WORST, _drawn(WORST, 3.0))
    found = repeats_of(CONFIG, [*RECORDS, *_again(BEST, values), *spoiled])
    assert found is not None
    assert (found.sd, found.degrees) == (pytest.approx(stdev(values)), 4)


def test_few_seeds_and_one_seed_twice_say_nothing() -> None:
    assert repeats_of(CONFIG, RECORDS) is None
    assert repeats_of(CONFIG, [*RECORDS, *_again(BEST, _drawn(BEST, 0.3)[:3])]) is None
    twins = [replace(r, seed=7) for r in _again(BEST, _drawn(BEST, 0.3))]
    assert repeats_of(CONFIG, [*RECORDS, *twins]) is None


def test_a_region_that_takes_too_little_noise_is_told_of() -> None:
    records = [*RECORDS, *_again(BEST, _drawn(BEST, 0.3))]
    region = region_of(CONFIG, RECORDS)
    repeats = repeats_of(CONFIG, records)
    assert repeats is not None
    sure, fair = (replace(region, noise=Noise(repeats.sd * by, 1)) for by in (0.45, 0.55))
    (said,) = [text for text in warnings(CONFIG, records, sure) if "too sure" in text]
    assert "(4 degrees of freedom), more than twice the" in said
    assert not [text for text in warnings(CONFIG, records, fair) if "too sure" in text]
    assert not Repeats(1.0, 4).contradict(replace(region, noise=Noise(None)))


def test_the_evidence_has_both() -> None:
    records = [*RECORDS, *_again(BEST, _drawn(BEST, 0.3))]
    (noise,) = [f.text for f in summarise(CONFIG, records).findings if f.topic == "seed noise"]
    assert "estimated; 0." in noise
    assert "dB seen where good configurations were trained again, with 4 degrees" in noise
    (noise,) = [f.text for f in findings(region_of(CONFIG, RECORDS)) if f.topic == "seed noise"]
    assert "seen" not in noise
