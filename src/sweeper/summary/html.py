"""A summary as one page that needs nothing else: plotly.js is in it once, for all figures."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import plotly.io  # type: ignore[import-untyped]
from plotly.offline import get_plotlyjs  # type: ignore[import-untyped]

from sweeper.charts import as_plotly
from sweeper.summary.confirm_words import confirm_table
from sweeper.summary.front import front_table
from sweeper.summary.next_words import next_table
from sweeper.summary.region_table import regions
from sweeper.summary.tables import Table, counts_line, curves_line, evidence, leaderboard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sweeper.charts import Chart, ParallelChart
    from sweeper.summary.answer import Summary

__all__ = ["page"]

_STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1f2933; max-width: 1180px; margin: 0 auto;
       padding: 24px; }
h1 { font-size: 20px; margin: 0 0 4px; } h2 { font-size: 16px; margin: 28px 0 6px; }
.verdict { border-left: 5px solid #21918c; background: #f1f8f7; padding: 12px 16px;
           font-size: 17px; margin: 12px 0; }
.dim { color: #5b6673; } .warn { color: #8a4b00; margin: 2px 0; }
table { border-collapse: collapse; font-size: 14px; } .wide { overflow-x: auto; }
th { text-align: left; border-bottom: 2px solid #cbd2d9; }
th, td { padding: 4px 14px 4px 0; } td.short, th { white-space: nowrap; }
td { border-bottom: 1px solid #e6e9ed; }
code { background: #f1f3f5; padding: 1px 6px; border-radius: 3px; }
.figure { border-top: 1px solid #e6e9ed; padding-top: 8px; }
"""

_SHORT = 40  # characters of a cell

_CONFIG = {"displaylogo": False, "responsive": True}


def page(summary: Summary, charts: Sequence[Chart | ParallelChart]) -> str:
    """A complete HTML page, about 5 MB, of which nearly all is plotly.js."""
    name = escape(summary.name)
    return "\n".join(
        [
            "<!DOCTYPE html>",
            f'<html lang="en"><head><meta charset="utf-8"><title>{name}</title>',
            f"<style>{_STYLE}</style><script>{get_plotlyjs()}</script></head><body>",
            f'<h1>{name}</h1><div class="dim">{escape(counts_line(summary))}</div>',
            f'<div class="dim">{escape(curves_line(summary))}</div>',
            f'<div class="verdict">{escape(summary.verdict)}</div>',
            *_figures(charts[:1]),
            *_table(confirm_table(summary)),
            *_table(regions(summary)),
            *_table(front_table(summary)),
            *_table(evidence(summary)),
            *_warnings(summary),
            *_next(summary),
            *_table(next_table(summary)),
            *_table(leaderboard(summary)),
            *_figures(charts[1:]),
            "</body></html>",
        ]
    )


def _figures(charts: Iterable[Chart | ParallelChart]) -> Iterator[str]:
    for chart in charts:
        if chart.empty:
            yield f'<h2>{escape(chart.title)}</h2><p class="dim">{escape(chart.note)}</p>'
            continue
        drawn = plotly.io.to_html(
            as_plotly(chart), full_html=False, include_plotlyjs=False, config=_CONFIG
        )
        yield f'<div class="figure">{drawn}</div>'


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield f'<h2>{escape(table.title)}</h2><div class="wide"><table>'
    yield _row("th", table.header, "")
    links = table.links or ("",) * len(table.rows)
    for row, link in zip(table.rows, links, strict=True):
        yield _row("td", row, link)
    yield f'</table></div><p class="dim">{escape(table.note)}</p>'


def _row(tag: str, cells: Sequence[str], link: str) -> str:
    """The second cell leads to the trial's run, in a new tab."""
    texts = [escape(cell) for cell in cells]
    if link.startswith("http"):  # a place inside the MLflow UI leads nowhere from a page of its own
        texts[1] = f'<a href="{escape(link)}" target="_blank" rel="noopener">{texts[1]}</a>'
    # long cells may be wrapped, but no value is torn from its unit
    kinds = [' class="short"' if len(cell) <= _SHORT else "" for cell in cells]
    row = "".join(f"<{tag}{kind}>{text}</{tag}>" for text, kind in zip(texts, kinds, strict=True))
    return f"<tr>{row}</tr>"


def _warnings(summary: Summary) -> Iterator[str]:
    if summary.warnings:
        yield "<h2>Warnings</h2>"
    for text in summary.warnings:
        yield f'<p class="warn">&#9888; {escape(text)}</p>'


def _next(summary: Summary) -> Iterator[str]:
    if summary.steps or summary.commands:
        yield "<h2>Next</h2>"
    if summary.steps:
        yield f"<ol>{''.join(f'<li>{escape(step)}</li>' for step in summary.steps)}</ol>"
    for why, command in summary.commands.items():
        yield f"<p>{escape(why)}: <code>{escape(command)}</code></p>"
