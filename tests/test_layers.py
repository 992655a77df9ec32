"""What must start at once imports nothing heavy; `lint-imports` checks the rest of the layers."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = {"matplotlib", "mlflow", "optuna", "pandas", "plotly", "ray", "scipy", "sklearn", "torch"}
LIGHT = [
    "sweeper.cli.app",
    "sweeper.config",
    "sweeper.config.document",
    "sweeper.errors",
    "sweeper.families",
    "sweeper.ledger",
    "sweeper.ledger.history",
    "sweeper.ledger.manifest",
    "sweeper.records",
    "sweeper.region",
    "sweeper.server.terminal",
    "sweeper.sweep.follow",
    "sweeper.sweep.listing",
    "sweeper.sweep.offer",
    "sweeper.sweep.show",
    "sweeper.sweep.status",
    "sweeper.sweep.steer",
]


@pytest.mark.parametrize("module", LIGHT)
def test_import_is_light(module: str) -> None:
    code = f"import {module}, sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not HEAVY & set(done.stdout.split())
