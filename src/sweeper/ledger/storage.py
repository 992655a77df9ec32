"""Optuna's journal storage for one study and one writer: what is asked often is at hand."""

from __future__ import annotations

from collections.abc import Container, Sequence
from functools import cached_property
from typing import Any

from optuna.storages import JournalStorage
from optuna.trial import FrozenTrial, TrialState

from sweeper.ledger.journal import Journal
from sweeper.trial_index import TrialIndex

__all__ = ["IndexedStorage"]


class IndexedStorage(JournalStorage):
    """Keeps a `TrialIndex`, and which trials have not ended.

    Optuna looks through all trials for the waiting ones before each proposal. Others must not write
    to the journal meanwhile, which the sweep's lock sees to.
    """

    def __init__(self, journal: Journal) -> None:
        super().__init__(journal)
        self._open_ids: dict[int, None] | None = None

    @cached_property
    def index(self) -> TrialIndex:
        """Of the only study."""
        return TrialIndex(self._everything())

    def create_new_trial(self, study_id: int, template_trial: FrozenTrial | None = None) -> int:
        open_ids, index = self._open(), self.index
        trial_id = super().create_new_trial(study_id, template_trial)
        trial = self.get_trial(trial_id)
        if trial.state.is_finished():
            index.add_ended(trial)
        else:
            open_ids[trial_id] = None
        for key, value in trial.system_attrs.items():
            index.add_attr(trial.number, key, value)
        return trial_id

    def set_trial_state_values(
        self, trial_id: int, state: TrialState, values: Sequence[float] | None = None
    ) -> bool:
        open_ids, index = self._open(), self.index
        done = super().set_trial_state_values(trial_id, state, values)
        if done and state.is_finished():
            open_ids.pop(trial_id, None)
            index.add_ended(self.get_trial(trial_id))
        return done

    def set_trial_system_attr(self, trial_id: int, key: str, value: Any) -> None:
        index = self.index
        super().set_trial_system_attr(trial_id, key, value)
        index.add_attr(self.get_trial_number_from_id(trial_id), key, value)

    def get_all_trials(
        self,
        study_id: int,
        deepcopy: bool = True,
        states: Container[TrialState] | None = None,
    ) -> list[FrozenTrial]:
        if deepcopy or states is None or any(s.is_finished() for s in TrialState if s in states):
            return super().get_all_trials(study_id, deepcopy, states)
        found = [self.get_trial(trial_id) for trial_id in self._open()]
        return [trial for trial in found if trial.state in states]

    def _open(self) -> dict[int, None]:
        """Ids of the trials that have not ended, in order."""
        if self._open_ids is None:
            unfinished = [t for t in self._everything() if not t.state.is_finished()]
            self._open_ids = {t._trial_id: None for t in unfinished}
        return self._open_ids

    def _everything(self) -> list[FrozenTrial]:
        get_all = super().get_all_trials
        return [
            trial for study in self.get_all_studies() for trial in get_all(study._study_id, False)
        ]
