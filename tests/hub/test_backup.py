"""A backup: consistent, apart from its keys, and forgetful of what was erased."""

import json
import shutil
import sqlite3
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
from django.db import connection

from custodes.core.errors import BadInput
from custodes.core.merkle import Frontier, leaf_hash
from custodes.hub import keyring
from custodes.hub.audit.leaf import body_hash, canonical_json, head_bytes, leaf_bytes
from custodes.hub.clips import backup
from custodes.hub.config import HubSettings
from custodes.hub.vault import destroyed


def make_hub(folder: Path) -> HubSettings:
    """Lay out a hub's files as the code finds them; the tables hold what a backup looks at."""
    hub = HubSettings(data_dir=folder)
    for place in (hub.keys_dir / "clips", hub.vault_dir):
        place.mkdir(parents=True)
    hub.keys_dir.chmod(0o700)
    keyring.make_keys(hub.keys_dir)
    with sqlite3.connect(hub.database_path) as db:
        db.execute("PRAGMA journal_mode=WAL")
        db.execute("CREATE TABLE clips_clip (id TEXT, erased_at TEXT)")
        db.execute("CREATE TABLE audit_ledgerstate (size INTEGER)")
        db.execute("INSERT INTO audit_ledgerstate VALUES (7)")
        db.execute("CREATE TABLE audit_ledgerleaf (seq, kind, recorded_wall_ns, leaf_hash)")
        db.execute("CREATE TABLE audit_ledgerbody (leaf_id, salt, body_json, clip_id)")
        db.execute("CREATE TABLE audit_treehead (size, root, signed_wall_ns, signature, key_id)")
        for table in backup.WAYS_IN:
            db.execute(f"CREATE TABLE {table} (word TEXT PRIMARY KEY)")
    return hub


def add_clip(hub: HubSettings) -> uuid.UUID:
    clip_id = uuid.uuid4()
    fan = str(clip_id)[-2:]
    for path in (hub.vault_dir / fan / str(clip_id) / "film.road", hub.keys_dir / "clips" / fan / str(clip_id)):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(clip_id.bytes * 4)
    with sqlite3.connect(hub.database_path) as db:
        db.execute("INSERT INTO clips_clip VALUES (?, NULL)", [clip_id.hex])
    return clip_id


def tell_of_erasure(hub: HubSettings, clip_ids: list[uuid.UUID], *, signed: int) -> None:
    """Write a ledger that tells of erasures, with a head over the first `signed` of its leaves."""
    key = keyring.load_signing_key(hub.keys_dir)
    frontier = head = Frontier()
    with sqlite3.connect(hub.database_path) as db:
        for seq, clip_id in enumerate(clip_ids):
            vow = key.sign(b"custodes.erased/1\n" + str(clip_id).encode()).hex()
            text = canonical_json({"clip": clip_id, "signature": vow})
            leaf = leaf_hash(
                leaf_bytes(seq=seq, kind="clip.erased", recorded_wall_ns=3, body_hash=body_hash(bytes(16), text))
            )
            frontier, _ = frontier.append(leaf)
            head = frontier if seq < signed else head
            db.execute("INSERT INTO audit_ledgerleaf VALUES (?, 'clip.erased', 3, ?)", [seq, leaf])
            db.execute("INSERT INTO audit_ledgerbody VALUES (?, ?, ?, ?)", [seq, bytes(16), text, clip_id.hex])
        covered = head_bytes(size=head.size, root=head.root(), signed_wall_ns=4, key_id="mine")
        db.execute(
            "INSERT INTO audit_treehead VALUES (?, ?, 4, ?, 'mine')", [head.size, head.root(), key.sign(covered)]
        )


def holds(folder: Path, clip_id: uuid.UUID) -> bool:
    return any(path.is_file() and clip_id.bytes in path.read_bytes() for path in folder.rglob("*"))


@pytest.fixture
def hub(tmp_path: Path) -> HubSettings:
    return make_hub(tmp_path / "hub")


def test_a_copy_is_brought_up_to_date_and_needs_no_second_reading(hub: HubSettings, tmp_path: Path) -> None:
    first = add_clip(hub)
    made = backup.make(hub, tmp_path / "to", keys_to=tmp_path / "safe", now_ns=1)
    assert (made.clips, made.ledger_size, made.copied, made.with_keys) == (1, 7, 1, True)
    second = add_clip(hub)
    made = backup.make(hub, tmp_path / "to", keys_to=None, now_ns=2)
    assert (made.clips, made.copied, made.with_keys) == (2, 1, False)
    assert "alone it opens nothing" in made.as_text()
    assert holds(tmp_path / "to", first)
    assert holds(tmp_path / "to", second)
    assert not any(path.stat().st_mode & 0o077 for path in (tmp_path / "to").rglob("*"))


def test_what_was_erased_goes_from_the_copies_at_the_next_run(hub: HubSettings, tmp_path: Path) -> None:
    gone, stays = add_clip(hub), add_clip(hub)
    to, safe = tmp_path / "to", tmp_path / "safe"
    backup.make(hub, to, keys_to=safe, now_ns=1)
    destroyed.merge(hub.keys_dir / destroyed.FILE_NAME, [{gone: 2}])
    (hub.keys_dir / "clips" / str(gone)[-2:] / str(gone)).unlink()
    assert backup.make(hub, to, keys_to=safe, now_ns=3).erased_here == 1
    assert not holds(to / "vault", gone)
    assert not holds(safe, gone)
    assert holds(to, stays)
    assert holds(safe, stays)
    assert dict(destroyed.read(safe / destroyed.FILE_NAME)) == {gone: 2}


def test_what_was_erased_since_does_not_come_back(hub: HubSettings, tmp_path: Path) -> None:
    listed, told, further, stays, unsigned, forged = (add_clip(hub) for _ in range(6))
    to, safe = tmp_path / "to", tmp_path / "safe"
    backup.make(hub, to, keys_to=safe, now_ns=1)
    destroyed.merge(hub.keys_dir / destroyed.FILE_NAME, [{listed: 2}])
    tell_of_erasure(hub, [told, forged, unsigned], signed=2)
    with sqlite3.connect(hub.database_path) as db:
        db.execute(
            'UPDATE audit_ledgerbody SET body_json = replace(body_json, \'"clip":"\', \'"clip": "\') WHERE leaf_id = 1'
        )
    (tmp_path / "more.list").write_text(f"{further} 4\n")
    done = backup.put_back(to, safe, hub, more_lists=(tmp_path / "more.list",), now_ns=5_000_000_000)
    assert done.aside == str(tmp_path / "hub.before-5")
    for clip_id in (stays, unsigned, forged):
        assert holds(hub.vault_dir, clip_id)
        assert holds(hub.keys_dir / "clips", clip_id)
    for clip_id in (listed, told, further):
        assert not holds(hub.vault_dir, clip_id)
        assert not holds(hub.keys_dir / "clips", clip_id)
        assert clip_id in destroyed.read(hub.keys_dir / destroyed.FILE_NAME)


def test_a_first_machine_is_not_needed_to_put_a_backup_back(hub: HubSettings, tmp_path: Path) -> None:
    clip_id = add_clip(hub)
    backup.make(hub, tmp_path / "to", keys_to=tmp_path / "safe", now_ns=1)
    elsewhere = HubSettings(data_dir=tmp_path / "new")
    done = backup.put_back(tmp_path / "to", tmp_path / "safe", elsewhere, now_ns=2)
    assert (done.aside, done.clips) == ("", 1)
    assert holds(elsewhere.vault_dir, clip_id)
    assert (elsewhere.keys_dir / "root.key").read_text() == (hub.keys_dir / "root.key").read_text()


def test_a_copy_without_keys_lets_nobody_in(hub: HubSettings, tmp_path: Path) -> None:
    """Looks at every raw byte: a deleted row that a free page keeps would let its finder in as well."""
    words = [f"{table}-{number}-{'k' * 32}" for table in backup.WAYS_IN for number in range(200)]
    with sqlite3.connect(hub.database_path) as db:
        for word in words:
            db.execute(f"INSERT INTO {word.partition('-')[0]} VALUES (?)", [word])
    backup.make(hub, tmp_path / "to", keys_to=tmp_path / "safe", now_ns=1)
    copied = b"".join(path.read_bytes() for path in (tmp_path / "to").rglob("*") if path.is_file())
    assert not [word for word in words if word.encode() in copied]
    with sqlite3.connect(hub.database_path) as db:
        assert db.execute("SELECT count(*) FROM django_session").fetchone() == (200,), "the hub's own go on"
    shutil.copyfile(hub.database_path, tmp_path / "to" / hub.database_path.name)  # as older copies were
    backup.put_back(tmp_path / "to", tmp_path / "safe", hub, now_ns=2)
    restored = b"".join(path.read_bytes() for path in hub.data_dir.rglob("*") if path.is_file())
    assert not [word for word in words if word.encode() in restored]


def test_a_copy_that_is_cut_short_leaves_no_sessions(
    hub: HubSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_database: Path) -> None:
        raise BadInput("cut short")

    monkeypatch.setattr(backup, "_forget_ways_in", fail)
    with pytest.raises(BadInput, match="cut short"):
        backup.make(hub, tmp_path / "to", keys_to=None, now_ns=1)
    assert not [path for path in (tmp_path / "to").rglob("*") if path.is_file()]


@pytest.mark.django_db
def test_the_tables_that_let_somebody_in_are_the_hubs_own() -> None:
    assert set(backup.WAYS_IN) <= set(connection.introspection.table_names())


def test_a_wrong_place_is_refused_in_one_line(hub: HubSettings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="inside of the hub's own folder"):
        backup.make(hub, hub.data_dir / "copy", keys_to=None, now_ns=1)
    with pytest.raises(BadInput, match="would open it"):
        backup.make(hub, tmp_path / "to", keys_to=tmp_path / "to" / "keys", now_ns=1)
    with pytest.raises(BadInput, match="no hub lies here"):
        backup.make(HubSettings(data_dir=tmp_path / "none"), tmp_path / "to", keys_to=None, now_ns=1)
    with pytest.raises(BadInput, match="no backup of a hub"):
        backup.put_back(tmp_path, hub.keys_dir, hub, now_ns=1)
    backup.make(hub, tmp_path / "to", keys_to=None, now_ns=1)
    with pytest.raises(BadInput, match="no hub's keys lie here"):
        backup.put_back(tmp_path / "to", tmp_path / "to", hub, now_ns=1)
    note = tmp_path / "to" / backup.NOTE_FILE
    note.write_text(json.dumps({"format": "custodes.backup/9"}))
    with pytest.raises(BadInput, match="another version"):
        backup.put_back(tmp_path / "to", hub.keys_dir, hub, now_ns=1)


def test_the_commands_say_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    for words in (["fsck"], ["backup", str(tmp_path / "to")]):
        command = ["hub", *words, "--data", str(tmp_path / "none")]
        code = "import sys; from custodes.cli import main; main()"
        done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, check=False)
        assert done.returncode == 2
        assert done.stderr.decode().count("\n") == 1
        assert b"no hub lies here" in done.stderr
