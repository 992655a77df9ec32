"""Colours of outcomes and values, legible to the colour-blind and on paper."""

from __future__ import annotations

__all__ = ["BAD", "BEST", "GREY", "INK", "LEVELS", "MEMORY", "RAMP", "REGION", "VALUED"]

RAMP = ("#c2df23", "#51c56a", "#21918c", "#30678d", "#46327e", "#3b0f50")
"""From worst to best: viridis, without its palest end."""

LEVELS = 12
"""Steps of filled contours over the colour scale."""

VALUED = RAMP[2]
"""In the legend, for marks that are coloured by value."""

INK = "#1f2933"
GREY = "#8a94a0"
BAD = "#d62728"
MEMORY = "#e08214"
BEST = "#ff2fb3"
REGION = "#ff2fb3"
