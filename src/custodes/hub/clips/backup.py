"""Copy a hub, database and vault in one place and keys in another, and put the copies back.

Whoever holds the copy of the data alone can open nothing: it holds no sessions and no ways to sign in once, so that
everybody signs in again after it was put back. What was erased is erased in the copies too, at the next run, and stays
erased when an older copy is put back: the lists of destroyed keys are joined, never replaced.
"""

import json
import os
import shutil
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import sync_folder, write_durably
from custodes.hub import keyring
from custodes.hub.audit import erasures, kept_heads
from custodes.hub.config import HubSettings
from custodes.hub.vault import destroyed

FORMAT = "custodes.backup/1"
NOTE_FILE = "backup.json"
PLAIN_FILES = ("hub.toml", kept_heads.FILE_NAME)
WAYS_IN = ("django_session", "fleet_opensession", "fleet_signinlink", "fleet_setuptoken")
"""Tables of what lets a browser in as it stands: the key of a living session is as good as its person's password."""


@dataclass(frozen=True, slots=True)
class BackedUp:
    """What a run of the backup did. Bytes and counts are of blobs."""

    made_wall_ns: int
    clips: int
    ledger_size: int
    copied: int
    erased_here: int
    """Clips of which the copies still held something, and that were erased since."""
    with_keys: bool

    def as_text(self) -> str:
        """Return a line for people."""
        keys = "with their keys, apart" if self.with_keys else "without keys: alone it opens nothing"
        gone = f" {self.erased_here} that were erased since are gone from it." if self.erased_here else ""
        return f"{self.clips} clips and {self.ledger_size} ledger entries are backed up, {keys}.{gone}"

    def as_json(self) -> str:
        """Return the facts as JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True)
class Restored:
    """What putting a backup back did. `aside`: where the folder that was there lies now."""

    clips: int
    ledger_size: int
    erased_since: int
    aside: str

    def as_text(self) -> str:
        """Return a line for people."""
        moved = f" What was there lies in {self.aside}." if self.aside else ""
        gone = f" {self.erased_since} of them were erased since and stay so." if self.erased_since else ""
        return f"{self.clips} clips and {self.ledger_size} ledger entries are back.{gone}{moved}"

    def as_json(self) -> str:
        """Return the facts as JSON."""
        return json.dumps(asdict(self))


def make(hub: HubSettings, to: Path, *, keys_to: Path | None, now_ns: int) -> BackedUp:
    """Bring the copy in folder `to` up to date, the hub running or not; keys go into `keys_to`, where given.

    The database is copied first: whatever it speaks of was stored before. Durable on return. Raises BadInput for a
    place inside of the hub's folder or keys beside the data, Temporary when a disk refuses.
    """
    _check_places(hub, to, keys_to)
    try:
        _make_folder(to)
        clips, size = _copy_database(hub.database_path, to / hub.database_path.name)
        for name in PLAIN_FILES:
            if (hub.data_dir / name).is_file():
                write_durably(to / name, (hub.data_dir / name).read_bytes())
        copied = _copy_tree(hub.vault_dir, to / "vault")
        gone = destroyed.read(hub.keys_dir / destroyed.FILE_NAME)
        erased_here = len(_forget(to / "vault", gone))
        if keys_to is not None:
            _make_folder(keys_to)
            destroyed.merge(keys_to / destroyed.FILE_NAME, [gone])
            _copy_tree(hub.keys_dir, keys_to, renew=True)
            _forget(keys_to / "clips", gone)
        made = BackedUp(now_ns, clips, size, copied, erased_here, keys_to is not None)
        write_durably(to / NOTE_FILE, json.dumps({"format": FORMAT, **asdict(made)}).encode())
    except OSError as error:
        raise Temporary(f"{error.filename or to}: cannot be written: {error.strerror}.") from error
    return made


def put_back(
    source: Path, keys_from: Path, hub: HubSettings, *, more_lists: tuple[Path, ...] = (), now_ns: int
) -> Restored:
    """Make a hub's folder from a backup. Durable on return; a folder that is there is moved aside, not deleted.

    What any list knows to be erased is not copied: the lists of the backup, of the folder that was there, and
    `more_lists`. Whoever calls must then let the hub finish these erasures. Raises BadInput when there is no backup.
    """
    facts = _read_note(source)
    if not (keys_from / "seal.pem").is_file():
        raise BadInput(f"{keys_from}: no hub's keys lie here (seal.pem is missing). Give their backup with --keys.")
    lists = [destroyed.read(path / destroyed.FILE_NAME) for path in (keys_from, hub.keys_dir)]
    lists += [destroyed.read(path) for path in more_lists]
    lists.append(_erased_in(source / hub.database_path.name, keys_from))
    lists.append(_erased_in(hub.database_path, hub.keys_dir))
    gone = {clip_id: at for one in lists for clip_id, at in one.items()}
    try:
        aside = _move_aside(hub.data_dir, now_ns)
        _make_folder(hub.data_dir)
        for name in (hub.database_path.name, *PLAIN_FILES):
            if (source / name).is_file():
                write_durably(hub.data_dir / name, (source / name).read_bytes())
        _forget_ways_in(hub.database_path)  # a copy from before copies were made without them
        if aside and (aside / kept_heads.FILE_NAME).is_file():
            # The newest heads stay: they tell that the database is from an older day.
            write_durably(hub.data_dir / kept_heads.FILE_NAME, (aside / kept_heads.FILE_NAME).read_bytes())
        _copy_tree(keys_from, hub.keys_dir, without=gone)
        destroyed.merge(hub.keys_dir / destroyed.FILE_NAME, [gone])
        _copy_tree(source / "vault", hub.vault_dir, without=gone)
        sync_folder(hub.data_dir)
    except OSError as error:
        raise Temporary(f"{error.filename or hub.data_dir}: cannot be written: {error.strerror}.") from error
    return Restored(int(facts["clips"]), int(facts["ledger_size"]), 0, str(aside or ""))


def _check_places(hub: HubSettings, to: Path, keys_to: Path | None) -> None:
    if not hub.database_path.is_file():
        raise BadInput(f"{hub.data_dir}: no hub lies here (hub.sqlite3 is missing). Give its folder with --data.")
    home = hub.data_dir.resolve()
    for place in filter(None, (to, keys_to)):
        if place.resolve() == home or home in place.resolve().parents:
            raise BadInput(f"{place}: lies inside of the hub's own folder. Give a place on another disk.")
    if keys_to is not None and (to.resolve() == keys_to.resolve() or to.resolve() in keys_to.resolve().parents):
        raise BadInput(f"{keys_to}: lies inside of the data's backup, which would open it. Give a place apart.")


def _copy_database(source: Path, target: Path) -> tuple[int, int]:
    """Copy the database as it is at one moment; return how many clips and ledger entries it holds."""
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    try:
        with (
            closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True, timeout=30)) as live,
            closing(sqlite3.connect(partial)) as copy,
        ):
            live.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")
        _forget_ways_in(partial)
        with closing(sqlite3.connect(partial)) as copy:
            (clips,) = copy.execute("SELECT count(*) FROM clips_clip WHERE erased_at IS NULL").fetchone()
            (size,) = copy.execute("SELECT coalesce(max(size), 0) FROM audit_ledgerstate").fetchone()
        partial.chmod(0o600)
        partial.replace(target)
    except sqlite3.Error as error:
        raise BadInput(f"{source}: cannot be read as the hub's database: {error}.") from error
    finally:
        partial.unlink(missing_ok=True)  # cut short, it may still hold what the copy must not
    sync_folder(target.parent)
    return int(clips), int(size)


def _forget_ways_in(database: Path) -> None:
    """Empty the tables of sessions and sign-in links, and leave none of their bytes in the file. Raises BadInput."""
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as copy:
            copy.execute("PRAGMA journal_mode=MEMORY")  # a journal on the disk would hold what is deleted
            copy.execute("PRAGMA secure_delete=ON")
            known = {name for (name,) in copy.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
            for table in WAYS_IN:
                if table in known:
                    copy.execute(f'DELETE FROM "{table}"')  # noqa: S608  # our names
            copy.execute("VACUUM")
    except sqlite3.Error as error:
        raise BadInput(f"{database}: cannot be read as the hub's database: {error}.") from error


def _copy_tree(source: Path, target: Path, *, renew: bool = False, without: Mapping[UUID, int] | None = None) -> int:
    """Copy every file that `target` lacks (`renew`: or has otherwise); return how many. Clips in `without` stay out."""
    count = 0
    for path in _files(source):
        place = target / path.relative_to(source)
        if without and _clip_of(path.relative_to(source)) in without:
            continue
        if place.is_file() and not (renew and place.read_bytes() != path.read_bytes()):
            continue
        _make_folder(place.parent)
        try:
            _copy_file(path, place)
        except FileNotFoundError:
            continue  # erased or committed meanwhile; the next run sees what is there
        count += 1
    return count


def _make_folder(folder: Path) -> None:
    """Make a folder and those above it, for the hub's user alone."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _copy_file(source: Path, target: Path) -> None:
    partial = target.with_name(f".{target.name}.partial")
    partial.unlink(missing_ok=True)
    with source.open("rb") as whole, partial.open("xb") as copy:
        partial.chmod(0o600)
        shutil.copyfileobj(whole, copy, 1 << 20)
        copy.flush()
        os.fsync(copy.fileno())
    partial.replace(target)
    sync_folder(target.parent)


def _forget(folder: Path, gone: Mapping[UUID, int]) -> set[UUID]:
    """Overwrite and remove what a copy holds of erased clips; return them."""
    found: set[UUID] = set()
    for path in list(_files(folder)):
        clip_id = _clip_of(path.relative_to(folder))
        if clip_id in gone:
            with path.open("r+b") as file:
                file.write(os.urandom(min(path.stat().st_size, 4096)))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(path.parent)
            found.add(clip_id)
    return found


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file() and not path.name.startswith("."))


def _clip_of(relative: Path) -> UUID:
    """Return the clip to which a file in a vault or a folder of keys belongs; the zero id for the hub's own."""
    for part in reversed(relative.parts):
        try:
            return UUID(part)
        except ValueError:
            continue
    return UUID(int=0)


def _erased_in(database: Path, keys_dir: Path) -> Mapping[UUID, int]:
    """Return what the ledger in a database tells of erasures, as far as it can be read and its hub signed it."""
    if not (database.is_file() and (keys_dir / keyring.SIGNING_FILE).is_file()):
        return {}
    key = keyring.load_signing_key(keys_dir).public_key()
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True, timeout=10)) as db:
            return erasures.believed(db.execute, key)
    except sqlite3.Error:
        return {}


def _move_aside(folder: Path, now_ns: int) -> Path | None:
    if not folder.exists() or not any(folder.iterdir()):
        if folder.exists():
            folder.rmdir()
        return None
    aside = folder.with_name(f"{folder.name}.before-{now_ns // 1_000_000_000}")
    folder.rename(aside)
    sync_folder(folder.parent)
    return aside


def _read_note(source: Path) -> Mapping[str, int]:
    try:
        facts = json.loads((source / NOTE_FILE).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInput(f"{source}: no backup of a hub lies here ({NOTE_FILE} is missing).") from None
    except (OSError, ValueError) as error:
        raise BadInput(f"{source / NOTE_FILE}: cannot be read: {error}.") from None
    if facts.get("format") != FORMAT:
        raise BadInput(f"{source / NOTE_FILE}: made by another version of Custodes ({facts.get('format')}).")
    found: Mapping[str, int] = facts
    return found
