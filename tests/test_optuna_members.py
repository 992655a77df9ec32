from __future__ import annotations

import optuna
import pytest

from sweeper.optuna_members import OptunaMember

Pruner = optuna.pruners.BasePruner


def test_a_member_of_the_family_takes_what_the_program_supplies() -> None:
    member = OptunaMember.load("pruners", "hyperband", Pruner)
    assert member.has_family_form
    assert member.takes("min_epochs")
    assert isinstance(member.make(9, min_epochs=3), optuna.pruners.HyperbandPruner)


def test_a_class_of_optuna_takes_options_alone() -> None:
    member = OptunaMember.load("pruners", "optuna.pruners:HyperbandPruner", Pruner)
    assert not member.has_family_form
    assert not member.takes("min_epochs")
    assert isinstance(member.make(max_resource=9), optuna.pruners.HyperbandPruner)


def test_experimental_parts_are_no_warning() -> None:
    # pytest makes errors of warnings
    OptunaMember.load("pruners", "optuna.pruners:WilcoxonPruner", Pruner).make()


def test_something_else_is_refused() -> None:
    member = OptunaMember.load("pruners", "optuna.samplers:RandomSampler", Pruner)
    with pytest.raises(TypeError, match="must give an Optuna BasePruner, but gave a RandomSampler"):
        member.make()
    with pytest.raises(LookupError, match="hyper"):
        OptunaMember.load("pruners", "hyper", Pruner)
