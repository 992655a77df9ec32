"""``python -m benchmarks.scale.quality``: whether TPE finds as good a best when it is shown a part.

Sweeps of formulas on an indexed storage, the same seeds with the part that `tpe` takes of a large
sweep and with all trials; the regret of the best trial, without noise.
"""

from __future__ import annotations

import argparse
import math
import tempfile
from collections.abc import Mapping
from pathlib import Path
from statistics import fmean
from unittest import mock

import numpy as np
import optuna

from sweeper.config import CategoricalParam, FloatParam, SearchSpace
from sweeper.distributions import ask
from sweeper.ledger.journal import Journal
from sweeper.ledger.storage import IndexedStorage
from sweeper.records import ParamValue, TrialState
from sweeper.samplers import tpe
from sweeper.samplers._build import build
from sweeper.tell import tell

_SPACE: SearchSpace = {
    "lr": FloatParam(type="float", low=1e-4, high=3e-1, log=True),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4, 8, 16, 32)),
    **{f"x{i}": FloatParam(type="float", low=0.0, high=1.0) for i in range(4)},
}
_OPTIMUM = (0.2, 0.45, 0.7, 0.9)


def _main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.quality", description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=600)
    options = parser.parse_args()
    pairs = []
    for seed in range(options.seeds):
        part = _regret(seed, options.trials)
        with mock.patch.object(tpe, "_MOST", None):
            pairs.append((part, _regret(seed, options.trials)))
        print(f"seed {seed}: part {pairs[-1][0]:.4f}, all {pairs[-1][1]:.4f}", flush=True)
    part, whole = (fmean(values) for values in zip(*pairs, strict=True))
    print(f"mean regret of the best trial: part {part:.4f}, all {whole:.4f}")


def _regret(seed: int, trials: int) -> float:
    """How far the best trial's true loss is above the optimum's, which is 0."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    noise = np.random.default_rng(seed)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder) / "journal")
        study = optuna.create_study(
            storage=IndexedStorage(journal), sampler=build("tpe", {}, _SPACE, seed)
        )
        true = {}
        for _ in range(trials):
            trial, params = ask(study, _SPACE)
            loss = true[trial.number] = _loss(params)
            if float(params["lr"]) > 1e-1:
                tell(study, trial.number, TrialState.DIVERGED)
            else:
                tell(study, trial.number, TrialState.COMPLETE, loss + 0.01 * noise.normal())
        journal.close()
        return true[study.best_trial.number]


def _loss(params: Mapping[str, ParamValue]) -> float:
    lr, batch = math.log10(float(params["lr"]) / 2e-3), math.log2(float(params["batch_size"])) - 3
    others = sum((float(params[f"x{i}"]) - at) ** 2 for i, at in enumerate(_OPTIMUM))
    return 0.5 * (lr - 0.2 * batch) ** 2 + 0.05 * batch**2 + others


if __name__ == "__main__":
    _main()
