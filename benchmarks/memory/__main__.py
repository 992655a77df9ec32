"""Run it: see `benchmarks/README.md`."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import soundfile
import yaml
from rich.console import Console
from rich.progress import track

_REPOSITORY = Path(__file__).parents[2]
_RATE = 16000
_SECONDS = 40  # of a recording
_GB = 1e9
_RESULTS = Path(__file__).with_name("results.md")


def main() -> None:
    """Measure both ways and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=8, help="at the same time")
    parser.add_argument("--gb", type=float, default=2.0, help="of shared waveforms")
    parser.add_argument("--own-trials", type=int, default=3, help="where each has its own copy")
    parser.add_argument("--own-gb", type=float, default=0.25, help="where each has its own copy")
    parser.add_argument("--write", action="store_true", help="replace results.md")
    options = parser.parse_args()
    cases = [(options.trials, options.gb, True)]
    cases += [(options.own_trials, options.own_gb, shared) for shared in (True, False)]
    rows: list[dict[str, Any]] = []
    for trials, gb, shared in cases:
        rows.append(_row(trials, gb, shared=shared))
        table = _table(rows)
        Console().print(table, markup=False, soft_wrap=True)
        if options.write:
            _RESULTS.write_text(table, encoding="utf-8")


def _row(trials: int, gb: float, *, shared: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="sweeper-memory-") as name:
        folder = Path(name)
        size = _record(folder / "set", gb)
        _sweeps(folder, trials, shared=shared)
        found = [json.loads(f.read_text()) for f in sorted(folder.glob("meet/measured-*.json"))]
    assert len({f["pid"] for f in found}) == trials  # each in a process of its own
    sums = {key: sum(f[key] for f in found) for key in found[0]}
    return {"trials": trials, "size": size, "shared": shared, **sums}


def _record(folder: Path, gb: float) -> int:
    """Pairs of noise, 16-bit WAV, that make ``gb`` of float32; how many bytes these are exactly."""
    random = np.random.default_rng(0)
    samples = _SECONDS * _RATE
    pairs = round(gb * _GB / (2 * 4 * samples))
    for number in track(range(pairs), description="recording"):
        for side in ("noisy", "clean"):
            path = folder / side / f"s{number % 20}_{number}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            wave = random.integers(-3000, 3000, samples, dtype=np.int16)
            soundfile.write(path, wave, _RATE)
    return pairs * 2 * 4 * samples


def _sweeps(folder: Path, trials: int, *, shared: bool) -> None:
    """All trials at the same time: a sweep for as many as there are processors, side by side."""
    meeting = folder / "meet"
    meeting.mkdir()
    most = psutil.cpu_count() or 1
    counts = [min(most, trials - first) for first in range(0, trials, most)]
    benchmark = {"folder": str(meeting), "trials": trials, "shared": shared}
    started = [
        subprocess.Popen(
            [sys.executable, "-m", "sweeper", "run", _space(folder, number, count, benchmark)],
            cwd=folder / f"sweep{number}",
            env={
                **os.environ,
                "PYTHONPATH": f"{_REPOSITORY / 'src'}{os.pathsep}{_REPOSITORY}",
                "SWEEPER_CACHE": str(folder / "cache"),
            },
        )
        for number, count in enumerate(counts)
    ]
    if any(sweep.wait() for sweep in started):
        raise RuntimeError("a sweep failed; see above")


def _space(folder: Path, number: int, trials: int, benchmark: dict[str, Any]) -> str:
    """A search space for ``trials`` at the same time; its file's name."""
    model = {"name": "dprnn", "bottleneck": 8, "hidden": 8, "layers": 1, "benchmark": benchmark}
    space = {
        "name": f"memory{number}",
        "task": "benchmarks.memory.task:task",
        "model": model,
        "data": {"name": "pairs", "root": str(folder / "set"), "valid_speakers": ["s0"]},
        "training": {"epochs": 1, "epoch_seconds": 20, "batch_size": 4},
        "search_space": {"lr": {"type": "float", "low": 1e-4, "high": 1e-3, "log": True}},
        "objective": {"metric": "val_si_sdr", "direction": "maximize"},
        "budget": {"trials": trials},
        "resources": {"concurrent": trials, "gpus": 0},
    }
    (folder / f"sweep{number}").mkdir()
    (folder / f"sweep{number}" / "memory.yaml").write_text(yaml.safe_dump(space))
    return "memory.yaml"


def _table(rows: list[dict[str, Any]]) -> str:
    lines = [
        f"{psutil.cpu_count()} processors, {psutil.virtual_memory().total / _GB:.0f} GB of memory.",
        "",
        "| waveforms | trials at once | held | mapped, RSS | mapped, PSS | all memory, PSS |",
        "|---|---|---|---|---|---|",
    ]
    for row in rows:
        held = "shared" if row["shared"] else "each trial its own"
        sizes = (row["mapped_Rss"], row["mapped_Pss"], row["all_Pss"])
        cells = [f"{row['size'] / _GB:.3f} GB", row["trials"], held]
        cells += [f"{size / _GB:.3f} GB" for size in sizes]
        lines.append(f"| {' | '.join(map(str, cells))} |")
    said = "Sums over the trials. RSS counts a shared page in each process, PSS counts it once."
    return "\n".join([*lines, "", said, ""])


if __name__ == "__main__":
    main()
