"""What a list says of a clip: sealed in its row, for those alone who may see its picture, noise once it is erased."""

import pytest

from cast import NOW_NS, Cast, make_clip
from custodes.core import seal
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import Corrupt
from custodes.core.types import Facing
from custodes.core.wire import WireEvidence, WireSample
from custodes.hub.access import gate
from custodes.hub.clips import erasing, headline, services
from custodes.hub.clips.headline import Headline
from custodes.hub.clips.models import Clip
from custodes.hub.process import examine
from custodes.hub.vault import keys
from custodes.hub.vault.keys import KeyDestroyed
from ship_scene import ONSET_NS, Scene, make_manifest

SEEN = [WireEvidence(name="class", value="person")]


def taken_in(scene: Scene, *, evidence: list[WireEvidence], **changes: object) -> Clip:
    """Send a clip whose event has this evidence, and check it as the hub does."""
    film = scene.film()
    manifest = make_manifest({"film.road": film}, **changes)
    manifest = manifest.model_copy(update={"event": manifest.event.model_copy(update={"evidence": evidence})})
    scene.outbox.put(manifest, {"film.road": film})
    assert scene.shipper.drain()
    examine.probe_films(manifest.clip_id)
    Clip.objects.filter(pk=manifest.clip_id).update(state=Clip.State.READY)
    return Clip.objects.get(pk=manifest.clip_id)


def test_it_tells_class_lens_and_the_speed_at_the_onset(scene: Scene) -> None:
    speeds = {-3: 30.0, -1: 9.0, 4: 20.0}
    samples = [WireSample(wall_ns=ONSET_NS + s * NS_PER_S, speed_mps=mps) for s, mps in speeds.items()]
    clip = taken_in(scene, evidence=SEEN, samples=samples)
    assert headline.read(clip) == Headline(seen="person", lens="road", facing=Facing.ROAD, speed_mps=9.0)


def test_an_event_about_speed_tells_its_peak_and_the_limit(scene: Scene) -> None:
    evidence = [
        WireEvidence(name="speed", value=40.0, threshold=36.0, unit="mph"),
        WireEvidence(name="peak speed", value=50.0, threshold=36.0, unit="mph"),
        WireEvidence(name="limit", value=30.0, unit="mph"),
    ]
    told = headline.read(taken_in(scene, evidence=evidence))
    assert told is not None
    assert (told.speed_mps, told.limit_mps) == pytest.approx((22.352, 13.4112))


@pytest.fixture
def clip(cast: Cast) -> Clip:
    """Store a clip of the van with a key and a headline, and no film."""
    made = make_clip(cast.van_unit)
    keys.put(made.pk, seal.new_content_key())
    headline.keep(made, Headline(seen="person", lens="road"))
    return made


def test_what_was_seen_does_not_lie_in_the_row_in_the_clear(clip: Clip) -> None:
    clip.refresh_from_db()
    assert b"person" not in bytes(clip.sealed_headline)
    assert headline.read(clip) == Headline(seen="person", lens="road")


def test_it_opens_for_its_own_clip_only(cast: Cast, clip: Clip) -> None:
    other = make_clip(cast.van_unit)
    keys.put(other.pk, keys.get(clip.pk))
    other.sealed_headline = clip.sealed_headline
    with pytest.raises(Corrupt):
        headline.read(other)
    other.save()
    assert set(gate.read_headlines(gate.sight(cast.bob), [clip, other])) == {clip.pk}, "one that is broken is left out"


def test_it_is_shown_to_those_who_may_see_the_picture(cast: Cast, clip: Clip) -> None:
    assert gate.read_headlines(gate.sight(cast.bob), [clip])[clip.pk].seen == "person"
    for other in (cast.hanna, cast.oscar, cast.charlie, cast.dina, cast.stranger):
        assert gate.read_headlines(gate.sight(other), [clip]) == {}


def test_erasing_a_clip_ends_its_headline(cast: Cast, clip: Clip) -> None:
    kept = bytes(clip.sealed_headline)
    clock = ManualClock(NOW_NS)
    services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=clock)
    assert erasing.erase_due(now_ns=NOW_NS + 30 * 86_400 * NS_PER_S) == 1
    clip.refresh_from_db()
    assert bytes(clip.sealed_headline) == b""
    assert headline.read(clip) is None
    clip.sealed_headline = kept
    with pytest.raises(KeyDestroyed):
        headline.read(clip)
