"""Which version of a registered model is its champion, where several sweeps have its name."""

from __future__ import annotations

from collections.abc import Mapping

from sweeper import words
from sweeper.records import Direction
from sweeper.tracker.context import Context
from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.names import metric_key
from sweeper.tracker.store import RunView

__all__ = ["ALIAS", "crown", "facts"]

ALIAS = "champion"
_SWEEP, _TRIAL, _VALUE = "sweeper.sweep_id", "sweeper.trial", "sweeper.value"
_OBJECTIVE, _DATA = "sweeper.objective", "sweeper.data"


def facts(context: Context, run: RunView, number: int) -> dict[str, str]:
    """The tags of a version: whose it is, and how good on what."""
    sweep = context.sweep
    value = run.metrics.get(metric_key(f"best_{sweep.metric}"))
    return {
        _SWEEP: sweep.sweep_id,
        _TRIAL: str(number),
        _OBJECTIVE: f"{sweep.direction} {sweep.metric}",
        _DATA: sweep.dataset.fingerprint if sweep.dataset else "",
        **({} if value is None else {_VALUE: repr(value)}),
    }


def crown(context: Context, version: str, own: Mapping[str, str]) -> bool:
    """Make ``version`` the champion, unless another sweep has one that is not known to be worse.

    Args:
        own: what `facts` says of it.

    Returns:
        Whether it is the champion now.
    """
    name, store = context.sweep.name, context.store
    held = store.aliased(name, ALIAS)
    if held is None or held.get(_SWEEP) == own[_SWEEP]:
        store.set_alias(name, ALIAS, version)
        return True
    values = _comparable(own, held)
    wins = values is not None and _is_better(*values, context.sweep.direction)
    if wins:
        store.set_alias(name, ALIAS, version)
    context.remark(_told(context.sweep, version, values, wins=wins))
    return wins


def _comparable(own: Mapping[str, str], held: Mapping[str, str]) -> tuple[float, float] | None:
    """Both values, where they are of the same objective and data."""
    alike = all(own[key] == held.get(key) for key in (_OBJECTIVE, _DATA))
    if not alike or _VALUE not in own or _VALUE not in held:
        return None
    return float(own[_VALUE]), float(held[_VALUE])


def _is_better(own: float, held: float, direction: Direction) -> bool:
    return own > held if direction == "maximize" else own < held


def _told(
    sweep: SweepIdentity, version: str, values: tuple[float, float] | None, *, wins: bool
) -> str:
    found = "not comparable with it"
    if values is not None:
        own, held = (words.measured(sweep.metric, value) for value in values)
        found = f"{sweep.metric} {held} there, {own} here"
    champion, other = f"models:/{sweep.name}@{ALIAS}", f"another sweep's called {sweep.name!r}"
    if wins:
        return f"{champion} was {other}; this one's is better ({found}) and takes over"
    return (
        f"{champion} stays {other} ({found}); this one's best is models:/{sweep.name}/{version}. "
        "A `name:` of its own in the YAML avoids this"
    )
