"""The demo corpus that comes with sweeper, so that nothing needs to be downloaded."""

from __future__ import annotations

from dataclasses import replace
from importlib.resources import as_file, files

from sweeper.data import corpus
from sweeper.datasets._options import SampleRate
from sweeper.datasets.manifest import manifest

__all__ = ["demo"]


def demo(*, sample_rate: SampleRate = 16000) -> corpus.Corpus:
    """73 s of synthetic English and Korean speech for training, 22 s of other voices to validate.

    The noise is babble, pink, hum or clicks, at -2 to 10 dB SNR. The files have 16 kHz;
    ``data/demo/README.md`` tells how they were made.
    """
    with as_file(files("sweeper.data") / "demo") as folder:
        made = manifest(path=folder / "manifest.csv", sample_rate=sample_rate)
    return replace(made, name="demo", source="demo corpus of sweeper (synthetic, CC0)")
