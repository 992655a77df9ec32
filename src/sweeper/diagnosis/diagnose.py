"""From a trial's epoch reports to a finding; docs/diagnosis.md says how often it is right."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sweeper.diagnosis.finding import Diagnosis, Finding
from sweeper.diagnosis.patterns import find_pattern
from sweeper.diagnosis.sight import read_sight
from sweeper.records import EpochReport, TrialRecord, TrialState

if TYPE_CHECKING:
    from sweeper.config import Objective

__all__ = ["SHORTEST", "diagnose", "diagnose_reports"]

SHORTEST = 4
"""Epochs below which a curve shows nothing."""

_DEFECTS = (Finding.NO_LEARNING, Finding.DIVERGENCE, Finding.OVERFITTING)


def diagnose(record: TrialRecord, objective: Objective, epochs: int) -> Diagnosis | None:
    """What the trial's curve shows; None where it shows nothing (too short, failed).

    Of a trial that was stopped before its last epoch only a defect is told: whether it converged
    is seen at the end.

    Args:
        epochs: of a full training.
    """
    if record.state is TrialState.DIVERGED:
        return Diagnosis(Finding.DIVERGENCE, record.reason or "a loss was not finite")
    if record.state in (TrialState.FAILED, TrialState.OUT_OF_MEMORY):
        return None
    found = diagnose_reports(record.reports, objective)
    ended = record.state is TrialState.COMPLETE or record.epoch >= epochs
    return found if ended or (found and found.finding in _DEFECTS) else None


def diagnose_reports(reports: Sequence[EpochReport], objective: Objective) -> Diagnosis | None:
    """What the curves in ``reports`` show; None where there are too few epochs.

    Curves are ``train_loss`` and ``val_loss``; of a task that reports no ``val_loss``, the
    objective takes its place. The steps' losses are used where they are reported: without them a
    blow-up within the first epoch cannot be told from learning.
    """
    sight = read_sight(reports, objective) if len(reports) >= SHORTEST else None
    return find_pattern(sight) if sight else None
