from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from sweeper.data.batches import Batches
from sweeper.data.corpus import Corpus, Pair
from sweeper.data.mixing import remixed
from sweeper.datasets.demo import demo

RATE = 100
OFFSET = 0.5  # noise of a counting pair: a constant


def corpus_of(*train: Pair) -> Corpus:
    valid = Pair("valid", torch.ones(9), torch.ones(9))
    return Corpus("toy", RATE, train, (valid,), "0" * 64, "memory")


def counting(lengths: list[int]) -> Corpus:
    """Sample t of file i is 1000 * (i + 1) + t, so that each sample tells where it is from."""
    waves = [1000.0 * (i + 1) + torch.arange(frames) for i, frames in enumerate(lengths)]
    return corpus_of(*(Pair(f"p{i}", wave + OFFSET, wave) for i, wave in enumerate(waves)))


def epoch(batches: Batches, number: int) -> tuple[Tensor, Tensor]:
    noisy, clean = zip(*batches.epoch(number), strict=True)
    return torch.cat(noisy), torch.cat(clean)


def file_of(clean_BxT: Tensor) -> list[int]:
    return [int(row.max()) // 1000 - 1 for row in clean_BxT]


def snr_db(noisy: Tensor, clean: Tensor) -> Tensor:
    noise = noisy - clean
    return 10 * torch.log10(clean.square().mean(-1) / noise.square().mean(-1))


options = st.fixed_dictionaries(
    {
        "batch_size": st.integers(1, 9),
        "segment": st.integers(1, 300).map(lambda frames: frames / RATE),
        "seed": st.integers(0, 2**63),
        "epoch_seconds": st.none() | st.floats(0.01, 20),
        "remix": st.booleans(),
    }
)
lengths = st.lists(st.integers(1, 400), min_size=1, max_size=7)


@settings(max_examples=60)
@given(lengths, options, st.integers(1, 50))
def test_an_epoch_is_drawn_again_alone(
    lengths: list[int], options: dict[str, Any], number: int
) -> None:
    corpus = counting(lengths)
    first = Batches(corpus, **options)
    again = Batches(corpus, **options)
    list(again.epoch(number + 3))
    for (a_noisy, a_clean), (b_noisy, b_clean) in zip(
        first.epoch(number), again.epoch(number), strict=True
    ):
        assert torch.equal(a_noisy, b_noisy)
        assert torch.equal(a_clean, b_clean)


@settings(max_examples=60)
@given(lengths, options, st.integers(1, 50))
def test_counts_and_shapes_are_known_in_advance(
    lengths: list[int], options: dict[str, Any], number: int
) -> None:
    batches = Batches(counting(lengths), **options)
    drawn = list(batches.epoch(number))
    assert len(drawn) == len(batches)
    assert sum(len(noisy) for noisy, _ in drawn) == batches.samples
    assert all(len(noisy) == batches.batch_size for noisy, _ in drawn[:-1])
    for noisy, clean in drawn:
        assert noisy.shape == clean.shape == (len(noisy), batches.frames)
        assert noisy.dtype == clean.dtype == torch.float32
        assert torch.isfinite(noisy).all()


@settings(max_examples=60)
@given(lengths, options, st.integers(1, 50))
def test_a_segment_is_one_piece_of_one_file_and_padded_at_its_end(
    lengths: list[int], options: dict[str, Any], number: int
) -> None:
    corpus = counting(lengths)
    noisy, clean = epoch(Batches(corpus, **{**options, "remix": False}), number)
    for noisy_row, clean_row, index in zip(noisy, clean, file_of(clean), strict=True):
        length = min(len(clean_row), lengths[index])
        begin = int(clean_row[0]) % 1000
        expected = corpus.train[index].clean[begin : begin + length]
        assert torch.equal(clean_row[:length], expected)
        assert torch.equal(noisy_row[:length], expected + OFFSET)
        assert not clean_row[length:].any()
        assert not noisy_row[length:].any()


@settings(max_examples=60)
@given(lengths, options, st.integers(1, 6))
def test_no_file_comes_again_before_all_have_come(
    lengths: list[int], options: dict[str, Any], epochs: int
) -> None:
    batches = Batches(counting(lengths), **options)
    draws = [d for number in range(1, epochs + 1) for d in batches.draws(number)]
    for drawn in (Counter(d.speech for d in draws), Counter(d.noise for d in draws)):
        counts = [drawn[index] for index in range(len(lengths))]
        assert max(counts) - min(counts) <= 1


@settings(max_examples=30)
@given(lengths, options, st.integers(1, 9))
def test_the_batch_size_does_not_change_the_segments(
    lengths: list[int], options: dict[str, Any], other: int
) -> None:
    corpus = counting(lengths)
    noisy, clean = epoch(Batches(corpus, **options), 3)
    other_noisy, other_clean = epoch(Batches(corpus, **{**options, "batch_size": other}), 3)
    assert torch.equal(noisy, other_noisy)
    assert torch.equal(clean, other_clean)


@given(st.integers(0, 2**32), st.integers(1, 1000))
@settings(max_examples=30)
def test_another_epoch_and_another_seed_are_another_draw(seed: int, number: int) -> None:
    corpus = counting([400] * 8)
    batches = Batches(corpus, batch_size=4, segment=1.0, seed=seed)
    assert batches.draws(number) != batches.draws(number + 1)
    assert batches.draws(number) != Batches(corpus, 4, 1.0, seed + 1).draws(number)


def test_segments_start_everywhere() -> None:
    batches = Batches(counting([13]), 1, 0.1, seed=0, epoch_seconds=20, remix=False)
    _, clean = epoch(batches, 1)
    assert {int(row[0]) % 1000 for row in clean} == {0, 1, 2, 3}


def test_an_epoch_is_as_long_as_the_corpus_unless_told() -> None:
    corpus = counting([150, 250])
    assert Batches(corpus, batch_size=3, segment=0.5, seed=0).samples == 8
    assert len(Batches(corpus, batch_size=3, segment=0.5, seed=0)) == 3
    assert Batches(corpus, 3, 0.5, seed=0, epoch_seconds=60).samples == 120
    assert Batches(corpus, 3, 10.0, seed=0, epoch_seconds=0.1).samples == 1


@settings(max_examples=60)
@given(
    seed=st.integers(0, 2**32),
    frames=st.integers(2, 500),
    snr=st.floats(-20, 40),
    speech_level=st.floats(1e-3, 1),
    noise_level=st.floats(1e-3, 1),
)
def test_remixed_has_the_snr(
    seed: int, frames: int, snr: float, speech_level: float, noise_level: float
) -> None:
    generator = torch.Generator().manual_seed(seed)
    signs = torch.randint(0, 2, (2, frames), generator=generator) * 2.0 - 1
    shape = 0.5 + torch.rand(2, frames, generator=generator)
    clean, noise = signs * shape * torch.tensor([[speech_level], [noise_level]])
    assert snr_db(remixed(clean, noise, snr), clean).item() == pytest.approx(snr, abs=0.1)


def test_remix_on_the_demo_corpus_has_the_drawn_snrs() -> None:
    batches = Batches(demo(), batch_size=8, segment=1.0, seed=4, snr=(-3.0, 12.0))
    draws = batches.draws(2)
    noisy, clean = epoch(batches, 2)
    wanted = torch.tensor([d.snr for d in draws])
    assert torch.allclose(snr_db(noisy, clean), wanted, atol=0.1)
    assert -3 <= min(wanted) < -1
    assert 10 < max(wanted) <= 12
    assert sum(d.speech != d.noise for d in draws) > 0.8 * len(draws)


def test_the_remixed_noise_is_that_of_the_drawn_pair() -> None:
    speech, noise = torch.randn(2, 4, 300, generator=torch.Generator().manual_seed(0))
    corpus = corpus_of(*(Pair(f"p{i}", speech[i] + noise[i], speech[i]) for i in range(4)))
    batches = Batches(corpus, batch_size=1, segment=3.0, seed=0, epoch_seconds=60)
    for (noisy, clean), draw in zip(batches.epoch(1), batches.draws(1), strict=True):
        assert torch.equal(clean[0], speech[draw.speech])
        mixed_in = (noisy - clean)[0]
        assert torch.cosine_similarity(mixed_in, noise[draw.noise], dim=0) > 0.999


def test_a_short_noise_is_repeated() -> None:
    speech = Pair("speech", torch.ones(100), torch.ones(100))
    short = Pair("short", torch.tensor([2.0, 1.0, 1.0]), torch.ones(3))
    batches = Batches(corpus_of(speech, short), 1, 1.0, seed=0, snr=(0.0, 0.0), epoch_seconds=30)
    rows = [
        (noisy - clean)[0]
        for (noisy, clean), draw in zip(batches.epoch(1), batches.draws(1), strict=True)
        if (draw.speech, draw.noise) == (0, 1)
    ]
    assert rows
    for row in rows:
        (peaks,) = torch.nonzero(row > 0.5, as_tuple=True)
        assert set(peaks.diff().tolist()) == {3}
        assert peaks[0] < 3


@pytest.mark.parametrize("silent", ["speech", "noise", "both"])
def test_silence_is_remixed_without_a_gain(silent: str) -> None:
    clean = torch.zeros(50) if silent in ("speech", "both") else torch.ones(50)
    noise = torch.zeros(50) if silent in ("noise", "both") else torch.full((50,), 0.1)
    assert torch.equal(remixed(clean, noise, -10.0), clean + noise)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"batch_size": 0}, "batch_size >= 1 must hold, but got 0"),
        ({"segment": 0.0}, "segment > 0 must hold, but got 0.0"),
        ({"seed": -1}, "seed >= 0 must hold"),
        ({"epoch_seconds": 0.0}, "epoch_seconds > 0 must hold"),
        ({"snr": (5.0, 1.0)}, "low <= high must hold, but got low=5.0, high=1.0"),
    ],
)
def test_options_out_of_range_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Batches(counting([10]), **{"batch_size": 1, "segment": 1.0, "seed": 0, **wrong})


def test_epochs_count_from_one() -> None:
    with pytest.raises(ValueError, match="from 1"):
        Batches(counting([10]), 1, 1.0, 0).draws(0)
