"""The confusion table, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from benchmarks.diagnosis.causes import CAUSES, SURVIVED, Curve
from sweeper.config.model import Objective
from sweeper.diagnosis import Diagnosis, Finding, diagnose
from sweeper.records import TrialRecord, TrialState

__all__ = ["render", "verdict_of"]

_OBJECTIVE = Objective(metric="val_loss", direction="minimize")

_TEXT = """# Learning curves, diagnosed

Every trial that ends gets a finding of its learning curve: a tag `sweeper.diagnosis` and, on top of
its run's page in MLflow, the evidence and what to do about it; `sweeper show NAME TRIAL` says the
same, and the sweep's summary counts them. The first four are those of the team's guide (4.2).

{findings}

Of a trial that was stopped before its last epoch only a defect is told (no learning, divergence,
overfitting): whether it would have converged, nobody has seen. A trial needs four epochs.

## How often it is right

{curves} trainings of small networks on three kinds of problems (classification, regression,
denoising with SI-SDR; Adam and SGD, with and without gradient clipping), each made to show one
pattern: `python -m benchmarks.diagnosis` ([how](../benchmarks/README.md)). These are seeds {first}
to {last}; what is done, what is right and clear, and the thresholds were settled on seeds below
640. Rows: what was done; columns: what was found.

{table}

**{right} of {curves} right ({share:.1%}); of the {clear} clear cases, {clear_wrong} wrong.** By
kind of problem: {families}. Without the losses of single steps, which a task of your own may not
report: {without:.1%}, since a blow-up within the first epoch then looks like learning.

Right is what the row must be, and nothing else, with two exceptions that are measured. Cut
trainings and well tuned ones without a schedule were continued to twice their epochs: where that
brought 10% more or above, still improving is right, otherwise convergence, whatever was meant
({decided} of {curves} differ). And where a learning rate that is far too high still brought a
training a third of the way that a tuned one goes, it did learn: convergence, still improving and
saturated early are right too ({survived} of {curves}). A case is clear where its cause is far from
the next pattern, as the third column says, by what was drawn or by that continuation; the curve
that is diagnosed is not looked at for that.

{wrong}
"""


def verdict_of(curve: Curve, *, steps: bool = True) -> Diagnosis | None:
    """What is found of a curve, as the sweep does it; without ``steps`` from the epochs alone."""
    reports = curve.reports if steps else tuple(replace(r, steps={}) for r in curve.reports)
    state = TrialState.COMPLETE if curve.finite else TrialState.DIVERGED
    record = TrialRecord(0, {}, state, curve.seed, reports, reason="a loss was not finite")
    return diagnose(record, _OBJECTIVE, curve.epochs)


def render(curves: Sequence[Curve], seeds: range) -> str:
    """The page docs/diagnosis.md."""
    right = [c for c in curves if _is_right(c)]
    families = sorted({c.family for c in curves})
    by_family = [
        f"{name} {_share([c for c in curves if c.family == name], _is_right):.1%}"
        for name in families
    ]
    return _TEXT.format(
        findings=_findings(),
        curves=len(curves),
        first=seeds.start,
        last=seeds.stop - 1,
        table=_table(curves),
        clear=sum(c.clear for c in curves),
        clear_wrong=sum(c.clear and not _is_right(c) for c in curves) or "none",
        decided=sum(_is_other(c) for c in curves),
        survived=sum(c.accepted == SURVIVED for c in curves),
        right=len(right),
        share=len(right) / len(curves),
        families=", ".join(by_family),
        without=_share(curves, lambda c: _is_right(c, steps=False)),
        wrong=_wrong([c for c in curves if not _is_right(c)]),
    )


def _is_right(curve: Curve, *, steps: bool = True) -> bool:
    found = verdict_of(curve, steps=steps)
    return found is not None and found.finding.value in curve.accepted


def _is_other(curve: Curve) -> bool:
    """Its continuation decided against what was meant."""
    return CAUSES[curve.cause].finding not in curve.accepted


def _share(curves: Sequence[Curve], is_so: Callable[[Curve], bool]) -> float:
    return sum(map(is_so, curves)) / len(curves)


def _findings() -> str:
    rows = [f"| {finding.words} | {finding.advice} |" for finding in Finding]
    return "\n".join(["| finding | what to do |", "|---|---|", *rows])


def _table(curves: Sequence[Curve]) -> str:
    counts = Counter((c.cause, _name(c)) for c in curves)
    names = [finding.words for finding in Finding] + ["none"]
    head = "| what was done | must be | clear are | " + " | ".join(names) + " |"
    rows = [
        f"| {cause.name} | {cause.finding.replace('_', ' ')} | {cause.clear} | "
        + " | ".join(str(counts[number, name] or "") for name in names)
        + " |"
        for number, cause in enumerate(CAUSES)
    ]
    return "\n".join([head, "|---" * (len(names) + 3) + "|", *rows])


def _name(curve: Curve) -> str:
    found = verdict_of(curve)
    return found.finding.words if found else "none"


def _wrong(curves: Sequence[Curve]) -> str:
    rows = []
    for curve in curves:
        found = verdict_of(curve)
        said = f"{found.finding.words}: {found.evidence}" if found else "nothing"
        must = " or ".join(sorted(curve.accepted)).replace("_", " ")
        clear = " (clear)" if curve.clear else ""
        rows.append(f"- seed {curve.seed}, {curve.family}, must be {must}{clear}: found {said}")
    return "\n".join(["Not right:", "", *rows]) if rows else "None was wrong."
