"""Sites and units in the portal: who sees them, who adds and enrols, and how their health is said."""

import re
import uuid
from datetime import timedelta

import pytest
from django.utils import timezone

from cast import NOW_NS, Cast, give_role
from custodes.hub.clips.models import Tombstone
from custodes.hub.fleet import services as fleet
from custodes.hub.fleet.models import Camera, EnrolmentCode, Membership, Site, Unit
from signed_in import signed_in

pytestmark = pytest.mark.django_db


def heard_now(unit: Unit, **facts: object) -> None:
    now = timezone.now()
    Unit.objects.filter(pk=unit.pk).update(last_seen_at=now, **facts)
    Camera.objects.filter(unit=unit).update(last_frame_at=now)


def test_everybody_sees_their_own_sites_only(cast: Cast) -> None:
    assert "Van 13" in signed_in(cast.bob).get("/sites/").content.decode()
    sam = signed_in(cast.sam).get("/sites/").content.decode()
    assert "Van 13" in sam
    assert "Van 12" not in sam
    for person in (cast.charlie, cast.stranger, cast.eve):
        assert signed_in(person).get(f"/sites/{cast.van.pk}/").status_code == 404
        assert signed_in(person).get(f"/sites/{cast.van.pk}/health/").status_code == 404
    assert "You have no role at any site" in signed_in(cast.stranger).get("/sites/").content.decode()


def test_manager_adds_a_site_and_dispatcher_does_not(cast: Cast) -> None:
    wanted = {"organisation": str(cast.company.pk), "kind": "vehicle", "name": "Van 14"}
    assert signed_in(cast.bob).post("/sites/new/", wanted).status_code == 403
    answer = signed_in(cast.alice).post("/sites/new/", wanted)
    assert answer["Location"] == f"/sites/{Site.objects.get(name='Van 14').pk}/"
    again = signed_in(cast.alice).post("/sites/new/", wanted).content.decode()
    assert "already has a site called" in again


def test_site_cannot_be_added_to_a_foreign_organisation(cast: Cast) -> None:
    wanted = {"organisation": str(cast.rival.pk), "kind": "vehicle", "name": "Ours"}
    signed_in(cast.alice).post("/sites/new/", wanted)
    assert not Site.objects.filter(name="Ours").exists()


def test_code_is_shown_once_and_lets_a_unit_in(cast: Cast) -> None:
    client = signed_in(cast.alice)
    html = client.post(f"/sites/{cast.van.pk}/enrol/").content.decode()
    shown = re.search(r"custodes unit enroll (\S+) ([2-9A-Z]{4}-[2-9A-Z]{4})", html)
    assert shown
    assert shown[1] == "http://testserver"
    assert "<svg" in html
    since = re.search(r"enrol/state/\?since=([^\"]+)\"", html)
    assert since
    state = f"/sites/{cast.van.pk}/enrol/state/?since={since[1]}"
    waiting = client.get(state).content.decode()
    assert "Waiting for the unit" in waiting
    fleet.enrol_unit(code=shown[2], public_key=b"k" * 32, unit_name="Fresh", now=timezone.now())
    joined = client.get(state).content.decode()
    assert "Fresh has joined." in joined
    assert "every 2s" not in joined


def test_code_is_not_for_everybody(cast: Cast) -> None:
    assert signed_in(cast.bob).post(f"/sites/{cast.van.pk}/enrol/").status_code == 403
    assert signed_in(cast.charlie).post(f"/sites/{cast.van.pk}/enrol/").status_code == 404
    assert EnrolmentCode.objects.count() == 0


def test_turning_a_unit_away(cast: Cast) -> None:
    Unit.objects.filter(pk=cast.van_unit.pk).update(queue_clips=3)
    client = signed_in(cast.alice)
    assert (
        "3 clips that still wait on the unit will not arrive." in client.get(f"/sites/{cast.van.pk}/").content.decode()
    )
    assert signed_in(cast.bob).post(f"/units/{cast.van_unit.pk}/revoke/").status_code == 403
    assert signed_in(cast.charlie).post(f"/units/{cast.van_unit.pk}/revoke/").status_code == 404
    page = client.post(f"/units/{cast.van_unit.pk}/revoke/", follow=True).content.decode()
    assert "Van 12 is turned away. Its clips stay." in page
    cast.van_unit.refresh_from_db()
    assert cast.van_unit.revoked_at is not None


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({}, "Connected"),
        ({"clock_skew_ms": 42_000}, "Its clock is 42 s fast."),
        ({"clock_skew_ms": -3_500}, "Its clock is 3.5 s slow."),
        ({"queue_clips": 25}, "25 clips wait to be sent."),
        ({"disk_free_bytes": 300_000_000}, "Its disk has 300.0 MB left."),
    ],
)
def test_health_is_said_in_words(cast: Cast, facts: dict[str, object], words: str) -> None:
    heard_now(cast.van_unit, **facts)
    assert words in signed_in(cast.bob).get(f"/sites/{cast.van.pk}/health/").content.decode()


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (Camera.State.BLIND, "Sees nothing: covered, dark or unplugged"),
        (Camera.State.RECORDING, "Recording"),
        (Camera.State.OFF, "Switched off"),
        (Camera.State.CONNECTING, "Connecting"),
    ],
)
def test_camera_is_said_in_words(cast: Cast, state: str, words: str) -> None:
    heard_now(cast.van_unit)
    Camera.objects.filter(unit=cast.van_unit, lens="road").update(state=state)
    assert words in signed_in(cast.bob).get(f"/sites/{cast.van.pk}/health/").content.decode()


def test_silent_unit_makes_its_cameras_unknown(cast: Cast) -> None:
    Unit.objects.filter(pk=cast.van_unit.pk).update(last_seen_at=timezone.now() - timedelta(minutes=7))
    html = signed_in(cast.bob).get(f"/sites/{cast.van.pk}/health/").content.decode()
    assert "Silent: last heard 7 min ago" in html
    assert "Unknown: the unit is silent" in html
    assert "Recording" not in html
    assert "Not well" in signed_in(cast.bob).get("/").content.decode()


def test_lost_footage_is_said_with_its_reason(cast: Cast) -> None:
    Tombstone.objects.create(
        id=uuid.uuid4(),
        unit=cast.van_unit,
        reason="disk_full",
        start_wall_ns=NOW_NS,
        end_wall_ns=NOW_NS + 180_000_000_000,
    )
    html = signed_in(cast.bob).get(f"/sites/{cast.van.pk}/health/").content.decode()
    assert "Footage lost 13:00:00–13:03:00: the unit&#x27;s disk was full" in html


@pytest.mark.parametrize(
    ("who", "knows"), [("alice", True), ("bob", True), ("dina", True), ("oscar", False), ("milo", False)]
)
def test_where_a_van_is_and_who_drives_is_not_for_everybody(cast: Cast, who: str, knows: bool) -> None:
    """Neither for who runs the hub, nor for a driver who is not on that shift."""
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    Unit.objects.filter(pk=cast.van_unit.pk).update(last_lat_deg=48.858123, last_lon_deg=2.294567)
    html = signed_in(getattr(cast, who)).get(f"/sites/{cast.van.pk}/").content.decode()
    assert ("48.858123" in html, "Dina drives" in html) == (knows, knows)


def test_where_a_home_is_is_for_who_lives_there(cast: Cast) -> None:
    Unit.objects.filter(pk=cast.home_unit.pk).update(last_lat_deg=48.858123, last_lon_deg=2.294567)
    for who, knows in (("hanna", True), ("milo", True), ("oscar", False)):
        html = signed_in(getattr(cast, who)).get(f"/sites/{cast.home.pk}/").content.decode()
        assert ("48.858123" in html) == knows, who
