"""``python -m sweeper.preflight.probe``: the process that `measure` starts; JSON in, JSON out."""

from __future__ import annotations

import contextlib
import json
import sys
import tempfile
import time
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import torch

from sweeper.preflight.measure import FAILED, Measured
from sweeper.records import Trial
from sweeper.tasks.enhancement import parts_of
from sweeper.training.feed import feed
from sweeper.training.hardware import peak_memory_bytes, reset_peak_memory
from sweeper.training.loop import train_step

if TYPE_CHECKING:
    from sweeper.training.loop import Parts

_WARM_STEPS = 2  # the first step of all makes the optimizer's state, and tunes kernels
_TIMED_STEPS, _TIMED_SECONDS = 8, 2.0


def main() -> None:
    """Measure what stdin asks for."""
    asked = json.load(sys.stdin)
    torch.set_num_threads(max(1, int(asked["cpus"])))
    sys.path.insert(0, str(Path.cwd()))  # a user's own modules, as in a worker
    with tempfile.TemporaryDirectory() as folder:
        try:
            answer = _measured(_trial(asked, Path(folder))).to_json()
        except Exception as error:  # a model of the user's own may fail in any way
            answer = {FAILED: " ".join(f"{type(error).__name__}: {error}".split())}
    print(json.dumps(answer))


def _trial(asked: dict[str, Any], folder: Path) -> Trial:
    config = {**asked["sections"], "objective": asked["objective"]}
    epochs = config["training"]["epochs"]
    return Trial(0, {}, config, 0, folder, epochs, cpus=asked["cpus"], gpus=asked["gpus"])


def _measured(trial: Trial) -> Measured:
    total = _total_bytes(trial.gpus)
    try:
        parts = parts_of(trial)
        # the process began before this module's imports, which take most of its start
        start = time.time() - psutil.Process().create_time()
        speed = _speed(parts)
        peak = _peak(parts.device)  # before the validation, for which the forecast has a reserve
        validation = _validation_seconds(parts)
    except (torch.OutOfMemoryError, MemoryError) as error:
        return Measured(None, total, None, 0, why=f"out of memory: {str(error).splitlines()[0]}")
    part = parts.accumulation.size
    return Measured(peak, total, speed, parts.batches.samples, validation, start, part)


def _speed(parts: Parts) -> float:
    """Training segments per second, after some steps that do not count."""
    parts.model.train()
    reset_peak_memory(parts.device)
    rounds = (parts.batches.epoch(1) for _ in repeat(None))  # an epoch may have one batch only
    batches = feed(islice(chain.from_iterable(rounds), _WARM_STEPS + _TIMED_STEPS), parts.device)
    samples, began = 0, 0.0
    for step, (noisy, clean) in enumerate(batches, start=1):
        if step == _WARM_STEPS + 1:
            began = time.perf_counter()
        train_step(parts, noisy, clean, 1, step)  # it waits for the GPU
        if step > _WARM_STEPS:
            samples += len(noisy)
            if time.perf_counter() - began > _TIMED_SECONDS:
                break
    return samples / (time.perf_counter() - began)


class _Enough(Exception):
    """The validation has been looked at for long enough."""


def _validation_seconds(parts: Parts) -> float:
    """For all recordings, from the batches that some seconds are enough for, one at least."""
    began: list[float] = []

    def watch() -> None:
        began.append(time.perf_counter())
        if len(began) > 1 and began[-1] - began[0] > _TIMED_SECONDS:
            raise _Enough

    with contextlib.suppress(_Enough):
        parts.validation.measure(
            parts.judged, parts.loss, precision=parts.precision, device=parts.device, between=watch
        )
        began.append(time.perf_counter())  # its result has waited for the GPU
    samples = parts.validation.batch_samples
    return (began[-1] - began[0]) * sum(samples) / sum(samples[: len(began) - 1])


def _peak(device: torch.device) -> int:
    """What a trial takes of the device's memory."""
    if device.type != "cuda":
        return _resident_peak() or peak_memory_bytes(device)
    # what is in use now and is not PyTorch's is this process's context, or another's on the GPU:
    # then it is too much rather than too little
    free, total = torch.cuda.mem_get_info(device)
    others = max(0, total - free - torch.cuda.memory_reserved(device))
    return torch.cuda.max_memory_reserved(device) + others


def _resident_peak() -> int:
    """The most memory that this process has had, 0 where the system does not say.

    What `getrusage` gives begins with that of the process that started this one.
    """
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0
    return sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:"))


def _total_bytes(gpus: float) -> int:
    if gpus > 0:
        return torch.cuda.get_device_properties(0).total_memory
    return psutil.virtual_memory().total


if __name__ == "__main__":
    main()
