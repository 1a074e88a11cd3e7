"""A unit joins by a code; each way to fail is one line that says what to do, and leaves nothing behind."""

import httpx
import pytest
from django.conf import settings

from cast import NOW, Cast
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Temporary
from custodes.edge.ship import enroll, load_enrolment
from custodes.hub import keyring
from custodes.hub.fleet.models import Unit
from custodes.hub.fleet.services import issue_code
from custodes.hub.ingest.gatehouse import Gatehouse
from custodes.hub.ingest.routes import UnitApi
from ship_scene import HUB_URL, HubInProcess, make_scene

NOW_NS = int(NOW.timestamp()) * 10**9


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(wall=NOW_NS)


@pytest.fixture
def wire(clock: ManualClock) -> HubInProcess:
    return HubInProcess(UnitApi(Gatehouse(clock)))


@pytest.fixture
def code(cast: Cast) -> str:
    return issue_code(site=cast.van, now=NOW).code


def test_a_unit_joins_and_its_key_never_leaves(wire: HubInProcess, code: str, cast: Cast, tmp_path):
    made = enroll(HUB_URL, code.lower(), state_dir=tmp_path / "state", unit_name="Van 12 b", transport=wire)
    assert made.site_name == "Van 12"
    assert made.hub_sign_key.public_bytes_raw() == keyring.signing_public_key().public_bytes_raw()
    unit = Unit.objects.get(pk=made.unit_id)
    assert bytes(unit.public_key) == made.key.public_key().public_bytes_raw()
    for path in (tmp_path / "state").iterdir():
        assert path.stat().st_mode & 0o077 == 0
    private = made.key.private_bytes_raw()
    assert all(private not in request.content for request in wire.sent)
    again = load_enrolment(tmp_path / "state")
    assert again is not None
    assert again.key.private_bytes_raw() == private
    assert str(settings.HUB.data_dir) not in str(again)


def test_a_wrong_code_says_so_and_leaves_nothing(wire: HubInProcess, code: str, tmp_path):
    with pytest.raises(BadInput, match="wrong, used, or older than 10 minutes"):
        enroll(
            HUB_URL,
            code[:-1] + ("2" if code[-1] != "2" else "3"),
            state_dir=tmp_path / "state",
            unit_name="x",
            transport=wire,
        )
    assert load_enrolment(tmp_path / "state") is None
    assert list((tmp_path / "state").iterdir()) == []


def test_an_old_code_is_refused(wire: HubInProcess, code: str, clock: ManualClock, tmp_path):
    clock.advance(601)
    with pytest.raises(BadInput, match="older than 10 minutes"):
        enroll(HUB_URL, code, state_dir=tmp_path, unit_name="x", transport=wire)


def test_a_code_works_once(wire: HubInProcess, code: str, tmp_path):
    enroll(HUB_URL, code, state_dir=tmp_path / "a", unit_name="a", transport=wire)
    with pytest.raises(BadInput, match="wrong, used"):
        enroll(HUB_URL, code, state_dir=tmp_path / "b", unit_name="b", transport=wire)


@pytest.mark.parametrize("url", ["", "hub.example", "ftp://hub", "http://", "http://hub/path", "http://hub?x=1"])
def test_an_address_that_is_none_is_named(url: str, tmp_path):
    with pytest.raises(BadInput, match="is not the address of a hub"):
        enroll(url, "7KQ4-M2XD", state_dir=tmp_path, unit_name="x")


def test_nobody_at_the_address_is_temporary(tmp_path):
    with pytest.raises(Temporary, match=r"no hub answers at http://127\.0\.0\.1:9"):
        enroll("http://127.0.0.1:9", "7KQ4-M2XD", state_dir=tmp_path, unit_name="x")


@pytest.mark.parametrize(("status", "body"), [(200, b"<html>"), (404, b"not found"), (201, b"{}")])
def test_something_else_at_the_address_is_said_so(status: int, body: bytes, tmp_path):
    other = httpx.MockTransport(lambda _: httpx.Response(status, content=body))
    with pytest.raises(BadInput, match="not a Custodes hub"):
        enroll(HUB_URL, "7KQ4-M2XD", state_dir=tmp_path, unit_name="x", transport=other)


def test_a_unit_with_clips_for_another_hub_does_not_lose_them(cast: Cast, tmp_path, code: str, wire: HubInProcess):
    scene = make_scene(tmp_path, cast)
    scene.put()
    with pytest.raises(BadInput, match=r"1 clips .* sealed for the hub"):
        enroll(HUB_URL, code, state_dir=scene.state_dir, unit_name="x", transport=wire)
    assert load_enrolment(scene.state_dir).unit_id == scene.unit.pk


def test_a_damaged_enrolment_says_what_to_do(tmp_path):
    (tmp_path / "enrolment.json").write_text("{")
    with pytest.raises(BadInput, match="Enrol the unit again"):
        load_enrolment(tmp_path)
