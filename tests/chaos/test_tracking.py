"""Tracking servers that are not there, go away, freeze, fail or are slow, under a real sweep."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator

import pytest

from chaos import tasks
from chaos.arena import PATIENCE, Arena
from chaos.checks import count_losses
from chaos.proxy import Proxy
from server import Server, free_port

ROUNDS = int(os.environ.get("SWEEPER_CHAOS_OTHERS", "5"))
_TRIALS = 8

Happens = Callable[[Arena, Server, Proxy], None]


@pytest.fixture
def server(arena: Arena) -> Iterator[Server]:
    made = Server(arena.folder, free_port())
    yield made
    made.stop()


def _stop(arena: Arena, server: Server, proxy: Proxy) -> None:
    server.send(signal.SIGTERM)
    server.stop()
    time.sleep(arena.random.uniform(0.5, 4.0))
    server.start()


def _kill(arena: Arena, server: Server, proxy: Proxy) -> None:
    server.stop()
    server.start()


def _freeze(arena: Arena, server: Server, proxy: Proxy) -> None:
    server.send(signal.SIGSTOP)
    time.sleep(arena.random.uniform(2.0, 14.0))
    server.send(signal.SIGCONT)


def _fail(arena: Arena, server: Server, proxy: Proxy) -> None:
    proxy.fails = True
    time.sleep(arena.random.uniform(1.0, 4.0))
    proxy.fails = False


def _mute(arena: Arena, server: Server, proxy: Proxy) -> None:
    proxy.mute = True
    time.sleep(arena.random.uniform(0.5, 3.0))
    proxy.mute = False


def _slow(arena: Arena, server: Server, proxy: Proxy) -> None:
    proxy.delay = arena.random.uniform(0.2, 1.0)


_FAULTS: dict[str, Happens] = {
    "stopped for a while": _stop,
    "killed and restarted": _kill,
    "frozen for a while": _freeze,
    "answers 500 for a while": _fail,
    "carries requests out, but its answers are lost": _mute,
    "takes 0.2 to 1 s longer for every request": _slow,
}


@pytest.mark.slow
@pytest.mark.parametrize("fault", _FAULTS)
@pytest.mark.parametrize("index", range(ROUNDS))
def test_servers(
    arena: Arena, server: Server, told: Callable[..., None], fault: str, index: int
) -> None:
    tasks.write_space(arena.folder, trials=_TRIALS, seconds=0.3)
    server.start()
    with Proxy(server.port) as proxy:
        arena.variables["MLFLOW_TRACKING_URI"] = proxy.uri
        process = arena.go()
        wanted = arena.random.randint(1, 12)
        assert arena.until(lambda: len(arena.begun()) >= wanted, process), arena.said()[-3000:]
        began = time.time()
        _FAULTS[fault](arena, server, proxy)
        process.wait(PATIENCE)
        assert process.returncode == 0, arena.said()[-3000:]
        proxy.delay = 0.0
        arena.finish()  # brings what MLflow lacks, if anything
        losses = count_losses(arena, _TRIALS, uri=server.uri)
    told(f"tracking server: {fault}", 1, losses, time.time() - began)


@pytest.mark.slow  # tests/sweep has its short form: what an outage kept back is shipped by a sync
@pytest.mark.parametrize("index", range(ROUNDS))
@pytest.mark.parametrize("fault", ["late", "never"])
def test_absent_servers(
    arena: Arena, server: Server, told: Callable[..., None], fault: str, index: int
) -> None:
    """Down at the start, and up while it trains or only after the sweep's end."""
    tasks.write_space(arena.folder, trials=_TRIALS, seconds=0.3)
    arena.variables["MLFLOW_TRACKING_URI"] = server.uri
    process = arena.go()
    if fault == "late":
        wanted = arena.random.randint(1, 8)
        assert arena.until(lambda: len(arena.begun()) >= wanted, process), arena.said()[-3000:]
        server.start()
    process.wait(PATIENCE)
    assert process.returncode == 0, arena.said()[-3000:]
    if fault == "never":
        server.start()
    began = time.time()
    arena.finish()  # brings what MLflow lacks, if anything
    losses = count_losses(arena, _TRIALS, uri=server.uri)
    name = "down when the sweep starts" if fault == "late" else "up only after the sweep's end"
    told(f"tracking server: {name}", 1, losses, time.time() - began)
