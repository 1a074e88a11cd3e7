"""A short clip takes two requests: the manifest goes with the declaration, the receipt comes with the last piece."""

import base64
import hashlib

import pytest
from django.conf import settings

from custodes.core.wire import ClipOffer
from custodes.edge.ship import hub_client
from custodes.hub.clips.models import Clip
from custodes.hub.ingest import open_clips, uploads
from custodes.hub.ingest.hashers import Hashers
from custodes.hub.vault.store import vault
from ship_scene import Scene


def asked(scene: Scene) -> list[tuple[str, str]]:
    return [(one.method, one.url.path.rsplit("/", 1)[1]) for one in scene.wire.sent]


def test_a_clip_needs_one_declaration_and_one_piece(scene: Scene):
    made = scene.put()
    assert scene.shipper.drain()
    assert asked(scene)[0] == ("POST", "clips")
    assert set(asked(scene)[1:]) == {("PATCH", "film.road")}
    assert sorted(vault().list(f"{made.clip_id}/")) == [f"{made.clip_id}/film.road", f"{made.clip_id}/manifest"]
    assert Clip.objects.get(pk=made.clip_id).receipt_json
    assert not (settings.HUB.uploads_dir / str(made.clip_id)).exists()


def test_a_receipt_that_is_lost_on_its_way_is_asked_for_again(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    made = scene.put()
    monkeypatch.setattr(hub_client, "RECEIPT_HEADER", "X-Swallowed")
    assert scene.shipper.drain()
    assert asked(scene)[-1] == ("GET", str(made.clip_id))


def test_a_manifest_that_is_not_the_declared_one_stores_nothing(scene: Scene):
    scene.put()
    clip = scene.outbox.next_clip()
    path = scene.outbox.part_path(clip.clip_id, "manifest")
    content = bytearray(path.read_bytes())
    content[40] ^= 1
    path.write_bytes(bytes(content))
    assert scene.shipper.drain()
    assert not Clip.objects.exists()
    assert [stone.reason for stone in scene.outbox.store.tombstones()] == ["corrupt"]


def test_a_manifest_that_a_crash_tore_is_not_taken_for_whole(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    """It came with the declaration and was not synced: a power cut may leave any bytes under its name."""
    made = scene.put()
    scene.wire.cut_after_bytes = 1000
    assert not scene.shipper.drain()
    torn = settings.HUB.uploads_dir / str(made.clip_id) / "manifest.partial"
    torn.write_bytes(bytes(torn.stat().st_size))
    open_clips.forget(made.clip_id)
    monkeypatch.setattr(uploads, "_hashers", Hashers())
    assert scene.shipper.drain()
    manifest = vault().read(f"{made.clip_id}/manifest", 0, 1 << 20)
    first = next(one for one in scene.wire.sent if one.url.path.endswith("/clips"))
    offer = ClipOffer.model_validate_json(first.content)
    assert base64.b64decode(offer.manifest or "") == manifest
    declared = next(part for part in offer.declaration.parts if part.part == "manifest")
    assert hashlib.sha256(manifest).hexdigest() == declared.sealed_sha256
