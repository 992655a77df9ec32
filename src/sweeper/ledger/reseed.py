"""A new study for a changed search space, sampler or pruner, with the old trials in it.

Samplers break on trials of another space (a range that differs drops its parameter from what they
model, other choices raise), so the old study is left as it is and a new one is made from the
history. Trials keep their numbers. One that does not fit the new space is there as FAIL without
parameters, which samplers and pruners overlook.

The study is complete before it gets its name, and only then the manifest names it: a kill at any
point leaves a sweep that goes on with the one study or the other.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import optuna
from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, create_trial
from optuna.trial import TrialState as OptunaState

from sweeper import tell
from sweeper.config import fitted, same_value
from sweeper.distributions import enqueue, placed
from sweeper.ledger.files import put_in_place
from sweeper.ledger.journal import Journal
from sweeper.ledger.study import ENQUEUED, confirming
from sweeper.pareto import further_values
from sweeper.pruners._build import build as build_pruner
from sweeper.records import ParamValue, TrialRecord

if TYPE_CHECKING:
    from sweeper.config import SweepConfig

__all__ = ["reseed"]


def reseed(path: Path, config: SweepConfig, records: Sequence[TrialRecord]) -> None:
    """Make the study in ``path`` with all that ``records`` tell it.

    Raises:
        LedgerError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}")
    temporary.unlink(missing_ok=True)  # of a driver that was killed here
    with closing(Journal(temporary)) as journal:
        study = optuna.create_study(
            storage=JournalStorage(journal),
            study_name=config.name,
            direction=config.objective.direction,
        )
        for trial in _carried(config, records):
            study._storage.create_new_trial(study._study_id, template_trial=trial)
        for point in config.enqueue:
            if not any(_has(record.params, point) for record in records):
                enqueue(study, config.search_space, point)
        study.set_user_attr(ENQUEUED, len(config.enqueue))
        journal.sync()
    put_in_place(temporary, path)


def _carried(config: SweepConfig, records: Sequence[TrialRecord]) -> list[FrozenTrial]:
    """The trials with their values, and with what the pruner of ``config`` notes of them."""
    draft = optuna.create_study(
        study_name=config.name,
        direction=config.objective.direction,
        sampler=optuna.samplers.RandomSampler(),  # is not asked
        pruner=build_pruner(config.pruner.name, config.pruner.options, config.epochs),
    )
    for number, trial in enumerate(_begun(config, records)):
        draft.add_trial(trial)
        if trial.state is OptunaState.RUNNING:
            _tell(draft, config, records[number])
    return draft.get_trials(deepcopy=False)


def _begun(config: SweepConfig, records: Sequence[TrialRecord]) -> Iterator[FrozenTrial]:
    for record in records:
        try:
            params = fitted(config, record.params)
        except ValueError:
            yield create_trial(state=OptunaState.FAIL)
            continue
        values, distributions = placed(config.search_space, params)
        if record.is_confirming:
            yield confirming(values, distributions, record.confirms)
            continue
        yield create_trial(state=OptunaState.RUNNING, params=values, distributions=distributions)


def _tell(study: optuna.Study, config: SweepConfig, record: TrialRecord) -> None:
    for report in record.reports:
        value = report.metrics[config.objective.metric]
        tell.report(study, record.number, report.epoch, value)
    if record.state.ended:
        further = further_values(record.reports, config.objective)
        tell.tell(study, record.number, record.state, record.value, further)


def _has(params: Mapping[str, ParamValue], point: Mapping[str, ParamValue]) -> bool:
    return all(name in params and same_value(params[name], v) for name, v in point.items())
