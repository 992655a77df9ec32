"""What all tests share."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
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
# a shell deafens what it runs in the background, and so would be the programs that tests interrupt
for number in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(number) is signal.SIG_IGN:
        signal.signal(number, signal.SIG_DFL)

VOICEBANK_MINI = Path(__file__).parents[1].parent / "shared" / "voicebank_mini"


@pytest.fixture(autouse=True)
def _no_module_of_another_test(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What a test imported from its own folder is gone with it: another's may have its name."""
    path = list(sys.path)
    yield
    sys.path[:] = path
    made_by_tests = str(tmp_path_factory.getbasetemp())
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None) or "").startswith(made_by_tests):
            del sys.modules[name]


@pytest.fixture
def voicebank_mini() -> Path:
    """43 real pairs of VoiceBank-DEMAND; the repository does not have them."""
    if not VOICEBANK_MINI.is_dir():
        pytest.skip("needs the real recordings in ../shared/voicebank_mini")
    return VOICEBANK_MINI
