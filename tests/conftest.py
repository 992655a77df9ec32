"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from hypothesis import settings

# no test depends on speed, and the same commit gives the same result every time;
# `--hypothesis-profile=anew` draws other examples
settings.register_profile("anew", deadline=None)
settings.register_profile("same", deadline=None, derandomize=True)
settings.load_profile("same")
# the toy tasks are imported by name, as a user's own task is
sys.path.insert(0, str(Path(__file__).parent))
# tests may run side by side; threads that wait for each other would slow small networks down
torch.set_num_threads(1)
