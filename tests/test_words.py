from __future__ import annotations

import pytest

from sweeper.records import ParamValue
from sweeper.words import count, duration, labelled, listed, measured, number, roughly, settings


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.25e-3, "1.25e-3"),
        (1e-3, "1e-3"),
        (3e-2, "0.03"),
        (0.5, "0.5"),
        (16, "16"),
        (16.0, "16"),
        (44100.0, "44100"),
        (2.5e6, "2.5e6"),
        (-4e-5, "-4e-5"),
        (0.0, "0"),
        (True, "True"),
        ("stft", "stft"),
        (None, "-"),
    ],
)
def test_number(value: ParamValue | None, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "-"),
        (0.0, "0 s"),
        (89.0, "89 s"),
        (90.0, "2 min"),
        (3599.0, "1 h 00 min"),
        (3900.0, "1 h 05 min"),
        (200_000.0, "2 d 7 h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_units() -> None:
    assert measured("val_si_sdr", 9.309) == "9.31 dB"
    assert measured("val_loss", 0.123456) == "0.1235"
    assert measured("samples_per_second", 12.0) == "12 segments/s"
    assert measured("val_loss", None) == "-"
    assert labelled("val_si_sdr") == "val_si_sdr (dB)"
    assert labelled("val_loss") == "val_loss"


def test_sentences() -> None:
    assert settings({"lr": 1e-3, "batch_size": 8}) == "lr 1e-3, batch_size 8"
    assert settings({"a": 1, "b": 2, "c": 3}, most=1) == "a 1, 2 more"
    assert [listed("abc"[:n]) for n in range(4)] == ["", "a", "a and b", "a, b and c"]
    assert count(1, "trial") == "1 trial"
    assert count(12000, "trial") == "12,000 trials"


def test_a_small_difference_has_two_digits() -> None:
    assert roughly("val_si_sdr", 0.09612) == "0.096 dB"
    assert roughly("val_loss", 1234.5) == "1234.5"
    assert roughly("val_loss", None) == "-"
