"""What a worker sends to the driver beside its reports."""

from __future__ import annotations

from typing import Any

from sweeper.engine.worker import Worker


class _Reporting(Worker):
    def setup(self, config: dict[str, Any]) -> None:
        """Takes any configuration."""

    def step(self) -> dict[str, Any]:
        return {"report": 1}


def test_a_report_travels_without_the_configuration_and_the_host() -> None:
    result = _Reporting({"trial": "much"}).train()
    assert result == {"report": 1, "done": False, "training_iteration": 1}
