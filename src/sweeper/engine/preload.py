"""Imported by each of Ray's workers when it starts, as `warm.ask` wants it."""

from sweeper.engine.warm import warm_up

warm_up()
