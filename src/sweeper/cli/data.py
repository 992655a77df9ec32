"""`sweeper data`: data sets at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

__all__ = ["data"]

data = typer.Typer(
    help="Fetch, prepare and check data sets.", no_args_is_help=True, rich_markup_mode=None
)

What = Annotated[
    str,
    typer.Argument(
        metavar="SPACE.yaml|DATA",
        help="A search space, or a data set's name with its options by --set.",
        show_default=False,
    ),
]
Settings = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        metavar="KEY=VALUE",
        help="An option of the data set, as in --set root=my_data; may be repeated.",
        show_default=False,
    ),
]


@data.command()
def check(
    what: What,
    settings: Settings = None,
    si_sdr: Annotated[
        bool, typer.Option("--si-sdr", help="Also show each noisy recording's SI-SDR.")
    ] = False,
) -> None:
    """Read every file and tell all that is wrong at once; exit code 2 if anything is."""
    from sweeper.corpora import check as checking
    from sweeper.corpora.chosen import chosen
    from sweeper.terminal import terminal

    console = terminal()
    checked = checking.check(chosen(what, settings or []), console, measure=si_sdr)
    checking.show(checked, console)
    if checked.problems:
        raise typer.Exit(2)


@data.command()
def prepare(what: What, settings: Settings = None) -> None:
    """Read and resample a data set once, for all sweeps of this machine."""
    from sweeper.corpora.chosen import chosen
    from sweeper.corpora.prepare import prepare
    from sweeper.terminal import terminal

    typer.echo(prepare(chosen(what, settings or []), terminal()))


@data.command()
def fetch(
    name: Annotated[str, typer.Argument(help="voicebank_demand_28spk or voicebank_demand_56spk.")],
    folder: Annotated[Path, typer.Argument(help="Where to.", show_default=False)],
    base: Annotated[
        str | None,
        typer.Option("--from", metavar="URL", help="A copy of the files.", show_default=False),
    ] = None,
    checksums: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="MD5, SHA-1 or SHA-256 of the files, as sha256sum writes them.",
            show_default=False,
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
) -> None:
    """Download a data set, or what is missing of it; size and licence are told first."""
    from sweeper.corpora.fetch import fetch, read_checksums
    from sweeper.terminal import terminal

    known = read_checksums(checksums) if checksums else None
    done = fetch(
        name,
        folder,
        terminal(),
        lambda: yes or typer.confirm("Fetch it?"),
        base=base,
        checksums=known,
    )
    if not done:
        raise typer.Exit(2)
