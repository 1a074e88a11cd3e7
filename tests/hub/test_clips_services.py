"""Triage, delete with an undo window, erase: only by those allowed, each a leaf, and erased means unreadable."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from cast import Cast
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.clips import erasing, services
from custodes.hub.clips.footage import open_part
from custodes.hub.clips.models import Clip, StoredBytes
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault
from ship_scene import NS, Scene

EVERYTHING = Clip.objects.all


def acts(scene: Scene, cast: Cast, clip_id) -> dict[str, object]:
    return {"actor": cast.alice, "clip_id": clip_id, "among": EVERYTHING(), "clock": scene.clock}


def kinds() -> list[str]:
    return list(LedgerLeaf.objects.filter(kind__startswith="clip.").order_by("seq").values_list("kind", flat=True))


def test_each_act_grows_the_revision_and_adds_a_leaf(scene: Scene, cast: Cast, clip: Clip):
    before = clip.revision
    named = acts(scene, cast, clip.pk)
    revisions = [
        services.set_triage(triage="open", **named).revision,
        services.assign(assignee=cast.bob, **named).revision,
        services.delete(**named).revision,
        services.restore(**named).revision,
    ]
    assert revisions == sorted(set(revisions))
    assert revisions[0] > before
    assert kinds() == ["clip.received", "clip.triaged", "clip.assigned", "clip.deleted", "clip.restored"]


def test_an_act_that_changes_nothing_adds_nothing(scene: Scene, cast: Cast, clip: Clip):
    services.set_triage(triage="new", **acts(scene, cast, clip.pk))
    services.assign(assignee=None, **acts(scene, cast, clip.pk))
    services.restore(**acts(scene, cast, clip.pk))
    assert kinds() == ["clip.received"]


@pytest.mark.parametrize("act", ["set_triage", "assign", "delete", "restore"])
def test_who_may_not_and_what_is_not_there_look_the_same(scene: Scene, cast: Cast, clip: Clip, act: str):
    more = {"set_triage": {"triage": "done"}, "assign": {"assignee": cast.bob}}.get(act, {})
    words = []
    for clip_id, among in ((clip.pk, Clip.objects.none()), (uuid4(), EVERYTHING())):
        with pytest.raises(Denied) as denied:
            getattr(services, act)(actor=cast.charlie, clip_id=clip_id, among=among, clock=scene.clock, **more)
        words.append(str(denied.value).replace(str(clip_id), "…"))
    assert words[0] == words[1]
    clip.refresh_from_db()
    assert (clip.triage, clip.state, clip.assignee) == ("new", Clip.State.READY, None)


def test_a_deleted_clip_can_be_restored_until_the_window_ends(scene: Scene, cast: Cast, clip: Clip):
    named = acts(scene, cast, clip.pk)
    deleted = services.delete(**named)
    assert deleted.erase_after - deleted.deleted_at == timedelta(seconds=cast.company.undo_window_s)
    scene.clock.advance(cast.company.undo_window_s - 1)
    assert services.restore(**named).state == Clip.State.READY
    services.delete(**named)
    scene.clock.advance(cast.company.undo_window_s + 1)
    with pytest.raises(BadInput, match="has passed"):
        services.restore(**named)


def test_erase_destroys_key_and_bytes_and_gives_the_room_back(scene: Scene, cast: Cast, clip: Clip):
    key_path = next((settings.HUB.keys_dir / "clips").glob(f"??/{clip.pk}"))
    services.delete(**acts(scene, cast, clip.pk))
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 0
    scene.clock.advance(cast.company.undo_window_s + 1)
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 1
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 0
    assert not key_path.exists()
    assert list(vault().list(f"{clip.pk}/")) == []
    assert not keys.holds(clip.pk)
    with pytest.raises(Corrupt):
        open_part(clip, "film.road")
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes == 0
    assert kinds()[-1] == "clip.erased"
    clip.refresh_from_db()
    assert clip.erased_at is not None
    assert not clip.parts.exists()


def test_erase_goes_on_after_it_was_cut_between_key_and_blobs(scene: Scene, cast: Cast, clip: Clip, monkeypatch):
    services.delete(**acts(scene, cast, clip.pk))
    scene.clock.advance(cast.company.undo_window_s + 1)
    store = vault()
    real = type(store).delete

    def refuse(_store, _name):
        raise OSError("the disk is gone")

    monkeypatch.setattr(type(store), "delete", refuse)
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 0
    assert not keys.holds(clip.pk), "the key goes first"
    monkeypatch.setattr(type(store), "delete", real)
    assert erasing.erase_due(now_ns=scene.clock.wall_ns()) == 1
    assert list(store.list(f"{clip.pk}/")) == []


def test_a_clip_that_still_arrives_cannot_be_deleted(scene: Scene, cast: Cast, clip: Clip):
    Clip.objects.update(state=Clip.State.RECEIVING)
    with pytest.raises(BadInput, match="still arriving"):
        services.delete(**acts(scene, cast, clip.pk))


def test_a_unit_that_sends_an_erased_clip_again_gets_its_receipt_and_no_new_clip(scene: Scene, cast: Cast, clip: Clip):
    declaration_requests = [one for one in scene.wire.sent if one.url.path.endswith("/clips")]
    services.delete(**acts(scene, cast, clip.pk))
    scene.clock.advance(cast.company.undo_window_s + 1)
    erasing.erase_due(now_ns=scene.clock.wall_ns())
    from custodes.core.wire import ClipOffer
    from custodes.edge.ship.hub_client import HubClient

    client = HubClient(
        scene.enrolment, scene.outbox.store, clock=scene.clock, say=scene.said.append, transport=scene.wire
    )
    answer = client.declare(ClipOffer.model_validate_json(declaration_requests[0].content).declaration)
    assert answer.receipt is not None
    assert answer.uploads == []
    assert Clip.objects.count() == 1
    assert not keys.holds(clip.pk)
    assert scene.clock.wall_ns() > NS
