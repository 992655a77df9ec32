"""Which pairs validate: whole speakers, never single files of a speaker that also trains."""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from sweeper.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from sweeper.data.corpus import PairFiles

__all__ = ["by_share", "by_speaker"]


def by_speaker(files: Sequence[PairFiles], valid: Collection[str], what: str) -> list[PairFiles]:
    """The same pairs: those of the speakers ``valid`` validate, the others train.

    Raises:
        DataError: a speaker in ``valid`` has no recording, or nobody is left to train on; names
            ``what``.
    """
    known = _recordings_by_speaker(files).keys()
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
    return [replace(f, split="valid" if f.speaker in valid else "train") for f in files]


def by_share(files: Sequence[PairFiles], share: float, what: str) -> list[PairFiles]:
    """The same pairs: about ``share`` of them validate, whole speakers only.

    The speakers are taken in the order of a hash of their names, so the choice is the same on every
    machine, and each that would exceed the share is passed over. If that leaves nobody, the speaker
    with the fewest recordings validates.

    Raises:
        DataError: there is only one speaker; names ``what``.
    """
    counts = _recordings_by_speaker(files)
    if len(counts) < 2:
        raise DataError(
            f"{what}: only one speaker ({_some(counts)}) is found, and a split needs two; give "
            "validation data of its own (valid_root), or change how a file's name tells its "
            "speaker (speaker; '.+' splits by file)"
        )
    valid: set[str] = set()
    room = share * len(files)
    for name in sorted(counts, key=lambda name: hashlib.sha256(name.encode()).digest()):
        if counts[name] <= room:
            valid.add(name)
            room -= counts[name]
    fewest = min(sorted(counts), key=counts.__getitem__)
    return by_speaker(files, valid or {fewest}, what)


def _recordings_by_speaker(files: Iterable[PairFiles]) -> Counter[str]:
    return Counter(f.speaker for f in files if f.speaker is not None)


def _some(names: Collection[str], shown: int = 12) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(sorted(names)[:shown]) + more
