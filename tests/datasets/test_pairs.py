from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeper.data.corpus import Corpus
from sweeper.datasets.pairs import pairs
from sweeper.errors import DataError

Record = Callable[..., None]


@pytest.fixture
def folder(tmp_path: Path, record: Record) -> Path:
    """20 pairs: speakers a (12 recordings), b (5), c (2) and d (1)."""
    for speaker, count in {"a": 12, "b": 5, "c": 2, "d": 1}.items():
        for i in range(count):
            record(
                tmp_path / "noisy" / f"{speaker}_{i:02d}.wav",
                tmp_path / "clean" / f"{speaker}_{i:02d}.flac",
            )
    return tmp_path


def ids(made: Corpus, split: str) -> list[str]:
    return [pair.id for pair in getattr(made, split)]


def speakers(made: Corpus, split: str) -> set[str | None]:
    return {pair.speaker for pair in getattr(made, split)}


def test_files_match_by_name_whatever_their_format(folder: Path) -> None:
    made = pairs(root=folder, valid_speakers=("b",))
    assert ids(made, "valid") == [f"b_{i:02d}" for i in range(5)]
    assert speakers(made, "train") == {"a", "c", "d"}


@pytest.mark.parametrize(
    ("share", "least", "most"),
    [(None, 1, 2), (0.1, 1, 2), (0.3, 3, 6), (0.01, 1, 1), (0.99, 8, 19)],
)
def test_a_share_of_the_pairs_validates_by_whole_speakers(
    folder: Path, share: float | None, least: int, most: int
) -> None:
    made = pairs(root=folder, valid_share=share)
    assert least <= len(made.valid) <= most
    assert not speakers(made, "train") & speakers(made, "valid")
    assert speakers(pairs(root=folder, valid_share=share), "valid") == speakers(made, "valid")


def test_a_split_by_file_is_to_be_asked_for(folder: Path) -> None:
    made = pairs(root=folder, speaker=".+", valid_share=0.25)
    assert len(made.valid) == 5


def test_sub_folders_are_searched_and_are_the_speakers(tmp_path: Path, record: Record) -> None:
    for name in ("x/1.wav", "x/2.wav", "y/1.wav"):
        record(tmp_path / "mix" / name, tmp_path / "s1" / name)
    (tmp_path / "mix" / "x" / ".hidden.wav").write_bytes(b"")
    (tmp_path / "mix" / "notes.txt").write_text("recorded in spring")
    made = pairs(root=tmp_path, noisy="mix", clean="s1")
    assert ids(made, "train") == ["x/1", "x/2"]
    assert ids(made, "valid") == ["y/1"]


def test_validation_data_of_its_own_may_use_the_same_names(tmp_path: Path, record: Record) -> None:
    for part in ("tr", "cv"):
        record(tmp_path / part / "noisy" / "0001.wav", tmp_path / part / "clean" / "0001.wav")
    made = pairs(root=tmp_path / "tr", valid_root=tmp_path / "cv")
    assert (ids(made, "train"), ids(made, "valid")) == (["train/0001"], ["valid/0001"])


def test_pairs_of_the_dns_challenge_match_by_file_id(tmp_path: Path, record: Record) -> None:
    for number in (1, 2, 17):
        name = f"book_0{number % 2}_snr{number}_fileid_{number}.wav"
        record(tmp_path / "noisy" / name, tmp_path / "clean" / f"clean_fileid_{number}.wav")
    made = pairs(root=tmp_path, matching="fileid", speaker=".+")
    assert {p.id for p in made.train + made.valid} == {"fileid_1", "fileid_2", "fileid_17"}
    with pytest.raises(DataError, match=r"clean_fileid_17.wav: no .*/noisy/clean_fileid_17\.\*"):
        pairs(root=tmp_path, speaker=".+")


def test_all_files_without_a_counterpart_are_told(folder: Path) -> None:
    (folder / "noisy" / "a_03.wav").unlink()
    (folder / "clean" / "b_01.flac").unlink()
    with pytest.raises(DataError) as caught:
        pairs(root=folder)
    assert f"a_03.flac: no {folder}/noisy/a_03.*" in str(caught.value)
    assert f"b_01.wav: no {folder}/clean/b_01.*" in str(caught.value)


def test_two_files_of_one_name_are_told(folder: Path) -> None:
    (folder / "noisy" / "a_00.flac").write_bytes(b"")
    with pytest.raises(DataError, match=r"a_00.flac and .*a_00.wav have the same name"):
        pairs(root=folder)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"noisy": "mix"}, "mix: no such folder; check"),
        ({"valid_speakers": ("b", "zoe")}, "no recording of speaker zoe .*there are a, b, c, d"),
        ({"valid_speakers": ("a", "b", "c", "d")}, "all speakers .* leave some to train on"),
        ({"speaker": "[0-9]+"}, r"'\[0-9\]\+' finds nothing at the start of 'a_00'"),
        ({"speaker": "("}, "is no regular expression"),
        ({"speaker": ""}, "only one speaker"),
        ({"valid_share": 0.2, "valid_speakers": ("a",)}, "valid_speakers and valid_share exclude"),
        ({"valid_root": "/nowhere"}, "/nowhere/noisy: no such folder"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        pairs(root=folder, **options)


def test_an_empty_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "noisy").mkdir()
    with pytest.raises(DataError, match=r"noisy: no recordings .*.flac"):
        pairs(root=tmp_path)


def test_real_recordings(voicebank_mini: Path) -> None:
    made = pairs(
        root=voicebank_mini,
        noisy="noisy_testset_wav",
        clean="clean_testset_wav",
        valid_root=None,
        speaker=".+",
    )
    assert (len(made.train), len(made.valid)) == (28, 3)
