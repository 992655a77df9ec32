"""What can be found of a learning curve."""

from __future__ import annotations

import enum
from dataclasses import dataclass

__all__ = ["Diagnosis", "Finding"]


class Finding(enum.StrEnum):
    """The pattern of a learning curve."""

    CONVERGENCE = "convergence"
    NO_LEARNING = "no_learning"
    DIVERGENCE = "divergence"
    OVERFITTING = "overfitting"
    STILL_IMPROVING = "still_improving"
    SATURATED_EARLY = "saturated_early"

    @property
    def words(self) -> str:
        """For people: ``no learning``."""
        return self.value.replace("_", " ")

    @property
    def advice(self) -> str:
        """What to do about it, in one sentence."""
        return _ADVICE[self]


_ADVICE = {
    Finding.CONVERGENCE: "It learned as it should: keep these settings; early stopping "
    "(training.early_stop) finds the end by itself.",
    Finding.NO_LEARNING: "Raise the learning rate, or check the normalization of the inputs, the "
    "initial weights and the data loader.",
    Finding.DIVERGENCE: "Lower the learning rate a lot (to about 1/10), or clip the gradient "
    "(training.gradient_clip).",
    Finding.OVERFITTING: "Use dropout or weight decay (training.weight_decay), or augment the data "
    "more.",
    Finding.STILL_IMPROVING: "Raise training.epochs: it was still getting better at the last one.",
    Finding.SATURATED_EARLY: "Fewer training.epochs give the same; what lowers the plateau is a "
    "schedule that lowers the learning rate (training.schedule), or a larger model.",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A finding with the numbers that it rests on, in one sentence."""

    finding: Finding
    evidence: str

    @property
    def advice(self) -> str:
        """What to do about it."""
        return self.finding.advice
