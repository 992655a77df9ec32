"""What Ray's workers import before their first trial is there."""

from __future__ import annotations

import importlib
import json
import logging
import os
import re
import sys
from pathlib import Path

__all__ = ["ask", "warm_up"]

log = logging.getLogger(__name__)
_WISH = "SWEEPER_WARM"
_RAYS_WISH = "RAY_preload_python_modules"
_IMPORTS_TORCH = re.compile(r"^\s*(import|from) torch\b", re.MULTILINE)


def ask(task: str, cpus: float) -> None:
    """Have the workers of a Ray that is started from now on import what ``task`` needs.

    Args:
        task: as the configuration has it; a user's own has been imported to check it. It is not
            imported ahead, since what goes wrong in it is the trial's: only torch is, if it uses
            that.
        cpus: of a trial; numerical libraries count them when they are imported.
    """
    modules = ["sweeper.engine.worker"]
    if ":" not in task:
        modules.append(f"sweeper.tasks.{task}")
    elif _uses_torch(task.partition(":")[0]):
        modules.append("torch")
    os.environ[_WISH] = json.dumps({"threads": max(1, int(cpus)), "modules": modules})
    os.environ[_RAYS_WISH] = "sweeper.engine.preload"


def warm_up() -> None:
    """Import what was asked for, in a worker.

    What cannot be imported is left to the trial that needs it, and meets the error again: here it
    would end the worker before anybody knows whose it was.
    """
    if _WISH not in os.environ:
        return
    wish = json.loads(os.environ[_WISH])
    # as Ray sets it, but only when it gives the worker its first trial
    os.environ.setdefault("OMP_NUM_THREADS", str(wish["threads"]))
    for module in wish["modules"]:
        try:
            importlib.import_module(module)
        except Exception:
            log.info("%s is not imported ahead", module, exc_info=True)


def _uses_torch(module: str) -> bool:
    """Whether a user's module has imported torch, or does so within a function."""
    if "torch" in sys.modules:
        return True
    file = getattr(sys.modules.get(module), "__file__", None)
    return file is not None and bool(
        _IMPORTS_TORCH.search(Path(file).read_text(encoding="utf-8", errors="replace"))
    )
