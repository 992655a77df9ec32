"""A training that only says when it has begun."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from sweeper.records import EpochReport, Trial

__all__ = ["BEGUN", "task"]

BEGUN = "STARTUP_BEGUN"
"""Environment variable: file for the time of the first step."""


def task(_: Trial, /) -> Iterator[EpochReport]:
    """Take a step of torch, and say when."""
    import torch

    torch.ones(4, 4).sum().item()
    Path(os.environ[BEGUN]).write_text(str(time.time()), encoding="ascii")
    yield EpochReport(1, {"loss": 1.0}, time.time())
