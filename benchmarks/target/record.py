"""``python -m benchmarks.target.record``: learning curves of real trainings over lr x batch size.

A small DPRNN is trained on the demo corpus with sweeper's own task, at each of 17 learning rates
from 1e-5 to 1e-1 and 4 batch sizes, with each seed. What is kept is each epoch's ``val_si_sdr`` in
dB and the CPU seconds of one thread that it took.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import numpy as np
import torch

from benchmarks.overhead.trivial import BATCH_SIZES, EPOCHS, LR, OBJECTIVE
from benchmarks.target.curves import DEFAULT, Cell
from sweeper.records import Trial
from sweeper.tasks.enhancement import enhancement

_RATES = 17
_MODEL = {
    "name": "dprnn",
    "encoder": "stft",
    "n_fft": 256,
    "bottleneck": 32,
    "hidden": 32,
    "layers": 1,
}
_TRAINING = {
    "epochs": EPOCHS,
    "segment": 1.0,  # seconds
    "loss": "si_sdr",
    "optimizer": "adam",
    "gradient_clip": 5.0,
}


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.target.record", description=__doc__)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1])
    parser.add_argument("--file", type=Path, default=DEFAULT, help="what is in it is not redone")
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.file.parent.mkdir(parents=True, exist_ok=True)
    known = options.file.read_text().splitlines() if options.file.exists() else []
    done = {(cell.lr, cell.batch_size, cell.seed) for cell in map(Cell.from_json, known)}
    _train(max(LR), BATCH_SIZES[-1], 0)  # what only a process's first training costs
    with options.file.open("a") as file:
        for seed, lr, batch_size in product(options.seeds, _rates(), BATCH_SIZES):
            if (lr, batch_size, seed) not in done:
                cell = _train(lr, batch_size, seed)
                print(json.dumps(cell.to_json()), file=file, flush=True)


def _rates() -> list[float]:
    return [float(f"{lr:.4g}") for lr in np.geomspace(*LR, _RATES)]


def _train(lr: float, batch_size: int, seed: int) -> Cell:
    with tempfile.TemporaryDirectory() as folder:
        timed = list(_epochs(_trial(Path(folder), lr, batch_size, seed)))
    values, seconds = zip(*timed, strict=True)
    print(f"lr {lr:g}, batch size {batch_size}, seed {seed}: {values[-1]:.2f} dB", flush=True)
    return Cell(lr, batch_size, seed, values, seconds)


def _trial(folder: Path, lr: float, batch_size: int, seed: int) -> Trial:
    config = {
        "task": "enhancement",
        "objective": {"metric": OBJECTIVE, "direction": "maximize"},
        "model": _MODEL,
        "data": {"name": "demo"},
        "training": {**_TRAINING, "lr": lr, "batch_size": batch_size},
    }
    return Trial(0, {}, config, seed=seed, directory=folder, epochs=EPOCHS)


def _epochs(trial: Trial) -> Iterator[tuple[float, float]]:
    began = time.process_time()
    for report in enhancement(trial):
        now = time.process_time()
        yield round(report.metrics[OBJECTIVE], 4), round(now - began, 4)
        began = time.process_time()


if __name__ == "__main__":
    _main()
