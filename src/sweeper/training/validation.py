"""How good a model is on whole recordings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sweeper.errors import DataError
from sweeper.metrics.si_sdr import si_sdr
from sweeper.training.feed import feed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sweeper.data.corpus import Pair
    from sweeper.training.hardware import Precision

__all__ = ["Validation"]


class Validation:
    """Measures models on ``pairs``, whole recordings, nothing padded.

    Padding would change what a model says: its norms count the padded frames, and an RNN that runs
    backwards begins in them. So only recordings of the very same length share a batch, and a batch
    holds at most ``batch_frames`` samples (a longer recording is one of its own), so that
    validation needs no more memory than training where the recordings allow that.

    Raises:
        DataError: a recording has no SI-SDR.
    """

    def __init__(self, pairs: Sequence[Pair], batch_frames: int) -> None:
        order = sorted(pairs, key=lambda pair: (len(pair.clean), pair.id))
        self._groups = _groups(order, batch_frames)
        noisy_si_sdr = torch.cat([si_sdr(*_stacked(group)) for group in self._groups])
        _refuse_undefined(order, noisy_si_sdr)
        self._noisy_si_sdr = noisy_si_sdr.mean().item()
        self._example = order[int(noisy_si_sdr.argsort(stable=True)[len(order) // 2])]

    @property
    def example(self) -> Pair:
        """The recording whose noisy SI-SDR is the median: the same for all who have these pairs."""
        return self._example

    @property
    def batch_samples(self) -> list[int]:
        """How many samples each batch has, in the order in which `measure` takes them."""
        return [sum(len(pair.clean) for pair in group) for group in self._groups]

    @torch.no_grad()
    def measure(
        self,
        model: nn.Module,
        loss: nn.Module,
        *,
        precision: Precision,
        device: torch.device,
        between: Callable[[], None] = lambda: None,
    ) -> dict[str, float]:
        """``val_loss``, ``val_si_sdr`` and its improvement over the noisy input, in dB.

        Means over the recordings. ``between`` is called before each batch.
        """
        model.eval()
        losses, measured = [], []
        # stacked again each time: kept, they would be a copy of the recordings for every trial
        for noisy, clean in feed(map(_stacked, self._groups), device):
            between()
            estimate = precision(model, noisy)
            losses.append(loss(estimate, clean) * len(clean))
            measured.append(si_sdr(estimate, clean))
        values = torch.cat(measured)
        mean = values.mean().item()
        return {
            "val_loss": torch.stack(losses).double().sum().item() / len(values),
            "val_si_sdr": mean,
            "val_si_sdr_improvement": mean - self._noisy_si_sdr,
        }


def _groups(order: Sequence[Pair], batch_frames: int) -> list[list[Pair]]:
    """Neighbours in ``order`` of the same length, at most ``batch_frames`` samples together."""
    groups: list[list[Pair]] = []
    for pair in order:
        frames = len(pair.clean)
        fits = groups and len(groups[-1][0].clean) == frames
        if fits and (len(groups[-1]) + 1) * frames <= batch_frames:
            groups[-1].append(pair)
        else:
            groups.append([pair])
    return groups


def _stacked(pairs: Sequence[Pair]) -> tuple[Tensor, Tensor]:
    return torch.stack([p.noisy for p in pairs]), torch.stack([p.clean for p in pairs])


def _refuse_undefined(order: Sequence[Pair], noisy_si_sdr: Tensor) -> None:
    bad = [p.id for p, ok in zip(order, noisy_si_sdr.isfinite().tolist(), strict=True) if not ok]
    if bad:
        raise DataError(
            f"the SI-SDR of these recordings for validation is undefined: {', '.join(bad)}; their "
            "clean signal is constant, remove them"
        )
