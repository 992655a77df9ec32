"""Trials and their epochs as flat rows with the same columns in each."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sweeper.diagnosis import diagnose
from sweeper.records import best_report

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from sweeper.config import SweepConfig
    from sweeper.records import EpochReport, ParamValue, TrialRecord

__all__ = ["TRIAL_COLUMNS", "Row", "history_rows", "trial_rows"]

TRIAL_COLUMNS = (
    "trial",
    "state",
    "value",
    "best_epoch",
    "epochs",
    "seconds",
    "attempts",
    "seed",
    "stage",
    "confirms",
    "copy_of",
    "diagnosis",
    "started",
    "ended",
    "reason",
)
"""What every trial has, also where there is none yet."""

Row = dict[str, str | int | float | bool | datetime | None]


def trial_rows(
    config: SweepConfig, records: Sequence[TrialRecord], runs: Mapping[int, str] | None = None
) -> list[Row]:
    """One row a trial, whatever became of it.

    ``params.NAME`` is as in the search space, None where it did not apply; ``metrics.NAME`` is that
    of the best epoch. As in MLflow they are told apart, since ``lr`` can be both. ``seconds`` are
    those of all workers together, times are UTC.

    Args:
        runs: each trial's MLflow run.
    """
    params = _names(r.params for r in records)
    best = [
        best_report(r.reports, config.objective.metric, config.objective.direction) for r in records
    ]
    metrics = _names(b.metrics for b in best if b is not None)
    return [
        _facts(config, record, at)
        | {"run_id": (runs or {}).get(record.number)}
        | _columns("params", params, record.params)
        | _columns("metrics", metrics, at.metrics if at else {})
        for record, at in zip(records, best, strict=True)
    ]


def history_rows(records: Sequence[TrialRecord]) -> list[Row]:
    """One row for each epoch that a trial has reported, with the trial's parameters."""
    params = _names(r.params for r in records)
    metrics = _names(report.metrics for r in records for report in r.reports)
    return [
        {"trial": record.number, "epoch": report.epoch, "time": _time(report.time)}
        | _columns("params", params, record.params)
        | _columns("metrics", metrics, report.metrics)
        for record in records
        for report in record.reports
    ]


def _facts(config: SweepConfig, record: TrialRecord, best: EpochReport | None) -> Row:
    found = diagnose(record, config.objective, config.epochs)
    values = (
        record.number,
        record.state.value,
        record.value,
        best.epoch if best else None,
        record.epoch,
        record.seconds,
        record.attempts,
        record.seed,
        record.stage,
        record.confirms,
        record.copy_of,
        found.finding.value if found else None,
        _time(record.started),
        _time(record.ended),
        record.reason,
    )
    return dict(zip(TRIAL_COLUMNS, values, strict=True))


def _names(rows: Iterable[Mapping[str, ParamValue]]) -> list[str]:
    return list(dict.fromkeys(name for row in rows for name in row))


def _columns(prefix: str, names: Sequence[str], values: Mapping[str, ParamValue]) -> Row:
    return {f"{prefix}.{name}": values.get(name) for name in names}


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)
