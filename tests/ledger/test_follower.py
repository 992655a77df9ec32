"""What is said of the ledger's copy; tests/ledger/test_replica.py has the real one."""

from __future__ import annotations

import pytest

from sweeper.ledger.follower import FollowerStatus


@pytest.mark.parametrize(
    ("status", "text"),
    [
        (FollowerStatus(0, None, "", late=90.0), "up to date"),
        (FollowerStatus(300, None, "", late=1.0), "up to date"),
        (FollowerStatus(300, None, "", late=30.0), "catching up"),
        (FollowerStatus(300, 0.0, "the database fails"), "300 bytes behind since "),
    ],
)
def test_the_status_reads_well(status: FollowerStatus, text: str) -> None:
    assert str(status).startswith(text)
