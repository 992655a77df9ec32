"""A real network in training, killed: not a bit of its numbers may be another."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from chaos.arena import Arena
from chaos.checks import essence, in_mlflow, is_whole
from chaos.moments import draw
from chaos.record import Losses

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS, _EPOCHS = 4, 4
_MEASURED = ("samples_per_second", "peak_memory_bytes")
_SPACE = """
name: toy
experiment: chaos
model: {{name: wave_unet, levels: 2, channels: 4}}
data: {{name: demo}}
training: {{epochs: {epochs}, segment: 0.5, epoch_seconds: 8.0}}
search_space:
  lr: {{type: float, low: 1.0e-4, high: 1.0e-2, log: true}}
  batch_size: {{type: categorical, choices: [2, 4, 8]}}
objective: {{metric: val_si_sdr, direction: maximize}}
sampler: {{name: tpe, n_startup_trials: 2}}
pruner: {{name: median, n_startup_trials: 2, n_warmup_epochs: 1}}
budget: {{trials: {trials}}}
resources: {{concurrent: {concurrent}, gpus: 0}}
"""


def write_space(folder: Path, *, concurrent: int) -> None:
    text = _SPACE.format(trials=_TRIALS, epochs=_EPOCHS, concurrent=concurrent)
    (folder / "toy.yaml").write_text(text, encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("index", range(ROUNDS))
def test_killed_trainings(
    arena: Arena, told: Callable[..., None], reference: Callable[..., list[object]], index: int
) -> None:
    write_space(arena.folder, concurrent=1)
    stages: list[str] = []
    while len(stages) < 2:
        moment = draw(arena, _TRIALS, last=len(stages) == 1)
        process = arena.go()
        if moment.comes(arena, process):
            arena.kill_driver(process, with_ray=arena.random.random() < 0.5)
            stages.append(moment.stage)
    arena.finish()
    records = arena.records()
    true = reference(write_space, *_MEASURED)
    found = essence(records, *_MEASURED)
    again = _trained_again(arena)
    losses = Losses(
        trials=abs(_TRIALS - len(records)) + sum(not is_whole(r, _EPOCHS) for r in records),
        wrong_numbers=sum(a != b for a, b in zip(found, true, strict=True)),
        epochs_again=again,
        beyond_one=max(0, again - sum(len(met) for met in arena.met)),
        **in_mlflow(records, arena.store, "val_si_sdr"),
        processes=len(arena.leftovers()),
    )
    told("driver killed, real training", len(stages), losses, detail=", ".join(stages))


def _trained_again(arena: Arena) -> int:
    """Epochs that the trials' logs tell of more than once."""
    return sum(
        times - 1
        for path in arena.paths.root.glob("trials/*/train.log")
        for times in Counter(re.findall(r"epoch (\d+)/", path.read_text())).values()
    )
