"""The enhancement task from a trial to its artifacts, through every way to end."""

from __future__ import annotations

import dataclasses
import json
import math
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import soundfile
import torch
from torch import Tensor, nn

from sweeper import families
from sweeper.config import apply, load
from sweeper.data.corpus import Corpus, Pair
from sweeper.errors import DeadlineReached, Diverged, ModelError
from sweeper.metrics.si_sdr import si_sdr
from sweeper.models.dprnn import DPRNN
from sweeper.records import EpochReport, Trial
from sweeper.tasks.enhancement import corpus_of, describe, enhancement
from sweeper.training import checkpoint

RATE = 8000
WAVES = {"noisy.wav", "clean.wav", "enhanced.wav"}
TABLE = {"files.csv", "by_input_snr.png"}
MEASURED = {"samples_per_second", "peak_memory_bytes"}
TINY_DPRNN = {
    "name": "dprnn", "n_filters": 8, "bottleneck": 8, "hidden": 8, "layers": 1, "dropout": 0.1
}  # fmt: skip
SEARCH_SPACES = Path(__file__).parents[2] / "search_spaces"
VOICEBANK_MINI = Path(__file__).parents[3] / "shared" / "voicebank_mini"


def tones(*, loud: bool = False) -> Corpus:
    """Tones in white noise, two lengths; ``loud`` beyond full scale."""
    generator = torch.Generator().manual_seed(0)

    def pair(name: str, frames: int) -> Pair:
        time_T = torch.arange(frames) / RATE
        clean = 0.3 * torch.sin(2 * math.pi * (200 + 40 * len(name)) * time_T)
        noise = (0.05 + 0.05 * int(name[1])) * torch.randn(frames, generator=generator)
        gain = 4.0 if loud else 1.0
        return Pair(name, gain * (clean + noise), gain * clean)

    train = tuple(pair(f"t{i}", 2500) for i in range(4))
    valid = tuple(pair(f"v{i}", 2000 + 400 * i) for i in range(3))
    return Corpus("tones", RATE, train, valid, "f" * 64, "made for the test")


class Overflows(nn.Module):
    """Passes its input through for some forwards, and then gives infinities."""

    def __init__(self, *, after: int = 0) -> None:
        super().__init__()
        self.gain, self.left = nn.Parameter(torch.ones(1)), after

    def forward(self, noisy: Tensor) -> Tensor:
        self.left -= 1
        return self.gain * noisy if self.left >= 0 else self.gain * noisy / 0


def a_config(**changes: Any) -> dict[str, Any]:
    return {
        "task": "enhancement",
        "model": TINY_DPRNN,
        "data": {"name": f"{__name__}:tones"},
        "training": {"epochs": 3, "batch_size": 2, "segment": 0.2, "lr": 1e-2},
        "objective": {"metric": "val_si_sdr", "direction": "maximize"},
        **changes,
    }


def a_trial(directory: Path, config: Mapping[str, Any] | None = None, **changes: Any) -> Trial:
    directory.mkdir(parents=True, exist_ok=True)
    config = a_config() if config is None else config
    trial = Trial(0, {}, config, seed=1, directory=directory, epochs=config["training"]["epochs"])
    return dataclasses.replace(trial, **changes)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def numbers(reports: list[EpochReport]) -> list[Any]:
    return [
        (r.epoch, dict(r.steps), {k: v for k, v in r.metrics.items() if k not in MEASURED})
        for r in reports
    ]


def heard(folder: Path, name: str) -> Tensor:
    waveform, rate = soundfile.read(folder / f"{name}.wav", dtype="float32")
    assert rate == RATE
    return torch.from_numpy(waveform)


def test_a_whole_trial_leaves_its_best_weights_and_recordings(tmp_path: Path) -> None:
    reports = list(enhancement(a_trial(tmp_path)))
    assert [r.epoch for r in reports] == [1, 2, 3]

    artifacts = tmp_path / "artifacts"
    assert {p.name for p in artifacts.iterdir()} == {"best.ckpt", *WAVES, *TABLE}
    best = checkpoint.read(artifacts / "best.ckpt")
    report = max(reports, key=lambda r: r.metrics["val_si_sdr"])
    assert EpochReport(**best["report"]) == report
    assert best["config"] == a_config()
    options = {k: v for k, v in best["config"]["model"].items() if k != "name"}
    DPRNN(**options).load_state_dict(best["model"])


def test_the_recordings_are_of_the_median_utterance_at_the_noisy_level(tmp_path: Path) -> None:
    list(enhancement(a_trial(tmp_path)))
    waves = {name: heard(tmp_path / "artifacts", name) for name in ("noisy", "clean", "enhanced")}
    pair = tones().valid[1]
    assert torch.allclose(waves["noisy"], pair.noisy, atol=1e-4)
    assert torch.allclose(waves["clean"], pair.clean, atol=1e-4)
    assert waves["enhanced"].abs().max() == pytest.approx(pair.noisy.abs().max().item(), abs=1e-4)

    best = checkpoint.read(tmp_path / "artifacts" / "best.ckpt")
    model = DPRNN(**{k: v for k, v in TINY_DPRNN.items() if k != "name"}).eval()
    model.load_state_dict(best["model"])
    with torch.no_grad():
        expected = si_sdr(model(pair.noisy[None]), pair.clean[None])
    found = si_sdr(waves["enhanced"][None], pair.clean[None])
    assert found.item() == pytest.approx(expected.item(), abs=0.05)


def test_recordings_beyond_full_scale_are_turned_down_together(tmp_path: Path) -> None:
    config = a_config(data={"name": f"{__name__}:tones", "loud": True})
    list(enhancement(a_trial(tmp_path, config)))
    pair, folder = tones(loud=True).valid[1], tmp_path / "artifacts"
    assert heard(folder, "noisy").abs().max() == pytest.approx(0.99, abs=1e-3)
    assert heard(folder, "enhanced").abs().max() == pytest.approx(0.99, abs=1e-3)
    ratio = heard(folder, "clean").norm() / heard(folder, "noisy").norm()
    assert ratio == pytest.approx((pair.clean.norm() / pair.noisy.norm()).item(), rel=1e-3)


def test_a_pruned_trial_has_the_artifacts_of_the_best_epoch_it_reached(tmp_path: Path) -> None:
    running = enhancement(a_trial(tmp_path))
    first = next(running)
    running.close()  # type: ignore[attr-defined]
    artifacts = tmp_path / "artifacts"
    assert {p.name for p in artifacts.iterdir()} == {"best.ckpt", *WAVES}
    assert checkpoint.read(artifacts / "best.ckpt")["report"]["epoch"] == first.epoch


def test_a_trial_that_diverges_later_keeps_what_it_had(tmp_path: Path) -> None:
    # an epoch has 3 steps, 3 validation batches and the example
    model = {"name": f"{__name__}:Overflows", "after": 8}
    reports = []
    with pytest.raises(Diverged, match="epoch 2, step 5"):
        reports.extend(enhancement(a_trial(tmp_path, a_config(model=model))))
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} > WAVES


def test_a_trial_that_diverges_at_once_leaves_no_artifacts(tmp_path: Path) -> None:
    model = {"name": f"{__name__}:Overflows"}
    with pytest.raises(Diverged, match="epoch 1, step 1"):
        list(enhancement(a_trial(tmp_path, a_config(model=model))))
    assert list(tmp_path.iterdir()) == []


def test_the_deadline_ends_it(tmp_path: Path) -> None:
    with pytest.raises(DeadlineReached):
        list(enhancement(a_trial(tmp_path, deadline=time.time())))


def test_the_objective_decides_what_is_best(tmp_path: Path) -> None:
    config = a_config(objective={"metric": "val_si_sdr", "direction": "minimize"})
    reports = list(enhancement(a_trial(tmp_path, config)))
    best = checkpoint.read(tmp_path / "artifacts" / "best.ckpt")["report"]
    assert best["metrics"]["val_si_sdr"] == min(r.metrics["val_si_sdr"] for r in reports)


def test_an_objective_that_is_not_measured_is_refused(tmp_path: Path) -> None:
    config = a_config(objective={"metric": "pesq", "direction": "maximize"})
    with pytest.raises(ValueError, match=r"must be one of train_loss.*got 'pesq'"):
        next(enhancement(a_trial(tmp_path, config)))


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_gpu_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="PyTorch sees none"):
        next(enhancement(a_trial(tmp_path, gpus=1)))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_it_trains_on_a_gpu_and_continues_there(tmp_path: Path) -> None:
    running = enhancement(a_trial(tmp_path, gpus=0.5))
    reports = [next(running), next(running)]
    running.close()  # type: ignore[attr-defined]
    reports += enhancement(a_trial(tmp_path, gpus=0.5, reported=2))
    assert [r.epoch for r in reports] == [1, 2, 3]
    assert {p.name for p in (tmp_path / "artifacts").iterdir()} > WAVES


LOSSES: list[Any] = [
    *families.member_names("losses"),
    {"si_sdr": 1.0, "multi_resolution_stft": {"weight": 0.5, "n_fft": 256}},
]


@pytest.mark.parametrize("loss", LOSSES, ids=str)
def test_every_loss_trains(tmp_path: Path, loss: Any) -> None:
    training = {**a_config()["training"], "epochs": 1, "loss": loss}
    (report,) = enhancement(a_trial(tmp_path, a_config(training=training)))
    assert all(math.isfinite(value) for value in report.metrics.values())


CHILD = """
import json, sys
from pathlib import Path
import torch
from sweeper.records import Trial
from sweeper.tasks.enhancement import enhancement
torch.set_num_threads(1)
sys.path.insert(0, sys.argv[3])
config = json.loads(sys.argv[1])
for report in enhancement(Trial(0, {}, config, 1, Path(sys.argv[2]), config["training"]["epochs"])):
    print(report.epoch, flush=True)
"""


def test_a_process_killed_anywhere_continues_bit_for_bit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here = Path(__file__)
    monkeypatch.syspath_prepend(here.parent)
    config = a_config(data={"name": f"{here.stem}:tones"})
    config["training"]["epochs"] = 30
    expected = numbers(list(enhancement(a_trial(tmp_path / "whole", config))))

    killed = tmp_path / "killed"
    killed.mkdir()
    command = [sys.executable, "-c", CHILD, json.dumps(config), str(killed), str(here.parent)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "1\n"
        child.send_signal(signal.SIGKILL)
    torch.manual_seed(1234)
    after = list(enhancement(a_trial(killed, config, reported=1)))
    assert numbers(after) == expected[1:]
    best = [checkpoint.read(tmp_path / f / "artifacts" / "best.ckpt") for f in ("killed", "whole")]
    assert best[0]["report"]["epoch"] == best[1]["report"]["epoch"]


def test_a_corpus_is_read_once_for_each_choice_of_options() -> None:
    assert corpus_of(a_config()) is corpus_of(a_config())
    loud = a_config(data={"name": f"{__name__}:tones", "loud": True})
    assert corpus_of(loud) is not corpus_of(a_config())


def test_a_description_counts_what_there_is() -> None:
    found = describe(a_config(model={"name": "dprnn"}))
    assert found.parameters == pytest.approx(2.6e6, rel=0.02)
    assert (found.corpus, found.fingerprint, found.sample_rate) == ("tones", "f" * 64, RATE)
    assert (found.train_recordings, found.valid_recordings) == (4, 3)
    assert found.train_seconds == 4 * 2500 / RATE
    assert found.valid_seconds == (2000 + 2400 + 2800) / RATE


class KeepsChannels(nn.Module):
    """What many published networks give: (batch, 1, time)."""

    def __init__(self) -> None:
        super().__init__()
        self.filter = nn.Conv1d(1, 1, 3, padding=1)

    def forward(self, noisy: Tensor) -> Tensor:
        estimate: Tensor = self.filter(noisy[:, None])
        return estimate


def test_a_model_with_wrong_shapes_is_told_so_before_and_in_training(tmp_path: Path) -> None:
    config = a_config(model={"name": f"{__name__}:KeepsChannels"})
    with pytest.raises(ModelError, match=r"KeepsChannels gave shape \(2, 1, 1600\) for an input"):
        describe(config)
    with pytest.raises(ModelError, match=r"KeepsChannels gave shape \(2, 1, 1600\) for an input"):
        next(enhancement(a_trial(tmp_path, config)))


def test_averaged_weights_are_the_ones_that_are_kept(tmp_path: Path) -> None:
    training = {**a_config()["training"], "ema": 0.9, "epochs": 1}
    (report,) = enhancement(a_trial(tmp_path, a_config(training=training)))
    best = checkpoint.read(tmp_path / "artifacts" / "best.ckpt")["model"]
    last = checkpoint.read(tmp_path / "last.ckpt")
    averaged = {k.removeprefix("module."): v for k, v in last["average"].items()}
    assert all(torch.equal(best[name], averaged[name]) for name in best)
    assert any(not torch.equal(best[name], last["model"][name]) for name in best)
    assert report.epoch == 1


def _gain(config: dict[str, Any], directory: Path) -> float:
    reports = enhancement(a_trial(directory, config))
    return max(r.metrics["val_si_sdr_improvement"] for r in reports)


SMALL_DPRNN = {
    "name": "dprnn", "n_filters": 32, "kernel_size": 32, "bottleneck": 32, "hidden": 32, "layers": 2
}  # fmt: skip


@pytest.mark.slow
def test_a_small_dprnn_gains_3_db_on_the_demo_corpus(tmp_path: Path) -> None:
    training = {"epochs": 20, "lr": 3e-3, "batch_size": 8}
    config = a_config(model=SMALL_DPRNN, data={"name": "demo"}, training=training)
    assert _gain(config, tmp_path) >= 3


@pytest.mark.slow
@pytest.mark.timeout(3600)
@pytest.mark.skipif(not VOICEBANK_MINI.exists(), reason="needs the recordings of voicebank_mini")
def test_a_small_dprnn_gains_5_db_on_real_recordings(tmp_path: Path) -> None:
    """One speaker trains, two others validate; some 5 minutes of a processor."""
    path = VOICEBANK_MINI / "manifest.csv"
    sweep = load(SEARCH_SPACES / "voicebank_small.yaml", [f"data.path={path}"])
    assert _gain(a_config(**apply(sweep, sweep.enqueue[0])), tmp_path) >= 5
