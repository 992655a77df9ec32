"""Figures of a sweep, one file each: pure functions to a `Chart`.

A figure takes what it names of ``records``, ``objective``, ``space`` and ``region``; see `draw`.
Optuna's own figures leave out trials that were stopped, diverged or ran out of memory, and their
axes have no units and no scale for ordered choices, so these are drawn from the records.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from sweeper import families

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sweeper.charts import Chart, ParallelChart
    from sweeper.config import Objective, ParamSpec
    from sweeper.records import TrialRecord
    from sweeper.region import Region

__all__ = ["draw"]


def draw(
    name: str,
    records: Sequence[TrialRecord],
    objective: Objective,
    space: Mapping[str, ParamSpec],
    region: Region,
) -> Chart | ParallelChart:
    """The figure ``name`` of trials; ``region`` is found once for all figures.

    Raises:
        LookupError: there is no such figure.
    """
    plot = families.load("plots", name)
    given = {"records": records, "objective": objective, "space": space, "region": region}
    wanted = inspect.signature(plot).parameters
    chart: Chart | ParallelChart = plot(**{name: given[name] for name in wanted})
    return chart
