"""The best model on each validation recording: a table, its means, and a figure by input SNR."""

from __future__ import annotations

import csv
import importlib.util
import io
import logging
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn

from sweeper.charts import Axis, Chart, Panel, Points, write_png
from sweeper.charts.style import INK, RAMP
from sweeper.errors import SweeperError
from sweeper.metrics.pesq import pesq
from sweeper.metrics.si_sdr import si_sdr
from sweeper.metrics.stoi import stoi

if TYPE_CHECKING:
    from pathlib import Path

    from sweeper.charts.chart import Symbol
    from sweeper.data.corpus import Pair
    from sweeper.training.hardware import Precision

__all__ = ["Evaluation", "require"]

log = logging.getLogger("sweeper.training")

_MEASURES: Mapping[str, Callable[[Tensor, Tensor, int], Tensor]] = {"stoi": stoi, "pesq": pesq}
_PACKAGES = {"stoi": "pystoi", "pesq": "pesq"}
_UNITS = {"si_sdr": "dB"}

Row = dict[str, str | float]


def require(measures: Sequence[str]) -> None:
    """Raise SweeperError where the package of one of the ``measures`` is not installed."""
    missing = [m for m in measures if importlib.util.find_spec(_PACKAGES[m]) is None]
    if missing:
        raise SweeperError(
            f"training.quality has {', '.join(missing)}, which needs "
            f"{', '.join(_PACKAGES[m] for m in missing)}: `uv sync --extra quality` (pesq is "
            "compiled and needs a C compiler), or take it out"
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Evaluation:
    """Measures whole recordings one by one and leaves ``files.csv`` and ``by_input_snr.png``.

    Attributes:
        measures: beside SI-SDR: ``stoi``, ``pesq``.
        sample_rate: of ``pairs``, in Hz.
        folder: where the files go.
    """

    pairs: Sequence[Pair]
    measures: Sequence[str]
    sample_rate: int
    precision: Precision
    device: torch.device
    folder: Path

    @torch.no_grad()
    def __call__(self, model: nn.Module) -> dict[str, float]:
        """Mean over the recordings of each of ``measures`` as ``best_val_stoi``, ``best_val_pesq``.

        A recording that has no value (no speech is found in it) counts for nothing, and the log
        says how many these are; where none has one there is no mean.
        """
        model.eval()
        rows = [self._row(model, pair) for pair in self.pairs]
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / "files.csv").write_text(_as_csv(rows), encoding="utf-8")
        write_png(_chart(rows, ("si_sdr", *self.measures)), self.folder / "by_input_snr.png")
        means = {f"best_val_{name}": self._mean(rows, name) for name in self.measures}
        return {name: value for name, value in means.items() if math.isfinite(value)}

    def _row(self, model: nn.Module, pair: Pair) -> Row:
        estimate = self.precision(model, pair.noisy.to(self.device)[None])[0].cpu()
        row: Row = {
            "id": pair.id,
            "speaker": pair.speaker or "",
            "seconds": len(pair.clean) / self.sample_rate,
            "input_snr": _snr(pair),
            "noisy_si_sdr": si_sdr(pair.noisy, pair.clean).item(),
            "si_sdr": si_sdr(estimate, pair.clean).item(),
        }
        for name in self.measures:
            measure = _MEASURES[name]
            row[f"noisy_{name}"] = measure(pair.noisy, pair.clean, self.sample_rate).item()
            row[name] = measure(estimate, pair.clean, self.sample_rate).item()
        return row

    def _mean(self, rows: Sequence[Row], name: str) -> float:
        values = [float(row[name]) for row in rows if math.isfinite(float(row[name]))]
        if skipped := len(rows) - len(values):
            log.warning("%s: %d of %d recordings have none", name, skipped, len(rows))
        return sum(values) / len(values) if values else math.nan


def _snr(pair: Pair) -> float:
    """Energy of the speech by that of what was added to it, in dB; infinite without noise."""
    noise = (pair.noisy - pair.clean).double().square().sum().item()
    return 10 * math.log10(pair.clean.double().square().sum().item() / noise) if noise else math.inf


def _as_csv(rows: Sequence[Row]) -> str:
    """A header and a line for each recording; a value that there is not is left empty."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(rows[0])
    writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return file.getvalue()


def _cell(value: str | float) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.4f}" if math.isfinite(value) else ""


def _chart(rows: Sequence[Row], measures: Sequence[str]) -> Chart:
    """A panel for each measure: before and after, over the SNR of the input."""
    return Chart(
        f"Best model on {len(rows)} validation recordings",
        tuple(_panel(rows, name) for name in measures),
        note="Each recording twice: the noisy input, and the model's estimate.",
    )


def _panel(rows: Sequence[Row], name: str) -> Panel:
    unit = f" ({_UNITS[name]})" if name in _UNITS else ""
    return Panel(
        Axis("SNR of the input (dB)"),
        Axis(f"{name}{unit}"),
        (
            _points(rows, "noisy", f"noisy_{name}", INK, "ring"),
            _points(rows, "enhanced", name, RAMP[2], "dot"),
        ),
    )


def _points(rows: Sequence[Row], label: str, column: str, colour: str, symbol: Symbol) -> Points:
    found = [(float(row["input_snr"]), float(row[column])) for row in rows]
    drawn = [(x, y) for x, y in found if math.isfinite(x) and math.isfinite(y)]
    return Points(
        label,
        tuple(x for x, _ in drawn),
        tuple(y for _, y in drawn),
        symbol,
        colour,
    )
