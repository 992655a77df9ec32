"""A trial's training once more, outside of its sweep, and its numbers beside those of then."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sweeper.config import SweepConfig, apply
from sweeper.ledger.setting import Setting
from sweeper.records import EpochReport, Trial, TrialRecord
from sweeper.trial import Outcome, TrialRun

__all__ = ["Difference", "compared", "differences", "largest", "train_again"]

_OF_THE_MACHINE = ("samples_per_second", "peak_memory_bytes")
"""What a training does not decide."""


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that is not the same; None where one of the two has none."""

    name: str
    then: float | None
    now: float | None

    @property
    def relative(self) -> float:
        """How far apart, as a share of the larger."""
        if self.then is None or self.now is None:
            return 1.0
        return abs(self.now - self.then) / max(abs(self.now), abs(self.then))


def differences(then: EpochReport, now: EpochReport) -> list[Difference]:
    """Every metric and step loss that is not the same to the last bit."""
    one, other = compared(then), compared(now)
    return [
        Difference(name, one.get(name), other.get(name))
        for name in dict.fromkeys([*one, *other])
        if one.get(name) != other.get(name)
    ]


def train_again(
    config: SweepConfig,
    record: TrialRecord,
    setting: Setting,
    code: Path,
    folder: Path,
    epochs: int | None = None,
) -> Iterator[EpochReport | Outcome]:
    """Train the trial from its first epoch, as a worker does, in this process.

    Args:
        setting: of then; as many threads.
        code: where the user's own modules are found.
        folder: where checkpoints and artifacts go.
        epochs: how many to train; None for as many as the trial reported, and on to where it
            diverged.

    Yields:
        Each epoch's report, and how it ended, where it is trained so far.
    """
    if str(code) not in sys.path:
        sys.path.insert(0, str(code))
    run = TrialRun(_trial(config, record, setting, folder))
    try:
        every = record.epoch + record.state.infeasible  # the step in which it ended
        for _ in range(every if epochs is None else min(epochs, every)):
            result = run.step()
            yield result
            if isinstance(result, Outcome):
                return
    finally:
        run.close()


def _trial(config: SweepConfig, record: TrialRecord, setting: Setting, folder: Path) -> Trial:
    sections = {
        "task": config.task,
        "objective": config.objective.model_dump(mode="json"),
        **apply(config, record.params),
    }
    return Trial(
        number=record.number,
        params=record.params,
        config=sections,
        seed=record.seed,
        directory=folder,
        epochs=config.epochs,
        cpus=setting.cpus,
        gpus=setting.gpus,
    )


def compared(report: EpochReport) -> Mapping[str, float]:
    """The numbers of an epoch that a training decides: metrics and losses of single steps."""
    metrics = {k: v for k, v in report.metrics.items() if k not in _OF_THE_MACHINE}
    return {**metrics, **{f"loss of step {step}": loss for step, loss in report.steps.items()}}


def largest(found: Sequence[Difference]) -> Difference:
    """The one that is furthest off."""
    return max(found, key=lambda difference: difference.relative)
