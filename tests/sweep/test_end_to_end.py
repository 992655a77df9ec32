"""One sweep, whole: from the YAML to the verdict, the ledger and MLflow."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from hooks import SECRET, Hook, webhook
from shop import WHOLE
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop


@pytest.fixture
def hook() -> Iterator[Hook]:
    with webhook() as made:
        yield made


def test_a_sweep_ends_with_a_verdict_and_mlflow_agrees(shop: Shop) -> None:
    shop.space("cliff", trials=12)
    shop.program = WHOLE
    code, said = shop.run("run", "toy.yaml")
    assert code == 0, said
    assert "0 done, 12 to go" in said
    assert "best" in said
    assert "12 trials:" in said
    records = shop.records()
    assert len(records) == 12
    assert {r.state for r in records} >= {TrialState.COMPLETE, TrialState.DIVERGED}
    runs = shop.agrees()
    (parent,) = runs.parents
    assert parent.info.status == "FINISHED"
    statuses = {
        "complete": "FINISHED",
        "pruned": "KILLED",
        "diverged": "FAILED",
    }
    for run in runs.children:
        assert run.info.status == statuses[run.data.tags["sweeper.state"]]
        assert {"lr", "batch_size", "log10_lr", "seed"} <= run.data.params.keys()
        assert {"config.yaml", "train.log"} <= runs.files(run)
    trained = yaml.safe_load(
        SweepPaths(shop.folder / "sweeps/toy").trial(3).joinpath("config.yaml").read_text()
    )
    assert (trained["params"], trained["seed"]) == (records[3].params, records[3].seed)
    assert trained["training"]["lr"] == records[3].params["lr"]
    summary = json.loads((shop.folder / "sweeps/toy/summary/summary.json").read_text())
    assert parent.data.tags["mlflow.note.content"].startswith("#") or summary["verdict"]
    assert summary["verdict"].split(".")[0] in parent.data.tags["mlflow.note.content"]
    assert "report.html" in runs.files(parent)
    drawn = {f.path for f in runs.client.list_artifacts(parent.info.run_id, "figures")}
    assert {"figures/contour.png", "figures/contour.csv", "figures/timeline.png"} <= drawn
    assert shop.leftovers() == []


def test_the_same_command_again_finds_nothing_to_do_and_a_higher_total_goes_on(
    shop: Shop, hook: Hook
) -> None:
    shop.space("valley", trials=3, more=f"notify: {hook.address}\n")
    assert shop.run("run", "toy.yaml")[0] == 0
    code, said = shop.run("run", "toy.yaml")
    assert (code, "3 done, 0 to go" in said) == (0, True), said
    code, said = shop.run("resume", "toy", "--trials", "5")
    assert (code, "3 done, 2 to go" in said) == (0, True), said
    assert "budget.trials: 3 -> 5, accepted" in said
    assert [r.attempts for r in shop.records()] == [1] * 5
    shop.agrees()
    _told_once_each(shop, hook.posts)
    known = {p.name for p in shop.folder.rglob("*") if p.is_file() and _has_secret(p)}
    assert known == {"toy.yaml", "notify.json"}


def _told_once_each(shop: Shop, posts: list[dict[str, Any]]) -> None:
    first, last = posts
    assert first["text"] == first["content"]
    assert first["text"].startswith("toy has finished: all 3 trials are done\n")
    assert [post["ending"] for post in posts] == ["finished", "finished"]
    assert [post["session"] for post in posts] == [1, 3]
    best = max(shop.records(), key=lambda record: record.value or 0.0)
    assert last["best"] == {"number": best.number, "value": best.value, "params": best.params}
    assert last["counts"]["finished"] + last["counts"]["stopped"] == 5
    assert last["folder"] == str(shop.folder / "sweeps/toy")


def _has_secret(path: Path) -> bool:
    return SECRET.encode() in path.read_bytes()


def test_another_training_is_refused_and_another_range_goes_on_in_a_new_study(shop: Shop) -> None:
    shop.space("valley", trials=4)
    assert shop.run("run", "toy.yaml", "--set", "pruner={name: none}")[0] == 0
    before = (shop.folder / "sweeps/toy/history.jsonl").read_bytes()
    flags = ["--set", "search_space.lr.high=0.01", "--set", "pruner={name: none}"]
    code, said = shop.run("run", "toy.yaml", *flags, "--set", "seed=1")
    assert code == 2
    assert "seed: 0 -> 1, refused: finished trials have other seeds" in said
    assert (shop.folder / "sweeps/toy/history.jsonl").read_bytes() == before
    code, said = shop.run("run", "toy.yaml", *flags, "--set", "budget.trials=6")
    assert code == 0, said
    changed = "search_space.lr.high: 0.1 -> 0.01, re-seeded: the sampler begins anew"
    assert said.index("4 done") < said.index(changed) < said.index("6 trials")
    assert "outside the search space), 2 to go" in said
    assert [r.attempts for r in shop.records()] == [1] * 6
    (parent,) = shop.agrees().parents
    assert parent.data.tags["sweeper.contract.1"] == "0 done, 4 to go"
    assert changed in parent.data.tags["sweeper.contract.2"]
    assert parent.data.tags["sweeper.changed.space.lr"].endswith("high=0.01, log=True")


def test_a_dry_run_creates_nothing(shop: Shop) -> None:
    shop.space("valley", trials=6)
    flags = ["--set", "budget.gpu_hours=1", "--set", "resources.gpus=0"]
    code, said = shop.run("run", "toy.yaml", "--dry-run", *flags)
    assert code == 0, said
    assert "no GPU is used: nothing counts towards budget.gpu_hours" in said
    assert "The first of 6 trials" in said
    assert sorted(p.name for p in shop.folder.iterdir()) == ["toy.yaml"]


def test_six_mistakes_are_six_messages_and_nothing_is_created(shop: Shop) -> None:
    path = shop.space("valley", trials=6)
    text = path.read_text()
    for right, wrong in (
        ("maximize", "upwards"),
        ("name: tpe", "name: tpee"),
        ("name: median", "name: medain"),
        ("trials: 6", "trials: 0"),
        ("low: 1.0e-4", "low: 1.0e+4"),
        ("seed_placeholder", ""),
    ):
        text = text.replace(right, wrong)
    path.write_text(text + "bugdet: {trials: 3}\n")
    code, said = shop.run("run", "toy.yaml")
    assert code == 2
    problems = [line for line in said.splitlines() if line.startswith("error toy.yaml:")]
    assert len(problems) == 6, said
    assert "did you mean 'tpe'" in said
    assert "Traceback" not in said
    assert [p.name for p in shop.folder.iterdir()] == ["toy.yaml"]


_SPACES = Path(__file__).parents[2] / "search_spaces"


def test_a_check_says_what_would_be_trained_on_what(shop: Shop) -> None:
    code, said = shop.run("check", str(_SPACES / "dprnn.yaml"))
    assert code == 0
    assert re.search(r"model +dprnn, [\d,]+ parameters", said)
    assert "24 recordings" in said


def test_a_check_refuses_data_that_is_not_there(shop: Shop) -> None:
    code, said = shop.run("check", str(_SPACES / "voicebank_dprnn.yaml"))
    assert code == 2
    assert "no such folder" in said
    assert not any(shop.folder.iterdir())


def test_a_repeated_proposal_is_a_run_of_its_own_that_was_not_trained(shop: Shop) -> None:
    shop.space(
        "valley", trials=4, more="enqueue: [{lr: 1e-2, batch_size: 8}, {lr: 1e-2, batch_size: 8}]\n"
    )
    code, said = shop.run("run", "toy.yaml", "--set", "resources.concurrent=1")
    assert code == 0, said
    assert "1 repeated" in said
    assert [r.copy_of for r in shop.records()[:2]] == ["", "0"]
    (run,) = [r for r in shop.agrees().children if "sweeper.copy_of" in r.data.tags]
    assert (run.data.tags["sweeper.trial"], run.data.tags["sweeper.copy_of"]) == ("1", "0")
    assert run.info.status == "FINISHED"


@pytest.mark.slow
def test_a_sweep_from_another_says_what_it_took(shop: Shop) -> None:
    shop.space("valley", trials=4)
    assert shop.run("run", "toy.yaml")[0] == 0
    words = ("run", "toy.yaml", "--set", "name=new", "--from", "toy")
    code, said = shop.run(*words, "--dry-run")
    assert (code, "4 of 4 trials of toy are shown to the sampler" in said) == (0, True), said
    code, said = shop.run(*words)
    assert (code, "4 of 4 trials of toy are shown to the sampler" in said) == (0, True), said
    assert len(shop.records("new")) == 4
