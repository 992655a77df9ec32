"""What workers import ahead."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

_ASK = """
import importlib, os, sys
sys.path.insert(0, os.getcwd())
from sweeper.engine import warm
importlib.import_module("mine")
warm.ask("mine:task", cpus=2.5)
print(os.environ["SWEEPER_WARM"])
"""


@pytest.mark.parametrize(
    ("text", "ahead"),
    [
        ("def task(trial): ...", ["sweeper.engine.worker"]),
        ("def task(trial):\n    import torch", ["sweeper.engine.worker", "torch"]),
        ("def task(trial):\n    from torch import nn", ["sweeper.engine.worker", "torch"]),
        ("def task(trial):\n    import torchlight", ["sweeper.engine.worker"]),
        ("# torch is not used", ["sweeper.engine.worker"]),
    ],
)
def test_torch_is_imported_ahead_where_a_task_of_ones_own_uses_it(
    tmp_path: Path, text: str, ahead: list[str]
) -> None:
    (tmp_path / "mine.py").write_text(text)
    done = subprocess.run(
        [sys.executable, "-c", _ASK], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == {"threads": 2, "modules": ahead}


def test_what_cannot_be_imported_is_left_to_the_trial() -> None:
    wish = json.dumps({"threads": 3, "modules": ["there_is_no_such_module", "colorsys"]})
    show = "import os, sys; print('colorsys' in sys.modules, os.environ['OMP_NUM_THREADS'])"
    own = {k: v for k, v in os.environ.items() if k != "OMP_NUM_THREADS"}
    done = subprocess.run(
        [sys.executable, "-c", f"import sweeper.engine.preload; {show}"],
        env=own | {"SWEEPER_WARM": wish},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.split() == ["True", "3"]
