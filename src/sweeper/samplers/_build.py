"""The sampler of a sweep: its family member, made anew for each trial.

A proposal then depends on the seed, the trial's number and the trials so far alone, and a sweep
that is killed and resumed proposes what it would have proposed. That holds within a proposal too:
parameters that are drawn one by one have seeds of their own, since those that a killed driver had
drawn are not drawn again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from optuna import Study
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, TrialState

from sweeper.config import Aim, SearchSpace
from sweeper.optuna_members import OptunaMember
from sweeper.samplers._region import Placing, part_of
from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._several import view_of
from sweeper.samplers._told import EXHAUSTED, Informed
from sweeper.samplers.qmc import qmc

__all__ = ["PerTrial", "build", "is_exhausted"]


def build(
    name: str,
    options: Mapping[str, Any],
    space: SearchSpace,
    seed: int,
    shown: Sequence[FrozenTrial] = (),
    region_trials: int | None = None,
    apart: AbstractSet[int] = frozenset(),
    aims: Sequence[Aim] = (),
) -> PerTrial:
    """The sampler ``name`` for the whole of a sweep, to be set as its study's ``sampler``.

    ``package.module:Name`` is a member of one's own: either of the family's form
    (``space, seed, number, /, *, options``) or a sampler for Optuna, which gets the options and,
    if it takes one, a ``seed`` that differs from trial to trial. What it has to remember from trial
    to trial belongs into the study's attributes, as with Optuna's own samplers.

    Args:
        shown: ended trials of other sweeps in this space, for samplers that learn from trials.
        region_trials: the budget in trials of a sweep whose goal is the region; None where the goal
            is the best trial.
        apart: numbers of trials that are not of the budget; it may grow.
        aims: all objectives, of a sweep that has several.

    Raises:
        LookupError: no such sampler.
        ValueError, TypeError: it refuses its options or the space.
    """
    member = OptunaMember.load("samplers", name, BaseSampler)  # type: ignore[type-abstract]

    def make(number: int, part: str = "") -> BaseSampler:
        own = proposal_seed(seed, zlib.crc32(part.encode())) if part else seed
        if member.has_family_form:
            sampler = member.make(space, own, number, **options)
        else:
            seeded = {"seed": proposal_seed(own, number)} if member.takes("seed") else {}
            sampler = Informed(member.make(**seeded, **options))
        if isinstance(sampler, Informed):
            sampler.show(shown)
            sampler.show_by(view_of(aims))
        return sampler

    if region_trials is None:
        return PerTrial(make)

    def make_for_region(number: int, part: str = "") -> BaseSampler:
        share = part_of(number - sum(other < number for other in apart), region_trials)
        if share == "cover":
            return qmc(space, seed, number)
        inner = make(number, part)
        if share == "improve":
            return inner
        return Placing(space, proposal_seed(seed, number), inner, shown)

    return PerTrial(make_for_region)


def is_exhausted(study: Study) -> bool:
    """Whether ``study`` has no point waiting and its sampler none left (``grid`` and the like)."""
    if study.get_trials(deepcopy=False, states=(TrialState.WAITING,)):
        return False
    return isinstance(study.sampler, PerTrial) and study.sampler.is_exhausted(study)


class PerTrial(BaseSampler):
    """Serves each trial with the sampler that ``make`` gives for its number.

    A sampler with a true ``serves_every_trial`` is made once.

    Args:
        make: gives a sampler for a trial's number and, where one parameter is drawn alone, its
            name.
    """

    def __init__(self, make: Callable[[int, str], BaseSampler]) -> None:
        self._make = make
        self._number = 0
        self._sampler = make(0, "")  # refuses wrong options now

    def is_exhausted(self, study: Study) -> bool:
        """Whether every point has been proposed; false for samplers that never end."""
        ask = getattr(self._sampler, "is_exhausted", None)
        return bool(ask(study)) if ask else bool(study.user_attrs.get(EXHAUSTED))

    def before_trial(self, study: Study, trial: FrozenTrial) -> None:
        self._for(trial, anew=True).before_trial(study, trial)

    def infer_relative_search_space(
        self, study: Study, trial: FrozenTrial
    ) -> dict[str, BaseDistribution]:
        return self._for(trial).infer_relative_search_space(study, trial)

    def sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        return self._for(trial).sample_relative(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        sampler = self._for(trial)
        if not self._serves_every_trial:
            sampler = self._make(trial.number, param_name)
            sampler.before_trial(study, trial)
        return sampler.sample_independent(study, trial, param_name, param_distribution)

    def after_trial(
        self,
        study: Study,
        trial: FrozenTrial,
        state: TrialState,
        values: Sequence[float] | None,
    ) -> None:
        self._for(trial).after_trial(study, trial, state, values)

    def _for(self, trial: FrozenTrial, *, anew: bool = False) -> BaseSampler:
        fits = trial.number == self._number and not anew
        if not fits and not self._serves_every_trial:
            self._number, self._sampler = trial.number, self._make(trial.number, "")
        return self._sampler

    @property
    def _serves_every_trial(self) -> bool:
        return getattr(self._sampler, "serves_every_trial", False)
