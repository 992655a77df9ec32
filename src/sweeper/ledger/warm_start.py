"""Trials of other sweeps that a new one begins with.

They are copied into the sweep's folder when it is created, so that it proposes the same whatever
becomes of the others. The sampler is shown those that fit; the pruner is not.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sweeper.config import SweepConfig, diff, fitted, newly_searched
from sweeper.errors import ConfigError, LedgerError, Problem
from sweeper.ledger.files import told, write_atomically
from sweeper.ledger.history import read_history, read_report, report_fields
from sweeper.ledger.manifest import Manifest
from sweeper.ledger.paths import SweepPaths
from sweeper.records import TrialRecord, TrialState, best_report

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["WarmStart"]

_MOST_REASONS = 3
_TRAINED_WITH = ("task", "model", "data", "training")
_FIELDS = ("number", "state", "seed", "value", "reason", "identity")


@dataclass(frozen=True, slots=True)
class WarmStart:
    """What a sweep begins with.

    Attributes:
        trials: those that were taken, by the name they have here (``old#7``).
        said: for each sweep, how many were taken and why others were not.
    """

    trials: Mapping[str, TrialRecord]
    said: tuple[str, ...] = ()

    @classmethod
    def gather(cls, config: SweepConfig, sweeps: Path) -> WarmStart:
        """Take the ended trials of ``config.warm_start`` that fit.

        Args:
            sweeps: the folder of all sweeps.

        Raises:
            SweepNotFound: there is no such sweep.
            ConfigError: it looked for something else.
        """
        trials: dict[str, TrialRecord] = {}
        said = []
        for name in config.warm_start:
            paths = SweepPaths.existing(name, sweeps)
            old = SweepConfig.from_json(Manifest.read(paths).config)
            _check_objective(config, old, name)
            history = read_history(paths.history)
            taken, reasons = _fitting(config, old, history.counted(config.epochs))
            shown = [_up_to(record, config) for record in taken]
            trials |= {f"{paths.root.name}#{record.number}": record for record in shown}
            differing = _differing(config, old) if taken else ""
            said.append(_say(name, len(taken), reasons) + differing)
        return cls(trials, tuple(said))

    def write(self, path: Path) -> None:
        """Keep it in ``path``; where there is nothing, nothing stays there."""
        if not self.said:
            path.unlink(missing_ok=True)  # of a driver that was killed before the sweep was one
            return
        found = {name: _to_json(record) for name, record in self.trials.items()}
        write_atomically(path, json.dumps({"said": self.said, "trials": found}) + "\n")

    @classmethod
    def read(cls, path: Path) -> WarmStart:
        """Read it back; without trials where there is none.

        Raises:
            LedgerError: it is damaged.
        """
        if not path.exists():
            return cls({})
        try:
            with told(path, "read"):
                found = json.loads(path.read_text(encoding="utf-8"))
            trials = {name: _from_json(record) for name, record in found["trials"].items()}
        except (ValueError, LookupError, TypeError) as error:
            raise LedgerError(f"{path} is damaged: {error}") from error
        return cls(trials, tuple(found["said"]))


def _check_objective(config: SweepConfig, old: SweepConfig, name: str) -> None:
    if _judged(config) != _judged(old):
        here, there = (f"{o.direction} {o.metric}" for o in (config.objective, old.objective))
        rule = f"{name} was to {there}, this sweep is to {here}: its trials say nothing here"
        raise ConfigError([Problem("warm_start", rule)])


def _fitting(
    config: SweepConfig, old: SweepConfig, records: Sequence[TrialRecord]
) -> tuple[list[TrialRecord], Counter[str]]:
    taken: list[TrialRecord] = []
    reasons: Counter[str] = Counter()
    options = newly_searched(old, config)
    for record in records:
        try:
            if not record.state.ended or record.state is TrialState.FAILED or record.is_repeat:
                raise ValueError("unfinished, failed or repeated")
            if wanting := _unreported(config, record):
                raise ValueError(f"{wanting} was not reported")
            params = {**options, **record.params}
            fitted(config, params)
        except ValueError as error:
            reasons[str(error)] += 1
        else:
            taken.append(replace(record, params=params))
    return taken, reasons


def _unreported(config: SweepConfig, record: TrialRecord) -> str:
    """A further metric that a task of the user's own did not report then; empty for none."""
    reported = [report.metrics.keys() for report in record.reports]
    missing = (a.metric for a in config.objective.also if any(a.metric not in m for m in reported))
    return next(missing, "")


def _up_to(record: TrialRecord, config: SweepConfig) -> TrialRecord:
    """What there was of a longer training by the last epoch of ``config``: the nearest to one."""
    if record.epoch <= config.epochs or record.state.infeasible:
        return record
    reports = tuple(r for r in record.reports if r.epoch <= config.epochs)
    objective = config.objective
    best = best_report(reports, objective.metric, objective.direction)
    if best is None:
        return record
    value = best.metrics[objective.metric]
    return replace(record, state=TrialState.COMPLETE, reports=reports, value=value, identity="")


def _differing(config: SweepConfig, old: SweepConfig) -> str:
    """What they were trained with otherwise than the trials here are going to be."""
    changes = [
        f"{change.key} {change.shown[0]} (here {change.shown[1]})"
        for change in diff(old, config)
        if change.key.partition(".")[0] in _TRAINED_WITH
        and (change.verdict == "refused" or change.key == "training.epochs")
    ]
    if not changes:
        return ""
    more = ["..."] * (len(changes) > _MOST_REASONS)
    return f"; they were trained with {', '.join(changes[:_MOST_REASONS] + more)}"


def _say(name: str, taken: int, reasons: Counter[str]) -> str:
    said = f"{taken} of {taken + reasons.total()} trials of {name} are shown to the sampler"
    if not reasons:
        return said
    why = [f"{count} x {reason}" for reason, count in reasons.most_common(_MOST_REASONS)]
    more = ["..."] if len(reasons) > _MOST_REASONS else []
    return f"{said}; the others are not: {'; '.join(why + more)}"


def _to_json(record: TrialRecord) -> dict[str, Any]:
    found = {name: getattr(record, name) for name in _FIELDS}
    reports = [report_fields(report) for report in record.reports]
    return {**found, "params": dict(record.params), "reports": reports}


def _from_json(found: Mapping[str, Any]) -> TrialRecord:
    fields = {name: found[name] for name in _FIELDS}
    reports = tuple(map(read_report, found["reports"]))
    return TrialRecord(
        **{**fields, "state": TrialState(found["state"])}, params=found["params"], reports=reports
    )


def _judged(config: SweepConfig) -> tuple[str, str]:
    """What makes values comparable; what the trials are spent on does not."""
    return config.objective.metric, config.objective.direction
