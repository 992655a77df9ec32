"""How many trials run at once, and what each of them gets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sweeper.config import Resources

__all__ = ["Slots", "plan_slots"]


@dataclass(frozen=True, slots=True)
class Slots:
    """Equal places for trials on this machine.

    Attributes:
        concurrent: trials at once.
        cpus_per_trial, gpus_per_trial: of one trial; GPUs may be a fraction.
        cpus, gpus: of the machine, as far as the sweep may use them.
    """

    concurrent: int
    cpus_per_trial: float
    gpus_per_trial: float
    cpus: int
    gpus: int

    def __str__(self) -> str:
        device = f"{self.gpus_per_trial:g} GPU, " if self.gpus else "no GPU, "
        return f"{self.concurrent} at once ({device}{self.cpus_per_trial:g} CPU each)"


def plan_slots(resources: Resources) -> Slots:
    """Divide the machine by what the configuration asks for; ``auto`` takes all there is.

    Raises:
        ConfigError: more is asked for than there is.
    """
    there = {"cpus": len(os.sched_getaffinity(0)), "gpus": _gpu_count()}
    cpus, gpus = _taken("cpus", resources.cpus, there), _taken("gpus", resources.gpus, there)
    per_cpu, per_gpu = resources.cpus_per_trial, resources.gpus_per_trial
    gpus_per_trial = float((1 if gpus else 0) if per_gpu == "auto" else per_gpu)
    fits = []
    if gpus_per_trial:
        fits.append(int(gpus / gpus_per_trial + 1e-9))
    if per_cpu != "auto":
        fits.append(int(cpus / per_cpu + 1e-9))
    fit = min(fits, default=cpus)
    wanted = resources.concurrent
    concurrent = fit if wanted == "auto" else min(fit, wanted)
    if concurrent < 1:
        raise _too_much(f"one trial asks for {per_cpu} CPUs and {per_gpu} GPUs", there)
    cpus_per_trial = float(_share(cpus, concurrent, gpus) if per_cpu == "auto" else per_cpu)
    return Slots(concurrent, cpus_per_trial, gpus_per_trial, cpus, gpus)


def _share(cpus: int, concurrent: int, gpus: int) -> float:
    """CPUs for loading data beside a GPU; without GPUs the trial computes on one CPU."""
    if gpus:
        return max(1, cpus // concurrent) if concurrent <= cpus else cpus / concurrent
    return 1


def _taken(name: str, wanted: int | str, there: Mapping[str, int]) -> int:
    if wanted == "auto":
        return there[name]
    if int(wanted) > there[name]:
        raise _too_much(f"resources.{name} is {wanted}", there)
    return int(wanted)


def _too_much(what: str, there: Mapping[str, int]) -> ConfigError:
    machine = f"this machine has {there['cpus']} CPUs and {there['gpus']} GPUs"
    return ConfigError([Problem("resources", f"{what}, but {machine}; lower it or use `auto`")])


def _gpu_count() -> int:
    # the driver's device tells at once; importing torch to learn that there is no GPU takes seconds
    if not Path("/dev/nvidiactl").exists():
        return 0
    import torch

    return torch.cuda.device_count()
