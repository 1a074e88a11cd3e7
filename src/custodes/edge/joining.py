"""Join the unit that a settings file describes to a hub, or tell it where its hub went."""

from pathlib import Path

from custodes.core.errors import BadInput
from custodes.edge.settings import load
from custodes.edge.ship.enrolment import OUTBOX_FILE, enroll, load_enrolment, move
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


def move_unit(url: str, settings_path: Path, *, ca: Path | None = None) -> str:
    """Tell the unit that its hub has a new address; return a line for people. Raises BadInput."""
    settings = load(settings_path, sources=False)
    moved = move(url, state_dir=settings.unit.state_dir, ca=ca)
    return f"{settings.unit.name} now looks for the hub of {moved.site_name} at {moved.url}. Restart it if it runs."


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
