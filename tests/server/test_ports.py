"""Ports that others have."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from server import Server, free_port
from sweeper.errors import PortTaken, ServerError
from sweeper.server.ports import choose_port, listener
from sweeper.tracker.place import locate

PLACE = locate(None, Path("/nowhere"))


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield int(held.getsockname()[1])


def test_the_holder_is_named_and_the_next_free_one_offered(taken: int) -> None:
    with pytest.raises(PortTaken) as caught:
        choose_port(PLACE, "127.0.0.1", taken, auto=False)
    assert f"port {taken} is taken by process {os.getpid()} of " in str(caught.value)
    assert f"in {Path.cwd()}" in str(caught.value)
    assert caught.value.free is not None
    assert f"`--port {caught.value.free}`" in str(caught.value)


def test_auto_takes_the_next_free_one(taken: int) -> None:
    found = choose_port(PLACE, "127.0.0.1", taken, auto=True)
    assert found > taken
    assert listener(found) is None
    assert choose_port(PLACE, "127.0.0.1", found, auto=False) == found


def test_a_port_taken_on_loopback_is_taken_for_all_addresses(taken: int) -> None:
    with pytest.raises(PortTaken):
        choose_port(PLACE, "0.0.0.0", taken, auto=False)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ServerError, match=r"cannot listen on 192\.0\.2\.77, port 5000"):
        choose_port(PLACE, "192.0.2.77", 5000, auto=True)


@pytest.mark.slow
def test_the_program_is_named_and_not_its_worker(tmp_path: Path) -> None:
    """A worker that is killed comes back; and who has the UI of this store open needs no other."""
    place, port = locate(None, tmp_path), free_port()
    server = Server(tmp_path, port, workers=2)
    server.start()
    named = f"by process {server.pid} of "
    try:
        with pytest.raises(PortTaken) as caught:
            choose_port(place, "127.0.0.1", port, auto=False)
        with pytest.raises(PortTaken) as elsewhere:
            choose_port(PLACE, "127.0.0.1", port, auto=False)
    finally:
        server.stop()
    assert named in str(caught.value)
    assert f"this very store: open http://127.0.0.1:{port};" in str(caught.value)
    assert "this very store" not in str(elsewhere.value)
