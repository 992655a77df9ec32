"""What a sweep is: the small file that is replaced whole whenever it changes."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from sweeper.errors import LedgerError
from sweeper.ledger.files import MEND, write_atomically
from sweeper.ledger.paths import SweepPaths
from sweeper.records import ParamValue

__all__ = ["Manifest"]

_VERSION = 1


@dataclass(frozen=True, slots=True)
class Manifest:
    """Identity and resolved configuration of a sweep.

    Attributes:
        sweep_id: unique for ever; runs in MLflow are found by it.
        config: the resolved configuration as JSON (`SweepConfig.from_json`).
        created: seconds since 1970.
        source: what was run, as the user named it (``search_spaces/dprnn.yaml``).
        folder: the working directory of the first run; relative data paths start there.
        generation: how often there was a new study: for a changed search space, sampler, pruner or
            number of epochs, or for failed trials that are tried again.
        moved: what the trials before the present study have for parameters that it searches and
            they did not.
        retried: which trials had failed and go on with the present study.
        file: the file that it was last run from; empty where that is not known.
        file_digest: of what that said (`sweeper.sweep.origin_file.digest`).
    """

    sweep_id: str
    config: Mapping[str, Any]
    created: float
    source: str
    folder: str
    version: int = _VERSION
    generation: int = 0
    moved: Mapping[str, ParamValue] = field(default_factory=dict)
    retried: Sequence[int] = ()
    file: str = ""
    file_digest: str = ""

    @classmethod
    def new(cls, config: Mapping[str, Any], source: str) -> Manifest:
        """The manifest of a sweep that begins now, here."""
        return cls(uuid.uuid4().hex, config, time.time(), source, str(Path.cwd()))

    @classmethod
    def read(cls, paths: SweepPaths) -> Manifest:
        """Read it back.

        Raises:
            LedgerError: unreadable, or written by a newer sweeper.
        """
        try:
            found = json.loads(paths.manifest.read_text(encoding="utf-8"))
            manifest = cls(**found)
        except (OSError, ValueError, TypeError) as error:
            raise LedgerError(f"cannot read {paths.manifest}: {error}. {MEND}") from error
        if manifest.version > _VERSION:
            raise LedgerError(
                f"{paths.manifest} has version {manifest.version}; this sweeper reads up to "
                f"{_VERSION}. Use the sweeper that started the sweep, or a newer one."
            )
        return manifest

    def write(self, paths: SweepPaths) -> None:
        write_atomically(paths.manifest, json.dumps(asdict(self), indent=2) + "\n")
