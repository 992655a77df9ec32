"""Who may look: passwords, names, and pages of others."""

from __future__ import annotations

import base64
import http.client
import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from server import free_port
from sweeper.errors import ServerError
from sweeper.server import access
from sweeper.server.wanted import Wanted
from sweeper.tracker.place import locate

if TYPE_CHECKING:
    from conftest import Site

_SEARCH = "/ajax-api/2.0/mlflow/runs/search"


def _ask(port: int, password: str | None = None, **headers: str) -> int:
    """The status for a search as the UI does it."""
    if password is not None:
        coded = base64.b64encode(f"{access.USER}:{password}".encode()).decode()
        headers["Authorization"] = f"Basic {coded}"
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    body = '{"experiment_ids": ["0"]}'
    headers |= {"Content-Type": "application/json"}
    connection.request("POST", _SEARCH, body, {"Host": f"localhost:{port}"} | headers)
    status = connection.getresponse().status
    connection.close()
    return status


def test_with_auth_nobody_gets_in_without_the_password(site: Site) -> None:
    port = free_port()
    options = ("--auth", "--allow-host", "sweeps.team", "--port", str(port), "--workers", "1")
    said = site.says("start", *options)
    file = access.password_file(site.place)
    password = file.read_text().strip()
    assert f"admin, password {password}" in said
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert (site.place.state / ".gitignore").read_text() == "*\n"
    everything = " ".join(" ".join(process.cmdline()) for process in site.processes())
    assert password not in everything

    assert _ask(port) == 401
    assert _ask(port, "guessed") == 401
    assert _ask(port, password) == 200
    # the page that it serves under a further name may write, pages and names of others may not
    own = {"Host": "sweeps.team", "Origin": "https://sweeps.team"}
    assert _ask(port, password, **own) == 200
    assert _ask(port, password, Origin="http://evil.example") == 403
    assert _ask(port, password, Host="10.evil.example") == 403

    code, words = site.run("start", "--no-auth")
    assert (code, "and it asks for a password" in words) == (2, True)
    site.says("stop")
    said = site.says("start", *options)
    assert password not in said, "it is shown once"
    assert (_ask(port), _ask(port, password)) == (401, 200)


def test_open_to_others_needs_a_word_about_passwords() -> None:
    with pytest.raises(ServerError, match=r"add --auth, .* or --no-auth"):
        Wanted(host="0.0.0.0").check()
    Wanted(host="0.0.0.0", auth=False).check()
    Wanted(host="0.0.0.0", auth=True).check()
    Wanted(host="localhost").check()
    Wanted().check()


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ServerError, match="needs the package Flask-WTF"):
        Wanted(auth=True).check()


def test_the_password_outlives_a_start_that_was_killed(tmp_path: Path) -> None:
    place = locate(None, tmp_path)
    first, second = access.grant(place), access.grant(place)
    assert first.new_password == second.new_password is not None
    (access.password_file(place).parent / "users.db").touch()
    third = access.grant(place)
    assert third.new_password is None
    assert "MLFLOW_AUTH_ADMIN_PASSWORD" not in third.variables
