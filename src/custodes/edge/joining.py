"""Join the unit that a settings file describes to a hub, or tell it where its hub went."""

from pathlib import Path
from uuid import uuid4

from custodes.core.clock import SystemClock
from custodes.core.errors import BadInput, Temporary
from custodes.edge.settings import load
from custodes.edge.ship.enrolment import OUTBOX_FILE, TIMEOUT_S, Enrolment, enroll, load_enrolment, move
from custodes.edge.ship.hub_client import HubClient, Refused
from custodes.edge.ship.store import OutboxStore
from custodes.edge.ship.witness import Witness


def enroll_unit(url: str, code: str, settings_path: Path, *, ca: Path | None = None) -> str:
    """Join the unit to a hub; return a line for people. Raises BadInput or Temporary with what to do."""
    settings = load(settings_path, sources=False)
    try:
        settings.unit.state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot use {settings.unit.state_dir}: {error.strerror}. Check unit.state_dir.") from error
    joined = enroll(url, code, state_dir=settings.unit.state_dir, unit_name=settings.unit.name, ca=ca)
    start = f"custodes unit run {settings_path}"
    return f"{settings.unit.name} has joined {joined.site_name} at {joined.url}. Start it: {start}"


def move_unit(url: str, settings_path: Path, *, ca: Path | None = None, untried: bool = False) -> str:
    """Tell the unit that its hub has a new address; return a line for people.

    Unless `untried`, that address is asked first, and nothing is changed where this unit's own hub does not answer
    there or does not admit the unit. Raises BadInput.
    """
    settings = load(settings_path, sources=False)
    state_dir = settings.unit.state_dir
    if untried:
        moved = move(url, state_dir=state_dir, ca=ca)
    else:
        moved = move(url, state_dir=state_dir, ca=ca, try_first=lambda new: _ask_hub(new, state_dir))
    return f"{settings.unit.name} now looks for the hub of {moved.site_name} at {moved.url}. Restart it if it runs."


def _ask_hub(moved: Enrolment, state_dir: Path) -> None:
    """Raise BadInput unless this unit's hub answers at `moved.url` and admits the unit."""
    store = OutboxStore(state_dir / OUTBOX_FILE)
    hub = HubClient(moved, store, clock=SystemClock(), say=lambda _: None, timeout_s=TIMEOUT_S)
    try:
        hub.receipt(uuid4())
    except Refused:  # it signed that it has no such clip: none but the unit's own hub can
        return
    except (Temporary, BadInput) as error:
        raise BadInput(
            f"nothing was changed: the hub was asked at {moved.url} first, and {_without_stop(error)}. "
            "Check the address and that the hub runs there, or add --untried to move all the same."
        ) from error
    finally:
        hub.close()
        store.close()
    raise BadInput(f"nothing was changed: what answers at {moved.url} is not this unit's hub. Check the address.")


def _without_stop(error: Exception) -> str:
    return str(error).rstrip(".")


def witnessed_head(settings_path: Path) -> str:
    """Return the last head of the hub's ledger that this unit saw and keeps, as a head file.

    Raises BadInput when the unit has joined no hub, or has seen no head yet.
    """
    settings = load(settings_path, sources=False)
    enrolment = load_enrolment(settings.unit.state_dir)
    database = settings.unit.state_dir / OUTBOX_FILE
    if enrolment is None or not database.is_file():
        raise BadInput(f"{settings.unit.name} has joined no hub yet. Run 'custodes unit enroll' first.")
    store = OutboxStore(database)
    try:
        head = Witness(store, enrolment.hub_sign_key, say=lambda _: None).head_json()
    finally:
        store.close()
    if head is None:
        raise BadInput(f"{settings.unit.name} has seen no head of its hub's ledger yet. Let it run for a minute.")
    return head
