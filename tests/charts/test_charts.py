from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from matplotlib.image import imread

from sweeper.charts import (
    Axis,
    Band,
    Chart,
    Colours,
    Field,
    Labels,
    Lines,
    Panel,
    ParallelAxis,
    ParallelChart,
    ParallelLine,
    Points,
    as_plotly,
    write_png,
)
from sweeper.charts.style import BAD, RAMP

X = Axis("lr", (1e-4, 1e-1), log=True, ticks={1e-3: "1e-3"})
Y = Axis("loss <b>", (0.0, 1.0))
MARKS = (
    Field((1e-3, 1e-2), (0.0, 1.0), ((0.1, float("nan")), (0.3, 0.4))),
    Band("band", (1e-3, 1e-2), (0.1, 0.2), (0.3, 0.5), "grey"),
    Labels((1e-3, 1e-2), (0.5, 0.6), ("<i>", "b")),
    Lines("bar", (((1e-3, 1e-2), (0.5, 0.5)),), "red", width=10),
    Points("finished", (1e-3, 1e-2), (0.2, 0.4), "dot", "black", ("a", "b"), values=(0.2, 0.4)),
    Points("diverged", (5e-2,), (0.0,), "cross", "red"),
)
CHART = Chart("Title", (Panel(X, Y, MARKS),) * 5, Colours("loss", 0.0, 1.0, high_is_best=False))


def test_legend_names_each_mark_once() -> None:
    traces = as_plotly(CHART).data
    assert len(traces) == 26  # one stands for "finished", whose marks have many colours
    named = [trace.name for trace in traces if trace.showlegend]
    assert sorted(named) == ["band", "bar", "diverged", "finished"]


def test_labels_are_escaped_and_placed_in_decades_on_a_log_axis() -> None:
    notes = as_plotly(CHART).layout.annotations
    assert [note.text for note in notes[:2]] == ["&lt;i&gt;", "b"]
    assert [note.x for note in notes[:2]] == [-3.0, -2.0]
    assert [note.y for note in notes[:2]] == [0.5, 0.6]


def test_a_field_shows_the_colour_scale_where_no_point_does() -> None:
    def scales(chart: Chart) -> list[bool]:
        return [trace.showscale for trace in as_plotly(chart).data if trace.type == "contour"]

    bare = replace(CHART, panels=(Panel(X, Y, MARKS[:1]),))
    assert scales(bare) == [True]
    assert not any(scales(CHART))


def test_panels_are_laid_out_four_to_a_row_with_one_axis_name() -> None:
    assert CHART.shape == (2, 3)  # as full as can be
    labels = [panel.y.label for _, _, panel in CHART.grid()]
    assert labels == ["loss <b>", "", "", "loss <b>", ""]
    shapes = [replace(CHART, panels=CHART.panels[:1] * n).shape for n in (1, 3, 4, 8, 9)]
    assert shapes == [(1, 1), (1, 3), (1, 4), (2, 4), (3, 3)]


def test_axis_names_are_escaped_and_ranges_are_in_decades() -> None:
    layout = as_plotly(CHART).layout
    assert layout.yaxis.title.text == "loss &lt;b&gt;"
    assert tuple(layout.xaxis.range) == (-4.0, -1.0)
    assert (layout.xaxis.type, layout.yaxis.type) == ("log", "linear")


def test_contours_have_colours_of_their_own() -> None:
    """plotly.js 3 never returns when a contour shares its colour axis with points."""
    figure = as_plotly(CHART)
    contour = next(trace for trace in figure.data if trace.type == "contour")
    assert contour.coloraxis is None
    assert (contour.zmin, contour.zmax) == (0.0, 1.0)
    assert contour.colorscale[0][1] == RAMP[-1]  # low is best


def test_png(tmp_path: Path) -> None:
    write_png(CHART, tmp_path / "x.png")
    assert imread(tmp_path / "x.png").shape == (864, 1560, 4)


def parallel(*lines: ParallelLine) -> ParallelChart:
    axes = (ParallelAxis("lr", {0.0: "1e-4"}), ParallelAxis("n_fft", {-0.12: "not used"}))
    return ParallelChart("T", axes, lines, (("stopped", "#ccc"), ("failed", BAD)), {1.0: "9"}, "dB")


def test_parallel_groups_have_flat_bands_below_the_values() -> None:
    values = [ParallelLine((0.1, 0.2), value=v) for v in (-3.0, 0.0, 0.5, 1.0, 7.0)]
    chart = parallel(ParallelLine((0.1, -0.12)), ParallelLine((0.1, 0.2), group=1), *values)
    at = [chart.colour(line) for line in chart.lines]
    assert at == sorted(at)
    assert at[0] < 0.1 < at[1] < 0.2 < at[2] == at[3] < at[4] < at[5] == at[6] == 1.0
    stops = chart.colour_stops()
    assert [colour for _, colour in stops[:4]] == ["#ccc", "#ccc", BAD, BAD]
    assert (stops[0][0], stops[-1][0]) == (0.0, 1.0)
    assert list(chart.colour_ticks().values()) == ["stopped", "failed", "9"]


def test_parallel_shows_the_place_of_absent_values_only_where_used() -> None:
    chart = parallel(ParallelLine((0.1, -0.12)))
    first, second = as_plotly(chart).data[0].dimensions
    assert first.ticktext == ("1e-4",)
    assert second.ticktext == ("not used",)
    assert not as_plotly(parallel(ParallelLine((0.1, 0.2)))).data[0].dimensions[1].ticktext


def test_charts_with_nothing_can_be_drawn(tmp_path: Path) -> None:
    for i, chart in enumerate([Chart("T", (), note="nothing"), parallel()]):
        assert chart.empty
        as_plotly(chart).to_json()
        write_png(chart, tmp_path / f"{i}.png")
