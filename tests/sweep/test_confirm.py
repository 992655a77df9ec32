"""The stage after the search, and the sweep after the sweep, as a user runs them."""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest

from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord, TrialState

if TYPE_CHECKING:
    from shop import Shop


def _again(records: list[TrialRecord]) -> list[TrialRecord]:
    return [r for r in records if r.is_confirming]


def _summary(shop: Shop, name: str = "toy") -> dict[str, Any]:
    path = SweepPaths(shop.folder / "sweeps" / name).summary / "summary.json"
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def _artifacts(shop: Shop) -> list[str]:
    from mlflow import MlflowClient

    (parent,) = shop.runs().parents
    client = MlflowClient(f"sqlite:///{shop.folder}/mlflow.db")
    return [found.path for found in client.list_artifacts(parent.info.run_id)]


def test_killed_while_it_confirms_a_sweep_goes_on_and_mlflow_agrees(shop: Shop) -> None:
    shop.space("slow_and_noisy", trials=3, more="confirm: {top: 2, seeds: 2}\n")
    flags = ("--set", "resources.concurrent=2", "--set", "pruner={name: none}")
    process = shop.start("run", "toy.yaml", *flags)
    shop.wait_for(lambda records: any(r.is_confirming and r.epoch >= 1 for r in records))
    process.kill()
    process.communicate()
    before = {r.number: r for r in shop.records()}
    code, said = shop.run("resume", "toy")
    assert code == 0, said
    assert "3 done, " in said
    assert "to confirm" in said
    assert "Confirmed with fresh seeds" in said
    after = shop.records()
    assert [r.state for r in after] == [TrialState.COMPLETE] * 7
    assert sum(not r.is_confirming for r in after) == 3
    for number, old in before.items():
        # what was reported stays to the bit, and ended trials were not touched
        assert after[number].reports[: old.epoch] == old.reports
        assert after[number].seed == old.seed
        assert after[number].attempts == (1 if old.state.ended else 2)
    assert set(Counter(r.confirms for r in _again(after)).values()) == {2}
    assert len({r.seed for r in after}) == 7
    runs = shop.agrees()
    tags = {int(r.data.tags["sweeper.trial"]): r.data.tags for r in runs.children}
    for record in after:
        stage = ("confirm", str(record.confirms)) if record.is_confirming else (None, None)
        own = tags[record.number]
        assert (own.get("sweeper.stage"), own.get("sweeper.confirms")) == stage
    (parent,) = runs.parents
    assert "## Confirmed with fresh seeds" in parent.data.tags["mlflow.note.content"]
    assert parent.data.metrics["trials_confirming"] == 4
    assert parent.data.metrics["trials_complete"] == 3
    # a lucky fresh seed is not the best of the search
    assert parent.data.metrics["best_score"] == max(r.value or 0.0 for r in after[:3])
    found = _summary(shop)
    assert found["region"]["counts"]["confirmed"] == 4
    assert [len(one["values"]) for one in found["confirmation"]["configurations"]] == [2, 2]
    code, said = shop.run("status", "--json")
    status = json.loads(said)
    assert status["confirm"] == {"done": 4, "total": 4}
    assert status["counts"]["finished"] == 3
    assert "3/3 + 4/4" in shop.run("list")[1]
    assert shop.leftovers() == []


@pytest.mark.slow
def test_confirm_by_hand_then_the_next_space_and_the_sweep_in_it(shop: Shop) -> None:
    shop.space("noisy", trials=4, epochs=2)
    assert shop.run("run", "toy.yaml", "--set", "pruner={name: none}")[0] == 0
    code, said = shop.run("confirm", "toy", "--top", "1", "--seeds", "2")
    assert code == 0, said
    assert "confirm.top: not set -> 1, accepted: the best are trained again" in said
    assert "Confirmed with fresh seeds" in said
    again = _again(shop.records())
    best = max(shop.records()[:4], key=lambda r: r.value or 0.0)
    assert [(r.confirms, dict(r.params)) for r in again] == [(best.number, dict(best.params))] * 2
    path = SweepPaths(shop.folder / "sweeps/toy").summary / "next.yaml"
    assert "next.yaml" in _artifacts(shop)
    code, said = shop.run("check", str(path))
    assert (code, "toy-2 (new)" in said) == (0, True), said
    code, said = shop.run("refine", "toy", "--dry-run", "--set", "budget.trials=2")
    assert (code, "6 of 6 trials of toy are shown to the sampler" in said) == (0, True), said
    assert re.search(r"search_space:\n  # \w+.*\n  lr: \{type: float, low: ", said), (
        "with its reason"
    )
    assert not (shop.folder / "sweeps/toy-2").exists()
    code, said = shop.run("refine", "toy", "--set", "budget.trials=2", "--set", "confirm=null")
    assert code == 0, said
    assert len(shop.records("toy-2")) == 2
    runs = shop.runs()
    assert {r.data.tags["mlflow.runName"] for r in runs.parents} == {"toy", "toy-2"}
    code, said = shop.run("refine", "nobody")
    assert (code, "no sweep 'nobody'" in said) == (2, True), said
