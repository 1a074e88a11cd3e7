"""The commands. Thin: each reads its arguments and calls one function."""

import logging
import sys
from pathlib import Path
from typing import Annotated

import typer
from typer.exceptions import TyperException

from custodes import __version__
from custodes.cli import access, audit, hub, models, unit
from custodes.cli.options import AsJson
from custodes.cli.score import score
from custodes.cli.trace import trace
from custodes.core.errors import BadInput, CustodesError

app = typer.Typer(
    help="AI cameras for vehicles and homes in which the watchers are watched too.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(unit.app, name="unit")
app.add_typer(hub.app, name="hub")
app.add_typer(models.app, name="models")
app.add_typer(access.app, name="access")
app.add_typer(audit.app, name="audit")
app.command(epilog="Example: custodes score monday.json tuesday.gpx")(score)
app.command(epilog="Example: custodes trace posted.mp4 --clip clips/4711")(trace)


def main() -> None:
    """Run the command line; turn errors into one line and an exit code (2 for bad input, 1 for the rest)."""
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    try:
        code = app(prog_name="custodes", standalone_mode=False)
    except TyperException as error:
        from custodes.cli.wrong_call import line_of

        if line := line_of(error):
            print(f"custodes: {line}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except typer.Abort:
        raise SystemExit(1) from None
    except BadInput as error:
        print(f"custodes: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except CustodesError as error:
        print(f"custodes: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:
        sys.stderr.close()
        raise SystemExit(0) from None
    raise SystemExit(code if isinstance(code, int) else 0)


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
    driver: Annotated[
        bool, typer.Option("--driver", help="The film shows a driver: look at face, eyes and gaze.")
    ] = False,
    road: Annotated[
        bool, typer.Option("--road", help="The film shows the road ahead: look at gaps and closing in.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run one unit without a hub: events as they come, clips into a folder, a summary at the end."""
    from custodes.edge.watch import watch_film
    from custodes.edge.watch_request import WatchRequest

    watch_film(
        WatchRequest(
            film=film,
            telemetry=telemetry,
            out=out,
            settings=settings,
            detector=detector,
            seconds=seconds,
            driver=driver,
            road=road,
            as_json=as_json,
        )
    )


@app.command(epilog="Example: custodes demo --check")
def demo(
    more: Annotated[list[Path] | None, typer.Argument(metavar="FILM", help="Further films, after --film.")] = None,
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
