from __future__ import annotations

import csv
import importlib.util
import logging
import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from sweeper.data.corpus import Pair
from sweeper.errors import SweeperError
from sweeper.metrics.si_sdr import si_sdr
from sweeper.tasks import _evaluation
from sweeper.tasks._evaluation import Evaluation, require
from sweeper.training.hardware import Precision


class Halves(nn.Module):
    def forward(self, noisy: Tensor) -> Tensor:
        return noisy / 2


def pair(name: str, snr: float, frames: int = 8000) -> Pair:
    generator = torch.Generator().manual_seed(int(name[1:]))
    clean, noise = torch.randn(2, frames, generator=generator)
    noise *= clean.norm() / noise.norm() * 10 ** (-snr / 20)
    return Pair(name, clean + noise, clean, speaker="p1")


def evaluation(folder: Path, pairs: list[Pair], *measures: str) -> Evaluation:
    return Evaluation(
        pairs=pairs,
        measures=measures,
        sample_rate=8000,
        precision=Precision("cpu"),
        device=torch.device("cpu"),
        folder=folder / "artifacts",
    )


def table(folder: Path) -> list[dict[str, Any]]:
    with (folder / "artifacts" / "files.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_the_table_has_each_recording_with_its_figures(tmp_path: Path) -> None:
    pairs = [pair("v0", 0), pair("v1", 12.5, 4000)]
    assert evaluation(tmp_path, pairs)(Halves()) == {}
    rows = table(tmp_path)
    assert [row["id"] for row in rows] == ["v0", "v1"]
    assert [float(row["seconds"]) for row in rows] == [1.0, 0.5]
    assert [float(row["input_snr"]) for row in rows] == pytest.approx([0, 12.5], abs=1e-3)
    for row, one in zip(rows, pairs, strict=True):
        expected = si_sdr(one.noisy, one.clean).item()
        assert float(row["noisy_si_sdr"]) == pytest.approx(expected, abs=1e-3)
        assert float(row["si_sdr"]) == pytest.approx(expected, abs=1e-3)  # the level is free
    assert (tmp_path / "artifacts" / "by_input_snr.png").read_bytes().startswith(b"\x89PNG")


def test_what_has_no_value_is_empty_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The package stands for any measure that finds no speech in one of two recordings."""

    def none_in_short_ones(estimate: Tensor, clean: Tensor, rate: int) -> Tensor:
        return torch.tensor(0.8 if len(clean) == 8000 else math.nan)

    monkeypatch.setitem(_evaluation._MEASURES, "stoi", none_in_short_ones)  # type: ignore[arg-type]
    pairs = [pair("v0", 5), pair("v1", 5, 4000)]
    with caplog.at_level(logging.WARNING, logger="sweeper"):
        means = evaluation(tmp_path, pairs, "stoi")(Halves())
    assert means == {"best_val_stoi": pytest.approx(0.8)}
    assert [row["stoi"] for row in table(tmp_path)] == ["0.8000", ""]
    assert "stoi: 1 of 2 recordings have none" in caplog.text
    assert evaluation(tmp_path, pairs[1:], "stoi")(Halves()) == {}


def test_a_recording_without_noise_has_no_input_snr(tmp_path: Path) -> None:
    clean = torch.randn(8000)
    evaluation(tmp_path, [Pair("v0", clean, clean)])(Halves())
    assert table(tmp_path)[0]["input_snr"] == ""


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    require(())
    with pytest.raises(
        SweeperError, match=r"has stoi, pesq, which needs pystoi, pesq: `uv sync --extra q"
    ):
        require(("stoi", "pesq"))
