"""Landscapes over lr x batch size whose truth is known: analytic ones of every awkward kind, and
files of published training runs where there are any."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

__all__ = ["ANALYTIC", "Landscape", "from_files"]

Array = np.ndarray[Any, Any]

EPOCHS = 27
_LR = np.geomspace(1e-4, 1e-1, 61)
_BATCH = np.geomspace(4, 256, 25)


@dataclass(frozen=True)
class Landscape:
    """A loss to be minimised, without noise.

    Attributes:
        lr: (lr,) ascending; ``batch``: (batch,) ascending, both evenly spaced as logarithms.
        curves: (batch, lr, epoch) best value so far; inf from where a training diverges.
        noise: standard deviation over seeds, as a share of (median - minimum).
        clear: whether a region must be named; None where that is open.
    """

    name: str
    lr: Array
    batch: Array
    curves: Array
    noise: float = 0.05
    clear: bool | None = None

    @property
    def epochs(self) -> int:
        return int(self.curves.shape[2])

    @property
    def final(self) -> Array:
        """(batch, lr)"""
        found: Array = self.curves[..., -1]
        return found

    @property
    def spread(self) -> float:
        """Median - minimum."""
        return float(np.median(self.final) - self.final.min())

    @property
    def noise_sd(self) -> float:
        return self.noise * (self.spread if self.spread > 0 else 1.0)

    @property
    def near_optimal(self) -> Array:
        """(batch, lr) the true set: one noise standard deviation or 10% of the spread."""
        found: Array = self.final <= self.final.min() + max(self.noise_sd, 0.1 * self.spread)
        return found

    def curve(self, lr: float, batch: float) -> Array:
        """(epoch,) interpolated between the four nearest cells on logarithmic axes."""
        i, s = _between(self.batch, batch)
        j, t = _between(self.lr, lr)
        near = self.curves[i : i + 2, j : j + 2]
        across = near[:, 0] + (near[:, 1] - near[:, 0]) * t if np.isfinite(near).all() else None
        if across is None:  # on the brink: as the nearest cell
            return np.array(near[round(s), round(t)])
        found: Array = across[0] + (across[1] - across[0]) * s
        return found


def _between(axis: Array, value: float) -> tuple[int, float]:
    at = (np.log(value) - np.log(axis[0])) / (np.log(axis[1]) - np.log(axis[0]))
    index = int(np.clip(np.floor(at), 0, len(axis) - 2))
    return index, float(np.clip(at - index, 0, 1))


def from_files(folder: Path) -> Iterator[Landscape]:
    """Those of ``*.npz`` with learning_rate, batch_size, and (batch, lr, epoch) curves."""
    for path in sorted(folder.glob("*.npz")):
        with np.load(path) as found:
            curves = np.minimum.accumulate(found["val_cross_entropy"], axis=2)
            yield Landscape(
                path.stem,
                found["learning_rate"],
                np.asarray(found["batch_size"], float),
                curves,
                clear=True,
            )


def _octaves() -> tuple[Array, Array]:
    """(batch, lr) of lr from 1e-2.5 and of batch size from 32, in octaves."""
    u = np.log2(_LR / 10**-2.5)
    v = np.log2(_BATCH / 32)
    return np.broadcast_arrays(u[None, :], v[:, None])  # type: ignore[return-value]


def _trained(final: Array, rate: Array | float = 0.25, start: float = 4.0) -> Array:
    """(batch, lr, epoch) curves that fall exponentially from ``start`` to ``final``."""
    left = np.exp(-np.asarray(rate)[..., None] * np.arange(1, EPOCHS + 1))
    left = left - np.exp(-np.asarray(rate)[..., None] * EPOCHS)
    found: Array = final[..., None] + (start - final[..., None]) * left
    return np.minimum.accumulate(found, axis=2)


def _ridge(lr: float = 0.0, batch: float = 0.0, slope: float = 0.5) -> Array:
    u, v = _octaves()
    found: Array = ((u - lr) - slope * (v - batch)) ** 2 / 8 + (v - batch) ** 2 / 40
    return found


def tilted_ridge() -> Landscape:
    """A valley whose lr grows as the square root of the batch size."""
    return Landscape("tilted ridge", _LR, _BATCH, _trained(_ridge()), clear=True)


def two_valleys() -> Landscape:
    """Two separate valleys, one a little deeper."""
    final = np.minimum(_ridge(2.5, 1.0), _ridge(-2.5, -1.0) + 0.05)
    return Landscape("two valleys", _LR, _BATCH, _trained(final))


def flat() -> Landscape:
    """Nothing but noise: every training ends at the same loss."""
    final = np.zeros((len(_BATCH), len(_LR)))
    return Landscape("flat", _LR, _BATCH, _trained(final), noise=0.05, clear=False)


def flat_but_fast() -> Landscape:
    """All end at the same loss, high learning rates get there sooner."""
    u, _ = _octaves()
    final = np.zeros_like(u)
    curves = _trained(final, 0.15 + 0.3 / (1 + np.exp(-u)))
    return Landscape("flat, but fast", _LR, _BATCH, curves, noise=0.05, clear=False)


def corner() -> Landscape:
    """The optimum in the corner of highest lr and smallest batch size."""
    return Landscape("corner", _LR, _BATCH, _trained(_ridge(4.9, -3.0, 0.3)), clear=True)


def beyond() -> Landscape:
    """The optimum beyond the upper end of lr."""
    return Landscape("beyond the edge", _LR, _BATCH, _trained(_ridge(7.0, 0.0)), clear=True)


def cliff() -> Landscape:
    """Training diverges just above the best lr."""
    u, v = _octaves()
    curves = _trained(_ridge())
    curves[(u - 0.5 * v) > 1.0, 2:] = np.inf
    return Landscape("cliff in the valley", _LR, _BATCH, curves)


def noisy() -> Landscape:
    """Seeds differ by more than the whole valley is deep."""
    return Landscape("noise beyond the valley", _LR, _BATCH, _trained(_ridge()), 1.5, clear=False)


def slow_starters() -> Landscape:
    """Under cosine decay low learning rates lead early and high ones win at the end."""
    u, v = _octaves()
    part = np.arange(1, EPOCHS + 1) / EPOCHS
    late = 0.5 * (1 - np.cos(np.pi * part)) ** 2 / 4 * 4
    early = 1.0 + 0.12 * (u - 0.5 * v)  # what is left to gain grows with lr
    final = _ridge(1.5, 0.0)
    curves = final[..., None] + (4 - final[..., None]) * np.exp(-0.6 * part * EPOCHS / 3)
    curves += np.clip(early, 0.1, 3)[..., None] * (1 - late / 2)
    curves -= np.clip(early, 0.1, 3)[..., None] * (1 - late[-1] / 2)
    return Landscape("slow starters", _LR, _BATCH, np.minimum.accumulate(curves, axis=2))


def narrow() -> Landscape:
    """A steep and narrow valley: 2% of the area."""
    return Landscape("narrow valley", _LR, _BATCH, _trained(np.sqrt(_ridge() + 1e-3)))


ANALYTIC: tuple[Callable[[], Landscape], ...] = (
    tilted_ridge,
    two_valleys,
    flat,
    flat_but_fast,
    corner,
    beyond,
    cliff,
    noisy,
    slow_starters,
    narrow,
)
