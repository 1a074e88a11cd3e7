"""A heartbeat tells how a unit is; changes of a camera's state are written down for good."""

from datetime import timedelta

import pytest

from cast import NOW, NOW_NS, Cast, acts_since
from custodes.core.errors import Denied
from custodes.core.wire import Heartbeat, LensHealth, WireSample
from custodes.hub.audit.models import LedgerBody
from custodes.hub.fleet import services
from custodes.hub.fleet.models import Camera, Unit

pytestmark = pytest.mark.django_db


def beat(*lenses: tuple[str, str], sent_ns: int = NOW_NS, **facts: object) -> Heartbeat:
    healths = [
        LensHealth(
            lens=lens, facing="road", state=state, last_frame_wall_ns=NOW_NS, width_px=640, height_px=360, fps=25
        )
        for lens, state in lenses
    ]
    return Heartbeat(sent_wall_ns=sent_ns, software="custodes 0.1.0", lenses=healths, **facts)


def states(unit: Unit) -> dict[str, str]:
    return dict(Camera.objects.filter(unit=unit).values_list("lens", "state"))


def test_health_is_kept(cast: Cast) -> None:
    heartbeat = beat(
        ("road", "recording"),
        sent_ns=NOW_NS + 1_500_000_000,
        queue_clips=2,
        queue_bytes=99,
        disk_free_bytes=10**12,
        sample=WireSample(wall_ns=NOW_NS, lat_deg=48.85, lon_deg=2.35, speed_mps=9.0),
    )
    services.record_heartbeat(cast.van_unit, heartbeat, NOW)
    unit = Unit.objects.get(pk=cast.van_unit.pk)
    assert (unit.last_seen_at, unit.clock_skew_ms, unit.software) == (NOW, 1500, "custodes 0.1.0")
    assert (unit.queue_clips, unit.queue_bytes, unit.disk_free_bytes) == (2, 99, 10**12)
    assert (unit.last_lat_deg, unit.last_lon_deg, unit.last_speed_mps) == (48.85, 2.35, 9.0)
    camera = Camera.objects.get(unit=unit, lens="road")
    assert (camera.last_frame_at, camera.width_px, camera.fps) == (NOW, 640, 25)


@pytest.mark.parametrize(("sent_ns", "skew_ms"), [(0, -1_767_268_800_000), (2**63 - 1, 2**31 - 1)])
def test_a_mad_clock_does_not_break_the_hub(cast: Cast, sent_ns: int, skew_ms: int) -> None:
    services.record_heartbeat(cast.van_unit, beat(sent_ns=sent_ns), NOW)
    assert Unit.objects.get(pk=cast.van_unit.pk).clock_skew_ms == max(skew_ms, -(2**31 - 1))


def test_a_frame_from_beyond_the_calendar_does_not_break_the_hub(cast: Cast) -> None:
    lens = LensHealth(lens="road", facing="road", state="recording", last_frame_wall_ns=2**63 - 1)
    heartbeat = Heartbeat(sent_wall_ns=NOW_NS, software="x", lenses=[lens])
    services.record_heartbeat(cast.van_unit, heartbeat, NOW)
    assert Camera.objects.get(unit=cast.van_unit, lens="road").last_frame_at.year == 2262


def test_a_camera_that_changes_is_written_down_and_one_that_stays_is_not(cast: Cast) -> None:
    for offset, lenses in enumerate(
        (
            [("road", "recording"), ("driver", "recording")],
            [("road", "blind"), ("driver", "recording")],
            [("road", "blind"), ("driver", "recording")],
            [("road", "recording")],
            [("road", "recording"), ("cabin", "connecting")],
        )
    ):
        services.record_heartbeat(cast.van_unit, beat(*lenses), NOW + timedelta(minutes=offset))
    assert states(cast.van_unit) == {"road": "recording", "driver": "off", "cabin": "connecting"}
    said = [body.body_json for body in LedgerBody.objects.filter(leaf__kind="camera.changed").order_by("pk")]
    assert [(text.split('"from":')[1].split(",")[0], text.split('"lens":"')[1].split('"')[0]) for text in said] == [
        ('"recording"', "road"),
        ('"blind"', "road"),
        ('"recording"', "driver"),
        ("null", "cabin"),
    ]
    assert set(acts_since(cast)) == {"camera.changed"}


def test_a_unit_that_was_turned_away_is_not_heard(cast: Cast) -> None:
    services.revoke_unit(unit=cast.van_unit, now=NOW)
    with pytest.raises(Denied):
        services.record_heartbeat(cast.van_unit, beat(("road", "blind")), NOW)
    assert states(cast.van_unit)["road"] == "recording"
