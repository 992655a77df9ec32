"""The document that is made of the results."""

from __future__ import annotations

from pathlib import Path

import pytest

from chaos.record import RESULTS, Losses, Result, read_results
from chaos.report import report


def test_results_are_kept_and_summed_up_by_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "results.jsonl"
    monkeypatch.setenv(RESULTS, str(path))
    Result("worker killed", "7f/a", 2, Losses(epochs_again=2), 8.4).keep()
    Result("worker killed", "7f/b", 1, Losses(epochs_again=1, steps_lost=3), 12.6).keep()
    Result("stock: killed", "7f/c", 1, Losses(runs_twice=2, runs_open=1), 0.0).keep()
    results = read_results(path)
    assert [r.right for r in results] == [True, False, False]
    text = report(results)
    # sweeps, times, ended right, trials, numbers, again, too many, lost, twice, twice, open, left
    assert "| worker killed | 2 | 3 | 1 | 0 | 0 | 3 | 0 | 3 | 0 | 0 | 0 | 0 | 13 s |" in text
    assert "- worker killed (; commit " in text
    assert "epochs_again 1, steps_lost 3" in text
    assert "2 cases, 1 ended right; 0 kills of the driver and 3 of workers" in text
    assert "| 1 | 0 | 0 | 0 | 2 | 1 | 1 |" in text
    assert "the seeds were 7f." in text
