"""Syne Tune's local backend with its BOHB: TPE's densities, and ASHA with the same rungs.

A trial is a process (`syne_tune_trial.py`) whose output is read for reports; there is no MLflow.
Runs as a process of its own, in an environment with Syne Tune.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from syne_tune import StoppingCriterion, Tuner
from syne_tune.backend import LocalBackend
from syne_tune.config_space import choice, loguniform
from syne_tune.optimizer.baselines import BOHB

from benchmarks.overhead import trivial

__all__: list[str] = []

_LOOK_SECONDS = 0.5
"""Between two looks at the running trials. The default of 5 s costs less, and leaves workers idle
for seconds after each trial."""


def _main() -> None:
    parser = argparse.ArgumentParser()
    for name in ("trials", "jobs", "grace", "seed"):
        parser.add_argument(f"--{name}", type=int, required=True)
    options = parser.parse_args()
    scheduler = BOHB(
        {"lr": loguniform(*trivial.LR), "batch_size": choice(list(trivial.BATCH_SIZES))},
        metric=trivial.OBJECTIVE,
        time_attr="epoch",
        max_t=trivial.EPOCHS,
        do_minimize=False,
        random_seed=options.seed,
        grace_period=options.grace,
        reduction_factor=4,
    )
    Tuner(
        trial_backend=LocalBackend(str(Path(__file__).with_name("syne_tune_trial.py"))),
        scheduler=scheduler,
        stop_criterion=StoppingCriterion(max_num_trials_started=options.trials),
        n_workers=options.jobs,
        sleep_time=_LOOK_SECONDS,
        wait_trial_completion_when_stopping=True,
        tuner_name="overhead",
    ).run()


if __name__ == "__main__":
    _main()
