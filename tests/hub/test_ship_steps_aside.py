"""A clip that the hub does not take, for no reason that ends it, lets the others go on; a person is told."""

import pytest

from custodes.core.wire import ClipAnswer
from custodes.edge.ship.aside import WAIT_FIRST_S, WAIT_MOST_S, Aside
from custodes.edge.ship.hub_client import HubClient, Refused
from custodes.hub.clips.models import Clip
from ship_scene import Scene


def test_the_others_go_on_and_it_is_tried_again_later(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    first, second = scene.put(), scene.put()
    ask = HubClient.declare

    def refuse_first(self: HubClient, declaration, **also) -> ClipAnswer:
        if declaration.clip_id == first.clip_id:
            raise Refused("surprise", "there is something about this clip")
        return ask(self, declaration, **also)

    monkeypatch.setattr(HubClient, "declare", refuse_first)
    assert not scene.shipper.drain(), "one clip still waits"
    assert [clip.pk for clip in Clip.objects.all()] == [second.clip_id]
    [line] = [one for one in scene.said if str(first.clip_id) in one]
    assert "surprise" in line
    assert "tried again in 1 min" in line
    assert scene.outbox.usage()[0] == 1, "it is kept"
    assert not scene.outbox.store.tombstones()

    monkeypatch.setattr(HubClient, "declare", ask)
    assert not scene.shipper.drain(), "its time has not come"
    scene.clock.advance(WAIT_FIRST_S + 1)
    assert scene.shipper.drain()
    assert Clip.objects.filter(pk=first.clip_id).exists()


def test_the_wait_doubles_up_to_an_hour(scene: Scene):
    aside, clip_id = Aside(scene.clock), scene.put().clip_id
    waits = [aside.put(clip_id) for _ in range(9)]
    assert waits[:3] == [WAIT_FIRST_S, 2 * WAIT_FIRST_S, 4 * WAIT_FIRST_S]
    assert waits[-1] == WAIT_MOST_S
    aside.forget(clip_id)
    assert aside.now() == []
