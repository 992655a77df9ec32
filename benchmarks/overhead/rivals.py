"""The rivals that live in environments of their own, as options of a command line."""

from __future__ import annotations

import argparse
import subprocess

from benchmarks.overhead.stacks import Stack, optuna_joblib, syne_tune_local

__all__ = ["add_rivals", "rivals", "versions"]

_VERSIONS = """
import importlib.metadata, sys
print(", ".join(f"{name} {importlib.metadata.version(name)}" for name in sys.argv[1:]))
"""


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


def versions(options: argparse.Namespace) -> str:
    """A line with the versions of the rivals' packages; empty without a rival."""
    packages = (
        (options.optuna, ("optuna", "optuna-integration", "mlflow", "joblib")),
        (options.syne_tune, ("syne-tune",)),
    )
    found = [_versions(python, *names) for python, names in packages if python]
    return f"Rivals: {'; '.join(found)}.\n" if found else ""


def _versions(python: str, *packages: str) -> str:
    command = [python, "-c", _VERSIONS, *packages]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
