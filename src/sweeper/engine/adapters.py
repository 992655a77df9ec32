"""Ray Tune's extension points, each as thin as it can be; the conductor decides."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ray.exceptions import OutOfMemoryError, RayTaskError
from ray.tune import Callback, Stopper
from ray.tune.schedulers import FIFOScheduler
from ray.tune.search import Searcher

from sweeper import words
from sweeper.engine.cluster import kill_anywhere
from sweeper.engine.conductor import Conductor, Ending, Next
from sweeper.engine.workers import Workers
from sweeper.records import TrialState
from sweeper.trial import Outcome

if TYPE_CHECKING:
    from ray.tune.execution.tune_controller import TuneController
    from ray.tune.experiment import Trial as TuneTrial

__all__ = ["LedgerCallback", "LedgerScheduler", "LedgerSearcher", "LedgerStopper"]


class LedgerSearcher(Searcher):
    """Hands Ray the conductor's next trial.

    Ray pickles its parts at start to restore them later. The ledger does that here, so an empty
    state is given away.
    """

    def __init__(self, conductor: Conductor) -> None:
        super().__init__()
        self._conductor = conductor

    def suggest(self, trial_id: str) -> dict[str, Any] | str | None:  # type: ignore[override]
        trial = self._conductor.next_trial()
        if trial is Next.NOTHING:
            return Searcher.FINISHED
        if trial is Next.LATER:
            return None
        return {"trial": trial}

    def on_trial_complete(
        self, trial_id: str, result: dict[str, Any] | None = None, error: bool = False
    ) -> None:
        """Nothing: the callback has told the conductor already."""

    def save(self, checkpoint_path: str) -> None:
        """Nothing to save."""

    def restore(self, checkpoint_path: str) -> None:
        """Nothing to restore."""

    def __getstate__(self) -> dict[str, Any]:
        return {}


class LedgerScheduler(FIFOScheduler):
    """Leaves it to Ray which worker takes which trial.

    Ray's own choice is the first trial that waits, on any idle worker: it takes trials away from
    workers that are about to start, and starts others in their place, again and again as long as
    trials are shorter than a worker's start. Without a choice the newest trial gets the idle one.
    """

    def choose_trial_to_run(self, tune_controller: TuneController) -> TuneTrial | None:
        return None


class LedgerCallback(Callback):
    """Brings reports, outcomes and lost workers to the conductor, before Ray goes on."""

    def __init__(self, conductor: Conductor, tick: Callable[[], None]) -> None:
        self._conductor = conductor
        self._tick = tick
        self._workers = Workers()

    def on_trial_start(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        **info: Any,
    ) -> None:
        self._conductor.training = True

    def on_trial_result(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        result: dict[str, Any],
        **info: Any,
    ) -> None:
        if _number(trial) not in self._conductor.running:
            return  # its worker was given up in the meantime
        if "outcome" in result:
            if result["outcome"].spoiled:
                # its worker raises next, for Ray to replace it; there is nothing to try again
                trial.max_failures = 0
            self._conductor.on_outcome(_number(trial), result["outcome"])
        elif "report" in result:
            self._conductor.on_report(_number(trial), result["report"])

    def on_trial_complete(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        **info: Any,
    ) -> None:
        # without an outcome: a pause, or the end of it all, which the ledger is told of as a whole
        number = _number(trial)
        if number in self._conductor.running and self._conductor.ending is not Ending.CANCELLED:
            self._conductor.on_left(number)

    def on_trial_recover(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        **info: Any,
    ) -> None:
        number = _number(trial)
        at_fault = self._workers.was_hungry(self._folder(number))
        reason = self._out_of_memory(trial)
        # one that used little has died for others; should it do so each time, `on_trial_error` is
        # told, and calls it what it is: a trial that finds no memory here
        again = self._conductor.on_worker_lost(number, reason if at_fault else "")
        trial.config = {**trial.config, "trial": again}

    def on_trial_error(
        self,
        iteration: int,
        trials: list[TuneTrial],
        trial: TuneTrial,
        **info: Any,
    ) -> None:
        if _number(trial) not in self._conductor.running:
            return
        if reason := self._out_of_memory(trial):
            outcome = Outcome(TrialState.OUT_OF_MEMORY, reason)
        elif trial.num_failures <= trial.max_failures:
            # Ray tells of an idle worker's death twice, as it puts a trial there: once it tries
            # again, and then it gives the trial up
            self._conductor.on_left(_number(trial), "the worker was lost")
            return
        else:
            reason = (
                f"the worker died {words.count(trial.num_failures, 'time')}{_last_words(trial)}"
            )
            outcome = Outcome(TrialState.FAILED, reason)
        self._conductor.on_outcome(_number(trial), outcome)

    def on_step_end(self, iteration: int, trials: list[TuneTrial], **info: Any) -> None:
        self._conductor.settle()
        if self._workers.due:
            self._workers.look([self._folder(number) for number in self._conductor.running])
        self._end_hanging(trials)
        self._tick()

    def _end_hanging(self, trials: list[TuneTrial]) -> None:
        if not (hanging := self._conductor.overdue()):
            return
        for trial in trials:
            if trial.status == trial.RUNNING and (number := _number(trial)) in hanging:
                trial.max_failures = 0  # there is nothing to try again
                kill_anywhere(self._conductor.files.sign(number))
                self._conductor.on_hanging(number)

    def _out_of_memory(self, trial: TuneTrial) -> str:
        """What to say where the trial's worker died for lack of memory, else nothing."""
        seen = self._workers.out_of_memory(self._folder(_number(trial)))
        if isinstance(trial.get_pickled_error(), OutOfMemoryError):
            return seen or "out of memory: Ray ended the worker before the machine's was used up"
        return seen

    def _folder(self, number: int) -> Path:
        return self._conductor.ledger.paths.trial(number)

    def __getstate__(self) -> dict[str, Any]:
        return {}


class LedgerStopper(Stopper):
    """Ends everything at once when the sweep is cancelled, and in a pause one by one."""

    def __init__(self, conductor: Conductor) -> None:
        self._conductor = conductor

    def __call__(self, trial_id: str, result: dict[str, Any]) -> bool:
        return "report" in result and self._conductor.leaves(result["report"])

    def stop_all(self) -> bool:
        return self._conductor.ending is Ending.CANCELLED

    def __getstate__(self) -> dict[str, Any]:
        return {}


def _number(trial: TuneTrial) -> int:
    number: int = trial.config["trial"].number
    return number


def _last_words(trial: TuneTrial) -> str:
    """What a worker said that could not even begin; one that was killed says nothing."""
    error = trial.get_pickled_error()
    if not isinstance(error, RayTaskError):
        return ""
    return f": {type(error.cause).__name__}: {words.printable(str(error.cause))[:500]}"
