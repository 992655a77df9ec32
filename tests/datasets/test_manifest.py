from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sweeper.datasets.manifest import manifest
from sweeper.errors import DataError
from sweeper.metrics.si_sdr import si_sdr

Record = Callable[..., None]
HEADER = "id,noisy_path,clean_path,num_frames,sample_rate,speaker,split,snr_db"
LINES = (
    "u1,n/u1.wav,c/u1.wav,400,16000,ann,train,5.0",
    "u2,n/u2.wav,c/u2.wav,400,16000,bob,train,2.5",
    "u3,n/u3.wav,c/u3.wav,400,16000,cho,valid,",
    "u4,n/gone.wav,c/gone.wav,400,16000,cho,test,",
)


@pytest.fixture
def folder(tmp_path: Path, record: Record) -> Path:
    for name in ("u1", "u2", "u3"):
        record(tmp_path / "n" / f"{name}.wav", tmp_path / "c" / f"{name}.wav")
    return tmp_path


def written(folder: Path, *lines: str, header: str = HEADER, encoding: str = "utf-8") -> Path:
    file = folder / "manifest.csv"
    file.write_text("\n".join([header, *(lines or LINES)]) + "\n", encoding=encoding)
    return file


def test_split_and_speaker_come_from_the_file(folder: Path) -> None:
    made = manifest(path=written(folder))
    assert [(p.id, p.speaker) for p in made.train] == [("u1", "ann"), ("u2", "bob")]
    assert [(p.id, p.speaker) for p in made.valid] == [("u3", "cho")]  # u4 is for tests
    assert made.source.endswith("manifest.csv")


def test_three_columns_and_a_split_do(folder: Path) -> None:
    lines = [",".join([*line.split(",")[:3], line.split(",")[6]]) for line in LINES]
    file = written(folder, *lines, header="id,noisy_path,clean_path,split", encoding="utf-8-sig")
    assert manifest(path=file).fingerprint == manifest(path=written(folder)).fingerprint


def test_speakers_may_decide_instead(folder: Path) -> None:
    made = manifest(path=written(folder), valid_speakers=("ann",))
    assert [p.id for p in made.valid] == ["u1"]
    assert [p.id for p in made.train] == ["u2", "u3"]


def test_the_manifest_may_lie_elsewhere(folder: Path, tmp_path_factory: Any) -> None:
    file = written(tmp_path_factory.mktemp("elsewhere"))
    assert len(manifest(path=file, root=folder).train) == 2


def test_absolute_paths_do(folder: Path, tmp_path_factory: Any) -> None:
    lines = [line.replace("n/", f"{folder}/n/").replace("c/", f"{folder}/c/") for line in LINES]
    file = written(tmp_path_factory.mktemp("elsewhere"), *lines)
    assert len(manifest(path=file).train) == 2


def test_all_wrong_lines_are_told_at_once(folder: Path) -> None:
    file = written(
        folder,
        "u1,n/u1.wav,c/u1.wav,400,16000,ann,train,5.0",
        "u2,n/u9.wav,c/u9.wav,400,16000,bob,train,2.5",
        "u3,n/u3.wav,c/u3.wav,many,16000,cho,validation,",
        "u1,n/u2.wav,,400,0,bob,train,5.0",
        "u5,n/u2.wav,c/u2.wav,400,16000,bob,train,5,0",
    )
    with pytest.raises(DataError) as caught:
        manifest(path=file)
    assert list(caught.value.problems) == [
        f"{file}, line 3: no such file: {folder}/n/u9.wav, {folder}/c/u9.wav; correct the path, or "
        "give root",
        f"{file}, line 4: split: must be train, valid or test, but got 'validation'",
        f"{file}, line 4: num_frames: must be a positive whole number, but got 'many'",
        f"{file}, line 5: has no clean_path",
        f"{file}, line 5: sample_rate: must be a positive whole number, but got '0'",
        f"{file}, line 6: has more values than the header; put values with commas in double quotes",
        f"{file}, line 5: id 'u1' stands in line 2 already; ids must be unique",
    ]


def test_wrong_lines_and_wrong_files_are_told_in_one_pass(folder: Path) -> None:
    (folder / "c" / "u1.wav").write_bytes(b"")
    file = written(folder, LINES[0], LINES[2], "u2,,c/u2.wav,400,16000,bob,train,2.5")
    with pytest.raises(DataError) as caught:
        manifest(path=file)
    assert list(caught.value.problems) == [
        f"{file}, line 4: has no noisy_path",
        f"{folder}/c/u1.wav: is empty (0 bytes); copy or download it again",
    ]


def test_files_that_are_not_as_told_are_told(folder: Path) -> None:
    lines = [line.replace("400,16000", "400,48000") for line in LINES]
    with pytest.raises(DataError) as caught:
        manifest(path=written(folder, *lines))
    for name in ("u1", "u2", "u3"):
        assert f"pair '{name}': should have 134 samples at 16000 Hz" in str(caught.value)


def test_a_length_without_a_rate_is_not_checked(folder: Path) -> None:
    lines = [line.replace("400,16000", "1200,") for line in LINES]
    assert len(manifest(path=written(folder, *lines)).train) == 2


@pytest.mark.parametrize(
    ("header", "options", "message"),
    [
        (HEADER.replace("clean_path", "clean"), {}, "no clean_path; it has id, noisy_path, clean"),
        (HEADER.replace("split", "part"), {}, "no split; .*or give valid_speakers"),
        (HEADER.replace("speaker", "who"), {"valid_speakers": ("ann",)}, "no speaker; it has"),
        (HEADER, {"valid_speakers": ("zoe",)}, "speaker zoe .*there are ann, bob, cho"),
        (HEADER, {"root": "/nowhere"}, "line 2: no such file: /nowhere/n/u1.wav"),
    ],
)
def test_what_is_wrong_is_told(
    folder: Path, header: str, options: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        manifest(path=written(folder, header=header), **options)


def test_a_speaker_is_needed_where_speakers_decide(folder: Path) -> None:
    file = written(folder, *LINES[:2], "u3,n/u3.wav,c/u3.wav,400,16000,,,")
    with pytest.raises(DataError, match="line 4: has no speaker"):
        manifest(path=file, valid_speakers=("ann",))


def test_a_manifest_that_cannot_be_read_is_told(folder: Path) -> None:
    with pytest.raises(DataError, match=r"gone.csv: cannot be read"):
        manifest(path=folder / "gone.csv")
    with pytest.raises(DataError, match=r"u1.wav: cannot be read"):
        manifest(path=folder / "n" / "u1.wav")
    (folder / "empty.csv").write_text("")
    with pytest.raises(DataError, match=r"empty.csv: the header has no id"):
        manifest(path=folder / "empty.csv")
    with pytest.raises(DataError, match="no pairs in 'train'"):
        manifest(path=written(folder, LINES[3]))


def test_real_recordings(voicebank_mini: Path) -> None:
    file = voicebank_mini / "manifest.csv"
    made = manifest(path=file)
    assert (len(made.train), len(made.valid)) == (31, 12)
    assert made.train_seconds + made.valid_seconds == pytest.approx(195, abs=1)
    with file.open(newline="") as lines:
        told = {row["id"]: float(row["noisy_si_sdr"]) for row in csv.DictReader(lines)}
    pairs = made.train + made.valid
    assert {p.id for p in pairs} == set(told)
    found = torch.stack([si_sdr(p.noisy[None], p.clean[None])[0] for p in pairs])
    assert torch.allclose(
        found.double(), torch.tensor([told[p.id] for p in pairs]).double(), atol=0.01
    )
