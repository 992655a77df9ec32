"""Pruners that keep tables decide as Optuna's own, which look through all trials."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sweeper.ledger.journal import Journal
from sweeper.ledger.storage import IndexedStorage
from sweeper.optuna_members import OptunaMember
from sweeper.pruners._build import _Early
from sweeper.pruners._table import quantile
from sweeper.records import TrialState
from sweeper.tell import report, tell

EPOCHS = 9
# few values, so that there are ties
VALUES = st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6))
CURVES = st.lists(
    st.tuples(st.lists(VALUES, min_size=EPOCHS, max_size=EPOCHS), st.integers(1, EPOCHS)),
    max_size=25,
)
Curves = list[tuple[list[float], int]]
OWN: dict[str, dict[str, Any]] = {
    "median": {"n_startup_trials": 1},
    "percentile": {"percentile": 35.0, "n_startup_trials": 0, "n_min_trials": 2},
    "hyperband": {"reduction_factor": 2, "bootstrap_count": 1},
    "successive_halving": {},
}


def optunas(name: str) -> optuna.pruners.BasePruner:
    """What the member is made after."""
    if name == "median":
        return optuna.pruners.MedianPruner(n_startup_trials=1, n_warmup_steps=1)
    if name == "percentile":
        return optuna.pruners.PercentilePruner(35.0, 0, n_warmup_steps=1, n_min_trials=2)
    if name == "hyperband":
        return optuna.pruners.HyperbandPruner(1, EPOCHS, 2, bootstrap_count=1)
    return optuna.pruners.SuccessiveHalvingPruner(1, reduction_factor=3)


class Sweep:
    """Two studies of the same trials, four of them at work at once.

    One has ours and an indexed journal, which is opened anew now and then; the other Optuna's own.
    """

    def __init__(self, name: str, direction: str, journal: Path) -> None:
        journal.unlink(missing_ok=True)
        self._name, self._direction, self._journal = name, direction, journal
        plain = _Early(optunas(name), EPOCHS)
        self._theirs = optuna.create_study(study_name="s", direction=direction, pruner=plain)
        self._log = Journal(journal)
        self._open()

    def _open(self) -> None:
        self._log.close()
        self._log = Journal(self._journal)
        member = OptunaMember.load("pruners", self._name, optuna.pruners.BasePruner)
        self._ours = optuna.create_study(
            storage=IndexedStorage(self._log),
            study_name="s",
            direction=self._direction,
            pruner=_Early(member.make(EPOCHS, **OWN[self._name]), EPOCHS),
            load_if_exists=True,
        )

    def play(self, curves: Curves) -> None:
        """Train the trials, each of which gives up after some epoch if it is not stopped before."""
        for first in range(0, len(curves), 4):
            if first % 12 == 8:
                self._open()
            group = {self._ask(): curve for curve in curves[first : first + 4]}
            for epoch in range(1, EPOCHS + 1):
                group = {n: c for n, c in group.items() if not self._ends(n, epoch, c)}
        self._log.close()

    def _ask(self) -> int:
        numbers = {study.ask().number for study in (self._ours, self._theirs)}
        assert len(numbers) == 1
        return numbers.pop()

    def _ends(self, number: int, epoch: int, curve: tuple[list[float], int]) -> bool:
        values, last = curve
        both = (self._ours, self._theirs)
        ours, theirs = (report(study, number, epoch, values[epoch - 1]) for study in both)
        assert ours == theirs
        finished = epoch == EPOCHS
        if not (ours or finished or epoch >= last):
            return False
        state = TrialState.COMPLETE if finished else TrialState.PRUNED
        state = state if ours or finished else TrialState.FAILED
        for study in both:
            tell(study, number, state, values[-1] if finished else None)
        return True


@pytest.mark.parametrize("direction", ["maximize", "minimize"])
@pytest.mark.parametrize("name", OWN)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(curves=CURVES)
def test_tables_decide_as_optuna_does(
    name: str, direction: str, curves: Curves, tmp_path_factory: pytest.TempPathFactory
) -> None:
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    journal = tmp_path_factory.getbasetemp() / f"{name}-{direction}.journal"
    Sweep(name, direction, journal).play(curves)


@given(st.lists(VALUES, min_size=1, max_size=40), st.floats(0, 1))
def test_quantiles_are_those_of_numpy(values: list[float], share: float) -> None:
    percent = 100 * share
    assert quantile(sorted(values), percent / 100) == float(np.nanpercentile(values, percent))
