"""`custodes trace …`."""

from pathlib import Path
from typing import Annotated

import typer

from custodes.cli.options import AsJson


def trace(
    leak: Annotated[Path, typer.Argument(metavar="LEAK", help="The film or still that got out.")],
    *,
    clip: Annotated[
        Path,
        typer.Option(help="A folder with a.mp4, b.mp4 (or keep-a.mp4, keep-b.mp4) and book.json.", metavar="FOLDER"),
    ],
    corners: Annotated[
        str | None,
        typer.Option(
            help="Where the clip's corners lie in the leak (px), clockwise from its top left.", metavar="X,Y …"
        ),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say which view of a clip a leak came from, with the chance of being wrong; exit 1 where none is identified."""
    from custodes.trace.command import TraceRequest, trace_files

    told = trace_files(
        TraceRequest(leak=leak, folder=clip, corners=corners), say=lambda step: typer.echo(step, err=True)
    )
    typer.echo(told.as_json if as_json else told.as_text)
    if not told.identified:
        raise typer.Exit(1)
