"""`custodes access …`."""

from pathlib import Path
from typing import Annotated

import typer

from custodes.cli.options import AsJson, DataDir

app = typer.Typer(help="Who may see what, and by which rule.", no_args_is_help=True)


@app.command("explain", epilog="Example: custodes access explain --as bob@example.org --clip 3f2c…")
def access_explain(
    *,
    who: Annotated[str, typer.Option("--as", help="E-mail address or name of the person.", metavar="PERSON")],
    clip: Annotated[str, typer.Option(help="The clip's id, as in the address of its page.", metavar="ID")],
    data_dir: DataDir = Path("hub"),
    as_json: AsJson = False,
) -> None:
    """Say what a person may do with a clip, for which purpose, and which rule says so. Opens nothing."""
    from custodes.hub.access.explain import explain_in

    explained = explain_in(data_dir, who=who, clip=clip)
    typer.echo(explained.as_json() if as_json else explained.as_text())
