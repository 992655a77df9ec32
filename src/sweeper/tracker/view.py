"""The prepared view: a sweep's trials in the MLflow UI with columns and charts already set up.

The UI keeps views that people share in tags of the experiment, as JSON, and opens one by its key.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from sweeper.tracker.identity import SweepIdentity
from sweeper.tracker.links import MODEL_TRAINING
from sweeper.tracker.names import at_best_key, finished_key, metric_key, safe_key

__all__ = ["model_place", "view_place", "view_tag"]

_TAG = "mlflow.sharedViewState."
_MOST_RUNS = 500
_CHARTS, _CURVES = "Parameters and objective", "Learning curves"
_COLUMN_TAGS = ("sweeper.state", "sweeper.stop_reason", "sweeper.diagnosis")

Chart = dict[str, Any]


def model_place(name: str) -> str:
    """Where a registered model is, as seen from another page of the UI."""
    return f"#/models/{name}?{MODEL_TRAINING}"


def view_place(experiment_id: str, sweep: SweepIdentity) -> str:
    """Where the view is, as seen from another page of the UI."""
    where = f"#/experiments/{experiment_id}/runs"
    return f"{where}?{MODEL_TRAINING}&viewStateShareKey={_key(sweep)}&compareRunsMode=CHART"


def view_tag(sweep: SweepIdentity) -> tuple[str, str]:
    """Key and value of the experiment's tag that holds the view."""
    return f"{_TAG}{_key(sweep)}", json.dumps(_view(sweep), separators=(",", ":"))


def _key(sweep: SweepIdentity) -> str:
    return f"sweeper-{sweep.sweep_id[:12]}"


def _view(sweep: SweepIdentity) -> dict[str, Any]:
    return {
        "searchFilter": f"tags.`sweeper.sweep_id` = '{sweep.sweep_id}' "
        "AND tags.`sweeper.role` = 'trial'",
        "orderByKey": f"metrics.`{_objective(sweep)}`",
        "orderByAsc": sweep.direction == "minimize",
        "startTime": "ALL",
        "lifecycleFilter": "Active",
        "datasetsFilter": [],
        "modelVersionFilter": "All Runs",
        "selectedColumns": list(_columns(sweep)),
        "runsExpanded": {},
        "runsPinned": [],
        "runsHidden": [],
        "runsHiddenMode": "SHOW_ALL",
        "useGroupedValuesInCharts": True,
        "hideEmptyCharts": True,
        "autoRefreshEnabled": True,
        "isAccordionReordered": True,
        "compareRunSections": [_section(name) for name in (_CHARTS, _CURVES)],
        "compareRunCharts": list(_charts(sweep)),
    }


def _objective(sweep: SweepIdentity) -> str:
    return metric_key(f"best_{sweep.metric}")


def _columns(sweep: SweepIdentity) -> Iterator[str]:
    """What a person compares trials by; nothing that is the same for all."""
    params = [safe_key(name) for name in sweep.searched]
    further = [at_best_key(metric) for metric in sweep.also]
    metrics = [_objective(sweep), *further, "best_epoch", "train_loss_epoch", "val_loss_epoch"]
    yield from (_quoted("params", name) for name in params)
    yield from (_quoted("metrics", name) for name in metrics)
    yield from (_quoted("tags", name) for name in _COLUMN_TAGS)
    yield _quoted("attributes", "Models")


def _quoted(kind: str, name: str) -> str:
    return f"{kind}.`{name}`"


def _section(name: str) -> dict[str, Any]:
    return {
        "uuid": _uuid(name),
        "name": name,
        "display": True,
        "isReordered": True,
        "deleted": False,
        "isGenerated": False,
        "columns": 2,
        "cardHeight": 380,
    }


def _uuid(name: str) -> str:
    return name.lower().replace(" ", "-")


def _charts(sweep: SweepIdentity) -> Iterator[Chart]:
    axes = [_axis_name(sweep, name) for name in sweep.searched]
    objective = _objective(sweep)
    if axes:
        yield _parallel(axes, objective)
    if len(axes) > 1:
        yield _contour(axes[0], axes[1], finished_key(sweep.metric))
    for axis in axes[:2]:
        yield _scatter(axis, _param(axis), objective)
    for key in map(at_best_key, sweep.also):
        yield _scatter(key, _metric(key), finished_key(sweep.metric))
    for metric in dict.fromkeys([sweep.metric, "train_loss", "val_loss"]):
        yield _line(metric_key(metric))


def _axis_name(sweep: SweepIdentity, name: str) -> str:
    """The parameter that draws ``name`` straight: the UI's contour has linear axes only."""
    return safe_key(f"log10_{name}" if name in sweep.log_scaled else name)


def _chart(kind: str, name: str, title: str, section: str, **settings: Any) -> Chart:
    return {
        "type": kind,
        "uuid": _uuid(f"{kind} {name}"),
        "metricSectionId": _uuid(section),
        "deleted": False,
        "isGenerated": False,
        "runsCountToCompare": _MOST_RUNS,
        "displayName": title,
        **settings,
    }


def _parallel(params: Iterable[str], objective: str) -> Chart:
    return _chart(
        "PARALLEL",
        "all",
        "Parallel coordinates",
        _CHARTS,
        selectedParams=list(params),
        selectedMetrics=[objective],
        showAllRuns=True,
    )


def _contour(x: str, y: str, objective: str) -> Chart:
    return _chart(
        "CONTOUR",
        f"{x} {y}",
        f"{objective} over {x} and {y}",
        _CHARTS,
        xaxis=_param(x),
        yaxis=_param(y),
        zaxis=_metric(objective),
    )


def _scatter(name: str, x: dict[str, str], objective: str) -> Chart:
    axes = {"xaxis": x, "yaxis": _metric(objective)}
    return _chart("SCATTER", name, f"{objective} against {name}", _CHARTS, **axes)


def _line(metric: str) -> Chart:
    return _chart(
        "LINE",
        metric,
        metric,
        _CURVES,
        metricKey=metric,
        selectedMetricKeys=[metric],
        xAxisKey="step",
        xAxisScaleType="linear",
        scaleType="linear",
        lineSmoothness=0,
        range={},
        useGlobalXaxisKey=True,
        useGlobalLineSmoothing=True,
    )


def _param(key: str) -> dict[str, str]:
    return {"key": key, "type": "PARAM"}


def _metric(key: str) -> dict[str, str]:
    return {"key": key, "type": "METRIC"}
