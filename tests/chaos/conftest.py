"""Cases of the chaos suite: each draws its faults from a seed that is printed and can be set."""

from __future__ import annotations

import fcntl
import json
import os
import random
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from chaos.arena import Arena
from chaos.checks import essence
from chaos.record import Losses, Result

SEED = "SWEEPER_CHAOS_SEED"


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> str:
    """Of this case; to repeat one, set the variable to what the failure says."""
    base = os.environ.get(SEED) or secrets.token_hex(4)
    print(f"to repeat: {SEED}={base} pytest '{request.node.nodeid}'")
    return f"{base}/{request.node.name}"


@pytest.fixture
def arena(tmp_path: Path, seed: str) -> Iterator[Arena]:
    made = Arena(tmp_path, random.Random(seed))
    yield made
    made.close()


@pytest.fixture
def told(arena: Arena, seed: str) -> Callable[..., None]:
    """Keep what a case found, and fail if it is not what it must be."""

    def tell(
        fault: str, times: int, losses: Losses, recovery_seconds: float = 0.0, detail: str = ""
    ) -> None:
        recovery = recovery_seconds or arena.recovery_seconds()
        result = Result(fault, seed, times, losses, round(recovery, 1), detail)
        result.keep()
        print(result)
        assert result.right, arena.said()[-3000:]

    return tell


@pytest.fixture
def reference(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., list[object]]:
    """The trials of a sweep one at a time that nothing happens to; run once for all cases."""

    def read(write: Callable[..., object], *measured: str) -> list[object]:
        name = write.__module__.rpartition(".")[2]
        place = tmp_path_factory.getbasetemp().parent / f"chaos-{name}"
        place.mkdir(exist_ok=True)
        with (place / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            kept = place / "trials.json"
            if not kept.exists():
                arena = Arena(place, random.Random(0))
                write(place, concurrent=1)
                arena.finish()
                arena.close()
                kept.write_text(json.dumps(essence(arena.records(), *measured)))
            found: list[object] = json.loads(kept.read_text())
            return found

    return read
