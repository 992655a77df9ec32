"""What a webhook is told of a session, in process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

import toy
from dry_runs import run_session
from hooks import SECRET, webhook
from sweeper.config import load
from sweeper.engine.conductor import Ending
from sweeper.sweep.herald import Herald
from sweeper.sweep.identity import identify
from sweeper.tracker.mirror import Mirror


def _heralds(folder: Path, address: str, console: Console) -> Iterator[Herald]:
    """One for each session of a sweep that has used up its budget."""
    config = load(toy.write_space(folder, "valley", trials=3, more=f"notify: {address}\n"))
    ledger, _ = run_session(folder, config)
    with Mirror(ledger.paths.root, identify(config, ledger.manifest), None) as mirror:
        while True:
            yield Herald(ledger, mirror, console)


def test_every_end_is_told_once_but_a_finished_sweep_is_not_told_again(tmp_path: Path) -> None:
    console = Console(record=True, quiet=True)
    with webhook() as hook:
        heralds = _heralds(tmp_path, hook.address, console)
        for ending in (Ending.FINISHED, Ending.FINISHED, Ending.ABORTED, Ending.STOPPED):
            herald = next(heralds)
            herald.tell(ending, "because")
            herald.tell(Ending.CANCELLED, "again")  # a signal hits what follows
        next(heralds).fail(OSError("no space left"))
        endings = [post["ending"] for post in hook.posts]
        assert endings == ["finished", "cancelled", "aborted", "stopped", "failed"]
        assert hook.posts[2]["text"].startswith("toy was given up: because\n")
        assert hook.posts[4]["why"] == "no space left"
        assert hook.posts[4]["verdict"] == hook.posts[0]["verdict"]


def test_what_cannot_be_delivered_is_said_without_the_address_and_told_by_the_next_session(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    console = Console(record=True, width=200)
    with webhook([403]) as hook:
        heralds = _heralds(tmp_path, hook.address, console)
        next(heralds).tell(Ending.FINISHED, "")
        remark = f"notify: {hook.host} was not told how the sweep ended: it answered 403"
        said = console.export_text()
        assert remark in said
        assert caplog.records[-1].getMessage() == remark
        assert SECRET not in said + caplog.text
        next(heralds).tell(Ending.FINISHED, "")
        next(heralds).tell(Ending.FINISHED, "")
        assert len(hook.posts) == 2
