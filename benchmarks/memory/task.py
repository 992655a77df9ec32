"""The task of sweeper's own, measured while all trials of the node are at it."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sweeper.data import waves
from sweeper.data.corpus import Corpus
from sweeper.records import EpochReport, Trial
from sweeper.tasks.enhancement import corpus_of, enhancement

__all__ = ["memory_of", "task"]

_PATIENCE_SECONDS = 1200.0


def task(trial: Trial, /) -> Iterator[EpochReport]:
    """Train for real; look at every sample, as a whole epoch does; then measure, all at once.

    ``trial.config["model"]["benchmark"]`` has the folder where the trials meet, how many they are,
    and whether the waveforms are shared.
    """
    model = dict(trial.config["model"])
    benchmark = model.pop("benchmark")
    if not benchmark["shared"]:
        waves.SHARED_FROM_BYTES = 2**62
    meeting = Path(benchmark["folder"])
    for report in enhancement(replace(trial, config={**trial.config, "model": model})):
        _look_at_all(corpus_of(trial.config))  # late: pages that wait may be taken for others
        _meet(meeting, "ready", {}, benchmark["trials"])
        _meet(meeting, "measured", memory_of("self"), benchmark["trials"])
        yield report


def _look_at_all(corpus: Corpus) -> None:
    for pair in corpus.train + corpus.valid:
        assert (pair.noisy + pair.clean).isfinite().all()


def memory_of(pid: int | str) -> dict[str, int]:
    """Bytes of a process, by the kernel: of all, and of the waveforms that it has mapped."""
    found = {f"all_{name}": n for name, n in _sizes(Path(f"/proc/{pid}/smaps_rollup")).items()}
    smaps = Path(f"/proc/{pid}/smaps").read_text(encoding="utf-8")
    mapped = {"Rss": 0, "Pss": 0, "Private_Dirty": 0}
    counts = False
    for line in smaps.splitlines():
        key, _, rest = line.partition(":")
        if "-" in key.split(" ")[0]:  # a mapping begins: address range, ..., file
            counts = line.endswith(".f32")
        elif counts and key in mapped:
            mapped[key] += int(rest.split()[0]) * 1024
    return found | {f"mapped_{name}": size for name, size in mapped.items()}


def _sizes(rollup: Path) -> dict[str, int]:
    lines = [line.split() for line in rollup.read_text(encoding="utf-8").splitlines()[1:]]
    return {key[:-1]: int(size) * 1024 for key, size, *_ in lines if key in ("Rss:", "Pss:")}


def _meet(folder: Path, stage: str, content: Mapping[str, Any], trials: int) -> None:
    """Say that this trial is here, and wait for the others."""
    pid = os.getpid()
    (folder / f".{stage}-{pid}").write_text(json.dumps({**content, "pid": pid}))
    (folder / f".{stage}-{pid}").rename(folder / f"{stage}-{pid}.json")
    end = time.monotonic() + _PATIENCE_SECONDS
    while len(list(folder.glob(f"{stage}-*.json"))) < trials:
        if time.monotonic() > end:
            raise TimeoutError(f"not all of {trials} trials came to be {stage}")
        time.sleep(0.1)
