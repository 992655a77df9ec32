"""A few optimizer steps of one configuration, in a process of their own on the target device.

A process for each: what it takes is then its own, and one that the kernel or the GPU refuses its
memory takes nobody down.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sweeper.errors import SweeperError
from sweeper.training.heap import LARGE_PAGES

__all__ = ["FAILED", "Measured", "measure"]

_SECONDS = 600.0  # the first step on a GPU may tune its kernels; reading a corpus takes a while
FAILED = "failed"
"""Key of the answer of a process that could not train, with what stopped it."""

_LONGEST = 300  # characters of what a process said


@dataclass(frozen=True, slots=True)
class Measured:
    """What a configuration needed.

    Attributes:
        peak_bytes: on a GPU the most that PyTorch held of its memory, and what the process itself
            takes there; on a CPU the process's resident memory. None where it did not fit.
        total_bytes: of the device's memory.
        samples_per_second: training segments; None where it did not fit.
        samples_per_epoch: training segments in an epoch.
        validation_seconds: for one look at all of the validation recordings.
        start_seconds: of the process itself: imports, the corpus, the model.
        part: segments that went through the model at once, where the batch did not fit whole.
        why: why it did not fit; empty where it did.
    """

    peak_bytes: int | None
    total_bytes: int
    samples_per_second: float | None
    samples_per_epoch: int
    validation_seconds: float = 0.0
    start_seconds: float = 0.0
    part: int | None = None
    why: str = ""

    @property
    def fits(self) -> bool:
        return not self.why

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(
    sections: Mapping[str, Any], objective: Mapping[str, Any], *, cpus: float, gpus: float
) -> Measured:
    """Train a few steps of ``sections``, as a trial with ``cpus`` and ``gpus`` would.

    Raises:
        SweeperError: it fails for another reason than its memory.
    """
    asked = json.dumps({"sections": sections, "objective": objective, "cpus": cpus, "gpus": gpus})
    # the probe's own printing must not be taken for its answer: that comes last
    done = subprocess.run(
        [sys.executable, "-m", "sweeper.preflight.probe"],
        input=asked,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        env={**os.environ, **LARGE_PAGES, "OMP_NUM_THREADS": str(max(1, int(cpus)))},
        check=False,
    )
    if done.returncode == 0:
        answer = json.loads(done.stdout.splitlines()[-1])
        if said := answer.get(FAILED):
            raise SweeperError(f"the preflight of a trial failed: {said[:_LONGEST]}")
        return Measured(**answer)
    if done.returncode == -9:  # by the kernel, or by whoever watches over the machine's memory
        return Measured(None, 0, None, 0, why="the kernel killed it for its memory")
    said = (done.stderr.strip().splitlines() or ["nothing"])[-1][:_LONGEST]
    raise SweeperError(f"the preflight of a trial failed: {said}")
