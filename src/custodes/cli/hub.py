"""`custodes hub …`."""

from pathlib import Path
from typing import Annotated

import typer

from custodes.cli.options import AsJson, DataDir

app = typer.Typer(help="The hub: where clips arrive and people watch them under rules.", no_args_is_help=True)


@app.command("serve", epilog="Example: custodes hub serve --data /var/lib/custodes --listen 0.0.0.0:8800")
def hub_serve(
    *,
    data_dir: DataDir = Path("hub"),
    listen: Annotated[str | None, typer.Option(help="Address and port.", metavar="HOST:PORT")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the portal and receive clips until stopped (Ctrl-C)."""
    from custodes.hub.serve import serve

    serve(data_dir, listen=listen, as_json=as_json)
