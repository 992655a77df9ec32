"""What MLflow is told a sweep was trained on."""

from __future__ import annotations

from pathlib import Path

import torch

from sweeper.config import load
from sweeper.data import audio, cache
from sweeper.datasets.manifest import manifest
from sweeper.sweep.identity import dataset_of

SPACE = """
model: {name: dprnn}
data: {name: manifest, path: PATH}
training: {epochs: 1}
search_space: {lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}}
objective: {metric: val_si_sdr, direction: maximize}
budget: {trials: 1}
"""


def record(folder: Path, splits: tuple[str, str]) -> Path:
    lines = ["id,noisy_path,clean_path,split"]
    for name, split in zip("ab", splits, strict=True):
        for side in "nc":
            noise = torch.rand(400, generator=torch.Generator().manual_seed(ord(name) + ord(side)))
            audio.write(folder / f"{name}{side}.wav", noise / 9, 16000)
        lines.append(f"{name},{name}n.wav,{name}c.wav,{split}")
    (folder / "list.csv").write_text("\n".join(lines))
    space = folder / "space.yaml"
    space.write_text(SPACE.replace("PATH", str(folder / "list.csv")))
    return space


def fingerprint(space: Path) -> str:
    cache.clear()
    found = dataset_of(load(space))
    assert found is not None
    return found.fingerprint


def test_it_is_the_hash_of_the_manifest_and_its_recordings(tmp_path: Path) -> None:
    space = record(tmp_path / "one", ("train", "valid"))
    first = fingerprint(space)
    assert first == manifest(path=tmp_path / "one" / "list.csv").fingerprint
    assert fingerprint(record(tmp_path / "two", ("train", "valid"))) == first
    assert fingerprint(record(tmp_path / "three", ("valid", "train"))) != first
    audio.write(tmp_path / "one" / "an.wav", torch.ones(400) / 9, 16000)
    assert fingerprint(space) != first
