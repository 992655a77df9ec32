"""A session that is ended from outside when its trials are done."""

from __future__ import annotations

import json
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from shop import Shop

# what the program does, but that there is time to hit the summary
_LEISURELY = """
import time
from pathlib import Path
import sweeper.sweep.session as session
publish = session.publish
def slowly(*arguments):
    Path("publishing").touch()
    time.sleep(60)
    publish(*arguments)
session.publish = slowly
from sweeper.cli import main
main()
"""


def _wait_for(path: Path) -> None:
    end = time.monotonic() + 120
    while not path.exists():
        assert time.monotonic() < end, f"{path} does not come"
        time.sleep(0.05)


@pytest.mark.slow
def test_a_signal_during_the_summary_ends_the_session_in_order(shop: Shop) -> None:
    shop.space("valley", trials=1)
    assert shop.run("run", "toy.yaml")[0] == 0
    history = shop.folder / "sweeps/toy/history.jsonl"
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        shop.program = ("-c", _LEISURELY)
        process = shop.start("run", "toy.yaml")
        _wait_for(shop.folder / "publishing")
        process.send_signal(number)
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 130, said
        assert "Traceback" not in said
        name = "Ctrl-C" if number == signal.SIGINT else number.name
        assert f"{name}: every trial is kept" in " ".join(said.split())
        last = json.loads(history.read_text().splitlines()[-1])
        assert (last["event"], last["reason"]) == ("session_end", "finished")
        (shop.folder / "publishing").unlink()
    shop.program = ("-m", "sweeper")
    assert shop.run("run", "toy.yaml")[0] == 0
    shop.agrees()


@pytest.mark.parametrize(
    "number", [pytest.param(signal.SIGINT, marks=pytest.mark.slow), signal.SIGTERM]
)
def test_a_signal_while_ray_starts_leaves_nothing_behind(
    shop: Shop, number: signal.Signals
) -> None:
    shop.space("slow", trials=4)
    process = shop.start("run", "toy.yaml")
    _wait_for(shop.folder / "sweeps/toy/ray.json")
    process.send_signal(number)
    said, _ = process.communicate(timeout=120)
    assert process.returncode == 130, said
    assert "Traceback" not in said
    assert shop.leftovers() == []
    assert shop.runs().parents[0].info.status == "KILLED"
    assert shop.run("run", "toy.yaml")[0] == 0
    assert [r.state.ended for r in shop.records()] == [True] * 4
    shop.agrees()
