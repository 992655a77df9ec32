"""A finished sweep of real trainings, its MLflow server, and a browser to look at it."""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Browser, Page
from shop import Shop

__all__ = ["Site", "made_once", "run_sweep", "shoot"]

_SPACES = Path(__file__).parents[1] / "search_spaces"
_SMALL = {
    "budget.trials": "6",
    "training.epochs": "3",
    "training.epoch_seconds": "8",
    "model.bottleneck": "8",
    "model.hidden": "8",
    "model.layers": "1",
    "pruner": "{name: none}",
    "resources.concurrent": "2",
}
_NO_ASSISTANT = """
localStorage.setItem("mlflow.assistant.fab.autoOpenedOnFirstLoad_v1", "true");
localStorage.setItem("mlflow.assistant.panelOpen_v1", "false");
"""


@dataclass
class Site:
    """What a browser needs to see the sweep."""

    shop: Shop
    uri: str
    experiment: str
    parent: Any
    children: list[Any]
    chromium: Browser

    @property
    def best(self) -> Any:
        return max(self.children, key=lambda run: run.data.metrics["best_val_si_sdr"])

    @property
    def noisy(self) -> Path:
        """The recording that the best trial has as an artifact."""
        number = int(self.best.data.tags["sweeper.trial"])
        return self.shop.folder / f"sweeps/dprnn/trials/{number:04d}/artifacts/noisy.wav"

    @property
    def runs_table(self) -> str:
        return f"#/experiments/{self.experiment}/runs?workflowType=machine_learning"

    def open(self, place: str, width: int = 1440, height: int = 1000) -> Page:
        """A place inside the UI as a new visitor sees it, without its chat panel."""
        page = self.chromium.page(width, height)
        page.send("Storage.clearDataForOrigin", origin=self.uri, storageTypes="local_storage")
        page.send("Page.addScriptToEvaluateOnNewDocument", source=_NO_ASSISTANT)
        hovers = [{"name": name, "value": "hover"} for name in ("hover", "any-hover")]
        page.send("Emulation.setEmulatedMedia", features=hovers)
        page.open(f"{self.uri}/{place}")
        return page

    def run(self, run_id: str, rest: str = "") -> str:
        where = f"#/experiments/{self.experiment}/runs/{run_id}{rest}"
        return f"{where}?workflowType=machine_learning"


def shoot(page: Page, name: str) -> None:
    """Keep a picture, where SWEEPER_SCREENSHOTS names a folder."""
    if folder := os.environ.get("SWEEPER_SCREENSHOTS"):
        page.run("new Promise(done => setTimeout(done, 2500))")  # animations end
        page.shoot(Path(folder) / f"{name}.png")


def run_sweep(folder: Path) -> None:
    """The shipped search space, small, in a git repository as a user's."""
    shop = Shop(folder)
    author = ("-c", "user.name=mina", "-c", "user.email=mina@example.org")
    commit = ("commit", "--quiet", "--allow-empty", "--message", "Search spaces")
    for words in (("init", "--quiet"), (*author, *commit)):
        subprocess.run(["git", *words], cwd=folder, check=True)
    flags = [word for key, value in _SMALL.items() for word in ("--set", f"{key}={value}")]
    code, said = shop.run("run", str(_SPACES / "dprnn.yaml"), *flags)
    shop.close()
    assert code == 0, said


@contextmanager
def made_once(folder: Path) -> Iterator[bool]:
    """Whether ``folder`` is still to be filled; others that ask wait until it has been."""
    folder.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        done = folder.with_suffix(".done")
        yield not done.exists()
        done.touch()
