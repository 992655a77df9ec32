from __future__ import annotations

import pytest

TEXT = """\
model: {name: dprnn, encoder: stft}
data: {name: demo}
training: {epochs: 12, loss: {si_sdr: 1.0}}
search_space:
  lr: {type: float, low: 1.0e-4, high: 1.0e-2, log: true}
  model.n_fft: {type: categorical, choices: [256, 512]}
pruner: hyperband
budget: {trials: 4}
enqueue: [{lr: 1e-3}]
"""


@pytest.mark.parametrize(
    ("flag", "key", "value"),
    [
        ("budget.trials=100", "budget.trials", 100),
        ("budget.hours = 1.5", "budget.hours", 1.5),
        ("training.segment=2e-1", "training.segment", 0.2),
        ("training.snr=[0, 5]", "training.snr", [0.0, 5.0]),
        ("training.loss.si_sdr=0.5", "training.loss.si_sdr.weight", 0.5),
        ("training.loss.l1.weight=0.5", "training.loss.l1.weight", 0.5),
        ("training.schedule.name=plateau", "training.schedule.patience", 3),
        ("name=other", "name", "other"),
        ("model.layers=2", "model.layers", 2),
        ("model={name: wave_unet}", "model.levels", 9),
        ("pruner.reduction_factor=2", "pruner.reduction_factor", 2),
        ("sampler.seed=7", "sampler.seed", 7),
        ("resources.gpus=0", "resources.gpus", 0),
        ("search_space.lr.high=0.1", "search_space.lr.high", 0.1),
        ("search_space.lr={type: fixed, value: 1e-3}", "search_space.lr.value", 0.001),
        ("search_space.model.n_fft.choices=[512]", "search_space.model.n_fft.choices", [512]),
        ("search_space.model.n_fft.choices.0=128", "search_space.model.n_fft.choices", [128, 512]),
        ("enqueue.0.model.n_fft=256", "enqueue", [{"lr": 1e-3, "model.n_fft": 256}]),
        ("enqueue=[]", "enqueue", []),
    ],
)
def test_a_flag_sets_a_value(flag: str, key: str, value: object, load_text) -> None:
    overrides = [flag]
    if flag.startswith("model={"):
        overrides.append("search_space={lr: {type: float, low: 1e-4, high: 1e-2, log: true}}")
    found = load_text(TEXT, overrides).to_json()
    parts = key.split(".")
    if key.startswith("search_space.model."):
        parts = ["search_space", "model.n_fft", parts[-1]]
    for part in parts:
        found = found[part]
    assert found == value


def test_flags_can_make_a_new_parameter_with_a_condition(load_text) -> None:
    config = load_text(
        TEXT,
        [
            "search_space.optimizer={type: categorical, choices: [adam, sgd]}",
            "search_space.momentum.type=float",
            "search_space.momentum.low=0",
            "search_space.momentum.high=0.9",
            "search_space.momentum.when.optimizer=sgd",
            "search_space.model.layers.type=int",
            "search_space.model.layers.low=1",
            "search_space.model.layers.high=2",
        ],
    )
    assert config.search_space["momentum"].when == {"optimizer": ("sgd",)}
    assert config.search_space["model.layers"].values() == range(1, 3)


def test_a_condition_on_a_name_with_dots(load_text) -> None:
    config = load_text(
        TEXT,
        [
            "search_space.segment={type: fixed, value: 2}",
            "search_space.segment.when.model.n_fft=512",
        ],
    )
    assert config.search_space["segment"].when == {"model.n_fft": (512,)}


def test_the_last_of_two_flags_counts(load_text) -> None:
    assert load_text(TEXT, ["budget.trials=5", "budget.trials=6"]).budget.trials == 6


@pytest.mark.parametrize(
    ("flag", "message"),
    [
        ("budget.trials", "must be key=value, for example --set budget.trials=100"),
        ("=3", "must be key=value, for example --set budget.trials=100"),
        ("budget.trials=[", "YAML syntax: "),
        ("budget.trials=.inf", ".inf: numbers must be finite"),
        ("budget.trials=0", "budget.trials must be > 0, got 0"),
        ("budget.trial=3", "budget has no option 'trial'; did you mean 'trials'?"),
        ("model.name=dprn", "model: 'dprn' is not among the models; did you mean 'dprnn'?"),
        ("training.epochs.x=3", "training.epochs is the single value 12: give it whole, --set 'tr"),
        ("enqueue.3.lr=1", "enqueue is a list of 1; its items are 0 to 0"),
        ("enqueue.x=1", "enqueue is a list of 1; its items are 0 to 0"),
        ("search_space.lr.high=1e-5", "search_space.lr: low < high must hold"),
        ("search_space.model.n_fft.choices.0=-2", "model.n_fft must be >= 2, got -2"),
        ("search_space.model.hop={type: fixed, value: 512}", "0 < hop <= n_fft / 2 must hold"),
        (
            "search_space.nfft={type: fixed, value: 2}",
            "names no option; did you mean 'model.n_fft'",
        ),
        ("enqueue.0.lr=1", "enqueue[0].lr: 1 is not in the search space: 0.0001 to 0.01"),
        ("trials=3", "there is no section 'trials'; "),
    ],
)
def test_a_mistake_in_a_flag_names_the_flag(flag: str, message: str, problems) -> None:
    (problem,) = [p for p in problems(TEXT, [flag]) if message in p]
    where = problem.partition(f"{flag}: ")[0]
    # a rule about two values names the places of both
    assert where in ("--set ", "sweep.yaml:5 and --set ")


def test_a_flag_that_fixes_a_searched_option_is_told_where_the_parameter_is(problems) -> None:
    (problem,) = problems(TEXT, ["training.lr=1e-3"])
    assert problem == (
        "sweep.yaml:5: search_space.lr: training.lr is also given in its section (as 0.001): "
        "keep one of them"
    )


def test_problems_of_the_file_come_before_those_of_flags(problems) -> None:
    found = problems(TEXT.replace("trials: 4", "trials: 0"), ["seed=x", "seed", "resources.cpus=0"])
    assert [problem.rpartition(": ")[0].partition(": ")[0] for problem in found] == [
        "sweep.yaml:8",
        "--set seed",
        "--set seed=x",
        "--set resources.cpus=0",
    ]
