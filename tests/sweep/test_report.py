"""The parent run's page while a sweep runs and after it, by MLflow's own client."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from mlflow import MlflowClient

from sweeper.records import TrialState

if TYPE_CHECKING:
    from shop import Shop

_PATIENCE = 120.0


def _page(shop: Shop) -> str:
    database = shop.folder / "mlflow.db"
    if not database.exists():
        return ""  # and a client that made it now would meet the sweep's mirror doing the same
    client = MlflowClient(f"sqlite:///{database}")
    found = client.search_runs(
        [e.experiment_id for e in client.search_experiments()], "tags.`sweeper.role` = 'parent'"
    )
    return found[0].data.tags.get("mlflow.note.content", "") if found else ""


def test_the_page_is_there_while_the_sweep_runs_and_ends_with_the_verdict(shop: Shop) -> None:
    shop.space("slow", trials=40, epochs=60, more="resources: {concurrent: 2}\n")
    process = shop.start("run", "toy.yaml")
    shop.wait_for(lambda records: any(r.state is TrialState.COMPLETE for r in records))
    end = time.monotonic() + _PATIENCE
    while "running" not in (page := _page(shop)) or "[0](#/experiments/" not in page:
        assert time.monotonic() < end, page
        time.sleep(0.5)
    assert page.startswith("**")
    assert "The sweep is running; this is how it stood at " in page
    assert "of 40 trials ended" in page
    assert "`sweeper watch toy`" in page
    assert "[Charts of all trials](#/experiments/" in page
    assert "| trials=40, " in page
    assert shop.run("stop", "toy", "--wait")[0] == 0
    process.communicate(timeout=_PATIENCE)
    page = _page(shop)
    assert "The sweep is running" not in page
    assert "[Figures](#/experiments/" in page
    assert "`sweeper resume toy`" in page
