from __future__ import annotations

import pytest

from sweeper.config import Change, diff


@pytest.mark.parametrize(
    ("flags", "key", "old", "new"),
    [
        (["budget.trials=8"], "budget.trials", 4, 8),
        (["budget.hours=2"], "budget.hours", None, 2.0),
        (["budget.gpu_hours=2"], "budget.gpu_hours", None, 2.0),
        (["notify=$TEAM"], "notify", None, "$TEAM"),
        (["resources.concurrent=2"], "resources.concurrent", "auto", 2),
        (["enqueue=[{lr: 1e-3}]"], "enqueue", [], [{"lr": 1e-3}]),
        (["objective={metric: val_si_sdr, goal: region}"], "objective.goal", "best", "region"),
    ],
)
def test_accepted(flags: list[str], key: str, old: object, new: object, load_text, minimal) -> None:
    (change,) = diff(load_text(minimal), load_text(minimal, flags))
    assert (change.key, change.old, change.new, change.verdict) == (key, old, new, "accepted")
    assert str(change).startswith(f"{key}: {old} -> {new}, accepted: ")


@pytest.mark.parametrize(
    ("flag", "key"),
    [
        ("name=b", "name"),
        ("experiment=b", "experiment"),
        ("seed=1", "seed"),
        ("model.layers=2", "model.layers"),
        ("data.sample_rate=8000", "data.sample_rate"),
        ("training.segment=2", "training.segment"),
        ("training.epochs=6", "training.epochs"),
        ("training.loss.l1=0.5", "training.loss.l1.weight"),
        ("objective.metric=val_si_sdr_improvement", "objective.metric"),
    ],
)
def test_refused(flag: str, key: str, load_text, minimal: str) -> None:
    text = minimal.replace("{epochs: 12}", "{epochs: 12, loss: {si_sdr: 1}}")
    text += "sampler: {name: tpe}\nobjective: {metric: val_si_sdr}\n"
    found = {change.key: change for change in diff(load_text(text), load_text(text, [flag]))}
    assert found[key].verdict == "refused"
    assert "start a new sweep under another name" in found[key].why


@pytest.mark.parametrize(
    ("flag", "key"),
    [
        ("search_space.lr.high=0.1", "search_space.lr.high"),
        ("search_space.lr.log=false", "search_space.lr.log"),
        ("sampler=random", "sampler.name"),
        ("sampler.seed=3", "sampler.seed"),
        ("pruner=none", "pruner.name"),
        ("training.epochs=20", "training.epochs"),
        ("objective={metric: val_si_sdr, also: [samples_per_second]}", "objective.also"),
        ("search_space.segment={type: float, low: 1, high: 2}", "training.segment"),
    ],
)
def test_re_seeded(flag: str, key: str, load_text, minimal: str) -> None:
    found = {change.key: change for change in diff(load_text(minimal), load_text(minimal, [flag]))}
    assert found[key].verdict == "re-seeded"
    assert {change.verdict for change in found.values()} == {"re-seeded"}


def test_more_epochs_are_refused_where_the_schedule_is_laid_out_over_them(
    load_text, minimal: str
) -> None:
    old = load_text(minimal, ["training.schedule=cosine"])
    (change,) = diff(old, load_text(minimal, ["training.schedule=cosine", "training.epochs=20"]))
    assert change.verdict == "refused"
    assert "the schedule cosine is laid out over all epochs" in change.why


def test_points_added_at_the_end_need_no_new_study(load_text, minimal: str) -> None:
    old = load_text(minimal, ["enqueue=[{lr: 1e-3}]"])
    (longer,) = diff(old, load_text(minimal, ["enqueue=[{lr: 1e-3}, {lr: 2e-3}]"]))
    (other,) = diff(old, load_text(minimal, ["enqueue=[{lr: 2e-3}]"]))
    assert (longer.verdict, other.verdict) == ("accepted", "re-seeded")


def test_a_parameter_that_is_new_or_gone_is_shown_whole(load_text, minimal: str) -> None:
    old = load_text(minimal)
    new = load_text(minimal, ["search_space.segment={type: fixed, value: 2}"])
    there = {change.key: (change.old, change.new) for change in diff(old, new)}
    assert there == {
        "search_space.segment.type": (None, "fixed"),
        "search_space.segment.value": (None, 2),
        "training.segment": (1.0, None),
    }
    assert {change.key for change in diff(new, old)} == there.keys()


def test_equal_configurations_have_no_difference(load_text, minimal: str) -> None:
    assert diff(load_text(minimal), load_text(minimal)) == ()


def test_a_change_is_a_plain_value() -> None:
    assert Change("a", 1, 2, "accepted", "x") == Change("a", 1, 2, "accepted", "x")
