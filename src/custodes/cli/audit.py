"""`custodes audit …`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from custodes.cli.options import AsJson, DataDir
from custodes.core.errors import BadInput

app = typer.Typer(help="The ledger of who saw what.", no_args_is_help=True)


@app.command("verify", epilog="Example: custodes audit verify --data hub --against head.json")
def audit_verify(
    *,
    data_dir: DataDir = Path("hub"),
    against: Annotated[
        list[Path] | None, typer.Option(help="A head, or a proof, that was kept elsewhere; may be repeated.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Recompute the whole ledger; name what was edited, deleted, rolled back and so on. Exit 1 if anything was."""
    from custodes.hub.audit.command import verify_data_dir

    report = verify_data_dir(data_dir, against=against or [])
    typer.echo(report.as_json() if as_json else report.as_text())
    if not report.ok:
        raise typer.Exit(1)


@app.command("head", epilog="Example: custodes audit head --qr head.svg")
def audit_head(
    *,
    data_dir: DataDir = Path("hub"),
    out: Annotated[Path | None, typer.Option(help="Write the head into this file.", metavar="FILE.json")] = None,
    qr: Annotated[Path | None, typer.Option(help="Draw the head as a QR code to print.", metavar="FILE.svg")] = None,
    mail: Annotated[str | None, typer.Option(help="Mail the head to this address.", metavar="ADDRESS")] = None,
) -> None:
    """Sign the ledger as it is and print the head, to keep where nobody who runs the hub can change it."""
    from custodes.hub.audit.command import HeadWanted, show_head

    typer.echo(show_head(data_dir, HeadWanted(out=out, qr=qr, mail=mail)))


@app.command("prove", epilog="Example: custodes audit prove 4711 --out proof.json")
def audit_prove(
    entry: Annotated[int | None, typer.Argument(metavar="[ENTRY]", help="Number of the entry.", min=0)] = None,
    *,
    since: Annotated[
        Path | None, typer.Option(help="Prove instead that the ledger continues this head.", metavar="HEAD.json")
    ] = None,
    data_dir: DataDir = Path("hub"),
    out: Annotated[Path | None, typer.Option(help="Write the proof into this file.", metavar="FILE.json")] = None,
) -> None:
    """Prove that an entry stands in the ledger, or that the ledger grew from an earlier head, for others to check."""
    from custodes.core.fs import write_durably
    from custodes.hub.audit.command import prove_entry, prove_growth_since

    if (entry is None) == (since is None):
        raise BadInput("give the number of an entry, or --since HEAD.json.")
    text = prove_growth_since(data_dir, since) if since is not None else prove_entry(data_dir, entry or 0)
    if out is None:
        typer.echo(text)
    else:
        write_durably(out, text.encode() + b"\n", mode=0o644)
        typer.echo(f"Written: {out}. Anyone can check it: custodes audit verifier > verify.py; python3 verify.py {out}")


@app.command("receipt", epilog="Example: custodes audit receipt 6f1d2c9e-8f0b-4f53-9a53-0d5b8f1f2b7a > r.json")
def audit_receipt(
    clip: Annotated[UUID, typer.Argument(metavar="CLIP", help="Id of the clip that was erased.")],
    *,
    data_dir: DataDir = Path("hub"),
    out: Annotated[Path | None, typer.Option(help="Write the receipt into this file.", metavar="FILE.json")] = None,
) -> None:
    """Prove that a clip was erased, key and parts, for others to check."""
    from custodes.core.fs import write_durably
    from custodes.hub.audit.command import prove_erasure

    text = prove_erasure(data_dir, clip)
    if out is None:
        typer.echo(text)
    else:
        write_durably(out, text.encode() + b"\n", mode=0o644)
        typer.echo(f"Written: {out}. Anyone can check it: custodes audit verifier > verify.py; python3 verify.py {out}")


@app.command("verifier", epilog="Example: custodes audit verifier > verify.py")
def audit_verifier() -> None:
    """Print the offline verifier: one Python file that needs nothing but `cryptography`."""
    from custodes.hub.audit.command import verifier_source

    typer.echo(verifier_source(), nl=False)
