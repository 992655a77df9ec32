"""docs/guide.md: every feature of the team's guide is a row, held by a test that does it."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest
from typer.main import get_command

from sweeper.cli.app import app

_TESTS = Path(__file__).parent
_GUIDE = _TESTS.parent / "docs" / "guide.md"
_KOREAN = _GUIDE.with_suffix(".ko.md")

_UI = "pages/test_guide_in_the_ui.py::test_"
_PAGES = "pages/test_pages.py::test_"
_SERVICE = "server/test_service.py::test_"
_TRIAL_SHOWN = (
    "cli/test_looking.py::test_show_a_trial",
    "diagnosis/test_diagnosis.py::test_plain_patterns_are_found_under_noise",
    "tracker/test_writes.py::test_the_diagnosis_is_a_tag_and_its_advice_is_on_top",
)
_OPENED = (
    "server/test_access.py::test_with_auth_nobody_gets_in_without_the_password",
    "server/test_addresses.py::test_opened_it_answers_to_its_own_names_and_lets_its_own_page_write",
)
_HELD_BY: dict[str, tuple[str, ...]] = {
    "1.2 Experiment records": (
        f"{_UI}a_run_shows_its_source_with_the_commit_and_its_parameters",
        "sweep/test_end_to_end.py::test_a_sweep_ends_with_a_verdict_and_mlflow_agrees",
    ),
    "1.2 Live charts": (
        "sweep/test_report.py::"
        "test_the_page_is_there_while_the_sweep_runs_and_ends_with_the_verdict",
        "tracker/test_writes.py::test_the_diagnosis_is_a_tag_and_its_advice_is_on_top",
    ),
    "1.2 Reproducibility": (
        "sweep/test_reproduce.py::test_a_real_training_is_the_same_bit_for_bit",
    ),
    "1.2 Comparison": (f"{_PAGES}the_prepared_view_opens_with_its_charts_drawn",),
    "1.3 Metric tracking": (f"{_PAGES}a_childs_page_says_what_it_is_and_how_it_ended",),
    "1.3 Artifact storage": (
        f"{_PAGES}an_audio_artifact_plays",
        f"{_PAGES}the_log_of_a_child_can_be_read",
        f"{_PAGES}the_best_model_enhances_a_recording",
    ),
    "1.3 Model comparison": (
        "sweep/test_compare_sweeps.py::test_table_files_and_a_run_that_stays_one",
    ),
    "2.1 A. as it was": (f"{_UI}the_commands_of_old_open_the_same_store",),
    "2.1 A. foreground": (
        f"{_SERVICE}in_the_foreground_until_ctrl_c",
        f"{_SERVICE}in_the_foreground_until_the_terminal_is_closed",
        "server/test_report.py::test_the_links_of_the_parent_runs_lead_to_the_server",
    ),
    "2.1 B. background": (f"{_SERVICE}started_twice_at_once_looked_at_and_stopped",),
    "2.1 B. open to the team": _OPENED,
    "2.1 B. under another name": _OPENED,
    "2.1 B. log in a file": (
        f"{_SERVICE}started_twice_at_once_looked_at_and_stopped",
        "server/test_log.py::test_a_large_log_is_put_aside",
    ),
    "3.1 Local URL": (
        f"{_SERVICE}started_twice_at_once_looked_at_and_stopped",
        "server/test_report.py::test_status",
    ),
    "3.1 Remote URL": _OPENED,
    "3.2 A. Experiments": (f"{_UI}the_sidebar_and_the_experiments",),
    "3.2 B. Start Time": (
        f"{_UI}the_runs_table_has_the_guides_columns",
        f"{_PAGES}the_experiment_shows_one_row_for_the_sweep",
    ),
    "3.2 B. Run Name": (f"{_UI}the_runs_table_has_the_guides_columns",),
    "3.2 B. Source": (
        f"{_UI}the_runs_table_has_the_guides_columns",
        f"{_UI}a_run_shows_its_source_with_the_commit_and_its_parameters",
    ),
    "3.2 B. Models": (
        f"{_UI}the_runs_table_has_the_guides_columns",
        f"{_PAGES}the_best_model_enhances_a_recording",
    ),
    "3.2 B. Metrics": (
        f"{_UI}the_runs_table_has_the_guides_columns",
        f"{_UI}the_prepared_view_has_its_columns",
    ),
    "3.2 B. Dataset": (f"{_UI}a_run_says_what_it_was_trained_on",),
    "3.2 C. Parameters": (
        f"{_UI}a_run_shows_its_source_with_the_commit_and_its_parameters",
        "cli/test_looking.py::test_show_a_trial",
    ),
    "3.2 C. Metrics": (
        f"{_PAGES}a_childs_page_says_what_it_is_and_how_it_ended",
        "cli/test_looking.py::test_show_a_trial",
    ),
    "3.2 C. Artifacts": (
        f"{_PAGES}the_log_of_a_child_can_be_read",
        f"{_PAGES}the_whole_page_has_links_that_lead_to_runs_figures_and_model",
        "sweep/test_survival.py::test_a_worker_that_always_dies_fails_its_trial_and_no_other",
    ),
    "4.1 Chart View": (f"{_UI}a_click_on_a_metric_opens_its_chart",),
    "4.2 Convergence": _TRIAL_SHOWN,
    "4.2 No learning": _TRIAL_SHOWN,
    "4.2 Divergence": (
        *_TRIAL_SHOWN,
        "tasks/test_enhancement.py::test_a_trial_that_diverges_at_once_leaves_no_artifacts",
    ),
    "4.2 Overfitting": _TRIAL_SHOWN,
    "4.2 beyond it": _TRIAL_SHOWN,
    "4.3 Smoothing": (f"{_UI}charts_have_smoothing_relative_time_a_log_scale_and_an_export",),
    "4.3 Log scale": (
        f"{_UI}charts_have_smoothing_relative_time_a_log_scale_and_an_export",
        "plots/test_more_plots.py::"
        "test_the_best_trials_curves_are_on_log_axes_where_losses_fall_by_decades",
    ),
    "5.1 Compare Mode": (f"{_UI}ticked_runs_are_compared",),
    "5.2 Parallel Coordinates": (
        f"{_PAGES}the_prepared_view_opens_with_its_charts_drawn",
        f"{_UI}ticked_runs_are_compared",
    ),
    "5.2 Scatter Plot": (
        f"{_PAGES}the_prepared_view_opens_with_its_charts_drawn",
        f"{_PAGES}a_childs_page_says_what_it_is_and_how_it_ended",
    ),
    "5.2 Contour Plot": (
        f"{_PAGES}the_prepared_view_opens_with_its_charts_drawn",
        "plots/test_plots.py::test_contour_draws_the_regions_intervals_and_names_them",
        "plots/test_plots.py::test_contour_shows_every_outcome_where_it_was",
    ),
    "5.3 X axis": (f"{_UI}charts_have_smoothing_relative_time_a_log_scale_and_an_export",),
    "5.3 Line Smoothness": (f"{_UI}charts_have_smoothing_relative_time_a_log_scale_and_an_export",),
    "5.3 Export": (
        f"{_UI}charts_have_smoothing_relative_time_a_log_scale_and_an_export",
        "export/test_export.py::test_the_command_works_while_the_sweep_is_written",
        "summary/test_summary.py::test_files",
    ),
    "6.1 Process discovery": (f"{_SERVICE}started_twice_at_once_looked_at_and_stopped",),
    "6.1 Kill signal": (
        f"{_SERVICE}one_that_hangs_is_killed_after_the_grace_time",
        f"{_SERVICE}a_taken_port_then_killed_behind_its_back",
        f"{_SERVICE}a_stale_record_whose_pid_is_a_strangers_now",
    ),
    "6.2 Live log": (f"{_SERVICE}started_twice_at_once_looked_at_and_stopped",),
    "6.2 Port conflict": (f"{_SERVICE}a_taken_port_then_killed_behind_its_back",),
    "6.2 Another port": (
        f"{_SERVICE}a_taken_port_then_killed_behind_its_back",
        "server/test_ports.py::test_auto_takes_the_next_free_one",
    ),
    "Beyond the guide Optuna's dashboard": (
        "pages/test_dashboard.py::test_optuna_dashboard_shows_its_trials",
    ),
    "Beyond the guide Several objectives": (
        "sweep/test_several.py::test_a_killed_sweep_goes_on_to_its_front",
        "engine/test_several.py::test_early_stopping_is_that_of_the_first_alone",
        "tracker/test_view.py::test_further_objectives_have_a_chart_and_a_column_each",
    ),
}
"""The guide's features, and the tests that hold what docs/guide.md says of them."""


@dataclass(frozen=True)
class Row:
    """A row of docs/guide.md; ``command`` is empty where there is none."""

    feature: str
    command: str


def _rows(guide: Path) -> Iterator[Row]:
    section = ""
    for line in guide.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            number = re.match(r"## (\d\.\d) ", line)
            section = number[1] if number else line.removeprefix("## ")
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if line.startswith("| ") and cells[-1] not in ("command", "명령"):
            feature, _, command = cells
            yield Row(f"{section} {feature}", command.strip("`"))


_ROWS = list(_rows(_GUIDE))
_COMMANDS = sorted({row.command for row in _ROWS if row.command.startswith("sweeper ")})


def _parse(words: list[str]) -> None:
    """Follow the words to the command that they mean, and let it read its options."""
    command, name = get_command(app), "sweeper"
    while words and words[0] in getattr(command, "commands", {}):
        name, *words = words
        command = command.commands[name]  # type: ignore[attr-defined]
    assert not (words and hasattr(command, "commands")), f"no sub-command {words}"
    command.make_context(name, list(words))


@cache
def _module(path: Path) -> tuple[str, dict[str, bool]]:
    """The source of a test module with its fixtures, and whether each of its tests is slow."""
    source = path.read_text(encoding="utf-8")
    tests = (node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef))
    slow = {t.name: "pytest.mark.slow" in map(ast.unparse, t.decorator_list) for t in tests}
    fixtures = path.with_name("conftest.py")
    return source + (fixtures.read_text(encoding="utf-8") if fixtures.exists() else ""), slow


def _sub_command(command: str) -> list[str]:
    """What of a command says what it does: ``ui start``, ``mlflow ui``, ``optuna-dashboard``."""
    words = shlex.split(command.removeprefix("uv run ").removeprefix("sweeper "))
    return words[: 2 if words[0] in ("ui", "mlflow") else 1]


def test_every_feature_of_the_guide_has_one_row() -> None:
    features = [row.feature for row in _ROWS]
    assert sorted(features) == sorted(_HELD_BY)


@pytest.mark.parametrize("row", _ROWS, ids=lambda row: row.feature)
def test_a_row_is_held_by_tests_that_run(row: Row) -> None:
    sources = []
    for held_by in _HELD_BY[row.feature]:
        path, _, name = held_by.partition("::")
        source, slow = _module(_TESTS / path)
        assert name in slow, f"{path} has no {name}"
        assert not slow[name], f"{held_by} is left out of the usual run"
        sources.append(source)
    for word in _sub_command(row.command) if row.command else ():
        named = re.compile(rf"\b{re.escape(word)}\b")
        if word[0].isalpha():
            assert any(map(named.search, sources)), f"none of its tests has anything of {word!r}"


@pytest.mark.parametrize("command", _COMMANDS)
def test_command(command: str) -> None:
    _parse(shlex.split(command)[1:])


def test_what_is_no_command_is_found_out() -> None:
    for wrong in (["ui", "begin"], ["ui", "start", "--prot", "1"], ["go"]):
        with pytest.raises(Exception, match=r"(?i)no such option|no sub-command"):
            _parse(wrong)


@pytest.mark.parametrize("guide", [_GUIDE, _KOREAN], ids=lambda path: path.name)
def test_its_pictures_and_links_are_there(guide: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", guide.read_text(encoding="utf-8"))
    assert len(links) > 5
    for link in links:
        assert (guide.parent / link).exists(), link


def test_the_korean_one_has_the_same_rows() -> None:
    """By section and command, in the same order; its features are named as the guide names them."""
    both = [[(row.feature[:3], row.command) for row in _rows(g)] for g in (_GUIDE, _KOREAN)]
    numbered = [[pair for pair in rows if pair[0][0].isdigit()] for rows in both]
    assert numbered[0] == numbered[1]
    assert [command for _, command in both[0]] == [command for _, command in both[1]]
