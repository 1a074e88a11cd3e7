"""The hub's own check names whatever does not fit, and mends only what no footage hangs on."""

import shutil
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings

from cast import NOW_NS, Cast
from custodes.hub.audit import kept_heads, ledger
from custodes.hub.clips import erasing, fsck, services
from custodes.hub.clips.models import Clip
from custodes.hub.vault import destroyed, keys
from custodes.hub.vault.store import vault
from ship_scene import Scene


@pytest.fixture
def clip(scene: Scene) -> Clip:
    scene.put()
    assert scene.shipper.drain()
    return Clip.objects.get()


def blob(clip: Clip, part: str = "film.road") -> Path:
    [path] = settings.HUB.vault_dir.glob(f"??/{clip.pk}/{part}")
    return path


def key_of(clip: Clip) -> Path:
    [path] = (settings.HUB.keys_dir / "clips").glob(f"??/{clip.pk}")
    return path


def names(report: fsck.FsckReport) -> set[str]:
    return {finding.kind for finding in report.findings}


def spoil_byte(clip: Clip) -> None:
    path = blob(clip)
    content = bytearray(path.read_bytes())
    content[500] ^= 1
    path.write_bytes(content)


def lose_blobs(clip: Clip) -> None:
    shutil.rmtree(blob(clip).parent)


def add_upload(_: Clip) -> None:
    (settings.HUB.uploads_dir / str(uuid.uuid4())).mkdir(parents=True)


def age_database(_: Clip) -> None:
    kept_heads.keep_newest(ledger.sign_head(size=ledger.size() + 3, root=bytes(32), now_ns=NOW_NS))


def test_a_hub_in_order_is_said_to_be(clip: Clip) -> None:
    report = fsck.check(now_ns=NOW_NS)
    assert (report.ok, report.findings, report.clips, report.blobs) == (True, (), 1, 2)
    assert report.hashed_bytes == sum(clip.parts.values_list("sealed_bytes", flat=True))
    assert "Everything fits" in report.as_text()
    assert fsck.check(now_ns=NOW_NS, hash_blobs=False).hashed_bytes == 0


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda clip: clip.parts.filter(name="film.road").delete(), {"blob_without_row"}),
        (lambda clip: blob(clip).unlink(), {"row_without_blob"}),
        (lose_blobs, {"row_without_blob", "key_without_blob"}),
        (lambda clip: key_of(clip).unlink(), {"key_missing"}),
        (lambda clip: key_of(clip).write_bytes(bytes(60)), {"key_unreadable"}),
        (spoil_byte, {"hash_mismatch"}),
        (lambda clip: blob(clip).write_bytes(b"short"), {"hash_mismatch"}),
        (add_upload, {"orphan_upload"}),
        (lambda clip: clip.delete(), {"blob_without_row"}),
        (age_database, {"older_database"}),
    ],
)
def test_what_does_not_fit_is_named(clip: Clip, spoil: Callable[[Clip], object], expected: set[str]) -> None:
    spoil(clip)
    report = fsck.check(now_ns=NOW_NS)
    assert names(report) == expected
    assert not report.ok
    assert all(kind in report.as_text() for kind in expected)


@pytest.mark.parametrize("spoil", [lambda clip: clip.delete(), lambda clip: clip.parts.all().delete(), age_database])
def test_repair_takes_no_footage_away(clip: Clip, spoil: Callable[[Clip], object]) -> None:
    clip_id, before = clip.pk, sorted(vault().list())
    spoil(clip)
    report = fsck.check(now_ns=NOW_NS, repair=True)
    assert not report.ok
    assert sorted(vault().list()) == before
    assert keys.holds(clip_id)


def test_repair_removes_an_upload_that_no_row_waits_for(clip: Clip) -> None:
    add_upload(clip)
    assert fsck.check(now_ns=NOW_NS, repair=True).ok
    assert fsck.check(now_ns=NOW_NS).findings == ()


def test_repair_erases_again_what_an_older_database_shows(scene: Scene, cast: Cast, clip: Clip) -> None:
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    services.restore(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    destroyed.note(clip.pk, now_ns=NOW_NS)
    assert names(fsck.check(now_ns=NOW_NS)) == {"erased_row", "erased_remains"}
    assert Clip.objects.get().erased_at is None, "a check alone changes nothing"
    later_ns = scene.clock.wall_ns()
    assert fsck.check(now_ns=later_ns, repair=True).ok
    assert fsck.check(now_ns=later_ns).findings == ()
    assert Clip.objects.get().erased_at is not None
    assert list(vault().list()) == []


def test_remains_of_an_erased_clip_are_named_and_go(scene: Scene, cast: Cast, clip: Clip) -> None:
    saved = key_of(clip).read_bytes()
    path = key_of(clip)
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=scene.clock)
    scene.clock.advance(cast.company.undo_window_s + 1)
    erasing.erase_due(now_ns=scene.clock.wall_ns())
    path.write_bytes(saved)
    assert names(fsck.check(now_ns=NOW_NS)) == {"erased_remains"}
    assert fsck.check(now_ns=NOW_NS, repair=True).ok
    assert not path.exists()
