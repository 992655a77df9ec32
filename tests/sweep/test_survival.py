"""Drivers and workers that die, people who interrupt: nothing lost, nothing twice."""

from __future__ import annotations

import json
import os
import signal
from typing import TYPE_CHECKING

import psutil
import pytest

from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop


def _some_epochs(records: list) -> bool:  # type: ignore[type-arg]
    return sum(r.epoch for r in records) >= 8


@pytest.mark.parametrize("with_ray", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_killed_driver_is_resumed_exactly(shop: Shop, with_ray: bool) -> None:
    shop.space("slow", trials=6)
    process = shop.start("run", "toy.yaml", "--set", "resources.concurrent=2")
    shop.wait_for(_some_epochs)
    if with_ray:
        os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.communicate()
    before = {r.number: r for r in shop.records()}
    code, said = shop.run("resume", "toy")
    assert code == 0, said
    assert "continue after epoch" in said
    after = shop.records()
    assert len(after) == 6
    assert all(r.state.ended for r in after)
    for number, old in before.items():
        # what was reported stays to the bit, and ended trials were not touched
        assert after[number].reports[: old.epoch] == old.reports
        assert after[number].attempts == (1 if old.state.ended else 2)
    shop.agrees()
    assert shop.leftovers() == []


def test_a_lost_worker_costs_its_trial_nothing(shop: Shop) -> None:
    shop.space("dies_once", trials=4)
    code, said = shop.run("run", "toy.yaml", "--set", "pruner={name: none}")
    assert code == 0, said
    records = shop.records()
    assert [r.state for r in records] == [TrialState.COMPLETE] * 4
    assert [r.attempts for r in records] == [1, 2, 1, 1]
    assert [e.epoch for e in records[1].reports] == [1, 2, 3, 4]
    shop.agrees()


def test_a_worker_that_always_dies_fails_its_trial_and_no_other(shop: Shop) -> None:
    shop.space("dies_always", trials=4)
    code, said = shop.run(
        "run", "toy.yaml", "--set", "resources.max_retries=1", "--set", "pruner={name: none}"
    )
    assert code == 0, said
    states = [r.state for r in shop.records()]
    assert states == [TrialState.COMPLETE, TrialState.FAILED] + [TrialState.COMPLETE] * 2
    assert shop.records()[1].reason == "the worker died 2 times"
    runs = shop.agrees()
    (parent,) = runs.parents
    assert "logs/ray.log" in parent.data.tags["mlflow.note.content"]
    folder = shop.folder / "logs"
    runs.client.download_artifacts(parent.info.run_id, "logs", str(shop.folder))
    assert "ActorDiedError" in (folder / "ray.log").read_text()
    said_last = [path.read_text() for path in folder.glob("worker-*.err")]
    # one that Ray ends in the end may complain of that
    crashes = [text for text in said_last if "Segmentation fault" in text]
    assert len(crashes) == 2
    for said in crashes:
        assert "in dies_always" in said


def test_workers_are_kept_though_trials_end_before_all_have_started(shop: Shop) -> None:
    shop.space("valley", trials=60, epochs=1)
    code, said = shop.run(
        "run", "toy.yaml", "--set", "resources.concurrent=2", "--set", "pruner={name: none}"
    )
    assert code == 0, said
    trials = SweepPaths(shop.folder / "sweeps/toy").trial
    workers = [json.loads((trials(n) / "worker.json").read_text())["pid"] for n in range(60)]
    assert workers[0] != workers[1]  # nobody took it from the worker that was starting for it
    assert len(set(workers)) == 2


def test_a_failed_trial_gives_the_only_slot_to_the_next_in_a_fresh_worker(shop: Shop) -> None:
    shop.space("breaks_once", trials=3)
    code, said = shop.run(
        "run", "toy.yaml", "--set", "resources.concurrent=1", "--set", "pruner={name: none}"
    )
    assert code == 0, said
    records = shop.records()
    states = [TrialState.COMPLETE, TrialState.FAILED, TrialState.COMPLETE]
    assert [(r.state, r.attempts) for r in records] == [(state, 1) for state in states]
    assert records[1].reason.startswith("FileNotFoundError")
    trials = SweepPaths(shop.folder / "sweeps/toy").trial
    first, second, third = ((trials(n) / "pid").read_text() for n in range(3))
    assert first == second != third
    shop.agrees()


def test_the_same_mistake_in_every_trial_ends_the_sweep_and_is_shown_once(shop: Shop) -> None:
    shop.space("breaks", trials=30)
    code, said = shop.run("run", "toy.yaml", "--set", "budget.failures_in_a_row=3")
    assert code == 1
    assert (
        said.count("FileNotFoundError: [Errno 2] No such file or directory: '/no/such/file'") >= 1
    )
    assert said.count("Traceback (most recent call last)") == 1
    assert len(shop.records()) < 10
    (parent,) = shop.agrees().parents
    assert parent.info.status == "FAILED"


def test_ctrl_c_finishes_the_running_trials(shop: Shop) -> None:
    shop.space("slow", trials=40)
    process = shop.start("run", "toy.yaml", "--set", "resources.concurrent=2")
    shop.wait_for(_some_epochs)
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    records = shop.records()
    assert 0 < len(records) < 40
    assert all(r.state.ended for r in records)
    assert "sweeper resume toy" in said
    (parent,) = shop.agrees().parents
    assert (parent.info.status, parent.data.tags["sweeper.state"]) == ("KILLED", "stopped")


@pytest.mark.parametrize(
    "number", [signal.SIGTERM, pytest.param(signal.SIGHUP, marks=pytest.mark.slow)]
)
def test_a_terminated_driver_leaves_running_trials_for_the_next_session(
    shop: Shop, number: signal.Signals
) -> None:
    shop.space("slow", trials=5)
    process = shop.start("run", "toy.yaml", "--set", "resources.concurrent=2")
    shop.wait_for(_some_epochs)
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert TrialState.INTERRUPTED in [r.state for r in shop.records()]
    assert shop.leftovers() == []
    shop.agrees()
    assert shop.run("run", "toy.yaml")[0] == 0
    assert all(r.state.ended for r in shop.records())
    shop.agrees()


def test_a_second_driver_is_refused_by_name(shop: Shop) -> None:
    shop.space("slow", trials=40)
    process = shop.start("run", "toy.yaml", "--set", "resources.concurrent=1")
    shop.wait_for(lambda records: len(records) > 0)
    code, said = shop.run("run", "toy.yaml")
    assert code == 2
    assert f"process {process.pid} on " in said
    process.kill()


@pytest.mark.slow
def test_ray_left_by_a_driver_killed_after_its_last_trial_is_ended(
    shop: Shop, tmp_path_factory: pytest.TempPathFactory
) -> None:
    shop.space("valley", trials=2)
    assert shop.run("run", "toy.yaml")[0] == 0
    orphan = psutil.Popen(["sleep", "600"])
    scratch = tmp_path_factory.mktemp("ray") / "sweeper-left"
    scratch.mkdir()
    noted = {"processes": [(orphan.pid, orphan.create_time())], "scratch": str(scratch)}
    SweepPaths(shop.folder / "sweeps/toy").ray.write_text(json.dumps(noted))
    code, said = shop.run("run", "toy.yaml")
    assert (code, "2 done, 0 to go" in said) == (0, True), said
    assert orphan.wait(10) == -signal.SIGKILL
    assert not scratch.exists()
