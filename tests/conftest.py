"""What all tests share."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
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

VOICEBANK_MINI = Path(__file__).parents[1].parent / "shared" / "voicebank_mini"


@pytest.fixture
def voicebank_mini() -> Path:
    """43 real pairs of VoiceBank-DEMAND; the repository does not have them."""
    if not VOICEBANK_MINI.is_dir():
        pytest.skip("needs the real recordings in ../shared/voicebank_mini")
    return VOICEBANK_MINI
