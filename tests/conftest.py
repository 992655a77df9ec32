"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import torch
from hypothesis import settings

# no test depends on speed
settings.register_profile("any speed", deadline=None)
settings.load_profile("any speed")
# the toy tasks are imported by name, as a user's own task is
sys.path.insert(0, str(Path(__file__).parent))
# tests may run side by side; threads that wait for each other would slow small networks down
torch.set_num_threads(1)
