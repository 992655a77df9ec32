"""The rivals that live in environments of their own, as options of a command line."""

from __future__ import annotations

import argparse

from benchmarks.overhead.stacks import Stack, optuna_joblib, syne_tune_local

__all__ = ["add_rivals", "rivals"]


def add_rivals(parser: argparse.ArgumentParser) -> None:
    """Options for the rivals' interpreters; without one its rival does not run."""
    parser.add_argument(
        "--optuna",
        metavar="PYTHON",
        help="interpreter that has optuna, optuna-integration, mlflow and joblib",
    )
    parser.add_argument("--syne-tune", metavar="PYTHON", help="interpreter that has syne-tune")


def rivals(options: argparse.Namespace) -> list[Stack]:
    """Those whose interpreter was given."""
    made = ((optuna_joblib, options.optuna), (syne_tune_local, options.syne_tune))
    return [make(python) for make, python in made if python]
