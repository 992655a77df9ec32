from __future__ import annotations

import io
import re
from dataclasses import replace

import pytest
from rich.console import Console

from sweeper.board import Board, BoardState, board_state
from sweeper.board.lines import Lines
from sweeper.board.live import picture
from sweeper.records import TrialRecord, TrialState
from sweeper.timing import eta
from synthetic import EPOCHS, START, sweep_config, sweep_records, trial

CONFIG = sweep_config(trials=40)
ENDED = sweep_records(20)
PARAMS = {"lr": 1e-3, "batch_size": 8, "model.encoder": "stft", "model.n_fft": 512}
RUNNING = [trial(20 + i, dict(PARAMS), 4.0, TrialState.RUNNING, epochs=4 * i) for i in range(3)]
NOW = START + 2000.0


def state_of(records: list[TrialRecord], **more: object) -> BoardState:
    return board_state(CONFIG, records, slots=3, now=NOW, **more)  # type: ignore[arg-type]


def test_state_follows_from_the_records() -> None:
    state = state_of(ENDED + RUNNING)
    finished = [r for r in ENDED if r.state is TrialState.COMPLETE]
    best = max(finished, key=lambda r: r.value or 0)
    assert state.best is not None
    assert (state.best.number, state.best.value) == (best.number, best.value)
    assert (state.total, state.counts.ended, state.counts.running) == (40, 20, 3)
    assert [(t.number, t.epoch, t.value) for t in state.running] == [
        (20, 0, None),
        (21, 4, 4.0),
        (22, 8, 4.0),
    ]
    assert state.eta_seconds == eta(ENDED + RUNNING, 40, 3, EPOCHS, NOW)
    bad = sum(r.state.infeasible or r.state is TrialState.FAILED for r in ENDED)
    assert state.failure_share == bad / 20


def test_once_no_trial_starts_any_more_only_the_running_ones_take_time() -> None:
    late = [*ENDED, *RUNNING, trial(23, dict(PARAMS), 4.0, TrialState.INTERRUPTED, epochs=2)]
    whole, rest = state_of(late).eta_seconds, state_of(late, draining=True).eta_seconds
    assert whole is not None
    assert rest == eta(ENDED + RUNNING, 23, 3, EPOCHS, NOW)
    assert 0 < rest < whole
    assert state_of(ENDED, draining=True).eta_seconds == 0


def test_state_before_the_first_trial() -> None:
    state = state_of([])
    assert (state.best, state.eta_seconds, state.failure_share) == (None, None, 0.0)


def drawn(state: BoardState, width: int = 120, height: int | None = 40, since: float = 0.0) -> str:
    console = Console(width=width, height=height, record=True, file=io.StringIO())
    console.print(picture(state, since, height))
    return console.export_text()


def test_picture_says_all() -> None:
    text = drawn(
        state_of(ENDED + RUNNING, mirror="2 runs behind", messages=("a [b] c",), elapsed_seconds=90)
    )
    for part in ("20 of 40 trials", "2 min so far", "done in about", "3 running", "2 runs behind"):
        assert part in text
    assert "a [b] c" in text
    assert re.search(r"22 +1e-3 +8 +stft +512 +8/12 .* 4\.00 dB", text)
    assert "could not be trained" in text


def test_a_narrow_terminal_cuts_nothing_that_fits_into_two_lines() -> None:
    said = "Ctrl-C: the running trials finish, then the summary comes; once more ends it now"
    lines = drawn(state_of(ENDED + RUNNING, messages=(said,)), 50, 24).splitlines()
    assert said in " ".join(" ".join(lines).replace("│", "").split())


def test_picture_counts_time_between_states() -> None:
    state = replace(state_of([]), elapsed_seconds=10.0, eta_seconds=60.0)
    text = drawn(state, since=20.0)
    assert "30 s so far" in text
    assert "done in about 40 s" in text
    assert "done in about 0 s" in drawn(state, since=500.0)


@pytest.mark.parametrize(("width", "height"), [(80, 24), (60, 12), (200, 60)])
def test_picture_fits_the_terminal(width: int, height: int) -> None:
    many = [replace(RUNNING[1], number=100 + i) for i in range(64)]
    state = state_of(ENDED + many, mirror="up to date", messages=["x" * 300] * 5)
    lines = drawn(state, width, height).splitlines()
    assert len(lines) <= max(height, 15)
    assert max(map(len, lines)) <= width
    assert any("+" in line for line in lines)


def test_a_long_message_is_wrapped_and_an_older_one_makes_room_for_it() -> None:
    lost = "the driver was lost (process 13157 on vm, last sign of life 10 s ago); its trials go on"
    state = state_of(ENDED, messages=("first", "second", lost))
    text = " ".join(drawn(state, width=80, height=24).replace("│", " ").split())
    assert text.count(f"second {lost}") == 1
    assert "first" not in text
    behind = replace(state, mirror=f"7 events behind: {'x ' * 50}to the end")
    assert "to the end" not in drawn(behind, width=80, height=24)
    whole = drawn(behind, width=80, height=None)
    assert "first" in whole
    assert "to the end" in whole


def test_lines_tell_each_end_once_and_progress_now_and_then() -> None:
    lines = Lines(every=10.0)
    first = list(lines.new(state_of(ENDED[:5]), 0.0))
    assert len(first) == 1  # what had ended before is not told again
    assert "5 of 40 trials ended" in first[0]
    second = list(lines.new(state_of(ENDED[:7], messages=("hello",)), 1.0))
    assert [re.sub(r"^\S+ ", "", line).split(" (")[0].split(",")[0] for line in second] == [
        _told(ENDED[5]),
        _told(ENDED[6]),
        "hello",
    ]
    assert list(lines.new(state_of(ENDED[:7], messages=("hello",)), 9.0)) == []
    assert len(list(lines.new(state_of(ENDED[:7], messages=("hello",)), 10.0))) == 1


def _told(record: TrialRecord) -> str:
    how = {
        TrialState.COMPLETE: "finished",
        TrialState.PRUNED: "stopped",
        TrialState.DIVERGED: "diverged",
        TrialState.OUT_OF_MEMORY: "ran out of memory",
        TrialState.TIMED_OUT: "ran out of time",
        TrialState.FAILED: "failed",
    }[record.state]
    return f"trial {record.number} {how}" + (f" at epoch {record.epoch}" if record.epoch else "")


@pytest.mark.parametrize("state", [s for s in TrialState if s.ended])
def test_lines_know_every_ending(state: TrialState) -> None:
    lines = Lines(every=1e9)
    list(lines.new(state_of([]), 0.0))
    record = trial(3, {"lr": 1e-3}, 5.0, state, reason="because")
    (line,) = lines.new(state_of([record]), 1.0)
    assert "trial 3 " in line
    # a trial that trained to its end needs no reason
    ends = {TrialState.COMPLETE: "(lr 1e-3)", TrialState.PRUNED: "(lr 1e-3), because"}
    assert line.endswith(ends.get(state, "(lr 1e-3): because"))


def test_a_stopped_trials_line_does_not_say_stopped_twice() -> None:
    lines = Lines(every=1e9)
    list(lines.new(state_of([]), 0.0))
    reason = "val_si_sdr 5 at epoch 3: stopped by hyperband"
    record = trial(3, {"lr": 1e-3}, 5.0, TrialState.PRUNED, epochs=3, reason=reason)
    (line,) = lines.new(state_of([record]), 1.0)
    said = "trial 3 stopped at epoch 3, val_si_sdr 5.00 dB (lr 1e-3), by hyperband"
    assert line.endswith(said)


def test_board_writes_plain_lines_where_there_is_no_terminal() -> None:
    out = io.StringIO()
    with Board(Console(file=out, width=40)) as board:
        board.update(state_of([]))
        board.update(state_of(ENDED[:3]))
    lines = out.getvalue().splitlines()
    assert len(lines) == 4
    assert "\x1b" not in out.getvalue()
    assert all(re.match(r"\d\d:\d\d:\d\d ", line) for line in lines)


def test_board_draws_in_a_terminal_and_leaves_nothing_behind() -> None:
    out = io.StringIO()
    console = Console(file=out, force_terminal=True, width=100, height=30)
    with Board(console) as board:
        board.update(state_of(ENDED + RUNNING))
        board._live.refresh()  # type: ignore[union-attr]
        console.print("a note from elsewhere")
    text = out.getvalue()
    assert "20 of 40 trials" in text
    assert "a note from elsewhere" in text
    assert text.endswith("\x1b[2K")  # the last line is cleared too


def test_board_ends_when_the_sweep_fails() -> None:
    console = Console(file=io.StringIO(), force_terminal=True)
    with pytest.raises(KeyboardInterrupt), Board(console):
        raise KeyboardInterrupt
    assert console._live_stack == []
