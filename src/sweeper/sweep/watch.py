"""The board while trials run."""
from __future__ import annotations
from typing import Self

class Watch:
    def __init__(self, conductor, thread, console) -> None:
        self.c = conductor; self.t=thread; self.console=console
    def __enter__(self) -> Self: return self
    def __exit__(self, *_): pass
    def tick(self): pass
