"""Which pairs validate: whole speakers, never single files of a speaker that also trains."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sweeper.data.corpus import PairFiles

__all__ = [
    "DEFAULT_SHARE",
    "by_share",
    "by_speaker",
    "check_speakers",
    "held_out",
    "one_way",
    "share_of_speakers",
    "speaker_of",
    "tried",
]

DEFAULT_SHARE = 0.1
"""How much validates where nothing else is said."""


def one_way(name: str, **ways: object) -> None:
    """Refuse more than one of the ways (``valid_...``) in which data set ``name`` can be split."""
    given = [f"valid_{way}" for way, value in ways.items() if value]
    if len(given) > 1:
        raise DataError(f"data set {name!r}: {' and '.join(given)} exclude each other; give one")


def speaker_of(id_: str, pattern: str) -> str:
    """The speaker of a recording: what the regular expression finds at the start of its id.

    Raises:
        DataError: it finds nothing, or is none.
    """
    try:
        match = re.match(pattern, id_)
    except re.error as error:
        raise DataError(f"speaker: {pattern!r} is no regular expression ({error})") from error
    if match is None:
        raise DataError(f"speaker: {pattern!r} finds nothing at the start of {id_!r}; change it")
    return match.group()


def by_speaker(files: Sequence[PairFiles], valid: Collection[str], what: str) -> list[PairFiles]:
    """The same pairs: those of the speakers ``valid`` validate, the others train.

    Raises:
        DataError: a speaker in ``valid`` has no recording, or nobody is left to train on; names
            ``what``.
    """
    check_speakers(_recordings_by_speaker(files), valid, what)
    return [replace(f, split="valid" if f.speaker in valid else "train") for f in files]


def check_speakers(counts: Mapping[str, int], valid: Collection[str], what: str) -> None:
    """Refuse speakers ``valid`` who have no recording, or who are all there are in ``counts``."""
    known = counts.keys()
    unknown = sorted(set(valid) - known)
    if unknown:
        raise DataError(
            f"{what}: no recording of speaker {', '.join(unknown)} (valid_speakers); "
            f"there are {_some(known)}"
        )
    if known <= set(valid):
        raise DataError(
            f"{what}: all speakers ({_some(known)}) are valid_speakers; leave some to train on"
        )


def by_share(files: Sequence[PairFiles], share: float, what: str) -> list[PairFiles]:
    """The same pairs: about ``share`` of them validate, whole speakers only.

    The speakers are taken in the order of a hash of their names, so the choice is the same on every
    machine, and each that would exceed the share is passed over. If that leaves nobody, the speaker
    with the fewest recordings validates.

    Raises:
        DataError: there is only one speaker; names ``what``.
    """
    counts = _recordings_by_speaker(files)
    return by_speaker(files, share_of_speakers(counts, share, what), what)


def share_of_speakers(counts: Mapping[str, int], share: float, what: str) -> set[str]:
    """The speakers who validate, as `by_share` says; ``counts`` are their recordings."""
    if len(counts) < 2:
        raise DataError(
            f"{what}: only one speaker ({_some(counts)}) is found, and a split needs two; give "
            "validation data of its own, or change how a file's name tells its speaker (speaker; "
            "'.+' splits by file)"
        )
    return held_out(counts, share)


def held_out(counts: Mapping[str, int], share: float) -> set[str]:
    """Names that have at most ``share`` of all counts together, at least one name."""
    found: set[str] = set()
    room = share * sum(counts.values())
    for name in sorted(counts, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if counts[name] <= room:
            found.add(name)
            room -= counts[name]
    return found or {min(sorted(counts), key=counts.__getitem__)}


def tried(
    split: Callable[[], list[PairFiles]], files: list[PairFiles], problems: Sequence[str]
) -> list[PairFiles]:
    """What ``split`` gives; where it fails and there are other problems, ``files`` as they are.

    Those problems come first: the pairs that they concern may be what the split lacks.
    """
    try:
        return split()
    except DataError:
        if not problems:
            raise
        return files


def _recordings_by_speaker(files: Iterable[PairFiles]) -> Counter[str]:
    return Counter(f.speaker for f in files if f.speaker is not None)


def _some(names: Iterable[str], shown: int = 12) -> str:
    found = sorted(names)
    more = f" and {len(found) - shown} more" if len(found) > shown else ""
    return ", ".join(found[:shown]) + more
