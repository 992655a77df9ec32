"""From a trial's epoch reports to a finding.

Every threshold is in units of the curve itself (its gain, its noise, the spread of single steps),
so that it holds for any loss. Without the losses of single steps a blow-up within the first epoch
cannot be told from learning.
docs/diagnosis.md says how often the finding is right.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from sweeper.diagnosis.curve import Curve, batch_noise, read_curve, untrained_loss
from sweeper.diagnosis.finding import Diagnosis, Finding
from sweeper.records import EpochReport, TrialRecord, TrialState
from sweeper.words import number

if TYPE_CHECKING:
    from sweeper.config import Objective

__all__ = ["SHORTEST", "diagnose", "diagnose_reports"]

SHORTEST = 4
"""Epochs below which a curve shows nothing."""

_BLOWN_UP = 10.0  # times the untrained model's loss
_LEARNED = 0.6  # of the untrained model's loss: so far down, and a blow-up has been overcome
_UNSEEN = 0.3  # of a step's spread: what came down by less has not visibly learned
_FLAT = 0.005  # of the loss: the same, where steps hardly differ or are not reported
_RISEN = 0.1  # of the way down
_LOST = 0.5  # of the way down
_GAP = 0.4  # of what the training loss gained: so far the validation loss stays above it
_LATE = 0.08  # of the way down, within the last third
_EARLY = 1 / 3  # of the epochs
_LONG = 8  # epochs without a gain, before they are called too many
_RESTLESS = 0.03  # of a step's spread: the validation loss of weights that move
_SURE = 4.0  # standard deviations


def diagnose(record: TrialRecord, objective: Objective, epochs: int) -> Diagnosis | None:
    """What the trial's curve shows; None where it shows nothing (too short, failed).

    A trial that was stopped before its last epoch is never still improving or saturated.

    Args:
        epochs: of a full training.
    """
    if record.state is TrialState.DIVERGED:
        return Diagnosis(Finding.DIVERGENCE, record.reason or "a loss was not finite")
    if record.state in (TrialState.FAILED, TrialState.OUT_OF_MEMORY):
        return None
    found = diagnose_reports(record.reports, objective)
    ended = record.state is TrialState.COMPLETE or record.epoch >= epochs
    if found is None or ended:
        return found
    if found.finding in (Finding.STILL_IMPROVING, Finding.SATURATED_EARLY):
        return Diagnosis(Finding.CONVERGENCE, f"{found.evidence}; it ended before its last epoch")
    return found


def diagnose_reports(reports: Sequence[EpochReport], objective: Objective) -> Diagnosis | None:
    """What the curves in ``reports`` show; None where there are too few epochs.

    Curves are ``train_loss`` and ``val_loss``; of a task that reports no ``val_loss``, the
    objective takes its place. The steps' losses are used where they are reported.
    """
    sight = _sight(reports, objective)
    if sight is None:
        return None
    for look in (_divergence, _no_learning, _overfitting, _still_improving, _saturated):
        if evidence := look(sight):
            return Diagnosis(_FINDINGS[look], evidence)
    return Diagnosis(Finding.CONVERGENCE, _course(sight.valid))


@dataclass(frozen=True, slots=True)
class _Sight:
    """What there is to see.

    Attributes:
        train: None where no training loss is reported.
        comparable: the curves are of the same loss.
        untrained: loss of the untrained model, None where it is not known.
        peak: the largest training loss of all steps and epochs.
        spread: standard deviation of a single step's loss, None where it is not known.
    """

    valid: Curve
    train: Curve | None
    comparable: bool
    untrained: float | None
    peak: float
    spread: float | None

    @property
    def fit(self) -> Curve:
        """The curve that is optimised, as far as it is known."""
        return self.train or self.valid


def _sight(reports: Sequence[EpochReport], objective: Objective) -> _Sight | None:
    if len(reports) < SHORTEST:
        return None
    untrained = untrained_loss(reports)
    train = read_curve(reports, "train_loss", untrained)
    valid = read_curve(reports, "val_loss", untrained if train else None)
    comparable = train is not None and valid is not None
    if valid is None:
        valid = _objective_curve(reports, objective) or train
    if valid is None:
        return None
    steps = [loss for report in reports for loss in report.steps.values()]
    return _Sight(
        valid,
        train,
        comparable,
        untrained if train else None,
        peak=max([*steps, *(train or valid).values]),
        spread=_spread(reports, train),
    )


def _spread(reports: Sequence[EpochReport], train: Curve | None) -> float | None:
    """From the steps, or as if an epoch's training loss were the mean of about ten of them."""
    if train is None:
        return None
    spread = batch_noise(reports)
    return 3 * train.noise if spread is None else spread


def _objective_curve(reports: Sequence[EpochReport], objective: Objective) -> Curve | None:
    """Turned so that lower is better; None for a metric that says nothing of learning."""
    if objective.metric in ("samples_per_second", "peak_memory_bytes", "train_loss"):
        return None
    curve = read_curve(reports, objective.metric, None)
    if curve is None or objective.direction == "minimize":
        return curve
    return Curve(-curve.values, -curve.start)


def _divergence(sight: _Sight) -> str:
    return _blown_up(sight) or _ended_above(sight) or _rose(sight) or _jumps_about(sight)


def _blown_up(sight: _Sight) -> str:
    """It went out of sight and did not come back to learn."""
    start = sight.fit.start
    size = max(abs(start), 3 * (sight.spread or 0.0))
    overcome = sight.fit.end < start - _LEARNED * size
    if sight.untrained is None or overcome or sight.peak - start < _BLOWN_UP * size:
        return ""
    return f"the loss went up to {number(sight.peak)} from {number(start)} at the start"


def _ended_above(sight: _Sight) -> str:
    fit, spread = sight.fit, sight.spread or 0.0
    least = max(_SURE * fit.noise, 3 * spread, 4 * _FLAT * abs(fit.start))
    if fit.end - fit.start < least:
        return ""
    return f"it ends at {number(fit.end)}, above {number(fit.start)} at the start"


def _rose(sight: _Sight) -> str:
    """The loss that is optimised came down, and went up again by half of that."""
    fit = sight.fit
    least = max(
        _SURE * fit.noise, _LOST * fit.gain, (sight.spread or 0.0) / 2, _FLAT * abs(fit.start)
    )
    if fit.rise < least or sight.valid.rise < sight.valid.noise:
        return ""
    return f"it rose from {number(fit.best)} to {number(fit.end)}"


def _jumps_about(sight: _Sight) -> str:
    """Nothing was learned although the weights move a lot: each epoch is elsewhere.

    The validation is taken to be on the same examples in each epoch.
    """
    valid, spread = sight.valid, sight.spread
    if spread is None or sight.untrained is None:
        return ""
    level = float(np.median(valid.values[len(valid) // 2 :]))
    moves = valid.noise > _RESTLESS * spread
    third = max(2, len(valid) // 3)
    # not from the first epoch on, which can be the worst of a blow-up
    way = float(np.median(valid.values[1 : third + 1]) - np.median(valid.values[-third:]))
    fell = way > _SURE * valid.noise
    learned = min(level, sight.fit.end) < sight.untrained - spread
    if learned or fell or not moves:
        return ""
    return f"it jumps about {number(level)}, where it began at {number(sight.untrained)}"


def _no_learning(sight: _Sight) -> str:
    curves = (sight.valid, sight.fit)
    spread, least = sight.spread or 0.0, _FLAT * abs(sight.fit.start)
    moved = [float(c.values[0]) - c.end for c in curves]
    seen = max(2 * _UNSEEN * spread, _SURE * sight.fit.noise, least)
    flat = moved[0] < max(_UNSEEN * spread, least) and moved[1] < seen
    flat = flat and sight.fit.start - sight.valid.best < max(_SURE * spread, 4 * least)
    if not flat:
        return ""
    valid = sight.valid
    return f"it went from {number(float(valid.values[0]))} to {number(valid.end)}, within its noise"


def _overfitting(sight: _Sight) -> str:
    valid, train = sight.valid, sight.train
    if train is None or train.start - train.end <= train.noise:
        return ""
    turn = int(valid.smooth.argmin())
    fell_on = float(train.smooth[turn]) - train.end
    way = max(valid.gain, _RISEN * (train.start - train.end) if sight.comparable else 0.0)
    if fell_on > train.noise and valid.rise > max(_SURE * valid.noise, _RISEN * way):
        return (
            f"the validation loss rose from {number(valid.best)} at epoch {turn + 1} to "
            f"{number(valid.end)} while the training loss went on down to {number(train.end)}"
        )
    gained = train.start - train.end
    stands = valid.late_gain < _LATE * gained
    if sight.comparable and valid.end - train.end > _GAP * gained and stands:
        return (
            f"the training loss came down to {number(train.end)}, the validation loss stayed at "
            f"{number(valid.end)}"
        )
    return ""


def _still_improving(sight: _Sight) -> str:
    valid = sight.valid
    gain = valid.top - valid.end
    if valid.late_gain > max(_LATE * gain, valid.noise):
        share = valid.late_gain / gain if gain > 0 else 1.0
        return f"the last third of the epochs brought {min(share, 1.0):.0%} of all it gained"
    return ""


def _saturated(sight: _Sight) -> str:
    valid = sight.valid
    settled = valid.settled
    if settled <= _EARLY * len(valid) and len(valid) - settled >= _LONG:
        return f"nothing was gained after epoch {settled} of {len(valid)}"
    return ""


def _course(valid: Curve) -> str:
    return f"it came down from {number(valid.start)} and levelled off at {number(valid.end)}"


_FINDINGS = {
    _divergence: Finding.DIVERGENCE,
    _no_learning: Finding.NO_LEARNING,
    _overfitting: Finding.OVERFITTING,
    _still_improving: Finding.STILL_IMPROVING,
    _saturated: Finding.SATURATED_EARLY,
}
