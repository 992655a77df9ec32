"""The packaged demo corpus, and the script that makes it."""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from importlib.resources import files
from pathlib import Path

import pytest
import torch

from sweeper.data import audio
from sweeper.metrics.si_sdr import si_sdr

FOLDER = Path(str(files("sweeper.data") / "demo"))
SCRIPT = Path(__file__).parents[2] / "scripts" / "make_demo_corpus.py"
MADE_WITH = "1.51"
RATE = 16000


def rows(folder: Path = FOLDER) -> list[dict[str, str]]:
    with (folder / "manifest.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def of_split(split: str) -> list[dict[str, str]]:
    return [row for row in rows() if row["split"] == split]


def seconds(split: str) -> float:
    return sum(int(row["num_frames"]) / int(row["sample_rate"]) for row in of_split(split))


def test_it_is_small_and_every_file_is_in_the_manifest() -> None:
    audio_files = {p.relative_to(FOLDER).as_posix() for p in FOLDER.rglob("*.flac")}
    assert audio_files == {row[k] for row in rows() for k in ("noisy_path", "clean_path")}
    assert sum(f.stat().st_size for f in FOLDER.rglob("*")) < 6e6
    assert "CC0" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_durations() -> None:
    assert 60 <= seconds("train") <= 75
    assert 18 <= seconds("valid") <= 25
    assert all(2 <= int(row["num_frames"]) / RATE <= 4 for row in rows())


@pytest.mark.parametrize("column", ["speaker", "text", "id"])
def test_train_and_valid_share_no_voice_and_no_sentence(column: str) -> None:
    train, valid = ({row[column] for row in of_split(split)} for split in ("train", "valid"))
    assert not train & valid


@pytest.mark.parametrize("split", ["train", "valid"])
def test_both_languages_and_all_noises_are_in_both_splits(split: str) -> None:
    found = of_split(split)
    assert {row["language"] for row in found} == {"en", "ko"}
    assert {row["noise"] for row in found} == {"babble", "pink", "hum", "clicks"}
    snrs = [float(row["snr_db"]) for row in found]
    assert (min(snrs), max(snrs)) == (-2.0, 10.0)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row["id"])
def test_levels_and_the_noisy_si_sdr(row: dict[str, str]) -> None:
    noisy, clean = (
        audio.read(FOLDER / row[k], RATE).waveform for k in ("noisy_path", "clean_path")
    )
    assert len(noisy) == len(clean) == int(row["num_frames"])
    assert noisy.abs().max() < 0.91
    assert clean.abs().max() < 0.91
    assert 0.02 < clean.square().mean().sqrt() < 0.08  # -34 to -22 dB full scale
    assert si_sdr(noisy[None], clean[None]).item() == pytest.approx(float(row["snr_db"]), abs=0.3)
    edge = RATE // 5  # trimmed: there is speech in the first and in the last 0.2 s
    assert min(clean[:edge].abs().max(), clean[-edge:].abs().max()) > 0.01 * clean.abs().max()


def _espeak_is_the_one() -> bool:
    if shutil.which("espeak-ng") is None:
        return False
    said = subprocess.run(["espeak-ng", "--version"], capture_output=True, text=True, check=True)
    return f"eSpeak NG text-to-speech: {MADE_WITH} " in said.stdout


@pytest.mark.skipif(not _espeak_is_the_one(), reason=f"needs espeak-ng {MADE_WITH}")
def test_the_script_makes_it(tmp_path: Path) -> None:
    subprocess.run([sys.executable, SCRIPT, tmp_path], check=True)
    assert rows(tmp_path) == rows()
    for row in rows():
        for column in ("noisy_path", "clean_path"):
            made, shipped = (audio.read(f / row[column], RATE).waveform for f in (tmp_path, FOLDER))
            assert torch.allclose(made, shipped, atol=1e-3)  # other CPUs round otherwise
