"""Device and precision of a trial; the GPU's own part runs where there is a GPU."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch
from torch import nn

from sweeper.models.dprnn import DPRNN
from sweeper.models.wave_unet import WaveUNet
from sweeper.training.hardware import (
    Precision,
    allocator_share,
    peak_memory_bytes,
    pick_device,
    pick_precision,
    reset_peak_memory,
)

CPU = torch.device("cpu")
needs_gpu = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    before = torch.get_float32_matmul_precision(), torch.backends.cudnn.allow_tf32
    yield
    torch.set_float32_matmul_precision(before[0])
    torch.backends.cudnn.allow_tf32 = before[1]


def test_no_gpu_means_cpu() -> None:
    assert pick_device(0) == CPU


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without GPU")
def test_a_gpu_that_is_not_there_is_said_so() -> None:
    with pytest.raises(RuntimeError, match=r"given 0\.5 GPUs.*set resources.gpus to 0"):
        pick_device(0.5)


@pytest.mark.parametrize("gigabytes", [8, 80])
@pytest.mark.parametrize("trials", [2, 7, 16])
def test_neighbours_on_a_gpu_leave_room_for_their_contexts(trials: int, gigabytes: int) -> None:
    total, context = gigabytes * 2**30, 500e6
    share = allocator_share(1 / trials, total)
    room = total - trials * (share * total + context)
    # on a small GPU with many trials half of it goes to PyTorch, whatever the contexts need
    assert room >= 0 or share == 1 / trials / 2
    assert allocator_share(1.0, total) == 1.0


def test_auto_is_float32_on_a_cpu() -> None:
    assert pick_precision(nn.Linear(1, 1), CPU, "auto").autocast is None
    assert torch.get_float32_matmul_precision() == "high"


def test_float32_turns_tf32_off() -> None:
    assert pick_precision(nn.Linear(1, 1), CPU, "float32").autocast is None
    assert torch.get_float32_matmul_precision() == "highest"
    assert not torch.backends.cudnn.allow_tf32


@pytest.mark.parametrize("model", [WaveUNet(levels=2, channels=4), DPRNN(hidden=4, layers=1)])
def test_bf16_computes_in_it_and_gives_float32(model: nn.Module) -> None:
    precision = pick_precision(model, CPU, "bf16")
    assert precision.autocast is torch.bfloat16
    noisy = torch.randn(2, 1000)
    rounded, exact = precision(model, noisy), Precision("cpu")(model, noisy)
    assert rounded.dtype is torch.float32
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).abs().max() < 0.1


def test_peak_memory_counts_from_its_reset() -> None:
    reset_peak_memory(CPU)
    before = peak_memory_bytes(CPU)
    block = torch.zeros(40 * 2**20 // 4)
    peak = peak_memory_bytes(CPU)
    assert 35 * 2**20 < peak - before < 100 * 2**20
    del block
    assert peak_memory_bytes(CPU) >= peak


@needs_gpu
def test_a_gpu_runs_convolutions_in_bf16_and_rnns_in_float32() -> None:
    device = pick_device(1)
    convolutions = WaveUNet(levels=2, channels=4).to(device)
    expected = torch.bfloat16 if torch.cuda.is_bf16_supported(False) else None
    assert pick_precision(convolutions, device, "auto").autocast is expected
    rnns = DPRNN(hidden=4, layers=1).to(device)
    assert pick_precision(rnns, device, "auto").autocast is None


@needs_gpu
def test_a_gpus_memory_counts_from_its_reset() -> None:
    device = pick_device(1)
    reset_peak_memory(device)
    before = peak_memory_bytes(device)
    block = torch.zeros(40 * 2**20 // 4, device=device)
    assert peak_memory_bytes(device) - before >= block.nbytes
