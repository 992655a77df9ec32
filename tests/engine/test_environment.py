"""What Ray reads when it is imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

_ASK = """
from sweeper.engine import environment
environment.prepare()
from ray._private import ray_constants
from ray._common.usage import usage_lib
print(ray_constants.RAY_ENABLE_UV_RUN_RUNTIME_ENV, usage_lib.usage_stats_enabled())
"""


@pytest.mark.parametrize(
    ("given", "seen"), [({}, "False False"), ({"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "1"}, "True False")]
)
def test_nodes_get_no_project_from_uv_unless_a_person_wants_it(
    given: dict[str, str], seen: str
) -> None:
    own = {k: v for k, v in os.environ.items() if not k.startswith("RAY_")}
    done = subprocess.run(
        [sys.executable, "-c", _ASK], env=own | given, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == seen


_START = """
import os
from sweeper.engine import environment, warm
environment.prepare()
warm.ask("{task}", cpus=1)
import psutil, ray
with environment.few_daemons():
    ray.init(address="local", num_cpus=1, include_dashboard=False, log_to_driver=False)
ours = [" ".join(p.cmdline()) for p in psutil.Process().children(recursive=True)]
there = ("raylet", "gcs_server", "dashboard/dashboard.py", "log_monitor.py", "monitor.py")
print(*(name for name in there if any(name in command for command in ours)))

from ray import tune
class Seen(tune.Trainable):
    asked = ()
    def get_auto_filled_metrics(self, *given, debug_metrics_only=False, **more):
        if debug_metrics_only:
            self.asked = ("asked for its address",)
        return super().get_auto_filled_metrics(*given, **more)
    def step(self):
        import sys
        know = ("torch", "sweeper.engine.worker", "sweeper.tasks.enhancement")
        known = [name for name in know if name in sys.modules]
        return {{"done": True, "seen": [os.environ["OMP_NUM_THREADS"], *known, *self.asked]}}
class Show(tune.Callback):
    def on_trial_result(self, iteration, trials, trial, result, **info):
        print(*result["seen"])
from ray.tune import registry
asked, ask = [], registry._internal_kv_get
registry._internal_kv_get = lambda key: asked.append(key) or ask(key)
with environment.quick_tune(here=True):
    tune.Tuner(
        Seen,
        tune_config=tune.TuneConfig(num_samples=3, reuse_actors=True),
        run_config=tune.RunConfig(verbose=0, callbacks=[Show()]),
    ).fit()
print("asked for the class", len(asked), "times")
ray.shutdown()
"""


@pytest.mark.parametrize(
    ("task", "seen"),
    [
        ("enhancement", "1 torch sweeper.engine.worker sweeper.tasks.enhancement"),
        pytest.param("mine:task", "1 sweeper.engine.worker", marks=pytest.mark.slow),
    ],
)
def test_ray_starts_what_is_needed_with_workers_that_know_their_task(
    tmp_path: Path, task: str, seen: str
) -> None:
    own = {k: v for k, v in os.environ.items() if not k.startswith(("RAY_", "OMP_"))}
    command = [sys.executable, "-c", _START.format(task=task)]
    done = subprocess.run(
        command, env=own, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:1] == ["raylet gcs_server"]
    *_, trained, asked = done.stdout.splitlines()
    assert trained == seen
    assert asked == "asked for the class 2 times"  # whether it is there, and what it is
