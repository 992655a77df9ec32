"""Colours of outcomes and values, legible to the colour-blind and on paper."""

from __future__ import annotations

__all__ = ["BAD", "BEST", "CENTRE", "GREY", "INK", "LEVELS", "MEMORY", "OUTLINE", "PROBABILITY"]
__all__ += ["RAMP", "UNSURE", "VALUED"]

RAMP = ("#c2df23", "#51c56a", "#21918c", "#30678d", "#46327e", "#3b0f50")
"""From worst to best: viridis, without its palest end."""

PROBABILITY = ("#ffffff", "#e3f3f0", "#b5e0d8", "#7cc7bc", "#3fa79d")
"""From 0 to 1; marks in `INK` are seen on each of them."""

UNSURE = ("#ffffff", "#f1f3f5", "#dde1e6", "#c6ccd3", "#aab2bc")
"""As `PROBABILITY`, where the evidence does not carry it."""

LEVELS = 12
"""Steps of filled contours over the colour scale."""

VALUED = RAMP[2]
"""In the legend, for marks that are coloured by value."""

INK = "#1f2933"
GREY = "#8a94a0"
BAD = "#d62728"
MEMORY = "#e08214"
BEST = "#ff2fb3"
OUTLINE = "#0b4f4a"
CENTRE = "#ffd21f"
