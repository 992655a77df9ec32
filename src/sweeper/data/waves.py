"""Files in, waveforms out: read several at a time, and kept where that saves memory or time."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from torch import Tensor

from sweeper.data import audio, reading, store
from sweeper.data.sources import Source, read_bytes, stamp
from sweeper.data.store import Facts
from sweeper.errors import DataError

__all__ = ["SHARED_FROM_BYTES", "Loaded", "Outcome", "Unit", "derived", "load"]

SHARED_FROM_BYTES = 32 * 2**20
"""Files of this size together are kept on disk and shared; of fewer each process has its own."""

_FORMAT = 1  # of what is kept; another number makes everything anew

Unit = tuple[Source, ...]
"""Files that are read together: a pair's two, or a single one."""

Outcome = Facts | str
"""The facts of a file that can be used, or what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """What became of each file.

    Attributes:
        outcomes: of each unit.
        waveforms: of each unit, float32 (time,); empty if any file cannot be used.
        kept_as: the key of the entry that is shared with other processes, empty where none is.
    """

    outcomes: tuple[tuple[Outcome, ...], ...]
    waveforms: tuple[tuple[Tensor, ...], ...]
    kept_as: str = ""


def load(units: Sequence[Unit], sample_rate: int) -> Loaded:
    """Read all files as mono waveforms at ``sample_rate`` Hz; no file's fault ends it.

    Files that have changed in size or time since their waveforms were kept are read again.

    Raises:
        DataError: the waveforms of a large data set cannot be kept.
    """
    stamps = [[stamp(source) for source in unit] for unit in units]
    if sum(size for unit in stamps for _, size, _ in unit) < SHARED_FROM_BYTES:
        return _in_memory(units, sample_rate)
    facts = json.dumps([_FORMAT, sample_rate, stamps])
    key = hashlib.sha256(facts.encode()).hexdigest()[:32]
    if (kept := _opened(key)) is not None:
        return _grouped(units, kept, key)
    with store.locked(key):
        if (kept := _opened(key)) is not None:  # another process has made it meanwhile
            return _grouped(units, kept, key)
        return _keep(units, sample_rate, key)


def derived(kept_as: str, recipe: str, make: Callable[[], Iterator[Tensor]]) -> tuple[Tensor, ...]:
    """Waveforms made of others; kept, and shared in the same way, where ``kept_as`` names these.

    Args:
        kept_as: the key of what they are made of, empty where that is not kept.
        recipe: says, with that key, all that the waveforms depend on.
    """
    if not kept_as:
        return tuple(make())
    key = hashlib.sha256(f"{_FORMAT} {kept_as} {recipe}".encode()).hexdigest()[:32]
    with store.locked(key):
        kept = _opened(key) or _keep_made(key, make())
    return kept.waveforms


def _opened(key: str) -> store.Kept | None:
    return None if reading.current().fresh else store.opened(key)


@dataclass(frozen=True, slots=True)
class _Wave:
    waveform: Tensor
    facts: Facts


def _in_memory(units: Sequence[Unit], sample_rate: int) -> Loaded:
    read = list(_read(units, sample_rate))
    outcomes = tuple(_outcomes(found) for found in read)
    if _any_bad(outcomes):
        return Loaded(outcomes, ())
    return Loaded(outcomes, tuple(_waveforms(found) for found in read))


def _keep(units: Sequence[Unit], sample_rate: int, key: str) -> Loaded:
    writer = store.Writer(key)
    try:
        outcomes = []
        for found in _read(units, sample_rate):
            outcomes.append(_outcomes(found))
            for waveform in _waveforms(found):
                writer.append(waveform)
        if _any_bad(outcomes):
            return Loaded(tuple(outcomes), ())
        writer.commit([f for unit in outcomes for f in unit if isinstance(f, Facts)])
    finally:
        writer.discard()
    return _grouped(units, _just_made(key), key)


def _keep_made(key: str, waveforms: Iterable[Tensor]) -> store.Kept:
    writer = store.Writer(key)
    try:
        facts = []
        for waveform in waveforms:
            writer.append(waveform)
            facts.append(Facts(len(waveform), _power(waveform), "", len(waveform), 0, 1))
        writer.commit(facts)
    finally:
        writer.discard()
    return _just_made(key)


def _just_made(key: str) -> store.Kept:
    kept = store.opened(key)
    if kept is None:
        raise DataError(f"{store.samples_file(key)}: vanished while it was made; try again")
    return kept


def _power(waveform: Tensor) -> float:
    return waveform.square().mean().item()


def _grouped(units: Sequence[Unit], kept: store.Kept, key: str) -> Loaded:
    facts, waveforms = iter(kept.facts), iter(kept.waveforms)
    return Loaded(
        tuple(tuple(next(facts) for _ in unit) for unit in units),
        tuple(tuple(next(waveforms) for _ in unit) for unit in units),
        key,
    )


def _read(units: Sequence[Unit], sample_rate: int) -> Iterator[tuple[_Wave | str, ...]]:
    now = reading.current()
    results = reading.in_order(lambda u: tuple(_wave(s, sample_rate) for s in u), units)
    for done, (unit, found) in enumerate(zip(units, results, strict=True), start=1):
        now.progress(done, len(units))
        for source, wave in zip(unit, found, strict=True):
            if isinstance(wave, _Wave):
                now.seen(source, wave.facts)
        yield found


def _wave(source: Source, sample_rate: int) -> _Wave | str:
    try:
        content = read_bytes(source)
        recording = audio.decode(content, source, sample_rate)
    except DataError as error:
        return str(error)
    waveform = recording.waveform
    facts = Facts(
        length=len(waveform),
        power=_power(waveform),
        digest=hashlib.sha256(content).hexdigest(),
        frames=recording.frames,
        sample_rate=recording.sample_rate,
        channels=recording.channels,
    )
    return _Wave(waveform, facts)


def _outcomes(found: Sequence[_Wave | str]) -> tuple[Outcome, ...]:
    return tuple(wave if isinstance(wave, str) else wave.facts for wave in found)


def _waveforms(found: Sequence[_Wave | str]) -> tuple[Tensor, ...]:
    return tuple(wave.waveform for wave in found if isinstance(wave, _Wave))


def _any_bad(outcomes: Sequence[Sequence[Outcome]]) -> bool:
    return any(isinstance(outcome, str) for unit in outcomes for outcome in unit)
