"""`custodes score`: recompute a score from its events, and say why."""

import json
from pathlib import Path
from typing import Annotated

import typer

from custodes.cli.options import AsJson


def score(
    trips: Annotated[
        list[Path], typer.Argument(metavar="TRIP…", help="Trip files (JSON), or GPX, NMEA, CSV or GPMF of drives.")
    ],
    *,
    settings: Annotated[
        Path | None, typer.Option(help="A unit.toml whose rules judge GPX, NMEA, CSV and GPMF.")
    ] = None,
    write: Annotated[
        Path | None, typer.Option(help="Write each trip as a JSON file into this folder.", file_okay=False)
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the score of trips from their events, to the last digit, and say why in sentences."""
    from custodes.edge.score_files import judged, write_trips

    found, period = judged(trips, settings=settings)
    if write is not None:
        write_trips(write, [one.trip for one in found])
    if as_json:
        typer.echo(
            json.dumps(
                {"trips": [one.as_json() for one in found], "period": period.as_json() if period else None},
                ensure_ascii=False,
            )
        )
        return
    for one in found:
        typer.echo("\n".join(one.lines()))
    if period is not None:
        typer.echo("\n".join(period.lines()))
