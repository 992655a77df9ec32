"""The patterns of learning curves: each looks for one and gives its evidence in a clause.

Every threshold is in units of the curves themselves (their way, their noise, the spread of single
steps), so that it holds for any loss.
"""

from __future__ import annotations

from sweeper.diagnosis.finding import Diagnosis, Finding
from sweeper.diagnosis.sight import Sight
from sweeper.words import number

__all__ = ["find_pattern"]

_BLOWN_UP = 10.0  # times the untrained model's loss
_OVERCOME = 0.6  # of the untrained model's loss: so far down, and a blow-up has been overcome
_STILL = 0.1  # of a step's spread: the validation loss of weights that hardly move
_MOVING = 0.01  # of a step's spread: its noise, where they move
_FLAT = 0.005  # of the loss: the same, where steps hardly differ
_BELOW = 1.5  # times a step's spread: so far below the first step, and it has learned
_LUCKY = 1.0  # times a step's spread: so low, a first step's loss may be luck
_SURE = 4.0  # times an epoch's noise: no chance
_PLAIN = 20.0  # the same, of a fall from where large steps may have thrown it
_ORDERLY = -0.7  # Kendall's tau: falls from epoch to epoch, which large steps do not bring about
_LOST = 0.5  # of the way down
_LAG = 0.25  # of the training loss's way
_TENTH = 0.1  # of a way: what counts
_LATE = 0.12  # of what was gained: brought by the last third of the epochs
_EARLY = 0.25  # of the epochs
_LONG = 8  # epochs without a gain that are too many


def find_pattern(sight: Sight) -> Diagnosis:
    """The one that counts most of those that are seen; convergence where none is."""
    for finding, look in _LOOKS:
        if evidence := look(sight):
            return Diagnosis(finding, evidence)
    return Diagnosis(Finding.CONVERGENCE, _levelled_off(sight))


def _blew_up(sight: Sight) -> str:
    """It went out of sight and did not come back to learn."""
    size = max(abs(sight.start), 3 * sight.spread)
    overcome = sight.below > _OVERCOME * size
    if overcome or not sight.has_steps or sight.peak - sight.start < _BLOWN_UP * size:
        return ""
    start, peak = number(sight.start), number(sight.peak)
    return f"the loss was {start} at the first step and went up to {peak}"


def _stood_still(sight: Sight) -> str:
    """The weights hardly moved: a validation on the same examples gives the same."""
    still = max(_STILL * sight.spread, _FLAT * abs(sight.start))
    way = max(sight.valid.range, abs(sight.valid.fell))
    moved = way > still or sight.fit.fell > 2 * sight.spread
    return "" if moved or _learned_at_once(sight) else _gained_nothing(sight, "stood still")


def _learned_at_once(sight: Sight) -> bool:
    """All within the first epoch: far below the first step, with weights that move."""
    moving = sight.valid.noise > _MOVING * sight.spread
    far = (2 if moving else 4) * _BELOW * sight.spread
    return sight.below > max(far, _TENTH * abs(sight.start))


def _went_nowhere(sight: Sight) -> str:
    """The weights moved, and nothing was learned: it ended where it began, or above."""
    if _learned(sight) or not (sight.has_steps or _ended_above(sight)):
        return ""
    where = "first step" if sight.has_steps else "first epoch"
    return (
        f"the loss was {sight.fit.words(sight.start)} at the {where} and "
        f"{sight.fit.words(sight.fit.end)} at the end, with ups and downs between"
    )


def _learned(sight: Sight) -> bool:
    """Plainly below the first step; that loss can be a lucky one, so a smooth fall counts too."""
    valid, fit = sight.valid, sight.fit
    if not sight.has_steps:
        return valid.fell > _SURE * valid.noise or fit.fell > _SURE * fit.noise
    plainly = _BELOW * sight.spread
    orderly = valid.order < _ORDERLY and valid.fell > _SURE * valid.noise
    smoothly = orderly or valid.fell > _PLAIN * valid.noise
    return sight.below > plainly or (sight.below > -_LUCKY * sight.spread and smoothly)


def _ended_above(sight: Sight) -> bool:
    least = max(_SURE * sight.fit.noise, _FLAT * abs(sight.start))
    return sight.fit.end - sight.start > least


def _lost_it(sight: Sight) -> str:
    """The loss that is optimised came down, and went up again by half of that."""
    fit = sight.fit
    way = max(sight.start, fit.first) - fit.best
    least = max(_SURE * fit.noise, _LOST * way, sight.spread / 2)
    if fit.rise < least or sight.valid.rise < sight.valid.noise:
        return ""
    return f"{fit.metric} went from {fit.words(fit.best)} at its best to {fit.words(fit.end)}"


def _went_sideways(sight: Sight) -> str:
    """Seen of the epochs alone, for which there must be some."""
    if _learned(sight) or len(sight.valid) < _LONG:
        return ""
    return _gained_nothing(sight, "gained nothing beyond its noise")


def _turned(sight: Sight) -> str:
    """The validation loss rose while the training loss fell: the guide's own sign."""
    valid, fit = sight.valid, sight.fit
    turn = int(valid.smooth.argmin())
    way = valid.first - valid.best
    if sight.comparable:  # it may have turned within the first epoch
        way = max(way, sight.start - valid.best, _TENTH * sight.way)
    rose = valid.rise > max(_SURE * valid.noise, _TENTH * way)
    if fit is valid or not rose or float(fit.smooth[turn]) - fit.end <= fit.noise:
        return ""
    return (
        f"{valid.metric} went from {valid.words(valid.best)} at epoch {turn + 1} to "
        f"{valid.words(valid.end)}, while {fit.metric} went on to {fit.words(fit.end)}"
    )


def _lags(sight: Sight) -> str:
    """The training loss left the validation loss behind, which comes after it no more."""
    valid, fit = sight.valid, sight.fit
    comes_after = valid.late_fall[0] > _TENTH * sight.way
    least = max(_LAG * sight.way, _SURE * fit.noise)
    if not sight.comparable or sight.lag <= least or comes_after:
        return ""
    return (
        f"{fit.metric} came down to {fit.words(fit.end)}, {valid.metric} stayed behind at "
        f"{valid.words(valid.end)}"
    )


def _still_falls(sight: Sight) -> str:
    """At the speed of its last third, and the third before it was above that."""
    valid = sight.valid
    fall, error = valid.late_fall
    least = _LATE * sight.gained
    if valid.fell <= 0 or fall <= max(least, 2 * error) or valid.late_gain <= least:
        return ""
    return (
        f"the last third of the epochs brought {min(1.0, fall / valid.fell):.0%} of what "
        f"{valid.metric} gained since the first one"
    )


def _settled_early(sight: Sight) -> str:
    valid = sight.valid
    settled = valid.settled(_TENTH)
    if settled > _EARLY * len(valid) or len(valid) - settled < _LONG:
        return ""
    gain = f"{1 - _TENTH:.0%} of what" if settled > 1 else "all that"
    return f"{gain} {valid.metric} gained was there after epoch {settled} of {len(valid)}"


def _levelled_off(sight: Sight) -> str:
    valid = sight.valid
    first, end = valid.words(valid.first), valid.words(valid.end)
    return f"{valid.metric} went from {first} after the first epoch to {end} and levelled off"


def _gained_nothing(sight: Sight, how: str) -> str:
    valid = sight.valid
    first, end = valid.words(valid.first), valid.words(valid.end)
    return f"{valid.metric} {how}: {first} after the first epoch, {end} at the end"


_LOOKS = (
    (Finding.DIVERGENCE, _blew_up),
    (Finding.NO_LEARNING, _stood_still),
    (Finding.DIVERGENCE, _went_nowhere),
    (Finding.DIVERGENCE, _lost_it),
    (Finding.NO_LEARNING, _went_sideways),
    (Finding.OVERFITTING, _turned),
    (Finding.OVERFITTING, _lags),
    (Finding.STILL_IMPROVING, _still_falls),
    (Finding.SATURATED_EARLY, _settled_early),
)
