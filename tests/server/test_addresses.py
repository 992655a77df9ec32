"""Names and addresses, as MLflow's own middleware understands them."""

from __future__ import annotations

import socket

import pytest
from mlflow.server.security_utils import is_allowed_host_header, should_block_cors_request

from sweeper.errors import ServerError
from sweeper.server.addresses import allowed_hosts, allowed_origins, is_loopback, urls


@pytest.mark.parametrize(
    ("host", "expected"),
    [("127.0.0.1", True), ("localhost", True), ("127.0.0.9", True), ("0.0.0.0", False)],
)
def test_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def test_no_such_host() -> None:
    with pytest.raises(ServerError, match=r"--host no\.such\.host\.invalid"):
        is_loopback("no.such.host.invalid")


def test_on_loopback_only_loopback_names_are_answered() -> None:
    allowed = allowed_hosts("127.0.0.1", 5000, []).split(",")
    for host in ("localhost:5000", "127.0.0.1:5000", "localhost:8080", "[::1]:5000"):
        assert is_allowed_host_header(allowed, host), host
    for host in ("10.evil.example:5000", "192.168.evil.example", socket.gethostname()):
        assert not is_allowed_host_header(allowed, host), host
    assert allowed_origins("127.0.0.1", 5000, []) == ""
    assert urls("127.0.0.1", 5000) == ("http://127.0.0.1:5000",)


def test_opened_it_answers_to_its_own_names_and_lets_its_own_page_write() -> None:
    allowed = allowed_hosts("0.0.0.0", 5000, ["sweeps.team"]).split(",")
    origins = allowed_origins("0.0.0.0", 5000, ["sweeps.team"]).split(",")
    for url in urls("0.0.0.0", 5000):
        assert is_allowed_host_header(allowed, url.removeprefix("http://"))
        assert not should_block_cors_request(url, "POST", origins)
    assert f"http://{socket.gethostname()}:5000" in urls("0.0.0.0", 5000)
    for name in ("sweeps.team", "sweeps.team:8443"):
        assert is_allowed_host_header(allowed, name)
        assert not should_block_cors_request(f"https://{name}", "POST", origins)
    assert not is_allowed_host_header(allowed, "10.evil.example:5000")
    assert should_block_cors_request("http://evil.example", "POST", origins)
