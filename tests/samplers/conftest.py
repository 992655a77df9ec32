"""A sweep without training: real studies, and curves by formula."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pytest
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

from kills import survive
from sweeper.config import CategoricalParam, FixedParam, FloatParam, IntParam, SearchSpace
from sweeper.distributions import ask
from sweeper.pruners._build import build as build_pruner
from sweeper.records import ParamValue, TrialState
from sweeper.samplers._build import build
from sweeper.tell import report, tell

EPOCHS = 12

LR_AND_BATCH: SearchSpace = {
    "lr": FloatParam(type="float", low=1e-4, high=3e-1, log=True),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4, 8, 16, 32)),
}

EVERYTHING: SearchSpace = {
    "model.n_fft": IntParam(type="int", low=1, high=3, when={"model.encoder": ("stft",)}),
    "lr": FloatParam(type="float", low=1e-4, high=3e-1, log=True),
    "dropout": FloatParam(type="float", low=0.0, high=0.3, step=0.1),
    "batch_size": CategoricalParam(type="categorical", choices=(2, 4, 8, 16)),
    "model.kernel": CategoricalParam(type="categorical", choices=(0.5, 1, 3)),
    "model.encoder": CategoricalParam(type="categorical", choices=("learned", "stft")),
    "model.rate": FloatParam(type="float", low=0.0, high=1.0, when={"model.encoder": ("learned",)}),
    "model.bidirectional": FixedParam(type="fixed", value=True),
}

Params = Mapping[str, ParamValue]
Sampler = optuna.samplers.BaseSampler


@pytest.fixture
def everything() -> SearchSpace:
    """Every kind of parameter, two of them under a condition."""
    return EVERYTHING


@pytest.fixture
def lr_and_batch() -> SearchSpace:
    return LR_AND_BATCH


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[], JournalStorage]:
    """Opens the same journal each time, as a new process does."""
    # a thousand flushes take a minute on some disks; no test here loses power
    monkeypatch.setattr(os, "fsync", lambda _: None)
    return lambda: JournalStorage(JournalFileBackend(str(tmp_path / "study.journal")))


def study_of(sampler: Sampler, pruner: str = "none", storage: Any = None) -> optuna.Study:
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna.create_study(
        storage=storage,
        study_name="toy",
        direction="maximize",
        sampler=sampler,
        pruner=build_pruner(pruner, {}, EPOCHS),
        load_if_exists=True,
    )


def si_sdr(params: Params, epoch: int) -> float:
    """A curve that is best at lr 2e-3 and batch 8, and slow for small lr."""
    lr, batch = float(params["lr"]), float(params["batch_size"])
    distance = math.log10(lr / 2e-3)
    final = 10 - 2 * distance**2 - 0.3 * (math.log2(batch) - 3) ** 2
    noise = np.random.default_rng((epoch, int(lr * 1e9))).normal()
    return final * (1 - math.exp(-0.5 * min(1.0, (lr / 2e-3) ** 0.5) * epoch)) + 0.1 * noise


def train(study: optuna.Study, number: int, params: Params) -> TrialState:
    """Report the curve of one trial and tell its ending."""
    values = []
    for epoch in range(1, EPOCHS + 1):
        values.append(si_sdr(params, epoch))
        if report(study, number, epoch, values[-1]):
            tell(study, number, TrialState.PRUNED)
            return TrialState.PRUNED
    tell(study, number, TrialState.COMPLETE, max(values))
    return TrialState.COMPLETE


@dataclass
class MixedSweep:
    """25 trials with every kind of ending; ``killed``: the driver is killed now and then."""

    open_journal: Callable[[], JournalStorage]
    monkeypatch: pytest.MonkeyPatch

    def __call__(self, name: str, options: Mapping[str, Any], *, killed: bool) -> list[Params]:
        def opened() -> optuna.Study:
            sampler = build(name, options, EVERYTHING, 0)
            return study_of(sampler, "hyperband", self.open_journal())

        study, proposals = opened(), []
        for number in range(25):
            if killed and number % 8 == 7:
                params = survive(self.monkeypatch, lambda n=number: _asked(opened(), n))
                study = opened()
            else:
                params = _asked(study, number)
            proposals.append(params)
            self._end(study, number, params)
        return proposals

    def _end(self, study: optuna.Study, number: int, params: Params) -> None:
        if number % 7 == 3:
            tell(study, number, TrialState.FAILED)
        elif float(params["lr"]) > 1e-2:
            tell(study, number, TrialState.DIVERGED)
        else:
            train(study, number, params)


def _asked(study: optuna.Study, number: int) -> Params:
    trial, params = ask(study, EVERYTHING, number if len(study.trials) > number else None)
    assert trial.number == number
    return params


@pytest.fixture
def mixed_sweep(
    journal: Callable[[], JournalStorage], monkeypatch: pytest.MonkeyPatch
) -> MixedSweep:
    return MixedSweep(journal, monkeypatch)


@pytest.fixture
def share_in_zone() -> Callable[..., float]:
    """Of the trials after the first ten, how many land in a zone, over several seeds."""

    def share(
        make: Callable[[SearchSpace, int, int], Sampler],
        in_zone: Callable[[float], bool],
        end: Callable[[optuna.Study, int, Params], Any],
        *,
        seeds: int,
        trials: int,
        pruner: str = "none",
    ) -> float:
        late = []
        for seed in range(seeds):
            study = study_of(make(LR_AND_BATCH, seed, 0), pruner)
            for number in range(trials):
                study.sampler = make(LR_AND_BATCH, seed, number)
                _, params = ask(study, LR_AND_BATCH)
                end(study, number, params)
                late += [in_zone(float(params["lr"]))] if number >= 10 else []
        return sum(late) / len(late)

    return share


@pytest.fixture
def trained() -> Callable[[optuna.Study, int, Params], TrialState]:
    return train
