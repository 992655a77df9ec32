"""From events to writes, without MLflow."""

import itertools
import json
from typing import Any

import pytest

from sweeper.tracker.tally import Tally
from sweeper.tracker.writes import Birth, Plan, Status, plan


def _events(story: Any) -> list[Any]:
    return [json.loads(line) for line in story.paths.history.read_text().splitlines()]


def _plan(story: Any, tally: Tally | None = None) -> Plan:
    return plan(story.sweep, story.paths, tally or Tally(), _events(story))


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("complete", "FINISHED"),
        ("pruned", "KILLED"),
        ("timed_out", "KILLED"),
        ("diverged", "FAILED"),
        ("out_of_memory", "FAILED"),
        ("failed", "FAILED"),
    ],
)
def test_every_ending_is_told_truthfully(story: Any, state: str, status: str) -> None:
    story.start(0)
    story.end(0, state)
    folded = _plan(story)
    writes = folded.trials[0]
    assert writes.status == Status(status, 1001_000)
    assert writes.tags["sweeper.state"] == state
    assert writes.tags["sweeper.stop_reason"] == f"{state} it is"
    assert writes.ended
    assert not writes.points
    assert folded.tally.ended == {state: 1}
    assert folded.tally.working == 0
    assert bool(folded.tally.live) == (state == "failed")  # it may be tried again


def test_a_failed_trial_that_is_tried_again_has_not_ended(story: Any) -> None:
    for trial in (0, 1):
        story.start(trial)
        story.epoch(trial, 5.0 + trial)
        story.end(trial, "failed")
    story.reseed(retried=[0, 1])
    story.start(0)
    before = _plan(story)
    assert (before.tally.ended, before.tally.working) == ({"failed": 0}, 1)
    assert before.trials[0].status == Status("RUNNING", 1007_000)
    assert before.trials[0].tags["sweeper.stop_reason"] == ""
    assert (before.trials[0].ended, before.trials[1].ended) == (False, True)
    story.epoch(0, 4.0)
    story.end(0, value=5.0)
    story.start(1)
    story.end(1, "failed")
    folded = _plan(story)
    assert folded.tally.ended == {"failed": 1, "complete": 1}
    assert {(p.key, p.step): p.value for p in folded.trials[0].points} == story.points[0]
    counts = [(p.step, p.value) for p in folded.parent.points if p.key == "trials_failed"]
    assert counts == [(1, 1), (2, 2), (3, 1), (4, 0), (6, 1)]


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        ("finished", "FINISHED"),
        ("aborted", "FAILED"),
        ("drained", "KILLED"),
        ("cancelled", "KILLED"),
        ("lost", "KILLED"),
    ],
)
def test_every_end_of_a_session_is_told_truthfully(story: Any, reason: str, status: str) -> None:
    story.session()
    story.session_end(reason)
    parent = _plan(story).parent
    assert parent.status == Status(status, 1001_000)
    assert parent.tags == {"sweeper.session": "1", "sweeper.state": reason}


def test_a_trial_is_born_with_its_name_and_parameters(story: Any) -> None:
    story.start(7)
    writes = _plan(story).trials[7]
    assert writes.birth == Birth("0007 lr=9.6e-3 batch_size=8", 1000_000)
    assert writes.params["seed"] == "107"
    assert writes.params["model"] == "dprnn"
    assert writes.status is None
    assert writes.tags == {"sweeper.state": "running", "sweeper.attempt": "1"}


def test_an_interrupted_trial_runs_again(story: Any) -> None:
    story.start(0)
    story.interrupt(0)
    folded = _plan(story)
    assert folded.trials[0].status == Status("KILLED", 1001_000)
    assert folded.trials[0].tags["sweeper.state"] == "interrupted"
    assert folded.tally.working == 0
    story.start(0)
    writes = _plan(story).trials[0]
    assert writes.status == Status("RUNNING", 1002_000)
    assert writes.tags == {
        "sweeper.state": "running",
        "sweeper.attempt": "2",
        "sweeper.stop_reason": "",
    }


def test_the_best_epoch_is_the_first_of_the_best(story: Any) -> None:
    story.start(0)
    for value in (5.0, 7.0, 7.0, 6.0):
        story.epoch(0, value)
    story.end(0, value=7.0, best_epoch=2)
    points = {(p.key, p.step): p.value for p in _plan(story).trials[0].points}
    assert points == story.points[0]


def test_smaller_is_better_where_it_is_minimized(make_story: Any) -> None:
    story = make_story(metric="train_loss", direction="minimize")
    for trial, value in enumerate((5.0, 7.0, 6.0)):
        story.start(trial)
        story.epoch(trial, value)
        story.epoch(trial, value - 2)
        story.end(trial, value=-value)
    folded = _plan(story)
    best = [p.value for p in folded.parent.points if p.key == "best_train_loss"]
    assert best == [-5.0, -7.0, -7.0]
    epochs = [p.value for w in folded.trials.values() for p in w.points if p.key == "best_epoch"]
    assert epochs == [1, 1, 1]


def test_the_parent_counts_and_remembers_the_best(story: Any) -> None:
    for trial, (state, value) in enumerate(
        [("complete", 3.0), ("diverged", None), ("pruned", 2.0)]
    ):
        story.start(trial)
        story.end(trial, state, value)
    points = [(p.key, p.step, p.value) for p in _plan(story).parent.points]
    assert [p for p in points if p[0] != "trials_running"] == [
        ("trials_complete", 1, 1),
        ("best_val_si_sdr", 1, 3.0),
        ("trials_diverged", 2, 1),
        ("best_val_si_sdr", 2, 3.0),
        ("trials_pruned", 3, 1),
        ("best_val_si_sdr", 3, 3.0),
    ]
    running = [(step, value) for key, step, value in points if key == "trials_running"]
    assert running == [(1, 1), (2, 0), (3, 1), (4, 0), (5, 1), (6, 0)]


def test_folding_in_pieces_is_folding_at_once(story: Any) -> None:
    story.session()
    for trial in (0, 1):
        story.start(trial)
        story.epoch(trial, 4.0 + trial)
    story.interrupt(0)
    story.end(1, value=5.0)
    story.start(0)
    story.epoch(0, 3.0)
    story.end(0, value=4.0)
    story.session_end()
    events = _events(story)
    whole = plan(story.sweep, story.paths, Tally(), events)
    for cut in range(len(events) + 1):
        first = plan(story.sweep, story.paths, Tally(), events[:cut])
        kept = Tally.from_json(json.loads(json.dumps(first.tally.to_json())))
        second = plan(story.sweep, story.paths, kept, events[cut:])
        assert second.tally == whole.tally
        assert first.parent.points + second.parent.points == whole.parent.points
        for trial in (0, 1):
            parts = [p.trials[trial].points for p in (first, second) if trial in p.trials]
            assert list(itertools.chain(*parts)) == whole.trials[trial].points


def test_a_repeat_is_a_run_with_what_the_first_reported_and_is_counted_apart(story: Any) -> None:
    story.start(0)
    story.epoch(0, 1, val_si_sdr=4.0)
    story.end(0, "complete", value=4.0)
    (report,) = [event for event in _events(story) if event["event"] == "epoch"]
    story._write(
        "copy",
        trial=1,
        params={"lr": 0.1},
        flat_params={"lr": 0.1},
        seed=7,
        identity="x",
        copy_of="0",
        state="complete",
        reason="same as trial 0: not trained again",
        value=4.0,
        diagnosis={"finding": "convergence", "evidence": "-"},
        reports=[{key: report[key] for key in ("epoch", "time", "metrics", "steps")}],
    )
    folded = _plan(story)
    first, second = folded.trials[0], folded.trials[1]
    assert second.tags["sweeper.copy_of"] == "0"
    assert second.tags["sweeper.state"] == "complete"
    assert second.tags["sweeper.stop_reason"] == "same as trial 0: not trained again"
    assert second.birth is not None
    assert second.status is not None
    assert [(p.key, p.value, p.step) for p in second.points] == [
        (p.key, p.value, p.step) for p in first.points
    ]
    assert folded.tally.ended == {"complete": 1, "copied": 1}
    assert folded.tally.found == {}
    assert not folded.tally.live


def test_the_diagnosis_is_a_tag_and_its_advice_is_on_top(story: Any) -> None:
    events = [
        {"event": "start", "time": 1.0, "trial": 0, "params": {"lr": 0.1}, "seed": 1}
        | {"flat_params": {"lr": 0.1}, "attempt": 1},
        {"event": "end", "time": 2.0, "trial": 0, "state": "complete", "reason": "", "value": 1.0}
        | {"diagnosis": {"finding": "no_learning", "evidence": "it went from 4 to 4"}},
    ]
    folded = plan(story.sweep, story.paths, Tally(), events)
    tags = folded.trials[0].tags
    assert tags["sweeper.diagnosis"] == "no_learning"
    note = tags["mlflow.note.content"]
    assert note.startswith("**No learning**: it went from 4 to 4.")
    assert "Raise the learning rate" in note
    assert folded.tally.found == {"no_learning": 1}
    points = [(p.key, p.step, p.value) for p in folded.parent.points]
    assert ("diagnosed_no_learning", 1, 1) in points
    events[-1]["diagnosis"] = None
    assert "sweeper.diagnosis" not in plan(story.sweep, story.paths, Tally(), events).trials[0].tags
