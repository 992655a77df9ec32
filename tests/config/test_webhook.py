"""Addresses of webhooks; what is no address is not repeated."""

from __future__ import annotations

import pytest

from sweeper.config import check_webhook, host_of


@pytest.mark.parametrize(
    ("address", "host"),
    [
        ("https://hooks.example.com/services/T0/B1", "https://hooks.example.com"),
        ("http://127.0.0.1:8065/hooks/x?y=1", "http://127.0.0.1:8065"),
        ("https://host?token=1", "https://host"),
        ("https://[::1]:8080/x", "https://::1:8080"),
    ],
)
def test_an_address_shows_its_host_alone(address: str, host: str) -> None:
    assert check_webhook(address) == address
    assert host_of(address) == host


@pytest.mark.parametrize("wish", ["$TEAM", "$_team_2", None, 3])
def test_a_variable_and_what_is_no_text_are_left_to_others(wish: object) -> None:
    assert check_webhook(wish) == wish


@pytest.mark.parametrize(
    "address",
    [
        "hooks.example.com/secret",
        "ftp://host/secret",
        "https://user:secret@host/",
        "https://host:secret/",
        "https:///secret",
        "https://host/a secret",
        "https://host/비밀secret",
        "https://host/secret\nX-More: 1",
        "$secret/x",
        "",
    ],
)
def test_what_is_no_address_is_not_repeated(address: str) -> None:
    with pytest.raises(ValueError, match=r"^want https://host/") as caught:
        check_webhook(address)
    assert "secret" not in str(caught.value)
