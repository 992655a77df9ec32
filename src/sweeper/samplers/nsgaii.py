"""A genetic algorithm."""

from __future__ import annotations

from typing import Annotated, Literal

import optuna
from optuna.samplers import nsgaii as operators
from optuna.trial import FrozenTrial
from pydantic import Field

from sweeper.samplers._seeds import proposal_seed
from sweeper.samplers._told import Informed

__all__ = ["nsgaii"]

Probability = Annotated[float, Field(ge=0, le=1)]


def nsgaii(
    _space: object,
    seed: int,
    number: int,
    /,
    *,
    population_size: Annotated[
        int, Field(ge=2, description="trials per generation; the first one is random")
    ] = 10,
    crossover: Annotated[
        Literal["uniform", "blxalpha", "sbx", "vsbx"],
        Field(description="how two trials' numbers are mixed"),
    ] = "blxalpha",
    crossover_prob: Annotated[
        Probability, Field(description="how often a trial has two parents")
    ] = 0.9,
    mutation: Annotated[
        Literal["random", "polynomial"],
        Field(description="how a parameter changes: anew, or by a little"),
    ] = "polynomial",
    mutation_prob: Annotated[
        Probability | None,
        Field(description="how often a parameter changes; null: once a trial on average"),
    ] = None,
) -> optuna.samplers.BaseSampler:
    """NSGA-II (Deb et al. 2002, doi:10.1109/4235.996017), here with one objective."""
    return Informed(
        _OrderedNSGAII(
            seed=proposal_seed(seed, number),
            population_size=population_size,
            crossover=_CROSSOVERS[crossover](),
            crossover_prob=crossover_prob,
            mutation=operators.PolynomialMutation() if mutation == "polynomial" else None,
            mutation_prob=mutation_prob,
        )
    )


class _OrderedNSGAII(optuna.samplers.NSGAIISampler):
    """NSGA-II whose parents have one order.

    Optuna's have another when they are read back from the study than when they were selected, and
    so have other children.
    """

    def select_parent(self, study: optuna.Study, generation: int) -> list[FrozenTrial]:
        return sorted(super().select_parent(study, generation), key=lambda trial: trial.number)


_CROSSOVERS = {
    "uniform": operators.UniformCrossover,
    "blxalpha": operators.BLXAlphaCrossover,
    "sbx": operators.SBXCrossover,
    "vsbx": operators.VSBXCrossover,
}
