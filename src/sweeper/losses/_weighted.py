"""Weighted sums of the family's losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor, nn

from sweeper import families

__all__ = ["WeightedSum", "build"]


class WeightedSum(nn.Module):
    """The sum of some losses, each times its weight."""

    def __init__(self, terms: Iterable[tuple[float, nn.Module]]) -> None:
        super().__init__()
        self.weights, losses = zip(*terms, strict=True)
        self.losses = nn.ModuleList(losses)

    def forward(self, estimate: Tensor, clean: Tensor) -> Tensor:
        """Scalar from two (batch, time)."""
        pairs = zip(self.weights, self.losses, strict=True)
        total: Tensor = sum(weight * loss(estimate, clean) for weight, loss in pairs)
        return total


def build(spec: Mapping[str, Mapping[str, Any]]) -> nn.Module:
    """The loss of ``{term: {weight: 1.0, ...options}, ...}``; ``weight`` may be left out.

    Raises:
        LookupError: no loss has the name of a term.
        TypeError, ValueError: a term's options do not fit it, or there is no term.
    """
    if not spec:
        raise ValueError("a loss needs at least one term")
    return WeightedSum(_term(name, **options) for name, options in spec.items())


def _term(name: str, *, weight: float = 1.0, **options: Any) -> tuple[float, nn.Module]:
    return weight, families.load("losses", name)(**options)
