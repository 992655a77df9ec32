"""A disk that is full for a while."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos import tasks
from chaos.arena import PATIENCE, Arena
from chaos.checks import count_losses

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS = 6


@pytest.fixture
def small_disk(arena: Arena) -> Iterator[Path]:
    """The sweep's folder on a file system of its own."""
    command = ["mount", "-t", "tmpfs", "-o", "size=32m", "chaos", str(arena.folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("only root can mount a small disk")
    yield arena.folder
    arena.close()
    subprocess.run(["umount", "-l", str(arena.folder)], check=True)


@pytest.mark.slow
@pytest.mark.parametrize("index", range(ROUNDS))
def test_full_disk(arena: Arena, small_disk: Path, told: Callable[..., None], index: int) -> None:
    """Sweep, checkpoints and MLflow's store on it; the same command once there is room again."""
    tasks.write_space(arena.folder, trials=_TRIALS)
    process = arena.go()
    wanted = arena.random.randint(1, 12)
    assert arena.until(lambda: len(arena.begun()) >= wanted, process), arena.said()[-3000:]
    filler = small_disk / "filler"
    _fill(filler)
    process.wait(PATIENCE)
    arena.met.append({r.number for r in arena.records() if not r.state.ended})
    print(f"ended with {process.returncode}: {arena.said()[-1500:]}")
    filler.unlink()
    arena.finish()
    detail = f"exit {process.returncode}"
    told("disk full for a while", 1, count_losses(arena, _TRIALS), detail=detail)


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while file.write(b"0" * size) == size:
                    pass
            except OSError:
                continue
