"""Checkpoints: whole or not there; damaged ones are passed over, and the log says so."""

from __future__ import annotations

import logging
import pickle
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sweeper.records import EpochReport
from sweeper.training import checkpoint
from sweeper.training.checkpoint import Checkpoint, Checkpoints


def after(epoch: int) -> Checkpoint:
    reports = tuple(
        EpochReport(k, {"val_si_sdr": 1.5 * k}, time=float(k), steps={10 * k: 0.25})
        for k in range(1, epoch + 1)
    )
    weights = {"weight": torch.full((50,), float(epoch))}
    optimizer = {"state": {0: {"step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]}
    return Checkpoint(weights, optimizer, {"best": float("inf")}, step=10 * epoch, reports=reports)


def test_a_checkpoint_comes_back_as_it_was(tmp_path: Path) -> None:
    Checkpoints(tmp_path).save(after(2))
    found = Checkpoints(tmp_path).load()
    assert found is not None
    assert (found.epoch, found.step, found.reports) == (2, 20, after(2).reports)
    assert torch.equal(found.model["weight"], after(2).model["weight"])
    assert found.optimizer == after(2).optimizer
    assert found.schedule == after(2).schedule


def test_the_last_two_are_kept_and_nothing_else(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    for epoch in (1, 2, 3):
        checkpoints.save(after(epoch))
    assert {p.name for p in tmp_path.iterdir()} == {"last.ckpt", "previous.ckpt"}
    (tmp_path / "last.ckpt").unlink()  # as a crash between the two renames leaves it
    found = checkpoints.load()
    assert found is not None
    assert found.epoch == 2


def _torn(content: bytes) -> bytes:
    return content[: len(content) // 2]


def _empty(_: bytes) -> bytes:
    return b""


def _flipped(content: bytes) -> bytes:
    middle = content.index(b"\x00\x00\x40\x40")  # a 3.0 among the weights
    return content[:middle] + b"\x01" + content[middle + 1 :]


def _text(_: bytes) -> bytes:
    return b"no checkpoint " * 100


@pytest.mark.parametrize("damage", [_torn, _empty, _flipped, _text])
def test_a_damaged_one_falls_back_to_the_previous_one(
    tmp_path: Path, damage: Callable[[bytes], bytes], caplog: pytest.LogCaptureFixture
) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(after(2))
    checkpoints.save(after(3))
    last = tmp_path / "last.ckpt"
    last.write_bytes(damage(last.read_bytes()))
    found = checkpoints.load()
    assert found is not None
    assert found.epoch == 2
    assert "last.ckpt cannot be used" in caplog.text


def test_where_both_are_damaged_training_starts_anew(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(after(1))
    checkpoints.save(after(2))
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    assert checkpoints.load() is None


def test_a_training_without_checkpoint_is_no_incident(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        assert Checkpoints(tmp_path).load() is None
    assert not caplog.records


class _Harmful:
    def __reduce__(self) -> tuple[Callable[[], None], tuple[()]]:
        return pytest.fail, ()


def test_code_in_a_file_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "last.ckpt"
    torch.save({"format": 1, "model": _Harmful()}, path)
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoint.read(path)
    path.write_bytes(pickle.dumps(_Harmful()))
    with pytest.raises(ValueError, match="no checkpoint"):
        checkpoint.read(path)


@pytest.mark.parametrize(
    "content", [[1, 2], {"a": 1}, {"format": 1, "model": {}}, {"format": 2}], ids=str
)
def test_another_file_of_torch_is_no_checkpoint(tmp_path: Path, content: object) -> None:
    torch.save(content, tmp_path / "last.ckpt")
    assert Checkpoints(tmp_path).load() is None


def test_a_failed_write_leaves_the_older_ones(tmp_path: Path) -> None:
    checkpoints = Checkpoints(tmp_path)
    checkpoints.save(after(1))
    unsavable = Checkpoint({"weight": open}, {}, {}, 20, after(2).reports)  # type: ignore[dict-item]
    unsavable.model["weight"] = (part for part in ())  # a generator cannot be pickled
    with pytest.raises(TypeError):
        checkpoints.save(unsavable)
    assert [p.name for p in tmp_path.iterdir()] == ["last.ckpt"]
    found = checkpoints.load()
    assert found is not None
    assert found.epoch == 1
