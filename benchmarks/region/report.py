"""The benchmark's tables as Markdown."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from statistics import mean

import numpy as np

from benchmarks.region.rivals import RIVALS
from benchmarks.region.score import BINS, Score, Verdict
from benchmarks.region.sweeps import GOALS, Sweep

__all__ = ["render"]

_ENOUGH_CELLS = 200
_OURS = "sweeper"


def render(sweeps: Sequence[Sweep], groups: Mapping[str, Sequence[str]]) -> str:
    """All tables; ``groups`` are names of landscapes that are averaged together."""
    parts = [
        "# Regions of simulated sweeps",
        "Written by `python -m benchmarks.region`; benchmarks/README.md says what is simulated and "
        "scored. Regrets are shares of (median - minimum).",
    ]
    for trials in sorted({case.trials for case, _ in sweeps}):
        for group, names in groups.items():
            chosen = [s for s in sweeps if s[0].trials == trials and s[0].landscape in names]
            if chosen:
                parts += [f"## {group}, {trials} trials, {_seeds(chosen)}", *_group(chosen)]
    return "\n\n".join(parts) + "\n"


def _seeds(sweeps: Sequence[Sweep]) -> str:
    """How many sweeps each landscape has had."""
    counts = [len({c.seed for c, _ in sweeps if c.landscape == n}) for n in _names(sweeps)]
    low, high = min(counts), max(counts)
    return f"{high} seeds" if low == high else f"{low} to {high} seeds"


def _group(sweeps: Sequence[Sweep]) -> list[str]:
    if not any(case.goal != "best" for case, _ in sweeps):
        return [_landscapes(sweeps)]
    return [_methods(sweeps), _landscapes(sweeps), _calibration(sweeps), _edges(sweeps)]


def _methods(sweeps: Sequence[Sweep]) -> str:
    """Means over landscapes and seeds; regions without enough evidence are scored as well."""
    header = (
        "| method | coverage | precision | recall | IoU | regret of its centre | "
        "of the sweep's best trial | trials | full trainings |"
    )
    rows = [header, "|---" * 9 + "|"]
    for method in RIVALS:
        rows.append(_method(sweeps, method, GOALS[0]))
    rows += [_method(sweeps, _OURS, goal) for goal in _goals(sweeps)]
    return "\n".join(rows)


def _method(sweeps: Sequence[Sweep], method: str, goal: str) -> str:
    chosen = [v for case, v in sweeps if case.goal == goal and method in v.scores]
    name = f"{method}, goal: {goal}"
    if not chosen:
        return _line(name, *["-"] * 8)
    scores = [v.scores[method] for v in chosen]
    columns: list[Callable[[Score], float]] = [
        lambda s: s.coverage,
        lambda s: s.precision,
        lambda s: s.recall,
        lambda s: s.iou,
    ]
    cells = [f"{mean(map(column, scores)):.2f}" for column in columns]
    cells += [f"{mean(s.regret for s in scores):.3f}", f"{mean(v.best_regret for v in chosen):.3f}"]
    cells += [f"{mean(v.trials for v in chosen):.0f}", f"{mean(v.epochs for v in chosen):.1f}"]
    return _line(name, *cells)


def _landscapes(sweeps: Sequence[Sweep]) -> str:
    header = (
        "| landscape, goal | IoU | claimed | centre's regret | best trial's | "
        "not enough evidence | full trainings | CPU s |"
    )
    rows = [header, "|---" * 8 + "|"]
    for name in _names(sweeps):
        for goal in _goals(sweeps):
            found = [v for case, v in sweeps if (case.landscape, case.goal) == (name, goal)]
            if found:
                rows.append(_line(f"{name}, {goal}", *_verdicts(found)))
    return "\n".join(rows)


def _verdicts(found: Sequence[Verdict]) -> Iterator[str]:
    ours = [v.scores[_OURS] for v in found if _OURS in v.scores]
    yield f"{mean(s.iou for s in ours):.2f}" if ours else "-"
    yield f"{mean(v.claimed for v in found):.2f}"
    yield f"{mean(s.regret for s in ours):.3f}" if ours else "-"
    yield f"{mean(v.best_regret for v in found):.3f}"
    yield f"{sum(not v.enough for v in found)} of {len(found)}"
    yield f"{mean(v.epochs for v in found):.1f}"
    yield f"{mean(v.seconds for v in found):.1f}"


def _calibration(sweeps: Sequence[Sweep]) -> str:
    """Bins with few cells are left out."""
    lines = []
    for goal in _goals(sweeps):
        chosen = [v for case, v in sweeps if case.goal == goal]
        cells, hits = (np.sum([getattr(v, n) for v in chosen], axis=0) for n in ("cells", "hits"))
        shares = [
            f"{h / c:.2f}" if c > _ENOUGH_CELLS else "-" for c, h in zip(cells, hits, strict=True)
        ]
        lines.append(_line(f"inside, goal: {goal}", *shares))
    claimed = _line("claimed", *(f"{(i + 0.5) / BINS:.2f}" for i in range(BINS)))
    return "\n".join([claimed, "|---" * (BINS + 1) + "|", *lines])


def _edges(sweeps: Sequence[Sweep]) -> str:
    rows = ["| boundary warning | sensitivity | specificity |", "|---|---|---|"]
    rules: dict[str, Callable[[tuple[bool, bool, bool]], bool]] = {
        _OURS: lambda edge: edge[1],
        "best trial near the edge": lambda edge: edge[2],
    }
    for goal in _goals(sweeps):
        edges = [edge for case, v in sweeps if case.goal == goal for edge in v.edges]
        at, off = [e for e in edges if e[0]], [e for e in edges if not e[0]]
        for name, warned in rules.items():
            sensitivity = f"{mean(map(warned, at)):.2f} (of {len(at)})" if at else "-"
            specificity = f"{1 - mean(map(warned, off)):.3f} (of {len(off)})" if off else "-"
            rows.append(_line(f"{name}, goal: {goal}", sensitivity, specificity))
    return "\n".join(rows)


def _goals(sweeps: Sequence[Sweep]) -> list[str]:
    return [goal for goal in GOALS if any(case.goal == goal for case, _ in sweeps)]


def _names(sweeps: Sequence[Sweep]) -> list[str]:
    return list(dict.fromkeys(case.landscape for case, _ in sweeps))


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"
