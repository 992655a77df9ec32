"""Read a data set ahead of the sweeps that use it, so that none of them waits for that."""

from __future__ import annotations

import time
from typing import Any

from rich.console import Console
from rich.filesize import decimal

from sweeper import words
from sweeper.corpora.bar import reading_shown
from sweeper.data import store
from sweeper.data.corpus import Corpus
from sweeper.training.members import resolve

__all__ = ["prepare"]

_BYTES = 4  # of a float32 sample


def prepare(section: dict[str, Any], console: Console) -> str:
    """Read, resample and keep the data set of a configuration's section ``data``.

    Returns:
        What was done, for people.

    Raises:
        DataError: it cannot be used, or not be kept.
    """
    factory, options = resolve("datasets", section)
    begun = time.monotonic()
    with reading_shown(console):
        corpus: Corpus = factory(**options)
    size = decimal(_frames(corpus) * _BYTES)
    ready = f"{corpus.name}: {words.count(len(corpus.train), 'recording')} to train, "
    ready += f"{len(corpus.valid)} to validate, at {corpus.sample_rate} Hz; "
    took = words.duration(time.monotonic() - begun)
    if corpus.shared:
        return f"{ready}{size} in {store.folder()}, shared by all trials of this machine ({took})"
    return f"{ready}{size}: so small that each trial reads it itself; nothing is kept"


def _frames(corpus: Corpus) -> int:
    """Samples of all waveforms; what training mixtures are made of is counted once."""
    sides = 1 if corpus.mixing else 2
    noises = corpus.mixing.noises if corpus.mixing else ()
    return (
        sides * sum(len(pair.clean) for pair in corpus.train)
        + 2 * sum(len(pair.clean) for pair in corpus.valid)
        + sum(len(noise) for noise in noises)
    )
