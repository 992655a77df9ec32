"""One side of the comparison, in a process of its own: trains by the order of its standard input.

Run as a script, also by a Python that has asteroid and not sweeper. Each line of the input is a
number of optimizer steps to make; the answer is a line of JSON: their CPU seconds and losses.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

CLIP = 5.0
_OPEN = ExitStack()  # what lasts as long as the process
Step = Callable[[Tensor, Tensor], float]


def main(side: str, folder: Path, case: dict[str, Any]) -> None:
    """Answer orders until the input ends; the data and first weights are in ``folder``."""
    torch.set_num_threads(1)
    batches = torch.load(folder / "batches.pt", weights_only=True)
    weights = torch.load(folder / "weights.pt", weights_only=True)
    model, step = SIDES[side](case, weights)
    with torch.no_grad():
        torch.save(_estimate(model, batches[0][0]), folder / f"{side}.pt")
    done = 0
    print("ready", flush=True)
    for line in sys.stdin:
        chosen = [batches[(done + k) % len(batches)] for k in range(int(line))]
        started = time.process_time()
        losses = [step(noisy, clean) for noisy, clean in chosen]
        seconds = time.process_time() - started
        done += len(chosen)
        print(json.dumps({"seconds": seconds, "losses": losses}), flush=True)


def sweeper(case: dict[str, Any], weights: dict[str, Tensor]) -> tuple[nn.Module, Step]:
    """What a trial of sweeper does in each step, in the memory that it keeps."""
    from sweeper.losses.si_sdr import SiSdrLoss
    from sweeper.training.accumulation import Accumulation
    from sweeper.training.hardware import pick_precision
    from sweeper.training.heap import freed_memory_kept
    from sweeper.training.optimizers import build_optimizer
    from sweeper.training.options import TrainingOptions

    _OPEN.enter_context(freed_memory_kept())
    model = _ours(case, weights)
    precision = pick_precision(model, torch.device("cpu"), "float32")
    optimizer = build_optimizer(model, TrainingOptions(epochs=1, lr=case["lr"]))
    loss, accumulation = SiSdrLoss(), Accumulation()

    def step(noisy: Tensor, clean: Tensor) -> float:
        value = accumulation.backward(
            noisy, clean, lambda n, c: loss(precision(model, n), c), optimizer
        )
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        return value.item()

    return model, step


def plain(case: dict[str, Any], weights: dict[str, Tensor]) -> tuple[nn.Module, Step]:
    """Sweeper's model in a plain training loop: what the model alone gains."""
    model = _ours(case, weights)
    return model, _plain_step(model, case["lr"])


def matched(case: dict[str, Any], weights: dict[str, Tensor]) -> tuple[nn.Module, Step]:
    """Sweeper's DPRNN with asteroid's padding: then both must give the same numbers."""
    from asteroid_padding import padded_like_asteroid

    model = padded_like_asteroid(_ours(case, weights))
    return model, _plain_step(model, case["lr"])


def port(case: dict[str, Any], weights: dict[str, Tensor]) -> tuple[nn.Module, Step]:
    """The plain port of Wave-U-Net."""
    from wave_unet_port import WaveUNetPort

    model = WaveUNetPort(case["model"]["levels"], case["model"]["channels"])
    model.load_state_dict(weights)
    return model, _plain_step(model, case["lr"])


def asteroid(case: dict[str, Any], weights: dict[str, Tensor]) -> tuple[nn.Module, Step]:
    """asteroid's DPRNNTasNet with one source."""
    from asteroid.models import DPRNNTasNet

    options = case["model"]
    model = DPRNNTasNet(
        n_src=1,
        kernel_size=options["kernel_size"],
        stride=options["kernel_size"] // 2,
        n_filters=options["n_filters"],
        bn_chan=options["bottleneck"],
        hid_size=options["hidden"],
        n_repeats=options["layers"],
        chunk_size=options["chunk"],
        sample_rate=16000,
    )
    model.load_state_dict(_asteroids_names(weights, model.state_dict()))
    return model, _plain_step(model, case["lr"])


SIDES = {f.__name__: f for f in (sweeper, plain, matched, port, asteroid)}


def _ours(case: dict[str, Any], weights: dict[str, Tensor]) -> nn.Module:
    from sweeper.training.members import build

    model: nn.Module = build("models", case["model"])
    model.load_state_dict(weights)
    return model


def _plain_step(model: nn.Module, lr: float) -> Step:
    optimizer = torch.optim.Adam(model.parameters(), lr)

    def step(noisy: Tensor, clean: Tensor) -> float:
        optimizer.zero_grad()
        loss = _negative_si_sdr(_estimate(model, noisy), clean)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), CLIP)
        optimizer.step()
        return loss.item()

    return step


def _estimate(model: nn.Module, noisy: Tensor) -> Tensor:
    estimate: Tensor = model(noisy)
    return estimate.squeeze(1) if estimate.dim() == 3 else estimate


def _negative_si_sdr(estimate: Tensor, clean: Tensor) -> Tensor:
    """As Le Roux et al. 2019 write it."""
    estimate = estimate - estimate.mean(-1, keepdim=True)
    clean = clean - clean.mean(-1, keepdim=True)
    scale = (estimate * clean).sum(-1, keepdim=True) / clean.square().sum(-1, keepdim=True)
    target = scale * clean
    energies = target.square().sum(-1) + 1e-8, (estimate - target).square().sum(-1) + 1e-8
    return -10 * torch.log10(energies[0] / energies[1]).mean()


def _asteroids_names(weights: dict[str, Tensor], shapes: dict[str, Tensor]) -> dict[str, Tensor]:
    """Sweeper's weights of a DPRNN under asteroid's names, in asteroid's shapes."""
    renamed = {_asteroids_name(name): weight for name, weight in weights.items()}
    renamed["decoder.filterbank._filters"] = renamed["decoder.filterbank._filters"].T
    kept = {name: shape for name, shape in shapes.items() if name not in renamed}
    return {name: w.reshape(shapes[name].shape) for name, w in renamed.items()} | kept


_NAMES = {
    "front_end.encoder.weight": "encoder.filterbank._filters",
    "front_end.decoder.weight": "decoder.filterbank._filters",
    "masker.norm.weight": "masker.bottleneck.0.gamma",
    "masker.norm.bias": "masker.bottleneck.0.beta",
    "masker.bottleneck.weight": "masker.bottleneck.1.weight",
    "masker.bottleneck.bias": "masker.bottleneck.1.bias",
    "masker.prelu": "masker.first_out.0",
    "masker.output": "masker.first_out.1",
    "masker.value": "masker.net_out.0",
    "masker.gate": "masker.net_gate.0",
    "masker.score": "masker.mask_net",
    "masker.blocks": "masker.net",
    ".intra.norm.weight": ".intra_norm.gamma",
    ".intra.norm.bias": ".intra_norm.beta",
    ".inter.norm.weight": ".inter_norm.gamma",
    ".inter.norm.bias": ".inter_norm.beta",
    ".intra.rnn": ".intra_RNN.rnn",
    ".inter.rnn": ".inter_RNN.rnn",
    ".intra.linear": ".intra_linear",
    ".inter.linear": ".inter_linear",
}


def _asteroids_name(name: str) -> str:
    if name in _NAMES:
        return _NAMES[name]
    for ours, theirs in _NAMES.items():
        name = name.replace(ours, theirs)
    return name


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3]))
