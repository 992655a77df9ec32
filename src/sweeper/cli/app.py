"""The commands as one program."""

from __future__ import annotations

import io
import sys
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

import sweeper
from sweeper.cli import (
    cancel,
    check,
    compare,
    confirm,
    data,
    enhance,
    export,
    pause,
    preflight,
    refine,
    reproduce,
    resume,
    run,
    schema,
    show,
    status,
    stop,
    sync,
    ui,
    watch,
)
from sweeper.cli import list as list_
from sweeper.errors import ConfigError, SweeperError
from sweeper.terminal import terminal

__all__ = ["app", "main"]


class _Commands(TyperGroup):
    """What is wrong with an argument, without the words of the library that checks it."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            for words, plain in _PLAIN.items():
                error.message = error.message.replace(words, plain)
            raise


_PLAIN = {
    "Value error, ": "",
    "Input should be": "must be",
    "a valid integer, unable to parse string as an integer": "a whole number",
    "a valid number, unable to parse string as a number": "a number",
}

app = typer.Typer(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    name="sweeper",
    help="Find the best lr x batch_size region of a speech-enhancement model.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command()(run.run)
app.command()(resume.resume)
app.command()(confirm.confirm)
app.command()(refine.refine)
app.command("list")(list_.list_)
app.command()(status.status)
app.command()(show.show)
app.command()(watch.watch)
app.command()(pause.pause)
app.command()(stop.stop)
app.command()(cancel.cancel)
app.command()(sync.sync)
app.command()(enhance.enhance)
app.add_typer(ui.ui, name="ui")
app.add_typer(data.data, name="data")
app.command()(export.export)
app.command()(compare.compare)
app.command()(reproduce.reproduce)
app.command()(check.check)
app.command()(preflight.preflight)
app.command()(schema.schema)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sweeper {sweeper.__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Options before the command."""


def main() -> None:
    """Run the program; a user's mistake is told without a traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")  # a name may have letters that a terminal lacks
    try:
        app()
    except SweeperError as error:
        _tell(error)
        sys.exit(2)


def _tell(error: SweeperError) -> None:
    console = terminal(sys.stderr, soft_wrap=True)
    lines = error.problems if isinstance(error, ConfigError) else [error]
    for line in lines:
        console.print("[bold red]error[/]", end=" ")
        console.print(str(line), markup=False)
    if isinstance(error, ConfigError):
        mistakes = "1 mistake" if len(lines) == 1 else f"{len(lines)} mistakes"
        console.print(f"{mistakes}; nothing was started", markup=False)
