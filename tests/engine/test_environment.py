"""What Ray reads when it is imported."""

from __future__ import annotations

import os
import subprocess
import sys

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
