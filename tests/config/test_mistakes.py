"""A table of mistakes and of what is said about each."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sweeper.config import load
from sweeper.errors import ConfigError

# a line that stands in for one of `MINIMAL`'s, and what must be said; {} is the line's number
BASE = {
    "version": "version: 1",
    "seed": "seed: 0",
    "model": "model: {name: dprnn, encoder: stft}",
    "data": "data: {name: demo}",
    "training": "training: {epochs: 12}",
    "search_space": "search_space:",
    "lr": "  lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}",
    "n_fft": "  model.n_fft: {type: categorical, choices: [256, 512]}",
    "rest": "",
    "objective": "objective: {metric: val_si_sdr}",
    "sampler": "sampler: {name: tpe}",
    "pruner": "pruner: {name: none}",
    "budget": "budget: {trials: 4}",
    "resources": "resources: {}",
    "enqueue": "enqueue: []",
}
LINES = {key: number for number, key in enumerate(BASE, 1)}


def text_with(**changed: str) -> str:
    return "\n".join({**BASE, **changed}.values())


SECTIONS = [
    ("version", "version: 2", ["version must be 1, got 2"]),
    ("version", "verson: 1", ["there is no section 'verson'; did you mean 'version'? sections: "]),
    ("version", "batch_size: 8", ["batch_size is an option of training: write it there"]),
    ("version", "epoch: 8", ["there is no section 'epoch'; did you mean 'training.epochs'?"]),
    ("seed", "seed: -1", ["seed must be >= 0, got -1"]),
    ("seed", "seed: 1.5", ["seed must be a whole number, got 1.5"]),
    ("seed", "seed: true", ["seed must be a whole number, got true"]),
    ("seed", "name: a/b", ["name must be up to 128 letters, digits, '.', '_' and '-' (a "]),
    ("seed", "name: ..", ["name must be up to 128 letters"]),
    ("seed", f"name: {'a' * 129}", ["name must be up to 128 letters"]),
    ("seed", "experiment: 3", ["experiment must be text, got 3"]),
    ("seed", "task: enhance", ["task: no task 'enhance'; did you mean 'enhancement'? tasks: enh"]),
]
COMPONENTS = [
    ("model", "model: {name: dprn}", ["model: 'dprn' is not among the models; did you mean 'dprn"]),
    ("model", "model: {encoder: stft}", ["model needs a name; models: conv_tasnet, dprnn, wave_u"]),
    ("model", "model: {name: 3}", ["model.name must be text; models: "]),
    (
        "model",
        "model: [dprnn]",
        ['model must be a name, or a mapping with name and options, got ["'],
    ),
    ("model", "model: {name: dprnn, layers: 1000000000}", ["model.layers must be <= 256, got 1"]),
    ("model", "model: {name: nowhere_at_all:X}", ["model: cannot import 'nowhere_at_all'"]),
    (
        "model",
        "model: {name: dprnn, encoder: stft, layer: 2}",
        ["model has no option 'layer'; did you mean 'layers'? valid: encoder, n_filters, "],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: sfft}",
        ["model.encoder must be 'learned' or 'stft', got 'sfft'; did you mean 'stft'?"],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: stft, layers: '2'}",
        ["model.layers must be a whole number, got '2' as text: remove the quotes"],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: stft, layers: 2.0}",
        ["model.layers must be a whole number, got 2.0: write 2"],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: stft, layers: 0, dropout: 1}",
        ["model.layers must be > 0, got 0", "model.dropout must be < 1, got 1"],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: stft, chunk: 3}",
        ["model.chunk must be 'auto' or a multiple of 2, got 3"],
    ),
    (
        "model",
        "model: {name: dprnn, encoder: stft, kernel_size: 16}",
        ["encoder 'stft' has no option kernel_size"],
    ),
    (
        "data",
        "data: {name: demos}",
        ["data: 'demos' is not among the data sets; did you mean 'dem"],
    ),
    ("data", "data: {name: pairs}", ["data needs root (the folder that holds the two)"]),
    (
        "data",
        "data: {name: demo, sample_rate: fast}",
        ["data.sample_rate must be a whole number, got 'fast'"],
    ),
    (
        "sampler",
        "sampler: {name: tpee}",
        ["sampler: 'tpee' is not among the samplers; did you mean"],
    ),
    (
        "sampler",
        "sampler: optuna.samplers.RandomSampler",
        ["package.module:Name; did you mean 'optuna.samplers:RandomSampler'?"],
    ),
    (
        "sampler",
        "sampler: {name: tpe, n_startup_trails: 3}",
        ["sampler has no option 'n_startup_trails'; did you mean 'n_startup_trials'?"],
    ),
    ("sampler", "sampler: {name: tpe, seed: x}", ["sampler.seed must be a whole number, got 'x'"]),
    (
        "pruner",
        "pruner: hyperbrand",
        ["pruner: 'hyperbrand' is not among the pruners; did you mean"],
    ),
    (
        "pruner",
        "pruner: {name: patient, wrapped: hyperband}",
        ["pruner.wrapped must be a mapping, got 'hyperband': write {name: hyperband}"],
    ),
    ("pruner", "pruner: {name: none, x: 1}", ["pruner has no option 'x'"]),
]
TRAINING = [
    ("training", "training: {segment: 1}", ["training needs epochs (epochs of a full training)"]),
    ("training", "training: 12", ["training must be a mapping, got 12"]),
    (
        "training",
        "training: {epochs: 12, learning_rate: 1}",
        ["training has no option 'learning_rate'; did you mean 'lr'?"],
    ),
    (
        "training",
        "training: {epochs: 12, batch_size: 0, segment: -1e-4}",
        ["training.batch_size must be > 0, got 0", "training.segment must be > 0, got -0.0001"],
    ),
    (
        "training",
        "training: {epochs: 12, precision: fp16}",
        ["training.precision must be 'auto', 'float32' or 'bf16', got 'fp16'; did you mean 'bf16'"],
    ),
    (
        "training",
        "training: {epochs: 12, snr: [5]}",
        ["training.snr must be a longer list, got [5]"],
    ),
    (
        "training",
        "training: {epochs: 12, snr: [5, 10, 15]}",
        ["training.snr must be a list of at most 2, got [5, 10, 15]"],
    ),
    ("training", "training: {epochs: 12, snr: [5, 1]}", ["training: snr: low <= high must hold"]),
    (
        "training",
        "training: {epochs: 12, loss: si_sdrr}",
        ["'si_sdrr' is not among the losses; did you mean 'si_sdr'? losses: l1, "],
    ),
    (
        "training",
        "training: {epochs: 12, loss: {si_sdr: 1, l1: {wait: 2}}}",
        ["training.loss.l1 has no option 'wait'"],
    ),
    (
        "training",
        "training: {epochs: 12, loss: {l1: 0}}",
        ["training.loss: l1: weight must be a number above 0, got 0"],
    ),
    (
        "training",
        "training: {epochs: 12, loss: {multi_resolution_stft: {n_fft: 100}}}",
        ["training.loss.multi_resolution_stft.n_fft must be a multiple of 8, got 100"],
    ),
    ("training", "training: {epochs: 12, loss: 3}", ["training.loss: want a loss's name"]),
    (
        "training",
        "training: {epochs: 12, schedule: plato}",
        ["training.schedule: 'plato' is not among the schedules; did you mean 'plateau'?"],
    ),
    (
        "training",
        "training: {epochs: 12, schedule: {name: plateau, patiance: 3}}",
        ["training.schedule has no option 'patiance'; did you mean 'patience'?"],
    ),
    (
        "training",
        "training: {epochs: 12, schedule: {name: cosine, warmup_epochs: 20}}",
        ["training.schedule: cosine: warmup_epochs < epochs must hold"],
    ),
    (
        "training",
        "training: {epochs: 12, loss: {l1: 0}, schedule: plato}",
        ["training.loss: l1: weight must be a number", "training.schedule: 'plato' is not"],
    ),
]
SPACE = [
    ("lr", "  lr: 3", ["search_space.lr must be a mapping, for example {type: float, "]),
    ("lr", "  lr: {low: 1, high: 2}", ["search_space.lr needs a type; types: float, int, categor"]),
    ("lr", "  lr: {type: flat, low: 1}", ["cannot have type: flat; did you mean 'float'? types:"]),
    (
        "lr",
        "  lr: {type: float, low: 1e-2, high: 1e-4}",
        ["low < high must hold, but got low: 0.01"],
    ),
    ("lr", "  lr: {type: float, low: 0, high: 1, log: true}", ["log: true needs low > 0"]),
    (
        "lr",
        "  lr: {type: float, min: 1, high: 2}",
        ["needs low", "no option 'min'; did you mean 'low'?"],
    ),
    (
        "lr",
        "  lr: {type: float, low: 1e-4, high: x}",
        ["search_space.lr.high must be a number, got"],
    ),
    (
        "lr",
        "  lr: {type: categorical, choices: []}",
        ["choices must be a list of at least 1, got []"],
    ),
    ("lr", "  lr: {type: categorical, choices: [1, 1]}", ["choices must differ, but 1 is there"]),
    (
        "lr",
        "  lr: {type: categorical, choices: [[1]]}",
        ["choices[0] must be text or a number or true or false, got [1]"],
    ),
    (
        "lr",
        "  lr: {type: int, low: 1, high: 4, step: 2}",
        ["step must divide high - low, but got step: 2, low: 1, high: 4; high: 3 or 5 would do"],
    ),
    (
        "rest",
        "  batchsize: {type: int, low: 1, high: 4}",
        ["search_space.batchsize names no option; did you mean 'batch_size'? options: "],
    ),
    (
        "rest",
        "  hop: {type: int, low: 1, high: 4}",
        ["search_space.hop names no option; did you mean 'model.hop'? options: "],
    ),
    (
        "rest",
        "  modl.hop: {type: int, low: 1, high: 4}",
        ["search_space.modl.hop names no option; did you mean 'model.hop'? options: "],
    ),
    (
        "rest",
        "  model: {hop: {type: int, low: 1, high: 4}}",
        ["search_space.model is a section, no parameter: write model.hop: ..."],
    ),
    ("rest", "  epochs: {type: int, low: 1, high: 4}", ["epochs is the budget of every trial"]),
    (
        "rest",
        "  model.name: {type: categorical, choices: [dprnn, wave_unet]}",
        ["search_space.model.name: a component cannot be searched: one file for each, then compar"],
    ),
    (
        "rest",
        "  training.lr: {type: fixed, value: 1}",
        ["search_space.training.lr is 'lr' again: keep one of them"],
    ),
    (
        "rest",
        "  batch_size: {type: categorical, choices: [0, 8, 2.5]}",
        [
            "search_space.batch_size: training.batch_size must be > 0, got 0",
            "search_space.batch_size: training.batch_size must be a whole number, got 2.5",
        ],
    ),
    (
        "rest",
        "  batch_size: {type: int, low: -1, high: 8}",
        ["search_space.batch_size: training.batch_size must be > 0, got -1"],
    ),
    (
        "rest",
        "  batch_size: {type: float, low: 1, high: 8}",
        ["training.batch_size must be a whole number: use type: int or type: categorical"],
    ),
    (
        "rest",
        "  model.hop: {type: float, low: 0.25, high: 8.5}",
        ["model.hop must be a whole number: use type: int or type: categorical"],
    ),
    (
        "rest",
        "  optimizer: {type: fixed, value: adm}",
        ["search_space.optimizer: training.optimizer must be 'adam', 'adamw' or 'sgd', got 'adm'"],
    ),
    (
        "rest",
        "  model.chunk: {type: int, low: 2, high: 5}",
        ["search_space.model.chunk: model.chunk must be 'auto' or a multiple of 2, got 5"],
    ),
    (
        "rest",
        "  model.chunk: {type: int, low: 2, high: 6}",
        ["model.chunk must be 'auto' or a multiple of 2, got 3; give a step, or use choices"],
    ),
    (
        "rest",
        "  model.hop: {type: categorical, choices: [64, 256]}",
        ["search_space with model.n_fft: 256, model.hop: 256: 0 < hop <= n_fft / 2 must hold"],
    ),
    (
        "rest",
        "  model.mask: {type: categorical, choices: [relu]}",
        ["search_space with model.n_fft: 256, model.mask: 'relu': encoder 'stft' has no option"],
    ),
    (
        "rest",
        "  loss: {type: categorical, choices: [l1, l2]}",
        ["search_space.loss: training.loss.l2: 'l2' is not among the losses; losses: "],
    ),
    (
        "rest",
        "  loss.l1.weight: {type: float, low: 0.1, high: 1}",
        ["search_space.loss.l1.weight is a part of training.loss, which is not given: write"],
    ),
]
CONDITIONS = [
    (
        "n_fft",
        "  model.n_fft: {type: fixed, value: 512, when: {model.encoder: stft}}",
        ["when: 'model.encoder' is not in the search space; parameters: lr"],
    ),
    (
        "n_fft",
        "  model.n_fft: {type: fixed, value: 512, when: {model.n_fft: 512}}",
        ["search_space.model.n_fft.when: model.n_fft cannot wait for itself"],
    ),
    (
        "rest",
        "  momentum: {type: fixed, value: 0.5, when: {lr: 1e-3}}",
        ["when: lr has infinitely many values: a condition needs choices, int or step"],
    ),
    (
        "rest",
        "  momentum: {type: fixed, value: 0.5, when: {model.n_fft: [256, 1024]}}",
        ["when: model.n_fft is never 1024; it is one of 256, 512"],
    ),
    (
        "rest",
        "  momentum: {type: fixed, value: 0.5, when: {model.n_fft: {a: 1}}}",
        ["search_space.momentum.when.model.n_fft"],
    ),
    (
        "rest",
        "  momentum: {type: fixed, value: 0.5, when: 3}",
        ["search_space.momentum.when must be a mapping, got 3"],
    ),
]
REST = [
    (
        "objective",
        "objective: {metric: val_sisdr}",
        ["objective.metric: no metric 'val_sisdr'; did you mean 'val_si_sdr'? metrics: "],
    ),
    (
        "objective",
        "objective: {metric: val_pesq}",
        ["no metric 'val_pesq' of each epoch: training.quality: [pesq] measures it, once, after"],
    ),
    ("objective", "objective: {metric: lr}", ["objective.metric: no metric 'lr'"]),
    (
        "objective",
        "objective: {metric: lr, direction: maximise}",
        ["objective.direction must be 'minimize' or", "objective.metric: no metric 'lr'"],
    ),
    (
        "objective",
        "objective: {metric: val_loss, direction: maximize}",
        ["objective.direction: val_loss is better the other way: write direction: minimize"],
    ),
    (
        "objective",
        "objective: {direction: maximize}",
        ["objective needs metric (a metric that each"],
    ),
    ("objective", "objective: 3", ["objective must be a mapping, for example {metric: val_si_sdr"]),
    (
        "objective",
        "objective: [{metric: val_si_sdr}, {metric: samples_per_second}]",
        ["objective must be a mapping, for example {metric: val_si_sdr, direction: maximize}, "],
    ),
    (
        "objective",
        "objective: {metric: val_si_sdr, also: [sample_per_second, {metric: lr}]}",
        [
            "objective.also[0].metric: no metric 'sample_per_second'; did you mean 'samples_per_",
            "objective.also[1].metric: no metric 'lr'",
        ],
    ),
    (
        "objective",
        "objective: {metric: val_si_sdr, also: [{metric: peak_memory_bytes, direction: maximize}]}",
        ["objective.also[0].direction: peak_memory_bytes is better the other way: write direction"],
    ),
    (
        "objective",
        "objective: {metric: val_si_sdr, also: [val_si_sdr]}",
        ["objective.also[0]: val_si_sdr is there twice"],
    ),
    (
        "objective",
        "objective: {metric: val_si_sdr, also: [val_loss, samples_per_second, peak_memory_bytes]}",
        ["objective.also: at most 2 metrics, got 3: with more, nearly every trial is the best in"],
    ),
    (
        "objective",
        "objective: {metric: val_si_sdr, goal: region, also: [samples_per_second]}",
        ["objective: goal: region places trials for the first metric alone: take goal: best, or"],
    ),
    ("budget", "budget: {trials: 0}", ["budget.trials must be > 0, got 0"]),
    ("budget", "budget: {hours: 2}", ["budget needs trials (how many trials at most)"]),
    ("budget", "budget: {trials: 3, hours: 0}", ["budget.hours must be > 0, got 0"]),
    ("budget", "budget: {trials: many}", ["budget.trials must be a whole number, got 'many'"]),
    (
        "budget",
        "budget: {trials: 3, hour: 1}",
        ["budget has no option 'hour'; did you mean 'hours'?"],
    ),
    ("budget", "budget: 24", ["budget must be a mapping, got 24"]),
    (
        "resources",
        "resources: {cpus: all}",
        ["resources.cpus must be a whole number or 'auto', got"],
    ),
    (
        "resources",
        "resources: {address: 'http://head'}",
        ["resources.address must be local, auto or host:port of a cluster's head, got 'http"],
    ),
    (
        "resources",
        "resources: {storage: /shared/sweeps}",
        ["resources.storage must be s3://bucket/prefix, without credentials (nodes that share"],
    ),
    (
        "resources",
        "resources: {ledger: 'postgresql://me:hush@db/sweeps'}",
        ["resources.ledger: the address must not hold a password"],
    ),
    (
        "resources",
        "resources: {ledger: 'sqlite:///ledger.db'}",
        ["resources.ledger: want postgresql://user@host/database, got 'sqlite:///ledger.db'"],
    ),
    ("resources", "resources: {gpus: -1}", ["resources.gpus must be >= 0 or 'auto', got -1"]),
    (
        "resources",
        "resources: {gpus_per_trial: 1.5}",
        ["resources.gpus_per_trial: above 1 it must be a whole number, got 1.5"],
    ),
    (
        "resources",
        "resources: {gpus: 2, gpus_per_trial: 4}",
        ["gpus_per_trial <= gpus must hold, but got gpus_per_trial: 4.0, gpus: 2"],
    ),
    (
        "resources",
        "resources: {concurrent: 0}",
        ["resources.concurrent must be > 0 or 'auto', got 0"],
    ),
    (
        "enqueue",
        "enqueue: {lr: 1e-3}",
        ["enqueue must be a list of points, for example [{lr: 1e-3"],
    ),
    ("enqueue", "enqueue: [3]", ["enqueue[0] must be a mapping of parameters to values, got 3"]),
    (
        "enqueue",
        "enqueue: [{lr: 1}]",
        ["enqueue[0].lr: 1 is not in the search space: 0.0001 to 0.01"],
    ),
    (
        "enqueue",
        "enqueue: [{lr: fast}]",
        ["enqueue[0].lr: 'fast' is not in the search space: 0.000"],
    ),
    (
        "enqueue",
        "enqueue: [{lr: 1e-3}, {n_fft: 256}]",
        ["enqueue[1].n_fft is not in the search space; did you mean 'model.n_fft'? parameters: "],
    ),
    (
        "enqueue",
        "enqueue: [{lr: 1e-3}, {lr: 2e-3}, {lr: 3e-3}, {lr: 4e-3}, {lr: 5e-3}]",
        ["enqueue has 5 points, but budget.trials is 4: raise it, or remove points"],
    ),
]


@pytest.mark.parametrize(
    ("key", "line", "messages"),
    [*SECTIONS, *COMPONENTS, *TRAINING, *SPACE, *CONDITIONS, *REST],
)
def test_a_mistake_is_told_with_its_line_and_no_other_is_made_up(
    key: str, line: str, messages: list[str], problems
) -> None:
    found = problems(text_with(**{key: line}))
    assert len(found) == len(messages), found
    for problem, message in zip(found, messages, strict=True):
        where, _, said = problem.partition(": ")
        # a missing name or section has the line of what lacks it
        assert where in (f"sweep.yaml:{LINES[key]}", "sweep.yaml:1"), problem
        assert message in said
        assert "\n" not in said


def test_the_table_starts_from_a_file_without_mistakes(problems) -> None:
    assert problems(text_with()) == []


CIRCLE = """\
  optimizer: {type: categorical, choices: [adam, sgd], when: {momentum: 0.5}}
  momentum: {type: fixed, value: 0.5, when: {optimizer: sgd}}
"""
CONTRADICTION = """\
  optimizer: {type: categorical, choices: [adam, sgd]}
  momentum: {type: fixed, value: 0.5, when: {optimizer: sgd}}
  warmup_steps: {type: fixed, value: 5, when: {momentum: 0.5, optimizer: adam}}
"""
OVERLAP = """\
  schedule: {type: categorical, choices: [none, plateau]}
  schedule.patience: {type: int, low: 1, high: 3}
"""
INERT = """\
  optimizer: {type: categorical, choices: [adam, sgd]}
  momentum: {type: float, low: 0, high: 0.9, when: {optimizer: sgd}}
"""


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"rest": CIRCLE},
            ["sweep.yaml:9: search_space.optimizer.when: conditions form a circle: optimizer -> m"],
        ),
        (
            {"rest": CONTRADICTION},
            ["sweep.yaml:11: search_space.warmup_steps.when can never hold: "],
        ),
        (
            {"rest": OVERLAP, "training": "training: {epochs: 12, schedule: {name: plateau}}"},
            [
                "sweep.yaml:9: search_space.schedule: training.schedule is also given in its sect",
                "sweep.yaml:10: search_space.schedule.patience sets a part of what search_space.s",
            ],
        ),
        (
            {"training": "training: {epochs: 12, lr: 1e-3}"},
            [
                "sweep.yaml:7: search_space.lr: training.lr is also given in its section "
                "(as 0.001): keep one of them"
            ],
        ),
        (
            {
                "lr": "  lr: {type: float, low: 2, high: 1}",
                "training": "training: {epochs: 1, lr: 1}",
            },
            [
                "sweep.yaml:7: search_space.lr: low < high must hold",
                "sweep.yaml:7: search_space.lr: training.lr is also given in its section (as 1)",
            ],
        ),
        (
            {
                "rest": "  loss: {type: categorical, choices: [l1, snr]}",
                "objective": "objective: val_loss",
            },
            ["sweep.yaml:10: objective.metric: val_loss has another scale for each value of loss"],
        ),
        (
            {
                "objective": "objective: {metric: val_si_sdr, also: [samples_per_second]}",
                "sampler": "sampler: {name: cmaes}",
            },
            ["sweep.yaml:11: sampler: cmaes improves one metric, but objective.also names more"],
        ),
        (
            {"seed": "task: nowhere_at_all:f"},
            [
                "sweep.yaml:2: task: cannot import 'nowhere_at_all'",
                "sweep.yaml:10: objective needs direction (minimize or maximize) where the task ",
            ],
        ),
        (
            {"rest": INERT, "enqueue": "enqueue: [{momentum: 0.5}]"},
            ["sweep.yaml:17: enqueue[0].momentum applies only for some optimizer: give optimizer"],
        ),
        (
            {"rest": INERT, "enqueue": "enqueue: [{momentum: 0.5, optimizer: adam}]"},
            [
                "sweep.yaml:17: enqueue[0].momentum does not apply with optimizer: 'adam' (only w"
                "ith 'sgd'): remove it"
            ],
        ),
        (
            {"model": "", "data": "", "training": "", "budget": ""},
            ["sweep.yaml:1: the section "] * 4,
        ),
        (
            {"search_space": "", "lr": "", "n_fft": ""},
            ["sweep.yaml:1: the section search_space is"],
        ),
        ({"lr": "", "n_fft": ""}, ["sweep.yaml:1: the section search_space is missing, for examp"]),
        (
            {"model": "model:\n  name: dprnn\n  encoder:\n    stfft"},
            ["sweep.yaml:5: model.encoder must be 'learned' or 'stft', got 'stfft'"],
        ),
        (
            {"seed": "seed: 0\nseed: 1", "budget": "budget: {trials: 0}"},
            ["sweep.yaml:3: 'seed' is given twice (first at line 2)", "sweep.yaml:14: budget.tria"],
        ),
        ({"seed": "seed: [", "budget": "budget: {trials: 0}"}, ["sweep.yaml:4: YAML syntax: "]),
    ],
)
def test_mistakes_of_several_lines(changed: dict[str, str], expected: list[str], problems) -> None:
    found = problems(text_with(**changed))
    assert len(found) == len(expected), found
    for problem, start in zip(found, expected, strict=True):
        assert problem.startswith(start)


def test_six_mistakes_get_six_messages_in_the_order_of_their_lines(problems) -> None:
    found = problems(
        text_with(
            seed="sede: 3",
            model="model: {name: dprnn, encoder: sftf}",
            training="training: {epochs: 12, batch_size: 0}",
            lr="  lr: {type: float, low: 1e-2, high: 1e-4, log: true}",
            sampler="sampler: tpy",
            budget="budget: {trial: 24, trials: 24}",
        )
    )
    assert [problem.partition(": ")[0] for problem in found] == [
        f"sweep.yaml:{LINES[key]}"
        for key in ("seed", "model", "training", "lr", "sampler", "budget")
    ]
    assert all("; did you mean" in found[i] for i in (0, 1, 4, 5))


def test_conditions_that_are_wrong_do_not_hide_wrong_values(problems) -> None:
    rest = "  batch_size: {type: categorical, choices: [0, 2], when: {x: 1}}"
    found = problems(text_with(rest=rest))
    assert [re.sub(r"^.*?: ", "", f)[:25] for f in found] == [
        "search_space.batch_size.w",
        "search_space.batch_size: ",
    ]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file"),
        (b"", "sweep.yaml:1: is empty; it must be a mapping with model, data, "),
        (b"- a\n", 'sweep.yaml:1: holds ["a"]; it must be a mapping'),
        (b"a: \xff", "not UTF-8 text (byte 3)"),
    ],
)
def test_a_file_that_holds_no_mapping_is_refused(
    tmp_path: Path, content: bytes | None, message: str
) -> None:
    path = tmp_path / "sweep.yaml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=re.escape(message)):
        load(path)


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        load(tmp_path)


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    path = tmp_path / "sweep.yaml"
    path.write_text("\ufeff" + text_with(), encoding="utf-8")
    assert load(path).name == "sweep"


def test_a_file_name_that_can_be_no_sweep_name_asks_for_one(tmp_path: Path) -> None:
    path = tmp_path / "my sweep.yaml"
    path.write_text(text_with())
    with pytest.raises(ConfigError, match=r"got 'my sweep', the file's name: give a name"):
        load(path)
    assert load(path, ["name=mine"]).name == "mine"
