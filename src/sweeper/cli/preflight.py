"""`sweeper preflight`."""

from __future__ import annotations

from sweeper.cli._arguments import AsJson, Settings, Space

__all__ = ["preflight"]


def preflight(space: Space, settings: Settings = None, as_json: AsJson = False) -> None:
    """Measure what the trials need on this machine's device; start no sweep."""
    import json
    import sys

    from sweeper.config import load
    from sweeper.engine.resources import plan_slots
    from sweeper.errors import SweeperError
    from sweeper.sweep import preflight as flight
    from sweeper.terminal import terminal

    config = load(space, settings or [])
    slots = plan_slots(config.resources)
    console = terminal(sys.stderr) if as_json else terminal()
    forecast = flight.preflight(config, slots, console)
    if forecast is None:
        raise SweeperError(f"there is no preflight of the task {config.task}: it is your own")
    if as_json:
        print(json.dumps(forecast.to_json(), indent=2))
    else:
        flight.show(forecast, flight.shared_slots(config, slots, forecast), console)
