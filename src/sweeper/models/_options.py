"""Options that several models share; the upper ends are far beyond what any machine can train."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

__all__ = ["Depth", "Even", "Size"]

_MOST = 65_536

Size = Annotated[int, Field(gt=0, le=_MOST)]
Even = Annotated[int, Field(ge=2, le=_MOST, multiple_of=2)]
Depth = Annotated[int, Field(gt=0, le=256)]
