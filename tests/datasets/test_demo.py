from __future__ import annotations

import torch

from sweeper.datasets.demo import demo
from sweeper.metrics.si_sdr import si_sdr


def test_voices_sentences_and_noise() -> None:
    made = demo()
    assert made.name == "demo"
    assert "/" not in made.source  # the same wherever the package is installed
    assert 60 <= made.train_seconds <= 75
    assert 18 <= made.valid_seconds <= 25
    assert len({p.speaker for p in made.train}) == 12
    assert len({p.speaker for p in made.valid}) == 6


def test_validation_is_noisy_enough_to_show_an_improvement() -> None:
    noisy = torch.stack([si_sdr(p.noisy[None], p.clean[None])[0] for p in demo().valid])
    assert 3 < noisy.mean() < 5
    assert noisy.min() > -3
    assert noisy.max() < 11
