"""What a sweep found, for people and programs: built from records, written in every form."""

from sweeper.summary.answer import Cost, Entry, Summary
from sweeper.summary.files import write
from sweeper.summary.markdown import markdown
from sweeper.summary.summarise import summarise
from sweeper.summary.tables import counts_line
from sweeper.summary.terminal import render

__all__ = ["Cost", "Entry", "Summary", "counts_line", "markdown", "render", "summarise", "write"]
