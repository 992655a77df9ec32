from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from sweeper.datasets.voicebank_demand import voicebank_demand
from sweeper.errors import DataError

Record = Callable[..., None]


def unpack(root: Path, record: Record, suffix: str, sample_rate: int) -> None:
    for speaker in ("p225", "p226", "p287", "p300"):
        for number in range(2):
            name = f"{speaker}_{number:03d}.wav"
            noisy, clean = (root / f"{kind}_trainset_{suffix}" for kind in ("noisy", "clean"))
            record(noisy / name, clean / name, sample_rate // 100, sample_rate)


def test_two_speakers_validate_and_48_khz_become_16(tmp_path: Path, record: Record) -> None:
    unpack(tmp_path, record, "28spk_wav", 48000)
    made = voicebank_demand(root=tmp_path)
    assert {p.speaker for p in made.valid} == {"p226", "p287"}
    assert {p.speaker for p in made.train} == {"p225", "p300"}
    assert (made.sample_rate, len(made.train[0].clean)) == (16000, 160)


def test_copies_at_16_khz_are_preferred(tmp_path: Path, record: Record) -> None:
    unpack(tmp_path, record, "28spk_wav", 48000)
    original = voicebank_demand(root=tmp_path).fingerprint
    unpack(tmp_path, record, "28spk_wav_16k", 16000)
    assert voicebank_demand(root=tmp_path).fingerprint != original
    assert len(voicebank_demand(root=tmp_path, sample_rate=48000).train[0].clean) == 480


def test_archives_do_as_they_are_downloaded(tmp_path: Path, record: Record) -> None:
    unpack(tmp_path, record, "28spk_wav", 48000)
    unpacked = voicebank_demand(root=tmp_path)
    zipped = tmp_path / "zips"
    zipped.mkdir()
    for kind in ("noisy", "clean"):
        folder = f"{kind}_trainset_28spk_wav"
        # as the official archives: with the folder in them
        shutil.make_archive(str(zipped / folder), "zip", tmp_path, folder)
    made = voicebank_demand(root=zipped)
    assert made.fingerprint == unpacked.fingerprint
    assert torch.equal(made.train[0].noisy, unpacked.train[0].noisy)
    archive = zipped / "clean_trainset_28spk_wav.zip"
    archive.write_bytes(archive.read_bytes()[:-100])
    with pytest.raises(DataError, match=r"clean_trainset_28spk_wav.zip: .*sweeper data fetch"):
        voicebank_demand(root=zipped)


def test_the_larger_subset(tmp_path: Path, record: Record) -> None:
    unpack(tmp_path, record, "56spk_wav", 16000)
    made = voicebank_demand(root=tmp_path, subset="56spk", valid_speakers=("p300",))
    assert (len(made.train), len(made.valid)) == (6, 2)


def test_a_missing_folder_says_where_it_is_to_be_had(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"noisy_trainset_28spk_wav.*data fetch.*10283/2791"):
        voicebank_demand(root=tmp_path)


def test_speakers_that_are_not_there_are_told(tmp_path: Path, record: Record) -> None:
    unpack(tmp_path, record, "28spk_wav", 16000)
    with pytest.raises(DataError, match=r"speaker p999 .*there are p225, p226, p287, p300"):
        voicebank_demand(root=tmp_path, valid_speakers=("p999", "p226"))


def test_real_recordings(voicebank_mini: Path) -> None:
    made = voicebank_demand(root=voicebank_mini, valid_speakers=("p287",))
    assert {p.speaker for p in made.train} == {"p226"}
    assert (len(made.train), len(made.valid)) == (6, 6)
    with pytest.raises(DataError, match="leave some to train on"):
        voicebank_demand(root=voicebank_mini)  # it has no other training speakers
