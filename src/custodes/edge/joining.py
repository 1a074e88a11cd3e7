"""Join the unit that a settings file describes to a hub, or tell it where its hub went."""

from pathlib import Path

from custodes.core.errors import BadInput
from custodes.edge.settings import load
from custodes.edge.ship.enrolment import enroll, move


def enroll_unit(url: str, code: str, settings_path: Path) -> str:
    """Join the unit to a hub; return a line for people. Raises BadInput or Temporary with what to do."""
    settings = load(settings_path, sources=False)
    try:
        settings.unit.state_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"cannot use {settings.unit.state_dir}: {error.strerror}. Check unit.state_dir.") from error
    joined = enroll(url, code, state_dir=settings.unit.state_dir, unit_name=settings.unit.name)
    start = f"custodes unit run {settings_path}"
    return f"{settings.unit.name} has joined {joined.site_name} at {joined.url}. Start it: {start}"


def move_unit(url: str, settings_path: Path) -> str:
    """Tell the unit that its hub has a new address; return a line for people. Raises BadInput."""
    settings = load(settings_path, sources=False)
    moved = move(url, state_dir=settings.unit.state_dir)
    return f"{settings.unit.name} now looks for the hub of {moved.site_name} at {moved.url}. Restart it if it runs."
