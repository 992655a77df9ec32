from __future__ import annotations

import hashlib
import math
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from sweeper.data import audio, corpus
from sweeper.data.corpus import Corpus, Pair, PairFiles
from sweeper.errors import DataError

RATE = 8000


def pair_files(folder: Path, id_: str, split: corpus.Split, frames: int = 200) -> PairFiles:
    seed = int.from_bytes(hashlib.sha256(id_.encode()).digest()[:4], "big")
    wave = torch.randn(2, frames, generator=torch.Generator().manual_seed(seed)) / 10
    files = PairFiles(id_, folder / f"{id_}_n.wav", folder / f"{id_}_c.wav", split, speaker=id_[0])
    audio.write(files.noisy, wave[0], RATE)
    audio.write(files.clean, wave[1], RATE)
    return files


def four(folder: Path) -> list[PairFiles]:
    splits: tuple[tuple[str, corpus.Split], ...] = (
        ("a1", "train"),
        ("b1", "train"),
        ("c1", "valid"),
        ("a2", "train"),
    )
    return [pair_files(folder, id_, split, 200 + len(id_)) for id_, split in splits]


def in_memory(**changes: object) -> Corpus:
    wave = torch.ones(100)
    made = Corpus(
        name="toy",
        sample_rate=100,
        train=(Pair("a", wave, wave), Pair("b", wave[:50], wave[:50])),
        valid=(Pair("c", wave, wave),),
        fingerprint="0" * 64,
        source="memory",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def test_load_keeps_order_split_and_speaker(tmp_path: Path) -> None:
    made = corpus.load("toy", "here", RATE, four(tmp_path))
    assert [p.id for p in made.train] == ["a1", "b1", "a2"]
    assert [p.id for p in made.valid] == ["c1"]
    assert [p.speaker for p in made.train] == ["a", "b", "a"]
    assert (made.name, made.source, made.sample_rate) == ("toy", "here", RATE)
    assert torch.equal(made.train[1].clean, audio.read(tmp_path / "b1_c.wav", RATE).waveform)


def test_the_fingerprint_is_of_content_and_not_of_place_or_order(tmp_path: Path) -> None:
    first = corpus.load("toy", "here", RATE, four(tmp_path / "one"))
    shutil.copytree(tmp_path / "one", tmp_path / "two")
    moved = [
        replace(
            f,
            noisy=tmp_path / "two" / f.noisy.name,
            clean=tmp_path / "two" / f.clean.name,
            speaker=None,
        )
        for f in reversed(four(tmp_path / "one"))
    ]
    assert corpus.load("other", "there", RATE, moved).fingerprint == first.fingerprint
    assert len(first.fingerprint) == 64


def test_the_fingerprint_sees_every_change(tmp_path: Path) -> None:
    files = four(tmp_path)
    prints = {corpus.load("toy", "here", RATE, files).fingerprint}
    prints.add(corpus.load("toy", "here", RATE // 2, files).fingerprint)
    prints.add(corpus.load("toy", "here", RATE, files[:-1]).fingerprint)
    prints.add(
        corpus.load("toy", "here", RATE, [replace(files[0], id="z"), *files[1:]]).fingerprint
    )
    other_split = [replace(files[0], split="valid"), *files[1:]]
    prints.add(corpus.load("toy", "here", RATE, other_split).fingerprint)
    swapped = replace(files[0], noisy=files[0].clean, clean=files[0].noisy)
    prints.add(corpus.load("toy", "here", RATE, [swapped, *files[1:]]).fingerprint)
    changed = audio.read(files[0].noisy, RATE).waveform
    changed[17] += 0.01
    audio.write(files[0].noisy, changed, RATE)
    prints.add(corpus.load("toy", "here", RATE, files).fingerprint)
    assert len(prints) == 7


def test_all_bad_pairs_are_told_at_once(tmp_path: Path) -> None:
    files = four(tmp_path)
    files[0].noisy.unlink()
    audio.write(files[1].clean, torch.zeros(50), RATE)
    files[3].noisy.write_bytes(b"")
    with pytest.raises(DataError) as caught:
        corpus.load("toy", "here", RATE, files)
    message = str(caught.value)
    assert "a1_n.wav: no such file" in message
    assert f"{files[1].noisy} has 202 samples and {files[1].clean} 50 at 8000 Hz" in message
    assert "a2_n.wav: is empty" in message
    assert "c1" not in message


def test_a_long_list_of_problems_is_cut(tmp_path: Path) -> None:
    missing = [
        PairFiles(f"x{i}", tmp_path / f"n{i}.wav", tmp_path / f"c{i}.wav", "train")
        for i in range(13)
    ]
    with pytest.raises(DataError, match=r"c9.wav: .*\n  \.\.\. and 6 more; ") as caught:
        corpus.load("toy", "here", RATE, missing)
    assert len(caught.value.problems) == 26


def test_a_manifests_length_is_checked(tmp_path: Path) -> None:
    right = [replace(f, length=audio.Length(404, 2 * RATE)) for f in four(tmp_path)]
    assert len(corpus.load("toy", "here", RATE, right).train[0].clean) == 202
    own = [replace(f, length=audio.Length(202)) for f in right]
    assert len(corpus.load("toy", "here", RATE // 2, own).train[0].clean) == 101
    wrong = [replace(right[0], length=audio.Length(300, RATE)), *right[1:]]
    with pytest.raises(DataError, match="'a1': should have 300 samples at 8000 Hz"):
        corpus.load("toy", "here", RATE, wrong)


@pytest.mark.parametrize("split", ["train", "valid"])
def test_an_empty_split_is_told(split: str) -> None:
    with pytest.raises(DataError, match=f"'toy' \\(memory\\): no pairs in '{split}'"):
        in_memory(**{split: ()})


def test_an_id_stands_once_in_both_splits() -> None:
    with pytest.raises(DataError, match="id 'c' stands 2 times"):
        in_memory(train=(Pair("c", torch.ones(9), torch.ones(9)),))


def test_silence_cannot_validate_but_train() -> None:
    silent = Pair("quiet", torch.ones(100), torch.zeros(100))
    assert in_memory(train=(silent,)).train == (silent,)
    with pytest.raises(DataError, match=r"'quiet' is for validation.*silent"):
        in_memory(valid=(silent,))


def test_pairs_are_waveforms_of_equal_length() -> None:
    with pytest.raises(DataError, match="'x': noisy has 3 samples and clean 2"):
        Pair("x", torch.ones(3), torch.ones(2))
    with pytest.raises(DataError, match=r"'x': clean must be a waveform.*\(1, 3\)"):
        Pair("x", torch.ones(3), torch.ones(1, 3))
    with pytest.raises(DataError, match=r"'x': noisy must be a waveform.*\(0,\)"):
        Pair("x", torch.ones(0), torch.ones(0))


def test_durations_and_memory() -> None:
    made = in_memory()
    assert math.isclose(made.train_seconds, 1.5)
    assert math.isclose(made.valid_seconds, 1.0)
    assert made.nbytes == 250 * 2 * 4


def test_a_corpus_travels_between_processes(tmp_path: Path) -> None:
    made = corpus.load("toy", "here", RATE, four(tmp_path))
    copy = pickle.loads(pickle.dumps(made))
    assert copy.fingerprint == made.fingerprint
    assert torch.equal(copy.train[2].noisy, made.train[2].noisy)
