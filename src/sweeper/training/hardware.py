"""The device of a trial: which one, in which precision, and how much memory was used."""

from __future__ import annotations

import contextlib
import logging
import resource
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import torch
from torch import Tensor, nn

from sweeper.training.contract import checked

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "Precision",
    "allocator_share",
    "peak_memory_bytes",
    "pick_device",
    "pick_precision",
    "reset_peak_memory",
]

_CONTEXT_BYTES = 640 * 2**20
"""Rather too much than too little: a context with cuDNN's kernels takes some 500 MB."""

log = logging.getLogger("sweeper.training")


def pick_device(gpus: float) -> torch.device:
    """The CPU for ``gpus`` = 0, else the first GPU that this process may see.

    A share of a GPU (``gpus`` < 1) gets that share of its memory and no more, so that neighbours on
    it stay safe.

    Raises:
        RuntimeError: a GPU is asked for and there is none.
    """
    if gpus <= 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise RuntimeError(
            f"the trial was given {gpus:g} GPUs, but PyTorch sees none; install a PyTorch build "
            "for this machine's GPU, or set resources.gpus to 0"
        )
    device = torch.device("cuda", 0)
    total = torch.cuda.get_device_properties(device).total_memory
    torch.cuda.set_per_process_memory_fraction(allocator_share(gpus, total), device)
    return device


def allocator_share(gpus: float, total_bytes: int) -> float:
    """What part of ``total_bytes`` PyTorch's allocator may take, given ``gpus`` of a GPU.

    CUDA's own context in each process comes on top; without room for it, neighbours that fill
    their shares would together take more than there is.
    """
    if gpus >= 1:
        return 1.0
    return max(gpus - _CONTEXT_BYTES / total_bytes, gpus / 2)


def reset_peak_memory(device: torch.device) -> None:
    """Let `peak_memory_bytes` count from now."""
    if device.type == "cuda":
        torch.cuda.reset_peak_memory_stats(device)
        return
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def peak_memory_bytes(device: torch.device) -> int:
    """The most memory that was in use at once since `reset_peak_memory`, in bytes.

    On a GPU: what PyTorch allocated. On a CPU: the resident memory of the whole process; only Linux
    lets the count start anew, elsewhere it is the peak since the process started.
    """
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


@dataclass(frozen=True, slots=True)
class Precision:
    """Runs a model in ``autocast``, or as it is for None; what comes out is float32."""

    device_type: str
    autocast: torch.dtype | None = None

    def __call__(self, model: Callable[[Tensor], Tensor], noisy: Tensor) -> Tensor:
        """The estimate (batch, time) for ``noisy`` (batch, time), both float32.

        Raises:
            ModelError: the model gives something else.
        """
        with torch.autocast(
            self.device_type, self.autocast or torch.bfloat16, enabled=self.autocast is not None
        ):
            estimate = model(noisy)
        return checked(estimate, noisy, model).float()


def pick_precision(
    model: nn.Module, device: torch.device, wanted: Literal["auto", "float32", "bf16"]
) -> Precision:
    """How to run ``model`` on ``device``; sets torch's global use of TF32 to fit.

    ``auto`` keeps models with LSTM or GRU layers in float32 (TF32 on GPUs that have it), because
    autocast gives those of cuDNN float16, also where bfloat16 was asked for.

    Raises:
        ValueError: ``bf16`` on a GPU that cannot compute in it.
    """
    _use_tf32(wanted != "float32")
    recurrent = any(isinstance(module, nn.RNNBase) for module in model.modules())
    on_gpu = device.type == "cuda"
    capable = not on_gpu or torch.cuda.is_bf16_supported(including_emulation=False)
    if wanted == "bf16" and not capable:
        raise ValueError("precision bf16: this GPU has no bfloat16; use auto or float32")
    if wanted == "bf16" and on_gpu and recurrent:
        log.warning("precision bf16: autocast runs the LSTM and GRU layers in float16 on a GPU")
    autocast = wanted == "bf16" or (wanted == "auto" and on_gpu and capable and not recurrent)
    return Precision(device.type, torch.bfloat16 if autocast else None)


def _use_tf32(allowed: bool) -> None:
    torch.set_float32_matmul_precision("high" if allowed else "highest")
    torch.backends.cudnn.allow_tf32 = allowed
