"""``python -m benchmarks.startup``: both in turns, each in a process and a folder of its own."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import yaml

from benchmarks.overhead.report import machine
from benchmarks.startup.task import BEGUN

_RESULTS = Path(__file__).with_name("results.md")
_STARTED = "import torch and start Ray"
_STEP = "the same, and one step of torch in a worker of Ray"
_OURS = "`sweeper run`, to the first step of its first trial"
_REPOSITORY = Path(__file__).parents[2]
_ALONE = f"""
import os, time, torch, ray
ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, address="local")
started = time.time()
@ray.remote
def step():
    import torch
    torch.ones(4, 4).sum().item()
    return time.time()
begun = ray.get(step.remote())
open(os.environ["{BEGUN}"], "w").write(f"{{begun}} {{started}}")
"""
_SWEEP = {
    "name": "startup",
    "experiment": "startup",
    "task": "benchmarks.startup.task:task",
    "training": {"epochs": 1},
    "search_space": {"lr": {"type": "float", "low": 1e-4, "high": 1e-1, "log": True}},
    "objective": {"metric": "loss", "direction": "minimize"},
    "sampler": {"name": "random"},
    "budget": {"trials": 1},
    "resources": {"cpus": 2, "cpus_per_trial": 1, "concurrent": 1},
}


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--results", type=Path, default=_RESULTS, help="file for the table")
    options = parser.parse_args()
    sweeper = str(Path(sys.executable).with_name("sweeper"))
    times: dict[str, list[float]] = {_STARTED: [], _STEP: [], _OURS: []}
    for turn in range(options.turns):
        step, started = _seconds([sys.executable, "-c", _ALONE])
        (ours,) = _seconds([sweeper, "run", "startup.yaml"])
        for name, seconds in ((_STARTED, started), (_STEP, step), (_OURS, ours)):
            times[name].append(seconds)
        print(turn, {name: round(each[-1], 2) for name, each in times.items()}, flush=True)
    text = _table(times)
    print(text)
    options.results.write_text(text)


def _seconds(command: list[str]) -> list[float]:
    """Seconds by the clock from the start of ``command`` to what it has noted."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path(folder)
        (here / "startup.yaml").write_text(yaml.safe_dump(_SWEEP, sort_keys=False))
        begun = here / "begun"
        path = os.pathsep.join([os.environ.get("PYTHONPATH", ""), str(_REPOSITORY)])
        ray = {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_USAGE_STATS_ENABLED": "0"}
        env = {**os.environ, **ray, "PYTHONPATH": path, BEGUN: str(begun)}
        start = time.time()
        subprocess.run(command, cwd=here, env=env, capture_output=True, check=True, timeout=600)
        return [float(noted) - start for noted in begun.read_text().split()]


def _table(times: dict[str, list[float]]) -> str:
    lines = [
        "# Start-up\n",
        f"{machine()}\n",
        "| seconds by the clock | median | least | most | sweeper takes |",
        "|---|--:|--:|--:|--:|",
    ]
    for name, seconds in times.items():
        cells = [f"{value:.1f}" for value in (median(seconds), min(seconds), max(seconds))]
        ratio = median(ours / each for ours, each in zip(times[_OURS], seconds, strict=True))
        lines.append(f"| {name} | " + " | ".join(cells) + f" | {ratio:.2f} |")
    turns = len(times[_OURS])
    lines.append(f"\n{turns} turns, one after the other; ratios are medians of the turns.\n")
    return "\n".join(lines)


if __name__ == "__main__":
    _main()
