"""How numbers, parameters and metrics are written for people, the same in every table and plot."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.records import ParamValue

__all__ = [
    "count",
    "duration",
    "figure",
    "labelled",
    "listed",
    "measured",
    "number",
    "printable",
    "roughly",
    "scientific",
    "settings",
    "unit",
]

_UNITS = {"peak_memory_bytes": "bytes", "samples_per_second": "segments/s"}


def number(value: ParamValue | None, digits: int = 3) -> str:
    """A parameter's value with ``digits`` significant digits: ``1.25e-3``, ``0.1``, ``16``."""
    if value is None:
        return "-"
    if not isinstance(value, float):
        return str(value)
    if value == 0 or 0.01 <= abs(value) < 1e5:
        return f"{value:.{max(digits, 5 if abs(value) >= 1000 else 0)}g}"
    return scientific(value, digits)


def scientific(value: float, digits: int = 3) -> str:
    """``1.25e-3``: without the zeros that Python writes."""
    mantissa, exponent = f"{value:.{digits - 1}e}".split("e")
    return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(exponent)}"


def unit(metric: str) -> str:
    """The unit of a metric, or nothing where it has none (a loss)."""
    if "si_sdr" in metric or "snr" in metric:
        return "dB"
    return _UNITS.get(metric, "")


def labelled(metric: str) -> str:
    """An axis name: ``val_si_sdr (dB)``."""
    return f"{metric} ({unit(metric)})" if unit(metric) else metric


def measured(metric: str, value: float | None) -> str:
    """A metric's value with its unit: ``9.31 dB``; a dash where there is none."""
    if value is None:
        return "-"
    return f"{figure(metric, value)} {unit(metric)}".strip()


def figure(metric: str, value: float) -> str:
    """A metric's value without its unit: ``9.31``."""
    return f"{value:.2f}" if unit(metric) == "dB" else number(value, 4)


def roughly(metric: str, value: float | None) -> str:
    """A small difference of a metric with its unit, to two digits: ``0.15 dB``."""
    return "-" if value is None else f"{number(value, 2)} {unit(metric)}".strip()


def settings(params: Mapping[str, ParamValue], most: int | None = None) -> str:
    """Parameters in one line: ``lr 1.2e-3, batch_size 8``; after ``most``, how many more."""
    said = [f"{name} {number(value)}" for name, value in params.items()]
    more = len(said) - most if most is not None else 0
    return ", ".join([*said[:most], f"{more} more"] if more > 0 else said)


def listed(texts: Sequence[str]) -> str:
    """``2``, ``2 and 8``, ``2, 8 and 16``."""
    return " and ".join(part for part in (", ".join(texts[:-1]), *texts[-1:]) if part)


def printable(text: str) -> str:
    """``text`` with what no file and no database takes (half characters, NUL) as escapes."""
    return text.encode("utf-8", "backslashreplace").decode().replace("\0", "\\x00")


def count(how_many: int, noun: str) -> str:
    """``1 trial``, ``2 trials``."""
    return f"{how_many:,} {noun}" if how_many == 1 else f"{how_many:,} {noun}s"


def duration(seconds: float | None) -> str:
    """``42 s``, ``7 min``, ``1 h 05 min``, ``3 d 4 h``; a dash while unknown."""
    if seconds is None:
        return "-"
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h {minutes % 60:02d} min"
    return f"{minutes // 1440} d {minutes % 1440 // 60} h"
