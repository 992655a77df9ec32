"""What the mirror remembers: the same after reopening, whatever happened."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from sweeper.errors import LedgerError
from sweeper.tracker.state import MirrorState, Target
from sweeper.tracker.tally import LiveTrial, Tally

TALLY = Tally({"pruned": 2}, {3: LiveTrial(4, 8.5, 2, False)}, changes=6, best=9.0)


@pytest.fixture
def reopen(tmp_path: Path) -> Iterator[Callable[[], MirrorState]]:
    """Opens the same state again and again, as one process after the other does."""
    with ExitStack() as stack:

        def make() -> MirrorState:
            state = MirrorState(tmp_path / "mirror.jsonl")
            stack.callback(state.close)
            return state

        yield make


def _facts(state: MirrorState) -> dict[str, object]:
    return {k: v for k, v in vars(state).items() if k not in ("_log", "_lock", "_handlers")}


def test_reopened_it_knows_the_same(reopen: Callable[[], MirrorState]) -> None:
    state = reopen()
    state.aim(Target("1", "parent"), 0)
    state.begin(50)
    state.add_runs({0: "run0"})
    state.add_runs({3: "run3"})
    state.drop(3)
    state.done(50, TALLY, {0, 1})
    state.add_shipped(0, 123)
    state.wish("description", "# Report")
    state.begin(90)
    assert state.unsure
    assert state.owed == {1}
    again = reopen()
    assert _facts(again) == _facts(state)
    assert again.tally == TALLY


def test_a_torn_last_line_never_happened(tmp_path: Path, reopen: Callable[[], MirrorState]) -> None:
    state = reopen()
    state.add_runs({0: "run0"})
    with (tmp_path / "mirror.jsonl").open("a") as file:
        file.write('{"run":[1,"ru')
    again = reopen()
    again.add_runs({2: "run2"})
    assert reopen().runs == {0: "run0", 2: "run2"}


def test_a_newer_wish_survives_the_older_one(reopen: Callable[[], MirrorState]) -> None:
    state = reopen()
    state.wish("description", "old")
    old = state.wishes["description"]
    state.wish("description", "new")
    state.grant("description", old)
    assert state.wishes["description"].value == "new"
    state.grant("description", state.wishes["description"])
    assert not state.wishes


def test_a_rewind_is_unsure_of_everything(reopen: Callable[[], MirrorState]) -> None:
    state = reopen()
    state.add_runs({0: "run0"})
    state.begin(50)
    state.done(50, TALLY, ())
    assert not state.unsure
    state.rewind()
    assert (state.offset, state.begun, state.unsure) == (0, 50, True)
    assert state.tally == Tally()
    assert state.runs == {0: "run0"}


def test_another_target_starts_anew(reopen: Callable[[], MirrorState]) -> None:
    state = reopen()
    state.aim(Target("1", "here"), 0)
    state.add_runs({0: "run0"})
    state.done(50, TALLY, {0})
    state.aim(Target("4", "there"), 20)
    assert state.target == Target("4", "there")
    assert (state.offset, state.begun, state.runs, state.owed) == (0, 20, {}, set())


@pytest.mark.parametrize("line", [b"nonsense", b"\xff\xfe\x00", b'{"run":7}'])
def test_a_damaged_line_is_named(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "mirror.jsonl"
    path.write_bytes(b'{"run":[0,"run0"]}\n' + line + b"\n")
    with pytest.raises(LedgerError, match=r"mirror\.jsonl:2"):
        MirrorState(path)
