"""`sweeper enhance` and the files of its user."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from sweeper.cli.app import app
from sweeper.data import audio
from sweeper.errors import DataError
from sweeper.training import checkpoint
from sweeper.training.members import build

MODEL = {"name": "dprnn", "bottleneck": 8, "hidden": 8, "layers": 1, "encoder": "stft"}
RATE = 8000


def test_a_file_that_is_there_is_written_over_only_by_force(tmp_path: Path) -> None:
    """In this field clean.wav is the reference, which nobody has twice."""
    model, noisy, clean = (tmp_path / name for name in ("best.ckpt", "noisy.wav", "clean.wav"))
    weights = build("models", MODEL).state_dict()
    content = {"config": {"model": MODEL}, "report": {}, "sample_rate": RATE, "model": weights}
    checkpoint.write(model, content)
    audio.write(noisy, 0.1 * torch.randn(RATE), RATE)
    clean.write_bytes(b"the only copy")
    words = ["enhance", str(model), str(noisy), str(clean)]
    with pytest.raises(DataError, match=r"clean.wav: is there already; `--force` replaces it"):
        CliRunner().invoke(app, words, catch_exceptions=False)
    assert clean.read_bytes() == b"the only copy"
    assert CliRunner().invoke(app, [*words, "--force"]).exit_code == 0
    assert audio.read(clean).frames == RATE
