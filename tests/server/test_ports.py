"""Ports that others have."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sweeper.errors import PortTaken, ServerError
from sweeper.server.ports import choose_port, listener


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        yield int(held.getsockname()[1])


def test_the_holder_is_named_and_the_next_free_one_offered(taken: int) -> None:
    with pytest.raises(PortTaken) as caught:
        choose_port("127.0.0.1", taken, auto=False)
    assert f"port {taken} is taken by process {os.getpid()} of " in str(caught.value)
    assert f"in {Path.cwd()}" in str(caught.value)
    assert caught.value.free is not None
    assert f"`--port {caught.value.free}`" in str(caught.value)


def test_auto_takes_the_next_free_one(taken: int) -> None:
    found = choose_port("127.0.0.1", taken, auto=True)
    assert found > taken
    assert listener(found) is None
    assert choose_port("127.0.0.1", found, auto=False) == found


def test_a_port_taken_on_loopback_is_taken_for_all_addresses(taken: int) -> None:
    with pytest.raises(PortTaken):
        choose_port("0.0.0.0", taken, auto=False)


def test_an_address_of_another_machine() -> None:
    with pytest.raises(ServerError, match=r"cannot listen on 192\.0\.2\.77, port 5000"):
        choose_port("192.0.2.77", 5000, auto=True)
