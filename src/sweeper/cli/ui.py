"""`sweeper ui`: the MLflow UI as a service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sweeper.cli._arguments import AsJson, Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

if TYPE_CHECKING:
    from sweeper.server.wanted import Wanted

__all__ = ["ui"]

ui = typer.Typer(help="Open the MLflow UI of the sweeps, until Ctrl-C.", rich_markup_mode=None)

Store = Annotated[
    str | None,
    typer.Option(
        "--tracking-uri",
        help="The MLflow store; else MLFLOW_TRACKING_URI, or that of the sweeps.",
        show_default=False,
    ),
]
Host = Annotated[
    str | None,
    typer.Option(
        help="What to listen on; 0.0.0.0 opens it to other machines and asks for --auth or "
        "--no-auth. Without it, this machine only.",
        show_default=False,
    ),
]
Port = Annotated[
    str | None,
    typer.Option(
        metavar="PORT|auto", help="5000, or with `auto` the next free one.", show_default=False
    ),
]
Auth = Annotated[
    bool | None,
    typer.Option("--auth/--no-auth", help="Ask for a password, or do not.", show_default=False),
]
Names = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-host",
        metavar="NAME",
        help="A further name of this machine in browsers, such as a proxy's; may be repeated.",
        show_default=False,
    ),
]
Workers = Annotated[int, typer.Option(min=1, help="Processes that answer, 250 MB each.")]
Patience = Annotated[float, typer.Option("--timeout", min=1, help="Seconds it may take to start.")]
Grace = Annotated[
    float, typer.Option("--grace", min=0, help="Seconds between SIGTERM and SIGKILL.")
]
Forever = Annotated[
    bool, typer.Option("-f", "--follow", help="Go on with what is still coming, until Ctrl-C.")
]
LineCount = Annotated[int, typer.Option("-n", "--lines", min=0, help="How many of the last lines.")]


@ui.callback(invoke_without_command=True)
def foreground(
    context: typer.Context,
    host: Host = None,
    port: Port = None,
    auth: Auth = None,
    names: Names = None,
    workers: Workers = 2,
    patience: Patience = 120.0,
    tracking_uri: Store = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Open the MLflow UI of the sweeps, until Ctrl-C; `ui start` does so in the background."""
    if context.invoked_subcommand is not None:
        _refuse_options(context)
        return
    from sweeper.interruption import terminable
    from sweeper.server.choose import choose
    from sweeper.server.terminal import run_here
    from sweeper.terminal import terminal

    wanted = _wanted(host, port, auth, names, workers, patience)
    with terminable():
        if not run_here(choose(sweeps, tracking_uri), wanted, sweeps, terminal()):
            raise typer.Exit(1)


@ui.command()
def start(
    host: Host = None,
    port: Port = None,
    auth: Auth = None,
    names: Names = None,
    workers: Workers = 2,
    patience: Patience = 120.0,
    tracking_uri: Store = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Start it in the background; it stays when the terminal is closed."""
    from sweeper.interruption import terminable
    from sweeper.server.choose import choose
    from sweeper.server.terminal import start_here
    from sweeper.terminal import terminal

    wanted = _wanted(host, port, auth, names, workers, patience)
    with terminable():
        start_here(choose(sweeps, tracking_uri), wanted, sweeps, terminal())


@ui.command()
def stop(grace: Grace = 10.0, tracking_uri: Store = None, sweeps: Sweeps = DEFAULT_ROOT) -> None:
    """End it, with all of its processes."""
    from sweeper.server import service
    from sweeper.server.choose import choose

    was_there = service.stop(choose(sweeps, tracking_uri), typer.echo, grace)
    typer.echo("the MLflow UI is stopped" if was_there else "no MLflow UI is running here")


@ui.command()
def status(
    tracking_uri: Store = None, sweeps: Sweeps = DEFAULT_ROOT, as_json: AsJson = False
) -> None:
    """Show where it is and who may look; the exit code is 0 while it runs."""
    import json

    from sweeper.server import report, service
    from sweeper.server.choose import choose
    from sweeper.server.terminal import show_lines
    from sweeper.terminal import terminal

    place = choose(sweeps, tracking_uri)
    sight = service.look(place)
    if as_json:
        print(json.dumps(report.to_json(place, sight), indent=2))
    else:
        show_lines(report.status_lines(place, sight, sweeps), terminal())
    if sight.standing is not service.Standing.RUNNING:
        raise typer.Exit(1)


@ui.command()
def logs(
    forever: Forever = False,
    lines: LineCount = 30,
    tracking_uri: Store = None,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Show what it writes: requests and errors."""
    from sweeper.server.choose import choose
    from sweeper.server.terminal import show_log
    from sweeper.terminal import terminal

    show_log(choose(sweeps, tracking_uri), lines, terminal(), forever=forever)


def _wanted(
    host: str | None,
    port: str | None,
    auth: bool | None,
    names: list[str] | None,
    workers: int,
    patience: float,
) -> Wanted:
    from sweeper.server.wanted import Wanted

    auto = port == "auto"
    return Wanted(
        host=host,
        port=None if port is None or auto else _port(port),
        auto_port=auto,
        auth=auth,
        names=tuple(names or ()),
        workers=workers,
        patience_seconds=patience,
    )


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65535:
        raise typer.BadParameter(f"--port {text}: give a number from 1 to 65535, or `auto`")
    return int(text)


def _refuse_options(context: typer.Context) -> None:
    """Options before the sub-command would be lost without a word."""
    for name in context.params:
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            raise typer.BadParameter(
                f"put the options behind `{context.invoked_subcommand}`: sweeper ui "
                f"{context.invoked_subcommand} --..."
            )
