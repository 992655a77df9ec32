"""One POST, to a real server on this machine."""

from __future__ import annotations

import socket
import time

import pytest

from hooks import SECRET, webhook
from sweeper.sweep import webhook as module
from sweeper.sweep.webhook import deliver

MESSAGE = {"text": "끝났습니다", "best": {"lr": 1e-3}}


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSES", (0.0, 0.0))


@pytest.mark.parametrize(
    ("answers", "posts", "trouble"),
    [
        ([], 1, ""),
        ([204], 1, ""),
        ([500, 503], 3, ""),
        ([429], 2, ""),
        ([500, 500, 502], 3, "it answered 502"),
        ([404], 1, "it answered 404"),
        ([302], 1, "it answered 302"),
        ([307], 1, "it answered 307"),
    ],
)
def test_it_is_tried_again_only_where_that_helps(
    answers: list[int], posts: int, trouble: str
) -> None:
    with webhook(answers) as hook:
        assert deliver(hook.address, MESSAGE) == trouble
        assert hook.posts == [MESSAGE] * posts
        assert hook.other == []


def test_a_server_without_an_answer_is_not_waited_for_and_not_told_twice() -> None:
    with webhook([0]) as hook:
        began = time.monotonic()
        assert deliver(hook.address, MESSAGE, patience=0.5) == "no answer in time"
        assert time.monotonic() - began < 5
        assert len(hook.posts) == 1


def test_an_answer_that_is_late_may_mean_that_it_arrived(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ANSWER_SECONDS", 0.2)
    with webhook([0]) as hook:
        assert deliver(hook.address, MESSAGE) == "no answer in time; it may have arrived"
        assert len(hook.posts) == 1


def test_no_trouble_repeats_the_address() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        for address in (f"http://127.0.0.1:{port}/{SECRET}", f"http://nowhere.invalid/{SECRET}"):
            trouble = deliver(address, MESSAGE)
            assert trouble
            assert SECRET not in trouble
