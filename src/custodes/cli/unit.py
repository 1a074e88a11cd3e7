"""`custodes unit …`."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from custodes.cli.options import AsJson
from custodes.core.errors import BadInput

app = typer.Typer(help="The unit: the program at a site that runs its cameras.", no_args_is_help=True)


@app.command("run", epilog="Example: custodes unit run unit.toml")
def unit_run(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Run the cameras of one site until stopped (Ctrl-C)."""
    from custodes.edge.run import run_unit

    run_unit(settings, as_json=as_json)


@app.command("enroll", epilog="Example: custodes unit enroll https://hub.example 7KQ4-M2XD unit.toml")
def unit_enroll(
    url: Annotated[str, typer.Argument(metavar="URL", help="The hub's address.")],
    code: Annotated[str, typer.Argument(metavar="CODE", help="The code that the site's page shows.")],
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    ca: Annotated[Path | None, typer.Option(metavar="FILE", help="The hub's certificate, if it is its own.")] = None,
) -> None:
    """Join a unit to a hub: make a key here, show the hub its public half."""
    from custodes.edge.joining import enroll_unit

    typer.echo(enroll_unit(url, code, settings, ca=ca))


@app.command("move", epilog="Example: custodes unit move https://hub.example:8443 unit.toml")
def unit_move(
    url: Annotated[str, typer.Argument(metavar="URL", help="The hub's new address.")],
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    ca: Annotated[Path | None, typer.Option(metavar="FILE", help="Its new certificate, if it is its own.")] = None,
    untried: Annotated[bool, typer.Option("--untried", help="Move though the hub does not answer there yet.")] = False,
) -> None:
    """Tell a unit that its hub has a new address, once the hub answers there; key and site stay."""
    from custodes.edge.joining import move_unit

    typer.echo(move_unit(url, settings, ca=ca, untried=untried))


@app.command("head", epilog="Example: custodes unit head unit.toml > head.json")
def unit_head(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
) -> None:
    """Print the last head of the hub's ledger that this unit keeps: what the hub cannot change any more."""
    from custodes.edge.joining import witnessed_head

    typer.echo(witnessed_head(settings))


@app.command("sign-on", epilog="Example: custodes unit sign-on unit.toml")
def unit_sign_on(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    stay: Annotated[bool, typer.Option("--stay", help="Ask again and again: a keypad or reader is built in.")] = False,
) -> None:
    """Say who drives from now on: asks for a driver's number and PIN, or takes what a card reader types."""
    from custodes.core.clock import SystemClock
    from custodes.edge import sign_on

    if stay:
        sign_on.stay(settings, ask=sign_on.ask_hidden, say=typer.echo, clock=SystemClock())
        return
    try:
        typer.echo(sign_on.once(settings, ask=sign_on.ask_hidden, clock=SystemClock()))
    except EOFError:
        raise BadInput("nothing was typed. Type your driver's number, or hold a card to the reader.") from None


@app.command("sign-off", epilog="Example: custodes unit sign-off unit.toml")
def unit_sign_off(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
) -> None:
    """Say that whoever signed on at this unit drives no longer."""
    from custodes.core.clock import SystemClock
    from custodes.edge.sign_on import sign_off

    typer.echo(sign_off(settings, clock=SystemClock()))


@app.command("mark", epilog="Example: custodes unit mark unit.toml --note 'a near miss'")
def unit_mark(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    note: Annotated[str, typer.Option(help="A few words for whoever watches the clip.")] = "",
) -> None:
    """Keep this moment: the running unit cuts a clip around now."""
    from custodes.core.clock import SystemClock
    from custodes.edge.requests import mark_now

    typer.echo(mark_now(settings, note=note, clock=SystemClock()))


@app.command("recall", epilog="Example: custodes unit recall unit.toml 2026-11-22T14:32:00 2026-11-22T14:32:30")
def unit_recall(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")],
    start: Annotated[datetime, typer.Argument(metavar="START", help="From when; local time.")],
    end: Annotated[datetime, typer.Argument(metavar="END", help="Until when; local time.")],
    *,
    note: Annotated[str, typer.Option(help="A few words for whoever watches the clip.")] = "",
) -> None:
    """Make a clip of a past moment: the running unit cuts it from its ring on disk."""
    from custodes.edge.requests import recall

    typer.echo(recall(settings, start, end, note=note))


@app.command("personal", epilog="Example: custodes unit personal unit.toml --minutes 30")
def unit_personal(
    settings: Annotated[Path, typer.Argument(metavar="unit.toml", help="The unit's settings.")] = Path("unit.toml"),
    *,
    minutes: Annotated[int, typer.Option(min=1, help="For how long.")] = 30,
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
) -> None:
    """Take personal time: no lens sees anything and no place is told until it is over. The hub shows that, and why."""
    from custodes.core.clock import SystemClock
    from custodes.edge.requests import take_personal_time

    typer.echo(take_personal_time(settings, 0 if end else minutes, clock=SystemClock()))


@app.command("example", epilog="Example: custodes unit example > unit.toml")
def unit_example() -> None:
    """Print a commented unit.toml to start from."""
    from custodes.edge.settings import example_toml

    typer.echo(example_toml())
