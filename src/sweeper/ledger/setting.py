"""What a session's trials are trained with, beside their configuration and seed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

__all__ = ["Setting"]


@dataclass(frozen=True, slots=True)
class Setting:
    """Code, libraries, data and place of a training; the history has one for each session.

    Attributes:
        parts: what stands for each part that decides a result: versions, hashes of code and data.
        files: hash of each file of the user's own code, which tells them apart for people; an older
            sweeper wrote none.
        commit: of the work tree that the sweep was run in; empty outside a repository.
        changes: file in the sweep's folder with what was not committed; empty where all was.
        cpus, gpus: of one trial; as many threads sum in the same order.
    """

    parts: Mapping[str, str] = field(default_factory=dict)
    commit: str = ""
    changes: str = ""
    cpus: float = 1.0
    gpus: float = 0.0
    files: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """A hash of the parts: the same while none of them changes."""
        return hashlib.sha256(json.dumps(self.parts, sort_keys=True).encode()).hexdigest()

    def differences(self, now: Setting) -> Iterator[str]:
        """What is otherwise than in ``now``, in words."""
        for name in sorted({*self.parts, *now.parts}):
            before, after = (s.parts.get(name, "none") for s in (self, now))
            if before != after:
                short = max(len(before), len(after)) < 20  # hashes say nothing to anybody
                yield f"{name} {before} -> {after}" if short else f"another {name}"

    def edited(self, now: Setting) -> list[str]:
        """The files of the user's own code that are otherwise than in ``now``, by name."""
        if not (self.files and now.files):
            return []
        names = sorted({*self.files, *now.files})
        return [name for name in names if self.files.get(name) != now.files.get(name)]

    @property
    def place(self) -> str:
        """Where its code is to be had: ``commit 1a2b3c4d5e with code/0f9e8d7c6b5a.diff``."""
        if not self.commit:
            return ""
        return f"commit {self.commit[:10]}" + f" with {self.changes}" * bool(self.changes)
