"""How many trials run at once, and what each of them gets."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from sweeper import words
from sweeper.errors import ConfigError, Problem

if TYPE_CHECKING:
    from sweeper.config import Resources
    from sweeper.config.model import Auto

__all__ = ["Node", "Slots", "plan_slots"]


@dataclass(frozen=True, slots=True)
class Node:
    """A machine that trials may run on, with its whole processors and GPUs."""

    cpus: int
    gpus: int


@dataclass(frozen=True, slots=True)
class Slots:
    """Equal places for trials, on this machine or on all nodes of a cluster.

    Attributes:
        concurrent: trials at once.
        cpus_per_trial, gpus_per_trial: of one trial; GPUs may be a fraction.
        cpus, gpus: of all machines, as far as the sweep may use them.
        nodes: how many machines a cluster has for it; 0 for this machine without a cluster.
    """

    concurrent: int
    cpus_per_trial: float
    gpus_per_trial: float
    cpus: int
    gpus: int
    nodes: int = 0

    def __str__(self) -> str:
        device = f"{self.gpus_per_trial:g} GPU, " if self.gpus else "no GPU, "
        where = f" on {words.count(self.nodes, 'node')}" if self.nodes else ""
        return f"{self.concurrent} at once{where} ({device}{self.cpus_per_trial:g} CPU each)"

    def on(self, nodes: Sequence[Node], resources: Resources) -> Slots:
        """As many of the same places as there are on ``nodes`` now; that may be none."""
        cpus = _at_most(resources.cpus, sum(node.cpus for node in nodes))
        gpus = _at_most(resources.gpus, sum(node.gpus for node in nodes))
        gpu, cpu = self.gpus_per_trial, self.cpus_per_trial
        fit = min(sum(_fit(n, gpu, cpu) for n in nodes), _fit(Node(cpus, gpus), gpu, cpu))
        concurrent = _at_most(resources.concurrent, fit)
        return replace(self, concurrent=concurrent, cpus=cpus, gpus=gpus, nodes=len(nodes))


def plan_slots(resources: Resources, cluster: Sequence[Node] = ()) -> Slots:
    """Divide the machine by what the configuration asks for; ``auto`` takes all there is.

    Args:
        cluster: its nodes, where not this machine is to be divided but each of them.

    Raises:
        ConfigError: more is asked for than there is.
    """
    where = "the cluster" if cluster else "this machine"
    nodes = cluster or [Node(len(os.sched_getaffinity(0)), _gpu_count())]
    whole = Node(sum(node.cpus for node in nodes), sum(node.gpus for node in nodes))
    cpus = _taken("cpus", resources.cpus, whole, where)
    gpus = _taken("gpus", resources.gpus, whole, where)
    per_gpu, per_cpu = resources.gpus_per_trial, resources.cpus_per_trial
    gpus_per_trial = float((1 if gpus else 0) if per_gpu == "auto" else per_gpu)
    fits = [_fit(node, gpus_per_trial, per_cpu) for node in nodes]
    fit = min(sum(fits), _fit(Node(cpus, gpus), gpus_per_trial, per_cpu))
    concurrent = _at_most(resources.concurrent, fit)
    if concurrent < 1:
        asked = {"CPUs": per_cpu, "GPUs": per_gpu}
        told = " and ".join(f"{n:g} {unit}" for unit, n in asked.items() if n != "auto")
        one = f"one trial asks for {told or 'a processor'}"
        raise _too_much(one, where, whole)
    if per_cpu == "auto":
        used = [(n, min(fit, concurrent)) for n, fit in zip(nodes, fits, strict=True) if fit]
        per_cpu = min(_share(min(n.cpus, cpus), most, gpus) for n, most in used)
    return Slots(concurrent, float(per_cpu), gpus_per_trial, cpus, gpus, len(cluster))


def _fit(node: Node, gpus_per_trial: float, cpus_per_trial: float | Auto) -> int:
    """How many trials have room on the node."""
    fits = []
    if gpus_per_trial:
        fits.append(int(node.gpus / gpus_per_trial + 1e-9))
    if not isinstance(cpus_per_trial, str):
        fits.append(int(node.cpus / cpus_per_trial + 1e-9))
    return min(fits, default=node.cpus)


def _at_most(wanted: int | Auto, there: int) -> int:
    return there if isinstance(wanted, str) else min(wanted, there)


def _share(cpus: int, concurrent: int, gpus: int) -> float:
    """CPUs for loading data beside a GPU; without GPUs the trial computes on one CPU."""
    if gpus:
        return max(1, cpus // concurrent) if concurrent <= cpus else cpus / concurrent
    return 1


def _taken(name: str, wanted: int | Auto, there: Node, where: str) -> int:
    most: int = getattr(there, name)
    if not isinstance(wanted, str) and wanted > most:
        raise _too_much(f"resources.{name} is {wanted}", where, there)
    return _at_most(wanted, most)


def _too_much(what: str, where: str, there: Node) -> ConfigError:
    message = f"{what}, but {where} has {there.cpus} CPUs and {there.gpus} GPUs; "
    return ConfigError([Problem("resources", f"{message}lower it or use `auto`")])


def _gpu_count() -> int:
    # the driver's device tells at once; importing torch to learn that there is no GPU takes seconds
    if not Path("/dev/nvidiactl").exists():
        return 0
    import torch

    return torch.cuda.device_count()
