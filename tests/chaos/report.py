"""From the results of the chaos suite to docs/reliability.md.

``python -m tests.chaos.report RESULTS.jsonl [...] > docs/reliability.md``
"""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

from .record import Losses, Result, read_results

_PACKAGES = ("ray", "optuna", "mlflow", "torch", "sweeper")
_COLUMNS = {
    "fault": "---",
    "sweeps": "--:",
    "times": "--:",
    "ended right": "--:",
    "trials lost": "--:",
    "numbers changed": "--:",
    "epochs trained again": "--:",
    "of these too many": "--:",
    "steps lost": "--:",
    "steps twice": "--:",
    "runs twice": "--:",
    "runs left open": "--:",
    "processes left": "--:",
    "longest recovery": "--:",
}
_STOCK_COLUMNS = (
    "sweeps",
    "trials lost",
    "steps lost",
    "steps twice",
    "runs twice",
    "runs left open",
    "sweeps with runs twice or left open",
)
_HEAD = """# What happens to a sweep when something dies

Written by the chaos suite ([tests/chaos](../tests/chaos)); do not edit. {date},
{commits}, on {machine}.

Each case is a real `sweeper run` in a folder of its own, with real Ray and real MLflow: 4 to 10
short trials, 1 to 3 at a time. A fault hits it at a moment drawn at random; where the driver did
not live through it, the same command is given again until the sweep is at its end. Then all is
counted. Lost nodes and machines, a second driver, changed files, a killed MLflow UI and repeated
proposals are no cases here; they have tests of their own in tests/sweep, engine, ledger and server.
"""
_MEANING = """
- **ended right**: sweeps of which every other column but *epochs trained again* is 0, with every
  trial that was asked for in the state that it must have.
- **trials lost**: asked for, but without their right ending.
- **numbers changed**: epochs whose metrics are not, bit for bit, those of an untroubled training.
  Where trials ran one at a time, parameters, states and metrics of the whole sweep were compared
  with those of a sweep that nothing happened to.
- **epochs trained again**: begun by a second process, because a fault met them before they were
  reported. One for each trial that was running at the fault cannot be avoided; **too many** are
  those beyond it.
- **steps lost, steps twice**: metric points, by key and step, that the ledger has and MLflow has
  not; that MLflow has more than once.
- **runs twice**: MLflow runs beyond one for each trial and one parent. **runs left open**: RUNNING,
  in another state than the ledger says, or a parent that is not FINISHED.
- **processes left**: of Ray or sweeper, some seconds after the end; scratch folders count too.
- **longest recovery**: seconds from the command after the fault (from the fault, where the session
  lives on) until the next epoch is reported; for a tracking server, from the fault, or from the
  next session's begin, until MLflow had everything. Much of it is the start of Python, Ray and
  torch on a machine that was busy with other work.
"""
_FOUND = """
## Faults of sweeper that the suite has found

- A driver killed after its last trial left Ray and its scratch folder for ever. Fixed in 5fd6737.
- A worker that died before it was first looked at was taken for out of memory on a machine whose
  kernel had ever killed for memory. Fixed in 5073ff7; so were trials lost at commit 2896d19.
- A scratch folder into which dying processes still wrote was left. Fixed in 1ee95da.
"""
_REPEAT = """
## To repeat it

    SWEEPER_CHAOS_RESULTS=results.jsonl uv run pytest tests/chaos -m '' -n 2
    uv run python -m tests.chaos.report results.jsonl > docs/reliability.md

`SWEEPER_CHAOS_ROUNDS` (50 if not set) is the number of driver kills, `SWEEPER_CHAOS_WORKER_KILLS`
(20) that of worker kills, `SWEEPER_CHAOS_OTHERS` (5) the number of sweeps for each other fault,
`SWEEPER_CHAOS_STOCK` (5) that of the stock stack; the tables say how many it were here. A case that
fails prints the `SWEEPER_CHAOS_SEED` that draws the same faults again; here the seeds were {seeds}.
The faults themselves depend on the clock too, so the same seed hits about the same moment.
"""


def report(results: Sequence[Result]) -> str:
    """The whole document."""
    own = [r for r in results if not r.fault.startswith("stock")]
    stock = [r for r in results if r.fault.startswith("stock")]
    parts = [_head(results), _table(own), _total(own), _wrong(own), _MEANING]
    if stock:
        parts.append(_stock(stock))
    seeds = ", ".join(sorted({r.seed.partition("/")[0] for r in results}))
    parts.append(_FOUND)
    parts.append(_REPEAT.format(seeds=seeds))
    return "\n".join(parts)


def _head(results: Iterable[Result]) -> str:
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES)
    machine = (
        f"{os.cpu_count()} cores, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; {versions}"
    )
    found = dict.fromkeys(r.commit for r in results)  # in the order in which they ran
    commits = ("commit " if len(found) == 1 else "commits ") + ", ".join(found)
    return _HEAD.format(date=time.strftime("%Y-%m-%d"), commits=commits, machine=machine)


def _table(results: Iterable[Result]) -> str:
    by_fault: dict[str, list[Result]] = {}
    for result in results:
        by_fault.setdefault(result.fault, []).append(result)
    rows = [_row(fault, found) for fault, found in sorted(by_fault.items())]
    return "\n".join([_line(_COLUMNS), _line(_COLUMNS.values()), *rows])


def _row(fault: str, results: Sequence[Result]) -> str:
    lost = _sum(r.losses for r in results)
    cells = (
        fault,
        len(results),
        sum(r.times for r in results),
        sum(r.right for r in results),
        lost.trials,
        lost.wrong_numbers,
        lost.epochs_again,
        lost.beyond_one,
        lost.steps_lost,
        lost.steps_twice,
        lost.runs_twice,
        lost.runs_open + lost.files,
        lost.processes,
        f"{max(r.recovery_seconds for r in results):.0f} s",
    )
    return _line(cells)


def _sum(all_losses: Iterable[Losses]) -> Losses:
    columns = [vars(losses) for losses in all_losses]
    return Losses(**{name: sum(c[name] for c in columns) for name in vars(Losses())})


def _total(results: Sequence[Result]) -> str:
    kills = sum(r.times for r in results if r.fault.startswith("driver killed"))
    right = sum(r.right for r in results)
    return (
        f"\n{len(results)} cases, {right} ended right; {kills} kills of the driver and "
        f"{sum(r.times for r in results if r.fault == 'worker killed')} of workers among them.\n"
    )


def _wrong(results: Iterable[Result]) -> str:
    """The cases that did not end right, each with what was counted."""
    rows = []
    for result in results:
        if not result.right:
            counted = ", ".join(f"{n} {c}" for n, c in vars(result.losses).items() if c)
            rows.append(f"- {result.fault} ({result.detail}; commit {result.commit}): {counted}")
    return "\n".join(["Not right:\n", *rows, ""]) if rows else ""


def _stock(results: Sequence[Result]) -> str:
    lost = _sum(r.losses for r in results)
    bad = sum(r.losses.runs_twice + r.losses.runs_open > 0 for r in results)
    counts = (lost.trials, lost.steps_lost, lost.steps_twice, lost.runs_twice, lost.runs_open)
    cells = (len(results), *counts, bad)
    text = """## The stock stack, for comparison

`tune.Tuner` with checkpoints, `OptunaSearch`, `ASHAScheduler` and `MLflowLoggerCallback`
([stock.py](../tests/chaos/stock.py)), 8 trials: everything killed once while it trains, then
`Tuner.restore` to its end. *runs twice* are MLflow runs beyond 8; *steps lost* are gaps within a
run.
"""
    return "\n".join(
        [text, _line(_STOCK_COLUMNS), _line("--:" for _ in _STOCK_COLUMNS), _line(cells)]
    )


def _line(cells: Iterable[object]) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


if __name__ == "__main__":
    found = [result for path in sys.argv[1:] for result in read_results(Path(path))]
    print(report(found), end="")
