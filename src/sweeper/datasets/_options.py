"""Options that several data sets share."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["SampleRate", "Share", "Speakers"]

SampleRate = Annotated[int, Field(gt=0, description="in Hz; files of another rate are resampled")]
Speakers = Annotated[tuple[str, ...], Field(description="speakers whose recordings validate")]
Share = Annotated[float, Field(gt=0, lt=1, description="share of the recordings that validate")]
