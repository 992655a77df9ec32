"""`sweeper enhance`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sweeper.cli._arguments import Sweeps
from sweeper.ledger.paths import DEFAULT_ROOT

__all__ = ["enhance"]


def enhance(
    model: Annotated[
        str,
        typer.Argument(
            help="A sweep, whose best trial is taken; a best.ckpt; or models:/NAME@champion.",
            show_default=False,
        ),
    ],
    noisy: Annotated[
        Path, typer.Argument(metavar="NOISY.wav", help="The recording.", show_default=False)
    ],
    enhanced: Annotated[
        Path,
        typer.Argument(
            metavar="ENHANCED.wav",
            help="What is written, as .wav or .flac; an existing file is left alone.",
            show_default=False,
        ),
    ],
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    sweeps: Sweeps = DEFAULT_ROOT,
) -> None:
    """Take the noise from a recording of any length and sample rate."""
    from sweeper.sweep.enhance import enhance

    typer.echo(enhance(model, noisy, enhanced, sweeps, force=force))
