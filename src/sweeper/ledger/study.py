"""The Optuna study of a sweep: the samplers' and pruners' view of the history.

A proposal is on the disk before the history speaks of it. Of everything else the history is written
first, so after a crash the study may lag behind; `SweepStudy.catch_up` tells it what it missed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING

import optuna
from optuna.distributions import BaseDistribution
from optuna.samplers import BaseSampler
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from sweeper import tell
from sweeper.config import fitted
from sweeper.distributions import ask, enqueue, placed, to_params
from sweeper.errors import ConfigError, LedgerError, Problem
from sweeper.ledger.confirmation import Point
from sweeper.ledger.journal import Journal
from sweeper.ledger.storage import IndexedStorage
from sweeper.ledger.warm_start import WarmStart
from sweeper.optuna_members import FULL_LENGTH
from sweeper.pareto import further_values
from sweeper.pruners._build import build as build_pruner
from sweeper.records import EpochReport, ParamValue, TrialRecord, TrialState
from sweeper.samplers._build import build as build_sampler
from sweeper.samplers._build import is_exhausted

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["ENQUEUED", "SweepStudy", "confirming"]

ENQUEUED = "enqueued"  # a study's attribute: how many points of the configuration it has got
_CONFIRMS = "sweeper:confirms"  # a trial's attribute, where it trains a configuration again: which

Params = Mapping[str, ParamValue]


class SweepStudy:
    """Asks the sampler and the pruner, and tells them what happened.

    Its proposals depend on the configuration and on what was told, on nothing in this process, so
    a resumed sweep goes on as if it had never stopped.

    Args:
        journal: where it is kept; None for a study that is forgotten.
        warm: what the sampler is shown of other sweeps.

    Raises:
        LedgerError: the journal cannot be read or written.
    """

    def __init__(
        self, journal: Journal | None, config: SweepConfig, warm: WarmStart | None = None
    ) -> None:
        self._config = config
        self._journal = journal
        self._apart: set[int] = set()
        self._study = _open(self._journal, config, _shown(config, warm), self._apart)
        self._apart |= {t.number for t in self._trials() if _CONFIRMS in t.user_attrs}
        self._enqueue(config.enqueue)
        self._sync()

    def ask(self) -> tuple[int, Params] | None:
        """Number and parameters of the next trial; None where every point has been tried."""
        if is_exhausted(self._study):
            return None
        trial, params = ask(self._study, self._config.search_space)
        self._sync()
        return trial.number, params

    def add(self, point: Point) -> int:
        """Number of a new trial that trains ``point`` again; neither sampler nor pruner is asked.

        Raises:
            ValueError: it is not in the search space.
        """
        placing = placed(self._config.search_space, point.params)
        trial = confirming(*placing, point.confirms)
        trial_id = self._study._storage.create_new_trial(self._study._study_id, trial)
        number = self._study._storage.get_trial_number_from_id(trial_id)
        self._apart.add(number)
        self._sync()
        return number

    def point(self, number: int) -> Point | None:
        """What the trial trains again; None where it is one of the search."""
        if number not in self._apart:
            return None
        trial = self._trials()[number]
        params = to_params(self._config.search_space, trial.params)
        return Point(params, trial.user_attrs[_CONFIRMS])

    def asked(self) -> list[int]:
        """Numbers of the trials that were proposed and have not ended."""
        running = self._study.get_trials(deepcopy=False, states=(OptunaState.RUNNING,))
        return [trial.number for trial in running]

    def finish_asking(self, number: int) -> Params:
        """Parameters of a trial that an earlier driver asked for, maybe not to the end."""
        params = ask(self._study, self._config.search_space, number)[1]
        self._sync()
        return params

    def report(self, number: int, report: EpochReport) -> bool:
        """Tell the pruner an epoch's objective; whether it ends the trial. The same every time."""
        value = report.metrics[self._config.objective.metric]
        return tell.report(self._study, number, report.epoch, value)

    def end(
        self,
        number: int,
        state: TrialState,
        value: float | None,
        reports: Iterable[EpochReport] = (),
    ) -> None:
        """Tell the sampler how a trial ended that gave ``reports``."""
        further = further_values(reports, self._config.objective)
        tell.tell(self._study, number, state, value, further)

    def catch_up(self, records: Collection[TrialRecord]) -> None:
        """Tell every report and ending of ``records`` that the study does not have yet.

        Raises:
            LedgerError: the study is not that of these records.
        """
        self._check_belongs({record.number for record in records})
        asked = set(self.asked())
        for record in records:
            if record.number not in asked:
                continue
            for report in record.reports:
                self.report(record.number, report)
            if record.state.ended:
                self.end(record.number, record.state, record.value, record.reports)

    def _check_belongs(self, known: set[int]) -> None:
        """A study without a past would propose trials under the numbers of those there are."""
        trials = self._trials()
        ended = {trial.number for trial in trials if trial.state.is_finished()}
        proposed = {trial.number for trial in trials if trial.state is not OptunaState.WAITING}
        if lacking := (known - proposed) | (ended - known):
            where = self._journal.path if self._journal else "the study"
            raise LedgerError(
                f"{where} and the history beside it do not agree on trial {min(lacking)}: "
                "one of them was removed or replaced. Put it back, or start under another name."
            )

    def _trials(self) -> list[FrozenTrial]:
        return self._study.get_trials(deepcopy=False)

    def _sync(self) -> None:
        if self._journal is not None:
            self._journal.sync()

    def _enqueue(self, points: Iterable[Params]) -> None:
        """Put the points that are not yet in the study behind those that are."""
        done = self._study.user_attrs.get(ENQUEUED, 0)
        for index, point in enumerate(points):
            if index >= done:
                enqueue(self._study, self._config.search_space, point)
                self._study.set_user_attr(ENQUEUED, index + 1)


def confirming(
    params: Params, distributions: Mapping[str, BaseDistribution], confirms: int | None
) -> FrozenTrial:
    """A trial at work that trains a configuration again, as the study holds it.

    To samplers it is a point that was given to them, and no pruner ends it.
    """
    return create_trial(
        state=OptunaState.RUNNING,
        params=dict(params),
        distributions=dict(distributions),
        user_attrs={_CONFIRMS: confirms},
        system_attrs={FULL_LENGTH: True, "fixed_params": dict(params)},
    )


def _open(
    journal: Journal | None,
    config: SweepConfig,
    shown: Sequence[FrozenTrial],
    apart: AbstractSet[int],
) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    storage = None if journal is None else _storage(journal)
    try:
        return optuna.create_study(
            storage=storage,
            study_name=config.name,
            direction=config.objective.direction,
            sampler=_sampler(config, shown, apart),
            pruner=build_pruner(config.pruner.name, config.pruner.options, config.epochs),
            load_if_exists=True,
        )
    except (LookupError, ValueError, TypeError) as error:
        what = f"sampler {config.sampler.name} or pruner {config.pruner.name}"
        raise ConfigError([Problem("sampler, pruner", f"cannot make {what}: {error}")]) from error


def _sampler(
    config: SweepConfig, shown: Sequence[FrozenTrial], apart: AbstractSet[int]
) -> BaseSampler:
    sampler, objective = config.sampler, config.objective
    return build_sampler(
        sampler.name,
        sampler.options,
        config.search_space,
        sampler.seed,
        shown,
        config.budget.trials if objective.goal == "region" else None,
        apart,
        objective.aims if objective.also else (),
    )


def _shown(config: SweepConfig, warm: WarmStart | None) -> list[FrozenTrial]:
    """The trials of other sweeps in the present search space."""
    shown = []
    for record in warm.trials.values() if warm else ():
        try:
            params = fitted(config, record.params)
        except ValueError:  # since it was taken, the search space has changed
            continue
        shown.append(tell.frozen(record, *placed(config.search_space, params), config.objective))
    return shown


def _storage(journal: Journal) -> IndexedStorage:
    try:
        return IndexedStorage(journal)
    except (LookupError, ValueError, TypeError) as error:
        raise LedgerError(f"cannot open the study in {journal.path}: {error}") from error
