"""What every data set keeps to; a new file in the family is picked up by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

from sweeper import families
from sweeper.data.corpus import Corpus

MEMBERS = families.member_names("datasets")
SPEAKERS = ("p225", "p226", "p287")
Record = Callable[..., None]


def _pairs(folder: Path, record: Record) -> dict[str, Any]:
    for speaker in SPEAKERS:
        record(folder / "noisy" / f"{speaker}_1.wav", folder / "clean" / f"{speaker}_1.wav")
    return {"root": folder}


def _manifest(folder: Path, record: Record) -> dict[str, Any]:
    lines = ["id,noisy_path,clean_path,split"]
    for split, name in (("train", "a"), ("valid", "b")):
        record(folder / f"{name}_n.wav", folder / f"{name}_c.wav")
        lines.append(f"{name},{name}_n.wav,{name}_c.wav,{split}")
    (folder / "manifest.csv").write_text("\n".join(lines))
    return {"path": folder / "manifest.csv"}


def _voicebank_demand(folder: Path, record: Record) -> dict[str, Any]:
    for speaker in SPEAKERS:
        noisy, clean = (folder / f"{kind}_trainset_28spk_wav" for kind in ("noisy", "clean"))
        record(noisy / f"{speaker}_001.wav", clean / f"{speaker}_001.wav", 1200, 48000)
    return {"root": folder}


def _librimix(folder: Path, record: Record) -> dict[str, Any]:
    (folder / "metadata").mkdir()
    for part, id_ in (("train-360", "103-1"), ("dev", "84-1")):
        record(folder / part / "mix_single" / f"{id_}.wav", folder / part / "s1" / f"{id_}.wav")
        line = f"{id_},/their/{part}/mix_single/{id_}.wav,/their/{part}/s1/{id_}.wav,400"
        (folder / "metadata" / f"mixture_{part}_mix_single.csv").write_text(
            f"mixture_ID,mixture_path,source_1_path,length\n{line}\n"
        )
    return {"root": folder}


def _denoiser_json(folder: Path, record: Record) -> dict[str, Any]:
    for part in ("tr", "cv"):
        sides = {side: folder / part / side / "a.wav" for side in ("noisy", "clean")}
        record(sides["noisy"], sides["clean"])
        for side, path in sides.items():
            (folder / part / f"{side}.json").write_text(json.dumps([[str(path), 400]]))
    return {"train": folder / "tr", "valid": folder / "cv"}


def _speechbrain_json(folder: Path, record: Record) -> dict[str, Any]:
    for part in ("train", "valid"):
        entry = {f"{side}_wav": f"{{data_root}}/{side}/{part}.wav" for side in ("noisy", "clean")}
        record(folder / "noisy" / f"{part}.wav", folder / "clean" / f"{part}.wav")
        (folder / f"{part}.json").write_text(json.dumps({part: {**entry, "length": 0.025}}))
    return {"train": folder / "train.json", "valid": folder / "valid.json"}


def _mix(folder: Path, record: Record) -> dict[str, Any]:
    for number, speaker in enumerate(SPEAKERS):
        record(folder / "noise" / f"{number}.wav", folder / "clean" / f"{speaker}_1.wav")
    return {"clean": folder / "clean", "noise": folder / "noise"}


MAKERS: dict[str, Callable[[Path, Record], dict[str, Any]]] = {
    "denoiser_json": _denoiser_json,
    "librimix": _librimix,
    "mix": _mix,
    "speechbrain_json": _speechbrain_json,
    "pairs": _pairs,
    "manifest": _manifest,
    "voicebank_demand": _voicebank_demand,
}
"""Makes the files that a member needs and gives its options; others take none."""


Build = Callable[..., Corpus]


@pytest.fixture(params=MEMBERS)
def build(request: pytest.FixtureRequest, tmp_path: Path, record: Record) -> Build:
    """The member with the options that it needs, as YAML gives them; more may be given."""
    maker = MAKERS.get(request.param)
    needed = maker(tmp_path, record) if maker else {}
    plain = {k: str(v) if isinstance(v, Path) else v for k, v in needed.items()}
    factory = families.load("datasets", request.param)

    def built(*, checked: bool = True, **more: Any) -> Corpus:
        options = plain | more
        if checked:
            model = families.options(factory).model_validate(options)
            options = {name: getattr(model, name) for name in model.model_fields_set}
        made: Corpus = factory(**options)
        return made

    return built


def test_it_is_a_corpus_of_float_waveforms(build: Build) -> None:
    made = build()
    assert made.name
    assert made.source
    assert made.train
    assert made.valid
    for pair in made.train + made.valid:
        assert pair.noisy.dtype == pair.clean.dtype == torch.float32
        assert pair.noisy.shape == pair.clean.shape == (len(pair.clean),)
        assert torch.isfinite(pair.noisy).all()
        assert pair.noisy.abs().max() <= 1
    for pair in made.valid if made.mixing else made.train + made.valid:
        assert not torch.equal(pair.noisy, pair.clean)


def test_no_speaker_is_in_both_splits(build: Build) -> None:
    made = build()
    train, valid = ({p.speaker for p in pairs} - {None} for pairs in (made.train, made.valid))
    assert not train & valid


def test_it_is_the_same_each_time(build: Build) -> None:
    one, two = build(), build()
    assert one.fingerprint == two.fingerprint
    assert len(one.fingerprint) == 64
    assert [p.id for p in one.train] == [p.id for p in two.train]
    assert all(torch.equal(a.noisy, b.noisy) for a, b in zip(one.valid, two.valid, strict=True))


def test_the_sample_rate_can_be_chosen(build: Build) -> None:
    usual, low = build(), build(sample_rate=8000)
    assert (usual.sample_rate, low.sample_rate) == (16000, 8000)
    assert low.train_seconds == pytest.approx(usual.train_seconds, abs=0.01)
    assert low.fingerprint != usual.fingerprint


def test_plain_yaml_values_do_as_options(build: Build) -> None:
    assert build(checked=False).fingerprint == build().fingerprint
