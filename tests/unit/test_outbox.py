"""The outbox keeps what it took, sealed, until the hub's word; what it cannot keep leaves a tombstone."""

import base64
from pathlib import Path
from uuid import uuid4

import pytest
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from custodes.core import seal
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Temporary
from custodes.core.fs import write_durably
from custodes.core.types import Severity
from custodes.core.wire import EnrolAnswer, Manifest
from custodes.edge.ship import Outbox, ShipSettings
from custodes.edge.ship import outbox as outbox_module
from custodes.edge.ship.enrolment import _key_path, _Stored
from ship_scene import NS, ONSET_NS, make_manifest

HUB_KEY = X25519PrivateKey.generate()


def raw64(key) -> str:
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


@pytest.fixture
def state_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "state"
    folder.mkdir()
    answer = EnrolAnswer(
        unit_id=uuid4(),
        site_id=uuid4(),
        site_name="Van",
        hub_seal_key=raw64(HUB_KEY),
        hub_key_id="k",
        hub_sign_key=raw64(Ed25519PrivateKey.generate()),
    )
    pem = Ed25519PrivateKey.generate().private_bytes(ser.Encoding.PEM, ser.PrivateFormat.PKCS8, ser.NoEncryption())
    write_durably(_key_path(folder, answer), pem)
    write_durably(folder / "enrolment.json", _Stored(url="http://hub.test", answer=answer).model_dump_json().encode())
    return folder


def open_outbox(state_dir: Path, **settings: float) -> Outbox:
    return Outbox(state_dir, settings=ShipSettings(**settings), clock=ManualClock(wall=ONSET_NS))


def put(outbox: Outbox, folder: Path, *, size: int = 100_000, **manifest: object) -> Manifest:
    film = folder / f"{uuid4()}.mp4"
    film.write_bytes(b"frame" * (size // 5))
    made = make_manifest({"film.road": film}, **manifest)
    outbox.put(made, {"film.road": film})
    return made


def test_a_clip_is_sealed_and_the_plain_film_is_gone(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir)
    made = put(outbox, tmp_path)
    assert not list(tmp_path.glob("*.mp4"))
    waiting = outbox.next_clip()
    assert waiting is not None
    assert waiting.clip_id == made.clip_id
    for path in state_dir.rglob("*"):
        if path.is_file():
            assert b"frameframe" not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0 or path.name.endswith(("-wal", "-shm")), path
    stored = waiting.declaration
    unit_id = outbox._enrolled().unit_id
    key = seal.unwrap_key(base64.b64decode(stored.envelope), hub_key=HUB_KEY, clip_id=made.clip_id, unit_id=unit_id)
    assert key not in b"".join(path.read_bytes() for path in state_dir.rglob("*") if path.is_file())
    blob = outbox.part_path(made.clip_id, "film.road").read_bytes()
    context = seal.SealContext(made.clip_id, unit_id, "film.road")
    assert seal.open_whole(blob, content_key=key, context=context) == b"frame" * 20_000


def test_what_was_put_is_there_after_a_restart(state_dir: Path, tmp_path: Path):
    made = put(open_outbox(state_dir), tmp_path)
    again = open_outbox(state_dir)
    assert again.next_clip().clip_id == made.clip_id
    assert again.repair() == []


def test_a_clip_put_twice_is_kept_once(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir)
    film = tmp_path / "f.mp4"
    film.write_bytes(b"f" * 1000)
    made = make_manifest({"film.road": film})
    outbox.put(made, {"film.road": film})
    before = outbox.next_clip().declaration
    film.write_bytes(b"g" * 1000)
    assert "already" in outbox.put(made, {"film.road": film})
    assert outbox.next_clip().declaration == before
    assert outbox.usage()[0] == 1
    assert not film.exists()


def test_the_gravest_goes_first_then_the_oldest(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir)
    grades = [Severity.NOTE, Severity.WARNING, Severity.CRITICAL, Severity.WARNING]
    made = [put(outbox, tmp_path, severity=one).clip_id for one in grades]
    order = []
    while (clip := outbox.next_clip()) is not None:
        order.append(clip.clip_id)
        outbox.release(clip.clip_id)
    assert order == [made[2], made[1], made[3], made[0]]


def test_when_full_the_lightest_and_oldest_give_way_with_a_tombstone(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir, max_gb=350_000 / 1024**3)
    grades = [Severity.WARNING, Severity.NOTE, Severity.NOTE]
    made = [put(outbox, tmp_path, severity=one) for one in grades]
    assert outbox.usage()[0] == 3
    put(outbox, tmp_path, severity=Severity.CRITICAL)
    stones = outbox.store.tombstones()
    assert [(stone.reason, stone.clip_id) for stone in stones] == [("disk_full", made[1].clip_id)]
    assert (stones[0].start_wall_ns, stones[0].end_wall_ns) == (ONSET_NS - NS, ONSET_NS + NS)
    assert not (state_dir / "outbox" / str(made[1].clip_id)).exists()
    assert outbox.usage()[1] <= 350_000


def test_a_light_clip_never_pushes_a_grave_one_out(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir, max_gb=220_000 / 1024**3)
    grave = [put(outbox, tmp_path, severity=Severity.CRITICAL).clip_id for _ in range(2)]
    light = put(outbox, tmp_path, severity=Severity.NOTE)
    assert outbox.store.clip_ids() == set(grave)
    assert [stone.clip_id for stone in outbox.store.tombstones()] == [light.clip_id]
    assert not list(tmp_path.glob("*.mp4"))


def test_a_clip_larger_than_the_outbox_pushes_nobody_out(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir, max_gb=150_000 / 1024**3)
    kept = put(outbox, tmp_path, severity=Severity.NOTE)
    put(outbox, tmp_path, severity=Severity.CRITICAL, size=200_000)
    assert outbox.store.clip_ids() == {kept.clip_id}


def test_a_full_disk_lets_others_go_and_tries_again(state_dir: Path, tmp_path: Path, monkeypatch):
    outbox = open_outbox(state_dir)
    old = put(outbox, tmp_path, severity=Severity.NOTE)
    real = seal.seal_file
    refusals = iter([True])

    def full_once(*arguments: object, **named: object):
        if next(refusals, False):
            raise Temporary("no space left on device")
        return real(*arguments, **named)

    monkeypatch.setattr(outbox_module.seal, "seal_file", full_once)
    new = put(outbox, tmp_path, severity=Severity.NOTE)
    assert outbox.store.clip_ids() == {new.clip_id}
    assert [stone.clip_id for stone in outbox.store.tombstones()] == [old.clip_id]


def test_a_unit_without_a_hub_says_how_to_join_one(tmp_path: Path):
    outbox = open_outbox(tmp_path / "fresh" if (tmp_path / "fresh").mkdir() is None else tmp_path)
    with pytest.raises(BadInput, match="custodes unit enroll"):
        put(outbox, tmp_path)
    assert list(tmp_path.glob("*.mp4")), "the plain film must stay"


def test_a_missing_film_is_named(state_dir: Path, tmp_path: Path):
    outbox = open_outbox(state_dir)
    film = tmp_path / "f.mp4"
    film.write_bytes(b"f")
    made = make_manifest({"film.road": film})
    film.unlink()
    with pytest.raises(BadInput, match=r"f\.mp4 \(film\.road\) is missing"):
        outbox.put(made, {"film.road": film})


def test_a_sequence_is_never_given_out_twice_over_restarts(state_dir: Path):
    taken: list[int] = []
    for _ in range(4):
        outbox = open_outbox(state_dir)
        taken += [outbox.store.take_sequence() for _ in range(300)]
        outbox.close()
    assert taken == sorted(set(taken))
    outbox = open_outbox(state_dir)
    assert outbox.store.take_sequence(above=10**9) == 10**9 + 1
    assert outbox.store.take_sequence() == 10**9 + 2
    outbox.close()
    assert open_outbox(state_dir).store.take_sequence() > 10**9 + 2


def test_a_refused_clip_is_kept_aside_until_its_time_is_over(state_dir: Path, tmp_path: Path):
    clock = ManualClock(wall=ONSET_NS)
    outbox = Outbox(state_dir, settings=ShipSettings(keep_refused_days=2), clock=clock)
    made = put(outbox, tmp_path)
    outbox.park(outbox.next_clip(), "too large")
    assert outbox.next_clip() is None
    assert outbox.part_path(made.clip_id, "film.road").exists()
    assert [stone.reason for stone in outbox.store.tombstones()] == ["upload_refused"]
    clock.advance(3 * 86_400)
    outbox.sweep()
    assert not outbox.part_path(made.clip_id, "film.road").exists()


def test_a_damaged_database_is_named(state_dir: Path):
    (state_dir / "outbox.sqlite3").write_bytes(b"nonsense" * 1000)
    with pytest.raises(Exception, match=r"outbox\.sqlite3 is damaged"):
        open_outbox(state_dir)
