"""What the trials of a sweep need, measured on the device before the first of them starts."""

from sweeper.preflight.cells import Cell, cells
from sweeper.preflight.forecast import Forecast
from sweeper.preflight.measure import Measured, measure

__all__ = ["Cell", "Forecast", "Measured", "cells", "measure"]
