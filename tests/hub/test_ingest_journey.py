"""A clip goes from the unit's outbox to READY, and the unit frees its copy on the receipt alone."""

from cast import Cast
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips.footage import open_part, read_manifest
from custodes.hub.clips.models import Clip
from custodes.hub.process import conclude, examine
from ship_scene import Scene


def process(clip_id) -> None:
    examine.check_sealed(clip_id)
    examine.check_manifest(clip_id)
    examine.probe_films(clip_id)
    conclude.conclude(clip_id, reason="", now_ns=1)


def test_a_clip_arrives_whole_and_becomes_ready(scene: Scene, cast: Cast):
    film = scene.film()
    plain = film.read_bytes()
    from ship_scene import make_manifest

    manifest = make_manifest({"film.road": film})
    scene.outbox.put(manifest, {"film.road": film})
    assert not film.exists()

    assert scene.shipper.drain()

    assert scene.outbox.usage() == (0, 0)
    assert not (scene.state_dir / "outbox" / str(manifest.clip_id)).exists()
    clip = Clip.objects.get(pk=manifest.clip_id)
    assert clip.state == Clip.State.PROCESSING
    assert clip.subject == cast.dina
    assert clip.receipt_json
    assert LedgerLeaf.objects.filter(kind="clip.received").count() == 1
    process(clip.id)
    clip.refresh_from_db()
    assert clip.state == Clip.State.READY
    assert read_manifest(clip) == manifest
    assert b"".join(open_part(clip, "film.road").chunks) == plain
    assert b"".join(open_part(clip, "film.road", start=100, stop=70000).chunks) == plain[100:70000]
    poster = b"".join(open_part(clip, "poster").chunks)
    assert poster.startswith(b"\xff\xd8")
