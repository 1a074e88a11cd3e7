"""Options that several commands take."""

from pathlib import Path
from typing import Annotated

import typer

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DataDir = Annotated[
    Path, typer.Option("--data", help="The hub's folder.", envvar="CUSTODES_HUB_DATA_DIR", file_okay=False)
]
