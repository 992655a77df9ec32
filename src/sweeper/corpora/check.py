"""A data set from near: everything that is wrong with it in one pass, and what is in it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from sweeper import words
from sweeper.corpora.bar import reading_shown
from sweeper.data.corpus import Corpus, Pair
from sweeper.data.reading import Reading
from sweeper.errors import DataError
from sweeper.metrics.si_sdr import si_sdr
from sweeper.training.members import resolve

if TYPE_CHECKING:
    from sweeper.data.sources import Source
    from sweeper.data.store import Facts

__all__ = ["Checked", "Measured", "check", "show"]

_TOLERANCE_DB = 0.01
_NAMED = 10  # files that one note lists


@dataclass(frozen=True, slots=True)
class Measured:
    """The noisy recording of a pair: its SI-SDR in dB, and what the data set's list says of it."""

    pair: Pair
    split: str
    si_sdr: float

    @property
    def difference(self) -> float | None:
        """From the list, in dB; None where that says nothing."""
        told = self.pair.noisy_si_sdr
        return None if told is None else abs(self.si_sdr - told)


@dataclass(frozen=True, slots=True)
class Checked:
    """What was found.

    Attributes:
        corpus: the data set; None where it cannot be used.
        problems: why not, all of it.
        notes: what works and may yet not be meant.
        measured: each pair, where that was asked for.
    """

    corpus: Corpus | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]
    measured: tuple[Measured, ...] = ()


@dataclass(slots=True)
class _Seen:
    """The files by their own sample rate (Hz) and channels."""

    files: dict[tuple[int, int], list[Source]] = field(default_factory=dict)

    def add(self, source: Source, facts: Facts) -> None:
        self.files.setdefault((facts.sample_rate, facts.channels), []).append(source)


def check(section: dict[str, Any], console: Console, *, measure: bool = False) -> Checked:
    """Read every file of the data set anew.

    Args:
        section: ``data`` of a configuration.
        measure: compute the SI-SDR of the noisy recordings too.

    Raises:
        DataError: there is nothing to read: a folder or a list is missing.
    """
    factory, options = resolve("datasets", section)
    seen = _Seen()
    try:
        with reading_shown(console, Reading(fresh=True, seen=seen.add)):
            corpus: Corpus = factory(**options)
    except DataError as error:
        if not error.problems:
            raise
        return Checked(None, error.problems, _notes(seen, options.get("sample_rate")))
    measured = _measured(corpus) if measure else ()
    return Checked(corpus, _differing(measured), _notes(seen, corpus.sample_rate), measured)


def _notes(seen: _Seen, wanted: int | None) -> tuple[str, ...]:
    """What the files' own formats are, the usual one first, and which have another one."""
    kinds = sorted(seen.files.items(), key=lambda item: -len(item[1]))
    if not kinds:
        return ()
    (usual, files), *others = kinds
    notes = [f"{words.count(len(files), 'file')}: {_form(*usual)}{_treated(*usual, wanted)}"]
    for form, unusual in others:
        told = (
            f": {_form(*form)}, unlike most{_treated(*form, wanted)}; convert what is not meant so"
        )
        notes += [f"{source}{told}" for source in unusual[:_NAMED]]
        more = len(unusual) - _NAMED
        notes += [f"... and {words.count(more, 'more file')}{told}"] if more > 0 else []
    return tuple(notes)


def _form(sample_rate: int, channels: int) -> str:
    names = {1: "mono", 2: "stereo"}
    return f"{sample_rate} Hz {names.get(channels, f'with {channels} channels')}"


def _treated(sample_rate: int, channels: int, wanted: int | None) -> str:
    done = ["its channels are averaged"] if channels > 1 else []
    done += [f"resampled to {wanted} Hz"] if wanted not in (None, sample_rate) else []
    return f" ({' and '.join(done)})" if done else ""


def _measured(corpus: Corpus) -> tuple[Measured, ...]:
    pairs = [("valid", pair) for pair in corpus.valid]
    if corpus.mixing is None:
        pairs = [("train", pair) for pair in corpus.train] + pairs
    return tuple(
        Measured(pair, split, si_sdr(pair.noisy[None], pair.clean[None]).item())
        for split, pair in pairs
    )


def _differing(measured: Sequence[Measured]) -> tuple[str, ...]:
    return tuple(
        f"pair {m.pair.id!r}: the noisy recording has an SI-SDR of {m.si_sdr:.3f} dB, and the list "
        f"says {m.pair.noisy_si_sdr} dB; is it of these recordings?"
        for m in measured
        if m.difference is not None and m.difference > _TOLERANCE_DB
    )


def show(checked: Checked, console: Console) -> None:
    """Print what was found."""
    if checked.measured and checked.corpus:
        console.print(_table(checked.measured, checked.corpus.sample_rate))
    for note in checked.notes:
        console.print(f"note: {note}", markup=False, soft_wrap=True)
    for problem in checked.problems:
        console.print("[bold red]error[/] ", end="")
        console.print(problem, markup=False, soft_wrap=True)
    if checked.problems:
        console.print(f"{words.count(len(checked.problems), 'problem')}; the rest can be used")
    if checked.corpus:
        _show_corpus(checked.corpus, console)
    if checked.measured:
        console.print(_summary(checked.measured))


def _show_corpus(corpus: Corpus, console: Console) -> None:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("data", f"{corpus.name}, {corpus.sample_rate} Hz, from {corpus.source}")
    for split, pairs in (("train", corpus.train), ("valid", corpus.valid)):
        facts.add_row(split, _content(pairs, corpus.sample_rate))
    if corpus.mixing:
        rooms = f", {words.count(len(corpus.mixing.rooms), 'room')}" if corpus.mixing.rooms else ""
        facts.add_row("mixed in", words.count(len(corpus.mixing.noises), "noise") + rooms)
    facts.add_row("fingerprint", corpus.fingerprint)
    console.print(facts)


def _content(pairs: Sequence[Pair], sample_rate: int) -> str:
    seconds = [len(pair.clean) / sample_rate for pair in pairs]
    speakers = Counter(pair.speaker for pair in pairs if pair.speaker)
    said = f", {words.count(len(speakers), 'speaker')}" if speakers else ""
    return (
        f"{words.count(len(pairs), 'recording')}, {words.duration(sum(seconds))}{said}; "
        f"{min(seconds):.2f} to {max(seconds):.2f} s, median {median(seconds):.2f} s"
    )


def _table(measured: Sequence[Measured], sample_rate: int) -> Table:
    table = Table(box=None, padding=(0, 2))
    table.add_column("pair")
    table.add_column("split")
    for title in ("seconds", "SI-SDR (dB)", "by the list (dB)"):
        table.add_column(title, justify="right")
    for m in measured:
        told = "-" if m.pair.noisy_si_sdr is None else f"{m.pair.noisy_si_sdr:.3f}"
        seconds = len(m.pair.clean) / sample_rate
        table.add_row(m.pair.id, m.split, f"{seconds:.2f}", f"{m.si_sdr:.3f}", told)
    return table


def _summary(measured: Sequence[Measured]) -> str:
    mean = sum(m.si_sdr for m in measured) / len(measured)
    said = f"noisy SI-SDR: {mean:.3f} dB on average of {words.count(len(measured), 'pair')}"
    differences = [m.difference for m in measured if m.difference is not None]
    if not differences:
        return said
    within = sum(d <= _TOLERANCE_DB for d in differences)
    return (
        f"{said}; {within} of {len(differences)} within {_TOLERANCE_DB} dB of the list, the "
        f"largest difference {max(differences):.4f} dB"
    )
