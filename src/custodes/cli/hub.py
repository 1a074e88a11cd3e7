"""`custodes hub …`."""

import json
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


@app.command("sign-out", epilog="Example: custodes hub sign-out alice@example.org --data /var/lib/custodes")
def hub_sign_out(
    email: Annotated[str, typer.Argument(metavar="E-MAIL", help="The address of who is to be signed out.")],
    *,
    data_dir: DataDir = Path("hub"),
) -> None:
    """End every session of one person, as when a phone was stolen. It stands in the ledger."""
    from custodes.hub.fleet.locked_out import sign_out

    typer.echo(f"{sign_out(data_dir, email)} sessions ended.")


@app.command("sign-in-link", epilog="Example: custodes hub sign-in-link alice@example.org --data /var/lib/custodes")
def hub_sign_in_link(
    email: Annotated[str, typer.Argument(metavar="E-MAIL", help="The address of who is locked out.")],
    *,
    data_dir: DataDir = Path("hub"),
    forget_second_factor: Annotated[
        bool, typer.Option("--forget-second-factor", help="Remove their lost authenticator, passkeys and codes too.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Make a link that signs one person in once. It stands in the ledger, and they are told."""
    from custodes.hub.fleet.locked_out import make_link

    made = make_link(data_dir, email, forget_second_factor=forget_second_factor)
    if as_json:
        typer.echo(json.dumps({"link": made.link, "expires_at": made.expires_at.isoformat()}))
        return
    typer.echo(made.link)
    typer.echo(f"Good once, until {made.expires_at:%H:%M} UTC. {email} will read that it was made.", err=True)


@app.command("fsck", epilog="Example: custodes hub fsck --data /var/lib/custodes --quick")
def hub_fsck(
    *,
    data_dir: DataDir = Path("hub"),
    repair: Annotated[bool, typer.Option("--repair", help="Mend what is safe; the hub must be stopped.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Compare sizes only; do not hash the blobs.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hold rows, blobs, keys and uploads against each other; name what does not fit. Exit 1 if anything is left."""
    from custodes.hub.storage_commands import fsck

    report = fsck(data_dir, repair=repair, quick=quick, show_progress=not as_json)
    typer.echo(report.as_json() if as_json else report.as_text())
    if not report.ok:
        raise typer.Exit(1)


@app.command("backup", epilog="Example: custodes hub backup /mnt/backup/hub --keys /mnt/safe/keys")
def hub_backup(
    to: Annotated[Path, typer.Argument(metavar="TO", help="Folder of the copy; made, or brought up to date.")],
    *,
    keys_to: Annotated[
        Path | None, typer.Option("--keys", help="Folder of the keys' copy, apart from the data's.")
    ] = None,
    data_dir: DataDir = Path("hub"),
    as_json: AsJson = False,
) -> None:
    """Copy a hub, running or not; without its keys the copy opens nothing. What was erased since goes there too."""
    from custodes.hub.storage_commands import backup

    made = backup(data_dir, to, keys_to=keys_to)
    typer.echo(made.as_json() if as_json else made.as_text())


@app.command("restore", epilog="Example: custodes hub restore /mnt/backup/hub --keys /mnt/safe/keys --data hub")
def hub_restore(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="A folder that 'hub backup' made.")],
    *,
    keys_from: Annotated[Path, typer.Option("--keys", help="The keys that go with it.")],
    erased: Annotated[
        list[Path] | None, typer.Option(help="A further destroyed.list, such as that of a lost disk; may be repeated.")
    ] = None,
    data_dir: DataDir = Path("hub"),
    as_json: AsJson = False,
) -> None:
    """Put a backup back. A folder that is there is moved aside; clips that were erased since stay erased."""
    from custodes.hub.storage_commands import restore

    done = restore(data_dir, source, keys_from=keys_from, erased_lists=tuple(erased or ()))
    typer.echo(done.as_json() if as_json else done.as_text())
