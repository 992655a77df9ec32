"""What MLflow runs when it loads a registered model; executed by it, imported by nobody.

Models from code hold no pickles: this file, the sources of sweeper and the checkpoint are logged.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext

if TYPE_CHECKING:
    from sweeper.enhancer import Enhancer


class SpeechEnhancer(PythonModel):
    """Takes noise from speech: waveforms (batch, time) in and out."""

    def load_context(self, context: PythonModelContext) -> None:
        from sweeper.enhancer import Enhancer

        self._enhancer: Enhancer = Enhancer.load(Path(context.artifacts["checkpoint"]))

    # MLflow reads the annotations, and takes no others for arrays
    def predict(
        self,
        context: PythonModelContext,
        model_input: np.ndarray,
        params: dict[str, Any] | None = None,
    ) -> np.ndarray:
        """``params["sample_rate"]`` is that of the input, in Hz; by default the model's own."""
        rate = int((params or {}).get("sample_rate") or self._enhancer.sample_rate)
        noisy = torch.from_numpy(np.asarray(model_input, dtype=np.float32))
        return torch.stack([self._enhancer(waveform, rate) for waveform in noisy]).numpy()


set_model(SpeechEnhancer())
