"""What ends a sweep though trials are left: time that is used up, a target that is reached."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sweeper import words
from sweeper.records import EpochReport, best_report

if TYPE_CHECKING:
    from sweeper.config import SweepConfig
    from sweeper.engine.resources import Slots
    from sweeper.ledger.history import History

__all__ = ["gpu_hours_idle", "gpu_hours_used", "hours_used_up", "is_over", "target_reached"]


def is_over(config: SweepConfig, history: History, now: float) -> str:
    """Why the sweep starts no trial any more, in words; empty while it may."""
    return _reached(config, history) or hours_used_up(config, history, now)


def _reached(config: SweepConfig, history: History) -> str:
    if config.budget.target is None:
        return ""
    search = (record for record in history.records() if not record.is_confirming)
    reports = (report for record in search for report in record.reports)
    return next(filter(None, (target_reached(config, report) for report in reports)), "")


def target_reached(config: SweepConfig, report: EpochReport) -> str:
    """What to say where ``report`` reaches the target; empty where it does not."""
    objective, target = config.objective, config.budget.target
    if target is None:
        return ""
    best = best_report([report], objective.metric, objective.direction)
    if best is None:
        return ""
    sign = 1.0 if objective.direction == "maximize" else -1.0
    reached = sign * best.metrics[objective.metric] >= sign * target
    return f"target {objective.metric} {target:g} reached" if reached else ""


def hours_used_up(config: SweepConfig, history: History, now: float) -> str:
    """What to say where the sweep's hours or GPU-hours are used up; empty where they are not."""
    hours, gpu_hours = config.budget.hours, config.budget.gpu_hours
    if hours is not None and history.elapsed(now) >= hours * 3600:
        return f"budget of {hours:g} h used up"
    if gpu_hours is not None and history.gpu_seconds(now) >= gpu_hours * 3600:
        return f"budget of {gpu_hours:g} GPU-hours used up"
    return ""


def gpu_hours_used(config: SweepConfig, history: History, now: float) -> str:
    """``1.25 of 3 GPU-hours used``; empty where there is no budget of them."""
    most = config.budget.gpu_hours
    if most is None:
        return ""
    return f"{words.number(history.gpu_seconds(now) / 3600)} of {most:g} GPU-hours used"


def gpu_hours_idle(config: SweepConfig, slots: Slots) -> str:
    """What to say where the budget of GPU-hours cannot end the sweep; empty where it can."""
    if config.budget.gpu_hours is None or slots.gpus_per_trial:
        return ""
    return "no GPU is used: nothing counts towards budget.gpu_hours, which will not end this sweep"
