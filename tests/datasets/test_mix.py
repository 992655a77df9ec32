from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from sweeper.data import audio, waves
from sweeper.data.batches import Batches
from sweeper.data.corpus import Corpus
from sweeper.datasets.mix import mix
from sweeper.errors import DataError
from sweeper.metrics.si_sdr import si_sdr

Sound = Callable[[Path, int], None]
RATE = 16000


@pytest.fixture
def sound() -> Sound:
    """``sound(path, frames)`` writes white noise, another one each time."""
    generator = torch.Generator().manual_seed(0)

    def write(path: Path, frames: int) -> None:
        audio.write(path, torch.randn(frames, generator=generator) / 20, RATE)

    return write


@pytest.fixture
def folder(tmp_path: Path, sound: Sound) -> Path:
    for speaker in ("ann", "bob", "cho"):
        for number in range(4):
            sound(tmp_path / "clean" / f"{speaker}_{number}.wav", 4000 + 100 * number)
    for name in ("fan", "street", "babble", "tiny"):
        sound(tmp_path / "noise" / f"{name}.wav", 300 if name == "tiny" else 9000)
    for name in ("hall", "office"):
        response = torch.zeros(800)
        response[40], response[200:700:50] = 1.0, 0.2 if name == "hall" else 0.05
        audio.write(tmp_path / "rooms" / f"{name}.wav", response * 0.9, RATE)
    return tmp_path


def made(folder: Path, **more: Any) -> Corpus:
    options = {"clean": folder / "clean", "noise": folder / "noise", "valid_speakers": ("cho",)}
    return mix(**(options | more))


def epoch(corpus: Corpus, number: int = 1, **more: Any) -> tuple[Tensor, Tensor]:
    options: dict[str, Any] = {"batch_size": 4, "segment": 0.2, "seed": 5, "epoch_seconds": 8}
    batches = Batches(corpus, **(options | more))
    noisy, clean = zip(*batches.epoch(number), strict=True)
    return torch.cat(noisy), torch.cat(clean)


def snr_db(noisy: Tensor, clean: Tensor) -> Tensor:
    return 10 * torch.log10(clean.square().mean(-1) / (noisy - clean).square().mean(-1))


def test_speakers_and_noises_are_apart(folder: Path) -> None:
    corpus = made(folder)
    assert {p.speaker for p in corpus.train} == {"ann", "bob"}
    assert {p.speaker for p in corpus.valid} == {"cho"}
    assert corpus.mixing is not None
    assert len(corpus.mixing.noises) == 3  # and one validates


def test_the_mixtures_that_validate_have_their_snr_and_stay(folder: Path, sound: Sound) -> None:
    before = made(folder, valid_snr=(3.0, 4.0))
    snr = torch.stack([snr_db(p.noisy, p.clean) for p in before.valid])
    assert ((snr > 2.9) & (snr < 4.1)).all()
    sound(folder / "clean" / "cho_9.wav", 5000)
    after = {p.id: p for p in made(folder, valid_snr=(3.0, 4.0)).valid}
    assert len(after) == 5
    assert all(torch.equal(p.noisy, after[p.id].noisy) for p in before.valid)


def test_training_mixtures_have_the_drawn_snr(folder: Path) -> None:
    noisy, clean = epoch(made(folder), snr=(2.0, 6.0))
    snr = snr_db(noisy, clean)
    assert ((snr > 1.9) & (snr < 6.1)).all()
    assert snr.max() - snr.min() > 2


def test_an_epoch_is_drawn_again_alone_whatever_the_batch_size(folder: Path) -> None:
    options = {"rooms": folder / "rooms", "speeds": (0.9, 1.0, 1.1), "gain": (-6.0, 6.0)}
    first, again = made(folder, **options), made(folder, **options)
    list(Batches(again, 3, 0.2, seed=5).epoch(1))
    for number in (1, 7):
        a, b = epoch(first, number), epoch(again, number, batch_size=7)
        assert torch.equal(a[0], b[0])
        assert torch.equal(a[1], b[1])
    assert not torch.equal(epoch(first, 1)[0], epoch(first, 2)[0])
    assert not torch.equal(epoch(first, 1)[0], epoch(first, 1, seed=6)[0])


def test_gain_moves_both_signals(folder: Path) -> None:
    _, plain = epoch(made(folder), snr=(0.0, 0.0))
    noisy, loud = epoch(made(folder, gain=(6.0, 6.0)), snr=(0.0, 0.0))
    assert torch.allclose(loud, plain * 10 ** (6 / 20), atol=1e-6)
    assert snr_db(noisy, loud).abs().max() < 0.1


def test_speed_changes_pitch_and_length(tmp_path: Path, sound: Sound) -> None:
    time = torch.arange(RATE) / RATE
    tone = torch.sin(2 * torch.pi * 1000 * time) / 2
    for speaker in "ab":
        audio.write(tmp_path / "clean" / f"{speaker}.wav", tone, RATE)
        sound(tmp_path / "noise" / f"{speaker}.wav", RATE)
    for speed in (0.8, 1.0, 1.25):
        corpus = made(tmp_path, valid_speakers=("a",), speeds=(speed,))
        _, clean = epoch(corpus, segment=0.5)
        assert clean.shape[1] == RATE // 2
        peak = torch.fft.rfft(clean[0]).abs().argmax().item() * RATE / clean.shape[1]
        assert peak == pytest.approx(1000 * speed, abs=2)
    _, clean = epoch(made(tmp_path, valid_speakers=("a",), speeds=(1.25,)), segment=1.0)
    assert clean[0, : int(0.79 * RATE)].square().mean() > 0.1  # 1 s spoken in 0.8 s
    assert not clean[0, int(0.81 * RATE) :].any()  # and padded


def test_rooms_keep_time_and_level(folder: Path) -> None:
    dry = made(folder)
    wet = made(folder, rooms=folder / "rooms", room_share=1.0)
    _, a = epoch(dry)
    _, b = epoch(wet)
    assert not torch.equal(a, b)
    assert torch.allclose(a.square().mean(-1), b.square().mean(-1), rtol=1e-3)
    assert (torch.cosine_similarity(a, b, dim=1) > 0.7).all()  # the direct sound is in time
    assert torch.equal(epoch(made(folder, rooms=folder / "rooms", room_share=0.0))[1], a)


def test_validation_in_folders_of_its_own(folder: Path, sound: Sound) -> None:
    sound(folder / "v" / "clean" / "ann_0.wav", 4000)
    sound(folder / "v" / "noise" / "fan.wav", 400)
    options = {"valid_clean": folder / "v" / "clean", "valid_noise": folder / "v" / "noise"}
    corpus = made(folder, valid_speakers=(), **options)
    assert [p.id for p in corpus.valid] == ["valid/ann_0"]
    assert len(corpus.train) == 12
    assert corpus.mixing is not None
    assert len(corpus.mixing.noises) == 4


def test_a_large_set_is_shared_and_the_same(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SWEEPER_CACHE", str(tmp_path / "cache"))
    plain = made(folder)
    monkeypatch.setattr(waves, "SHARED_FROM_BYTES", 1)
    for _ in range(2):  # made, and found
        shared = made(folder)
        assert shared.shared
        assert shared.nbytes == 0
        assert shared.fingerprint == plain.fingerprint
        assert torch.equal(epoch(shared)[0], epoch(plain)[0])
        for a, b in zip(shared.valid, plain.valid, strict=True):
            assert torch.equal(a.noisy, b.noisy)
            assert torch.equal(a.clean, b.clean)


def test_the_fingerprint_knows_what_validates(folder: Path, sound: Sound) -> None:
    prints = {made(folder).fingerprint}
    prints.add(made(folder, valid_snr=(0.0, 1.0)).fingerprint)
    prints.add(made(folder, valid_speakers=("ann",)).fingerprint)
    sound(folder / "noise" / "fan.wav", 9000)
    prints.add(made(folder).fingerprint)
    assert len(prints) == 4


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"valid_speakers": ("zoe",)}, "no recording of speaker zoe .*there are ann, bob, cho"),
        ({"valid_share": 0.1}, "valid_speakers and valid_share exclude each other"),
        ({"noise": Path("/nowhere")}, "/nowhere: no such folder"),
    ],
)
def test_what_is_wrong_is_told(folder: Path, options: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        made(folder, **options)


def test_one_noise_does_not_do(folder: Path) -> None:
    for name in ("street", "babble", "tiny"):
        (folder / "noise" / f"{name}.wav").unlink()
    with pytest.raises(DataError, match="has one noise only, and one more is needed"):
        made(folder)


def test_bad_files_are_told_at_once(folder: Path) -> None:
    audio.write(folder / "noise" / "fan.wav", torch.zeros(400), RATE)
    (folder / "clean" / "ann_0.wav").write_bytes(b"")
    with pytest.raises(DataError) as caught:
        made(folder)
    told = "\n".join(caught.value.problems)
    assert "fan.wav: is silent; remove it" in told
    assert "ann_0.wav: is empty" in told


def test_without_remix_nothing_is_left(folder: Path) -> None:
    with pytest.raises(ValueError, match="remix: false leaves no noise to train on"):
        Batches(made(folder), 4, 1.0, seed=0, remix=False)


def test_real_speech_with_real_noise(voicebank_mini: Path, tmp_path: Path) -> None:
    files = sorted((voicebank_mini / "clean_trainset_28spk_wav").glob("p226*"))[:3]
    for file in files:
        noisy, clean = (
            audio.read(voicebank_mini / f"{kind}_trainset_28spk_wav" / file.name, RATE).waveform
            for kind in ("noisy", "clean")
        )
        audio.write(tmp_path / "noise" / file.name, noisy - clean, RATE)
    corpus = mix(
        clean=voicebank_mini / "clean_trainset_28spk_wav",
        noise=tmp_path / "noise",
        valid_speakers=("p287",),
        valid_snr=(5.0, 5.0),
    )
    found = torch.stack([si_sdr(p.noisy[None], p.clean[None])[0] for p in corpus.valid])
    assert ((found - 5).abs() < 0.5).all()
