"""Trips that wait for the hub: one small file each, durable, sent beside the heartbeats."""

from pathlib import Path

from pydantic import ValidationError

from custodes.core.fs import write_durably
from custodes.core.wire_trip import WireTrip

FOLDER = "trips"
MOST_WAITING = 2_000
"""A unit that never meets its hub keeps the newest so many: half a year of rounds."""


class TripBox:
    """The folder of a unit's waiting trips."""

    def __init__(self, state_dir: Path) -> None:
        self.folder = state_dir / FOLDER

    def put(self, trip: WireTrip) -> Path:
        """Keep a trip; durable on return. The oldest goes when there are too many."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"{trip.start_wall_ns:020d}-{trip.trip_id}.json"
        write_durably(path, trip.model_dump_json().encode())
        for old in self._paths()[:-MOST_WAITING]:
            old.unlink(missing_ok=True)
        return path

    def waiting(self) -> list[tuple[Path, WireTrip]]:
        """Return what waits, oldest first. A file that a crash left unreadable is set aside as `.bad`."""
        found = []
        for path in self._paths():
            try:
                found.append((path, WireTrip.model_validate_json(path.read_bytes())))
            except (OSError, ValidationError):
                path.replace(path.with_suffix(".bad"))
        return found

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("*.json")) if self.folder.is_dir() else []
