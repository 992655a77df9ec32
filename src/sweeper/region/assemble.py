"""An answer put together from what the finished trials show and what the surrogate says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from sweeper.config import Objective, SearchSpace
from sweeper.records import TrialRecord
from sweeper.region.analysis import Analysis, analyse
from sweeper.region.answer import Centre, Region, Row
from sweeper.region.centre import centre_of
from sweeper.region.edges import edges_of
from sweeper.region.evidence import blind, evidence_of, noise_of
from sweeper.region.map import map_of
from sweeper.region.rows import rows_of, slope_of, ties_of
from sweeper.region.tied import tied_region

__all__ = ["assemble"]

_RULE = "10% of the way from the best setting to the median one"
_NOISE_RULE = "one standard deviation over seeds"


def assemble(
    records: Sequence[TrialRecord],
    objective: Objective,
    space: SearchSpace,
    tolerance: float | None,
) -> Region:
    """The whole answer.

    Raises:
        TooFew: no surrogate can be fitted.
    """
    analysis = analyse(records, objective, space, tolerance=tolerance)
    tau, rule = _tolerance(analysis, tolerance)
    facts = tied_region(records, objective, space, tolerance=tau)
    centre = centre_of(analysis, space)
    rows = rows_of(analysis, facts, records)
    evidence = evidence_of(analysis)
    recommended = next((row for row in rows if _holds(row, facts.batch_size, centre)), None)
    return replace(
        facts,
        rule=rule,
        rows=rows,
        edges=()
        if evidence.loo is None or blind(analysis, evidence.loo)
        else edges_of(analysis, facts, centre),
        recommended=recommended
        if evidence.enough and recommended and recommended.interval
        else None,
        confidence=analysis.inclusion.expected_iou,
        map=map_of(analysis),
        centre=centre,
        slope=slope_of(analysis),
        noise=noise_of(analysis, records),
        evidence=evidence,
        ties=ties_of(analysis, rows, centre),
    )


def _tolerance(analysis: Analysis, given: float | None) -> tuple[float, str]:
    if given is not None:
        return given, "as given"
    found = analysis.inclusion
    by_noise = float((found.noise >= found.tolerance).mean()) > 0.5
    return float(np.median(found.tolerance)), _NOISE_RULE if by_noise else _RULE


def _holds(row: Row, batch_size: str | None, centre: Centre) -> bool:
    return batch_size is None or centre.params[batch_size] in row.batch_sizes
