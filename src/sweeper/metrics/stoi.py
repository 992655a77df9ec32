"""Short-time objective intelligibility."""

from __future__ import annotations

import math
import warnings

from torch import Tensor

from sweeper.metrics._items import of_each

__all__ = ["stoi"]


def stoi(estimate: Tensor, clean: Tensor, sample_rate: int) -> Tensor:
    """STOI of each item, (...,) from two (..., time), 0 to 1, float64, on the CPU; by `pystoi`.

    Taal, Hendriks, Heusdens & Jensen 2011 (doi 10.1109/TASL.2011.2114881). NaN where there is too
    little speech for it (384 ms without pauses), and where either signal is silent.

    Raises:
        ImportError: the package ``pystoi`` is not installed.
    """
    from pystoi import stoi as measure  # type: ignore[import-not-found, import-untyped, unused-ignore]

    def one(estimate_T: Tensor, clean_T: Tensor) -> float:
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            try:
                value = float(measure(clean_T.numpy(), estimate_T.numpy(), sample_rate))
            except ValueError:  # shorter than a single frame
                return math.nan
        # pystoi gives 1e-5 and a warning where there are not enough frames
        enough = not any("STFT frames" in str(warning.message) for warning in told)
        return value if enough else math.nan

    return of_each(one, estimate, clean)
