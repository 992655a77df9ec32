"""How things are called in MLflow: keys that it accepts, runs that say what they are."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Mapping

from sweeper import words
from sweeper.records import ParamValue

__all__ = [
    "at_best_key",
    "finished_key",
    "metric_key",
    "metric_value",
    "param_text",
    "params_of",
    "run_name",
    "safe_key",
    "tag_text",
]

_MAX_TAG = 8000
_MAX_PARAM = 6000
_MAX_KEY = 250
_MAX_NAME = 120
_KEYS = {
    "train_loss": "train_loss_epoch",
    "val_loss": "val_loss_epoch",
    "peak_memory_bytes": "peak_memory_mb",
}


def metric_key(name: str) -> str:
    """The MLflow key of a report's metric; losses say that they are per epoch, memory is in MB."""
    return _KEYS.get(name) or safe_key(name)


def finished_key(metric: str) -> str:
    """The objective of trials that were trained to the end, under a key that no other has.

    A surface through trials that were stopped early would show where they were stopped.
    """
    return metric_key(f"finished_{metric}")


def at_best_key(metric: str) -> str:
    """Another metric at the epoch with the best objective, in the units of the report."""
    return f"{safe_key(metric)}_at_best"


def metric_value(name: str, value: float) -> float:
    """The value under `metric_key`: bytes become MB (10**6 bytes)."""
    return value / 1e6 if name == "peak_memory_bytes" else value


def safe_key(name: str) -> str:
    """``name`` with what MLflow refuses in keys replaced by an underscore."""
    clean = re.sub(r"[^\w\-. /]", "_", name)[:_MAX_KEY]
    # keys may become file names, so MLflow refuses those that are no clean relative path
    is_path = clean == posixpath.normpath(clean) and not clean.startswith(("/", "."))
    return clean if is_path else re.sub(r"[/.]", "_", clean) or "_"


def param_text(value: object) -> str:
    """A parameter's value as text, no longer than MLflow keeps."""
    return words.printable(str(value))[:_MAX_PARAM]


def tag_text(value: str) -> str:
    """A tag's value, no longer than MLflow keeps; whole lines where something must go."""
    value = words.printable(value)
    if len(value) <= _MAX_TAG:
        return value
    note = "\n\n(cut here)"
    kept = value[: _MAX_TAG - len(note)]
    return (kept[: kept.rfind("\n")] if "\n" in kept else kept) + note


def params_of(
    flat: Mapping[str, ParamValue], seed: int, log_scaled: frozenset[str]
) -> dict[str, str]:
    """A trial's parameters as MLflow keeps them, with ``log10_<name>`` for log-scaled ones."""
    params = {safe_key(name): param_text(value) for name, value in flat.items()}
    for name in sorted(log_scaled & flat.keys()):
        params[safe_key(f"log10_{name}")] = f"{math.log10(float(flat[name])):.4f}"
    return {**params, "seed": str(seed)}


def run_name(number: str, params: Mapping[str, ParamValue]) -> str:
    """What a child run is called: ``0007 lr=1.2e-3 batch_size=8``."""
    settings = (f"{name.split('.')[-1]}={words.number(v)}" for name, v in params.items())
    return words.printable(" ".join([number, *settings]))[:_MAX_NAME]
