"""The preflight of a sweep: measured before its launch, shown, kept, and used for `auto`."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from sweeper import words
from sweeper.config import SweepConfig, apply
from sweeper.engine.resources import Slots, plan_slots
from sweeper.ledger.files import write_atomically
from sweeper.preflight import Cell, Forecast, Measured, cells, measure

__all__ = ["FOLDER", "before_launch", "preflight", "shared_slots", "show"]

FOLDER = "preflight"
"""Folder of the forecast, in the sweep's and among the parent run's artifacts."""


def preflight(config: SweepConfig, slots: Slots, console: Console) -> Forecast | None:
    """Measure the sweep's configurations on the device that its trials will have.

    Returns:
        None for a task of the user's own, of which nobody knows what a step is.

    Raises:
        SweeperError: a configuration fails for another reason than its memory.
    """
    if config.task != "enhancement":
        return None
    gpus = 1.0 if slots.gpus else 0.0  # the whole of one: a share would limit what is measured
    objective = config.objective.model_dump(mode="json")
    found: dict[int, tuple[Cell, Measured]] = {}
    budget = config.budget
    every = cells(config)
    with console.status("") as status:
        for i, cell in enumerate(every):
            status.update(f"preflight {i + 1}/{len(every)}: {cell}")
            sections = apply(config, cell.params)
            measured = measure(sections, objective, cpus=slots.cpus_per_trial, gpus=gpus)
            found[i] = (cell, measured)
    return Forecast(tuple(found.values()), config.epochs, budget.trials, budget.gpu_hours)


def before_launch(config: SweepConfig, slots: Slots, root: Path, console: Console) -> Slots:
    """The slots of a sweep on GPUs; where they were not measured yet, they are now.

    What was measured for the same configurations and the same share of the machine is taken as it
    is, so that a resumed sweep begins at once. Without GPUs nothing is measured.

    Args:
        root: the sweep's folder.
    """
    if not slots.gpus:
        return slots
    kept, key = root / FOLDER / "preflight.json", _key(config, slots)
    known = _read(kept)
    if known.get("key") == key:
        return _shared(config, slots, float(known["gpus_per_trial"]))
    forecast = preflight(config, slots, console)
    if forecast is None:
        return slots
    slots = shared_slots(config, slots, forecast)
    show(forecast, slots, console)
    write_atomically(kept, json.dumps({"key": key, **forecast.to_json()}, indent=2) + "\n")
    return slots


def shared_slots(config: SweepConfig, slots: Slots, forecast: Forecast) -> Slots:
    """The slots with as many trials on each GPU as fit, where that is left to the program."""
    return _shared(config, slots, forecast.gpus_per_trial) if slots.gpus else slots


def _shared(config: SweepConfig, slots: Slots, share: float) -> Slots:
    if config.resources.gpus_per_trial != "auto":
        return slots
    return plan_slots(config.resources.model_copy(update={"gpus_per_trial": share}))


def _key(config: SweepConfig, slots: Slots) -> str:
    """Stands for all that decides what is measured."""
    found = config.to_json()
    parts = [found[key] for key in ("model", "data", "training", "search_space")]
    return hashlib.sha256(json.dumps([*parts, slots.cpus_per_trial]).encode()).hexdigest()


def _read(path: Path) -> dict[str, Any]:
    """What was kept; nothing where it is not there or damaged, which costs a measurement only."""
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def show(forecast: Forecast, slots: Slots, console: Console) -> None:
    """Print what was measured and what follows from it."""
    table = Table(box=None, padding=(0, 2))
    for name in ("configuration", "peak memory", "segments/s", ""):
        table.add_column(name, justify="left" if name in ("configuration", "") else "right")
    for cell, measured in forecast.measured:
        peak, speed = measured.peak_bytes, measured.samples_per_second
        table.add_row(
            str(cell),
            "-" if peak is None else f"{peak / 2**20:,.0f} MiB",
            "-" if speed is None else f"{speed:,.1f}",
            measured.why or (f"in parts of {measured.part}" if measured.part else ""),
        )
    console.print(table)
    for line in said(forecast, slots):
        console.print(line, markup=False)


def said(forecast: Forecast, slots: Slots) -> Iterator[str]:
    """What follows, in words."""
    device = "GPU" if slots.gpus else "machine's memory"
    if forecast.peak_bytes is None:
        yield "No configuration fits: make the batches, the segments or the model smaller."
        return
    holds = words.count(forecast.trials_per_device, "trial")
    yield f"The {device} holds {holds} at once, whichever they are; the sweep runs {slots}."
    if not slots.gpus and slots.concurrent > forecast.trials_per_device:
        yield f"That is too many: set resources.concurrent to {forecast.trials_per_device}."
    seconds = forecast.seconds(slots.gpus or slots.concurrent) or 0.0
    gpu_hours = seconds * slots.gpus / 3600
    end = time.strftime("%a %H:%M", time.localtime(time.time() + seconds))
    yield (
        f"{words.count(forecast.trials, 'trial')} of {words.count(forecast.epochs, 'epoch')} take "
        f"about {words.duration(seconds)} if none is stopped early"
        + (f", {gpu_hours:.1f} GPU-hours" if slots.gpus else "")
        + f": begun now, they end about {end}. That is training, validation and the start of the "
        f"workers ({words.duration(forecast.start_seconds)}); Ray, MLflow and the trials' files "
        "take seconds more."
    )
    if forecast.gpu_hours is not None and gpu_hours > forecast.gpu_hours:
        trials = int(forecast.trials * forecast.gpu_hours / gpu_hours)
        full = f"about {words.count(trials, 'full training')}"
        yield f"budget.gpu_hours: {forecast.gpu_hours:g} is enough for {full}."
