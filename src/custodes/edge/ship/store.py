"""The outbox's SQLite file: what waits, what could not be kept, which sequence numbers are used up."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from custodes.core.errors import Corrupt, Temporary
from custodes.core.types import Severity
from custodes.core.wire import ClipDeclaration, WireTombstone

RANKS = {Severity.NOTE: 0, Severity.WARNING: 1, Severity.CRITICAL: 2}
SEQUENCE_BLOCK = 256
"""Numbers taken per durable write; a crash skips the rest of a block."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS clip (
    number INTEGER PRIMARY KEY AUTOINCREMENT, clip_id TEXT NOT NULL UNIQUE, rank INTEGER NOT NULL,
    sealed_bytes INTEGER NOT NULL, declaration TEXT NOT NULL, parked_until_wall_ns INTEGER, refusal TEXT);
CREATE INDEX IF NOT EXISTS clip_order ON clip (parked_until_wall_ns, rank DESC, number);
CREATE TABLE IF NOT EXISTS tombstone (tombstone_id TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS fact (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class WaitingClip:
    """One clip that waits for the hub, sealed on disk. A higher rank is graver."""

    clip_id: UUID
    rank: int
    sealed_bytes: int
    declaration: ClipDeclaration


class OutboxStore:
    """Rows of the outbox. Every write is durable on return (WAL, synchronous FULL). Safe to share between threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._next_sequence = 0
        self._reserved = 0
        try:
            self._db = sqlite3.connect(path, check_same_thread=False, isolation_level=None, timeout=10)
            path.chmod(0o600)
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except sqlite3.OperationalError as error:
            raise Temporary(f"cannot open {path}: {error}. Check the disk's space and rights.") from error
        except sqlite3.DatabaseError as error:
            raise Corrupt(
                f"{path} is damaged: {error}. Move it away; sealed clips beside it stay as they are."
            ) from error

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                try:
                    yield self._db
                except BaseException:
                    self._db.execute("ROLLBACK")
                    raise
                self._db.execute("COMMIT")
            except sqlite3.OperationalError as error:
                raise Temporary(f"cannot write the outbox: {error}. Check the disk's space.") from error

    def _rows(self, query: str, parameters: Sequence[object] = ()) -> list[tuple[object, ...]]:
        with self._lock:
            return self._db.execute(query, parameters).fetchall()

    def add(self, declaration: ClipDeclaration, *, sealed_bytes: int) -> None:
        """Insert a clip whose sealed parts are durable. A clip that is there already stays as it is."""
        with self._writing() as db:
            db.execute(
                "INSERT OR IGNORE INTO clip (clip_id, rank, sealed_bytes, declaration) VALUES (?, ?, ?, ?)",
                (
                    str(declaration.clip_id),
                    RANKS[declaration.severity],
                    sealed_bytes,
                    declaration.model_dump_json(),
                ),
            )

    def holds(self, clip_id: UUID) -> bool:
        """Say whether the clip is in the outbox, waiting or parked."""
        return bool(self._rows("SELECT 1 FROM clip WHERE clip_id = ?", (str(clip_id),)))

    def clip_ids(self) -> set[UUID]:
        """Return all clips in the outbox."""
        return {UUID(str(row[0])) for row in self._rows("SELECT clip_id FROM clip")}

    def remove(self, clip_id: UUID, *, tombstone: WireTombstone | None = None) -> None:
        """Delete a clip's row and, in the same transaction, write its tombstone if it was lost."""
        with self._writing() as db:
            db.execute("DELETE FROM clip WHERE clip_id = ?", (str(clip_id),))
            if tombstone is not None:
                _insert_tombstone(db, tombstone)

    def park(self, clip_id: UUID, *, until_wall_ns: int, why: str, tombstone: WireTombstone) -> None:
        """Take a refused clip out of the queue but keep it until `until_wall_ns`; tell the hub by a tombstone."""
        with self._writing() as db:
            db.execute(
                "UPDATE clip SET parked_until_wall_ns = ?, refusal = ? WHERE clip_id = ?",
                (until_wall_ns, why, str(clip_id)),
            )
            _insert_tombstone(db, tombstone)

    def parked_before(self, wall_ns: int) -> list[UUID]:
        """Return parked clips whose time has run out."""
        rows = self._rows("SELECT clip_id FROM clip WHERE parked_until_wall_ns < ?", (wall_ns,))
        return [UUID(str(row[0])) for row in rows]

    def next_clip(self, *, but: Sequence[UUID] = ()) -> WaitingClip | None:
        """Return the gravest and, among equals, the oldest clip that waits, leaving out those in `but`."""
        places = ", ".join("?" * len(but))
        rows = self._rows(
            "SELECT clip_id, rank, sealed_bytes, declaration FROM clip WHERE parked_until_wall_ns IS NULL "  # noqa: S608
            f"AND clip_id NOT IN ({places}) ORDER BY rank DESC, number LIMIT 1",  # places alone
            [str(one) for one in but],
        )
        return _waiting(rows[0]) if rows else None

    def first_to_go(self, *, max_rank: int) -> WaitingClip | None:
        """Return the clip that gives way to a graver or equal one: parked first, then lowest rank, then oldest."""
        rows = self._rows(
            "SELECT clip_id, rank, sealed_bytes, declaration FROM clip WHERE rank <= ? "
            "ORDER BY parked_until_wall_ns IS NULL, rank, number LIMIT 1",
            (max_rank,),
        )
        return _waiting(rows[0]) if rows else None

    def usage(self) -> tuple[int, int]:
        """Return how many clips wait, and the bytes of all that are kept (parked ones too)."""
        row = self._rows(
            "SELECT coalesce(sum(parked_until_wall_ns IS NULL), 0), coalesce(sum(sealed_bytes), 0) FROM clip"
        )[0]
        return int(str(row[0])), int(str(row[1]))

    def add_tombstone(self, tombstone: WireTombstone) -> None:
        """Remember footage that could not be kept until the hub has been told."""
        with self._writing() as db:
            _insert_tombstone(db, tombstone)

    def tombstones(self, *, limit: int = 100) -> list[WireTombstone]:
        """Return tombstones that the hub has not confirmed, oldest first."""
        rows = self._rows("SELECT body FROM tombstone ORDER BY rowid LIMIT ?", (limit,))
        return [WireTombstone.model_validate_json(str(row[0])) for row in rows]

    def forget_tombstones(self, ids: Sequence[UUID]) -> None:
        """Delete tombstones that the hub has confirmed."""
        if ids:
            with self._writing() as db:
                db.executemany("DELETE FROM tombstone WHERE tombstone_id = ?", [(str(one),) for one in ids])

    def fact(self, name: str) -> str | None:
        """Return a remembered value."""
        rows = self._rows("SELECT value FROM fact WHERE name = ?", (name,))
        return str(rows[0][0]) if rows else None

    def remember(self, name: str, value: str) -> None:
        """Keep a value under a name."""
        with self._writing() as db:
            db.execute("INSERT OR REPLACE INTO fact (name, value) VALUES (?, ?)", (name, value))

    def take_sequence(self, *, above: int = 0) -> int:
        """Return a request number that was never returned before, by this process or an earlier one."""
        with self._lock:
            if self._reserved == 0:
                self._next_sequence = self._reserved = int(self.fact("sequence_reserved") or 1)
            self._next_sequence = max(self._next_sequence, above + 1)
            if self._next_sequence >= self._reserved:
                self._reserved = self._next_sequence + SEQUENCE_BLOCK
                self.remember("sequence_reserved", str(self._reserved))
            number = self._next_sequence
            self._next_sequence += 1
            return number


def _insert_tombstone(db: sqlite3.Connection, tombstone: WireTombstone) -> None:
    db.execute(
        "INSERT OR IGNORE INTO tombstone (tombstone_id, body) VALUES (?, ?)",
        (str(tombstone.tombstone_id), tombstone.model_dump_json()),
    )


def _waiting(row: tuple[object, ...]) -> WaitingClip:
    declaration = ClipDeclaration.model_validate_json(str(row[3]))
    return WaitingClip(UUID(str(row[0])), int(str(row[1])), int(str(row[2])), declaration)
