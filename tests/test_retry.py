"""Work that is done again and again."""

from __future__ import annotations

import logging
import time

import pytest

from sweeper.retry import Repeated

LOG = logging.getLogger(__name__)


def test_pauses_grow_and_end_with_a_success(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    fails, calls = [True], []

    def action() -> None:
        calls.append(now[0])
        if fails[0]:
            raise OSError("no route")

    repeated = Repeated(action, 1.0, 4.0, str, LOG)
    while now[0] < 16:
        assert not repeated.run(now=False)
        now[0] += 0.5
    assert calls == [0.0, 1.0, 3.0, 7.0, 11.0, 15.0]
    assert repeated.error == "no route"
    assert repeated.failed_since is not None
    assert [record.message for record in caplog.records] == ["no route"]
    fails[0] = False
    assert repeated.run(now=True)
    assert (repeated.error, repeated.failed_since) == ("", None)
    assert repeated.run(now=False)
