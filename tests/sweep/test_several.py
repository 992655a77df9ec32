"""A sweep with several objectives as a user runs it: killed, resumed, summed up, in MLflow."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sweeper.config import SweepConfig
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.pareto import is_on_front, valued

if TYPE_CHECKING:
    from shop import Shop

ALSO = "objective.also=[{metric: speed, direction: maximize}]"


def test_a_killed_sweep_goes_on_to_its_front(shop: Shop) -> None:
    shop.space("trade", trials=10)
    process = shop.start("run", "toy.yaml", "--set", ALSO, "--set", "resources.concurrent=2")
    shop.wait_for(lambda records: sum(r.state.ended for r in records) >= 4)
    process.kill()
    process.communicate()
    before = {r.number: r for r in shop.records() if r.state.ended}
    code, said = shop.run("resume", "toy")
    assert code == 0, said
    records = shop.records()
    assert len(records) == 10
    assert all(records[number] == old for number, old in before.items())
    paths = SweepPaths(shop.folder / "sweeps" / "toy")
    found = json.loads((paths.summary / "summary.json").read_text())["front"]
    assert found["metrics"] == ["score", "speed"]
    objective = SweepConfig.from_json(Manifest.read(paths).config).objective
    known = valued(records, objective)
    on = is_on_front([values for _, values in known], ["maximize", "maximize"])
    expected = {record.number for (record, _), stays in zip(known, on, strict=True) if stays}
    assert {trial["number"] for trial in found["trials"]} == expected
    assert "Pareto front" in said
    runs = shop.agrees()
    (parent,) = runs.parents
    assert "## Pareto front" in parent.data.tags["mlflow.note.content"]
    assert parent.data.params["objective"].endswith("also=maximize speed")
    shown = {int(r.data.tags["sweeper.trial"]): r.data.metrics for r in runs.children}
    for trial in found["trials"]:
        metrics = shown[trial["number"]]
        assert [metrics["finished_score"], metrics["speed_at_best"]] == trial["values"]
