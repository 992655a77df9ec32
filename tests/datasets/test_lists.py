"""The lists of other toolkits: LibriMix's tables, denoiser's and SpeechBrain's JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from sweeper.data.corpus import Corpus
from sweeper.datasets.denoiser_json import denoiser_json
from sweeper.datasets.librimix import librimix
from sweeper.datasets.speechbrain_json import speechbrain_json
from sweeper.errors import DataError

Record = Callable[..., None]
THEIRS = "/scratch/someone/Libri2Mix/wav16k/min"


def ids(made: Corpus, split: str) -> list[str]:
    return [pair.id for pair in getattr(made, split)]


def libri(root: Path, record: Record, paths: str = THEIRS) -> None:
    """Two mixtures to train and one to validate, with the columns of LibriMix's own tables."""
    (root / "metadata").mkdir(parents=True)
    for part, names in (("train-100", ("103-12_61-7", "26-4_1034-2")), ("dev", ("84-1_22-3",))):
        rows = ["mixture_ID,mixture_path,source_1_path,noise_path,length"]
        for name in names:
            mixture, source = (f"{part}/{kind}/{name}.wav" for kind in ("mix_single", "s1"))
            record(root / mixture, root / source)
            noise = f"{paths}/{part}/noise/{name}.wav"
            rows.append(f"{name},{paths}/{mixture},{paths}/{source},{noise},400")
        table = root / "metadata" / f"mixture_{part}_mix_single.csv"
        table.write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize("paths", [THEIRS, "", "."])
def test_librimix_is_found_where_it_lies_now(tmp_path: Path, record: Record, paths: str) -> None:
    libri(tmp_path, record, paths)
    made = librimix(root=tmp_path, train="train-100")
    assert ids(made, "train") == ["train/103-12_61-7", "train/26-4_1034-2"]
    assert [p.speaker for p in made.train + made.valid] == ["103", "26", "84"]


def test_librimix_at_its_own_paths(tmp_path: Path, record: Record) -> None:
    libri(tmp_path / "data", record, str(tmp_path / "data"))
    (tmp_path / "tables").mkdir()
    for table in (tmp_path / "data" / "metadata").iterdir():
        table.rename(tmp_path / "tables" / table.name)
    assert len(librimix(root=tmp_path / "tables", train="train-100").train) == 2


def test_librimix_tells_all_that_is_wrong(tmp_path: Path, record: Record) -> None:
    libri(tmp_path, record)
    table = tmp_path / "metadata" / "mixture_train-100_mix_single.csv"
    text = table.read_text().replace("2.wav,400", "2.wav,399")
    table.write_text(text + "x,y.wav,,z.wav,many\n")
    (tmp_path / "dev" / "s1" / "84-1_22-3.wav").unlink()
    with pytest.raises(DataError) as caught:
        librimix(root=tmp_path, train="train-100")
    told = "\n".join(caught.value.problems)
    assert f"{table}, line 4: has no source_1_path" in told
    assert f"{table}, line 4: length: must be a whole number of samples, but got 'many'" in told
    assert "'train/26-4_1034-2': should have 399 samples at 16000 Hz by the list" in told
    assert "84-1_22-3.wav: no such file" in told
    with pytest.raises(DataError, match=r"mixture_train-360_mix_single.csv: no such file; root"):
        librimix(root=tmp_path)


def listed(folder: Path, files: dict[str, list[tuple[Path, Any]]]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, entries in files.items():
        (folder / f"{name}.json").write_text(json.dumps([[str(p), n] for p, n in entries]))


@pytest.fixture
def recorded(tmp_path: Path, record: Record) -> Path:
    for name in ("a", "b", "c"):
        record(tmp_path / "n" / f"{name}.wav", tmp_path / "s" / f"{name}.wav")
    return tmp_path


def sides(root: Path, *names: str) -> dict[str, list[tuple[Path, Any]]]:
    return {s: [(root / s[0] / f"{n}.wav", 400) for n in names] for s in ("noisy", "speech")}


def test_denoisers_lists(recorded: Path) -> None:
    listed(recorded / "tr", sides(recorded, "b", "a"))
    listed(recorded / "cv", sides(recorded, "c"))
    made = denoiser_json(train=recorded / "tr", valid=recorded / "cv", clean="speech.json")
    assert (ids(made, "train"), ids(made, "valid")) == (["train/a", "train/b"], ["valid/c"])


def test_lists_of_another_machine(recorded: Path) -> None:
    listed(recorded / "tr", sides(Path("/other/machine"), "b", "a"))
    listed(recorded / "cv", sides(Path("relative"), "c"))
    options = {"train": recorded / "tr", "valid": recorded / "cv", "clean": "speech.json"}
    assert len(denoiser_json(**options, root=recorded).train) == 2
    with pytest.raises(DataError, match=r"/other/machine/n/a.wav: no such file"):
        denoiser_json(**options)


def test_pairs_by_file_id(tmp_path: Path, record: Record) -> None:
    noisy = [tmp_path / f"book_snr5_fileid_{n}.wav" for n in (1, 2)]
    clean = [tmp_path / f"clean_fileid_{n}.wav" for n in (1, 2)]
    for pair in zip(noisy, clean, strict=True):
        record(*pair)
    listed(tmp_path / "tr", {"noisy": [(p, 400) for p in noisy], "clean": [(clean[0], 400)]})
    listed(tmp_path / "cv", {"noisy": [(noisy[1], 400)], "clean": [(clean[1], 400)]})
    options: dict[str, Any] = {"valid": tmp_path / "cv", "matching": "dns"}
    assert len(denoiser_json(train=tmp_path / "cv", **options).train) == 1
    with pytest.raises(DataError, match=r"fileid_2.wav: no fileid_2 in .*clean.json"):
        denoiser_json(train=tmp_path / "tr", **options)


def test_denoisers_lists_tell_all_that_is_wrong(recorded: Path) -> None:
    wrong = sides(recorded, "a", "b")
    wrong["noisy"][0] = (wrong["noisy"][0][0], "400")
    listed(recorded / "tr", wrong)
    listed(recorded / "cv", {s: [(p, 401)] for s, ((p, _),) in sides(recorded, "c").items()})
    with pytest.raises(DataError) as caught:
        denoiser_json(train=recorded / "tr", valid=recorded / "cv", clean="speech.json")
    told = "\n".join(caught.value.problems)
    assert "noisy.json, entry 1: must be [path, frames]" in told
    assert "has 1 files and" in told
    assert "list the same recordings in both (see a)" in told
    assert "'valid/c': should have 401 samples at 16000 Hz" in told


@pytest.mark.parametrize("text", ["{", "3", '{"a": 1}'])
def test_a_file_that_is_no_list_is_told(recorded: Path, text: str) -> None:
    (recorded / "noisy.json").write_text(text)
    with pytest.raises(DataError, match=r"noisy.json: (cannot be read as JSON|must be a list)"):
        denoiser_json(train=recorded, valid=recorded)


def entry(side: str, name: str, root: str = "{data_root}") -> str:
    return f"{root}/{side}/{name}.wav"


@pytest.mark.parametrize("root", ["{data_root}", "$data_root", "/other/machine"])
def test_speechbrains_lists(recorded: Path, root: str) -> None:
    for split, names in (("train", "ab"), ("valid", "c")):
        content = {
            n: {f"{side}_wav": entry("ns"[side == "clean"], n, root) for side in ("noisy", "clean")}
            for n in names
        }
        (recorded / f"{split}.json").write_text(json.dumps(content))
    made = speechbrain_json(train=recorded / "train.json", valid=recorded / "valid.json")
    assert (ids(made, "train"), ids(made, "valid")) == (["a", "b"], ["c"])
    with pytest.raises(DataError, match=r"n/a.wav: no such file"):
        speechbrain_json(
            train=recorded / "train.json", valid=recorded / "valid.json", root=Path("elsewhere")
        )


def test_speechbrains_lists_tell_all_that_is_wrong(recorded: Path) -> None:
    good = {"noisy_wav": entry("n", "c"), "clean_wav": entry("s", "c")}
    (recorded / "valid.json").write_text(json.dumps({"c": good}))
    wrong = {"a": {**good, "clean_wav": 3}, "b": "b.wav", "d": {**good, "noisy_wav": "n/d.wav"}}
    (recorded / "train.json").write_text(json.dumps(wrong))
    with pytest.raises(DataError) as caught:
        speechbrain_json(train=recorded / "train.json", valid=recorded / "valid.json")
    told = "\n".join(caught.value.problems)
    assert "train.json, entry 'a': clean_wav: must be a path, but got 3" in told
    assert "train.json, entry 'b': must be an object with noisy_wav and clean_wav" in told
    assert "n/d.wav: no such file" in told
