"""What the hub refuses, in which words, and what the unit makes of it: nothing is freed but on a receipt."""

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings as django_settings

from cast import Cast, tell_of_unit
from custodes.core.clock import ManualClock
from custodes.core.errors import Temporary
from custodes.core.wire import Problem
from custodes.edge.ship.hub_client import API, Call, HubClient, Refused, Unwelcome
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip, StoredBytes, Tombstone
from custodes.hub.fleet.crosscheck import units_against_ledger
from custodes.hub.fleet.models import Organisation, Unit
from custodes.hub.ingest import gatehouse
from custodes.hub.ingest.gatehouse import Gatehouse
from custodes.hub.ingest.routes import UnitApi
from ship_scene import NS, Scene, make_manifest


def client_of(scene: Scene, *, clock=None) -> HubClient:
    return HubClient(
        scene.enrolment, scene.outbox.store, clock=clock or scene.clock, say=scene.said.append, transport=scene.wire
    )


def send_again(scene: Scene, request: httpx.Request) -> tuple[int, Problem]:
    response = scene.wire.handle_request(request)
    return response.status_code, Problem.model_validate_json(response.content)


def with_quota(monkeypatch: pytest.MonkeyPatch, **limits: int) -> None:
    hub = django_settings.HUB
    changed = hub.quota.model_copy(update=limits)
    monkeypatch.setattr(django_settings, "HUB", hub.model_copy(update={"quota": changed}))


def test_a_replayed_request_is_refused_with_what_to_do(scene: Scene):
    scene.put()
    assert scene.shipper.drain()
    for request in list(scene.wire.sent):
        status, problem = send_again(scene, request)
        assert status == 409
        assert problem.error == "sequence_replayed"
        assert "enrol one of them again" in problem.message


def test_after_a_restart_of_the_hub_old_requests_are_still_refused_and_the_unit_goes_on(scene: Scene):
    scene.shipper.beat()
    old = scene.wire.sent[-1]
    scene.wire.api = UnitApi(Gatehouse(scene.clock))
    status, problem = send_again(scene, old)
    assert (status, problem.error) == (409, "sequence_behind")
    scene.put()
    assert scene.shipper.drain()
    assert scene.outbox.usage()[0] == 0
    assert scene.said == []


def test_two_machines_with_one_key_are_told(scene: Scene, tmp_path):
    import shutil

    from custodes.edge.ship.store import OutboxStore

    shutil.copytree(scene.state_dir, tmp_path / "copy")
    twin_store = OutboxStore(tmp_path / "copy" / "outbox.sqlite3")
    first = client_of(scene)
    for _ in range(80):
        first.ask(Call("POST", f"{API}/heartbeat", heartbeat_body(scene)))
    twin_said: list[str] = []
    twin = HubClient(scene.enrolment, twin_store, clock=scene.clock, say=twin_said.append, transport=scene.wire)
    twin.ask(Call("POST", f"{API}/heartbeat", heartbeat_body(scene)))
    assert any("two machines hold the key" in line for line in twin_said)


def heartbeat_body(scene: Scene) -> bytes:
    from custodes.core.wire import Heartbeat

    return Heartbeat(sent_wall_ns=scene.clock.wall_ns(), software="t").model_dump_json().encode()


def test_requests_out_of_order_pass_within_the_window_once(scene: Scene):
    replay = scene.api.gatehouse.replay
    unit_id = scene.unit.pk
    assert replay.judge(unit_id, 100)[0] == "fresh"
    assert [replay.judge(unit_id, number)[0] for number in (99, 98, 37, 36, 99, 100)] == [
        "fresh",
        "fresh",
        "fresh",
        "replayed",
        "replayed",
        "replayed",
    ]
    replay.forget()
    assert replay.judge(unit_id, 101)[0] == "behind"
    assert replay.judge(unit_id, Unit.objects.get(pk=unit_id).last_sequence + 1)[0] == "fresh"


@pytest.mark.parametrize("off_s", [-3600, 400, 60 * 365 * 86_400])
def test_a_unit_with_a_wrong_clock_learns_the_hubs_time_and_says_so(scene: Scene, off_s: int):
    scene.put()
    wrong = ManualClock(wall=scene.clock.wall_ns() - off_s * NS if off_s < 10**8 else 10 * NS)
    scene.shipper._client = client_of(scene, clock=wrong)
    assert scene.shipper.drain()
    assert scene.outbox.usage()[0] == 0
    assert any("clock is" in line for line in scene.said)
    statuses = [status for _, _, status in scene.wire.seen]
    assert statuses.count(401) == 1, "the offset is kept, not learned anew each time"


def test_a_clock_hint_that_the_hub_did_not_sign_is_ignored(scene: Scene):
    wrong = ManualClock(wall=scene.clock.wall_ns() - 3600 * NS)
    honest = scene.wire.handle_request

    class Liar(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            response = honest(request)
            if "custodes-time" in response.headers:
                response.headers["custodes-time"] = str(scene.clock.wall_ns() + 10**15)
            return response

    client = HubClient(scene.enrolment, scene.outbox.store, clock=wrong, say=scene.said.append, transport=Liar())
    with pytest.raises(Unwelcome, match="clock"):
        client.ask(Call("POST", f"{API}/heartbeat", heartbeat_body(scene)))
    assert scene.said == []


def test_a_revoked_unit_keeps_its_clips(scene: Scene):
    from django.utils import timezone

    scene.put()
    Unit.objects.filter(pk=scene.unit.pk).update(revoked_at=timezone.now())
    with pytest.raises(Unwelcome, match="refuses this unit"):
        scene.shipper.ship(scene.outbox.next_clip())
    assert scene.outbox.usage()[0] == 1
    assert scene.outbox.store.tombstones() == []


def test_an_unsigned_and_a_foreign_signature_are_401_with_a_problem(scene: Scene):
    from custodes.core.signing import RequestLine, sign_headers

    bare = httpx.Request("POST", f"http://hub.test{API}/heartbeat", content=b"{}")
    assert send_again(scene, bare)[1].error == "unsigned"
    line = RequestLine("POST", "hub.test", f"{API}/heartbeat", {})
    forged = sign_headers(
        line,
        key=Ed25519PrivateKey.generate(),
        key_id=str(scene.unit.pk),
        sequence=1,
        nonce="n" * 20,
        created_s=scene.clock.wall_ns() // NS,
    )
    status, problem = send_again(scene, httpx.Request("POST", f"http://hub.test{API}/heartbeat", headers=forged))
    assert (status, problem.error) == (401, "bad_signature")


def test_a_signed_body_that_was_changed_on_the_way_is_refused(scene: Scene):
    def change(request: httpx.Request) -> httpx.Request:
        if request.url.path.endswith("/clips"):
            return httpx.Request(
                request.method, request.url, headers=request.headers, content=request.content[:-1] + b" "
            )
        return request

    scene.put()
    scene.wire.spoil = change
    with pytest.raises(Temporary, match="not the one that was signed"):
        scene.shipper.ship(scene.outbox.next_clip())
    assert not Clip.objects.exists()


def test_bytes_changed_on_the_way_are_460_and_nothing_of_them_is_kept(scene: Scene):
    made = scene.put()

    def flip(request: httpx.Request) -> httpx.Request:
        if request.method == "PATCH" and request.url.path.endswith("film.road"):
            body = bytearray(request.content)
            body[len(body) // 2] ^= 1
            return httpx.Request(request.method, request.url, headers=request.headers, content=bytes(body))
        return request

    scene.wire.spoil = flip
    assert not scene.shipper.drain()
    assert ("PATCH", f"{API}/tus/{made.clip_id}/film.road", 460) in scene.wire.seen
    partial = django_settings.HUB.uploads_dir / str(made.clip_id) / "film.road.partial"
    assert partial.stat().st_size == 0
    scene.wire.spoil = None
    assert scene.shipper.drain()


def test_a_part_that_is_not_what_was_declared_is_discarded_and_the_units_own_damage_found(scene: Scene):
    made = scene.put()
    path = scene.outbox.part_path(made.clip_id, "film.road")
    sealed = bytearray(path.read_bytes())
    sealed[1000] ^= 1
    path.write_bytes(bytes(sealed))
    assert scene.shipper.drain()
    assert not (django_settings.HUB.uploads_dir / str(made.clip_id) / "film.road.whole").exists()
    assert [stone.reason for stone in scene.outbox.store.tombstones()] == ["corrupt"]
    assert any("changed on this unit's disk" in line for line in scene.said)


def test_a_changed_repeat_of_a_declaration_is_refused_and_parked(scene: Scene):
    made = scene.put()
    client = client_of(scene)
    declared = scene.outbox.next_clip().declaration
    client.declare(declared)
    with pytest.raises(Refused, match="declared before") as refused:
        client.declare(declared.model_copy(update={"kind": "speed"}))
    assert refused.value.code == "clip_changed"
    assert Clip.objects.get(pk=made.clip_id).kind == "presence"


def test_another_units_clip_id_looks_like_none(scene: Scene, cast: Cast, tmp_path):
    made = scene.put()
    assert scene.shipper.drain()
    other_dir = tmp_path / "other"
    other_dir.mkdir()
    key = Ed25519PrivateKey.generate()
    Unit.objects.filter(pk=cast.home_unit.pk).update(public_key=key.public_key().public_bytes_raw())
    other = Scene(
        other_dir,
        tell_of_unit(Unit.objects.select_related("site").get(pk=cast.home_unit.pk)),
        key,
        scene.api,
        scene.clock,
    )
    other.put(clip_id=made.clip_id)
    with pytest.raises(Refused) as by_declaring:
        client_of(other).declare(other.outbox.next_clip().declaration)
    with pytest.raises(Refused) as by_asking:
        client_of(other).receipt(made.clip_id)
    with pytest.raises(Refused) as unknown:
        client_of(other).receipt(make_manifest({"film.road": other.film()}).clip_id)
    assert by_declaring.value.code == by_asking.value.code == unknown.value.code == "not_found"
    assert str(by_asking.value) == str(unknown.value)


def test_a_clip_sealed_to_another_hub_is_refused_parked_and_reported(scene: Scene):
    made = scene.put()
    declared = scene.outbox.next_clip().declaration
    with scene.outbox.store._writing() as db:
        changed = declared.model_copy(update={"hub_key_id": "x25519:0000"})
        db.execute("UPDATE clip SET declaration = ?", (changed.model_dump_json(),))
    assert scene.shipper.drain()
    assert scene.outbox.next_clip() is None
    assert scene.outbox.part_path(made.clip_id, "film.road").exists()
    scene.shipper.beat()
    assert Tombstone.objects.get().reason == "upload_refused"
    assert scene.outbox.store.tombstones() == []


def test_a_part_beyond_the_fixed_size_is_413(scene: Scene, monkeypatch):
    with_quota(monkeypatch, max_part_bytes=2000)
    scene.put()
    with pytest.raises(Refused, match="this hub takes 2000") as refused:
        client_of(scene).declare(scene.outbox.next_clip().declaration)
    assert refused.value.code == "too_large"


def test_a_full_disk_keeps_the_clip_at_the_unit(scene: Scene, monkeypatch):
    with_quota(monkeypatch, disk_reserve_bytes=10**18)
    scene.put()
    with pytest.raises(Temporary, match="disk is full"):
        scene.shipper.ship(scene.outbox.next_clip())
    assert scene.wire.seen[-1][2] == 507
    assert scene.outbox.usage()[0] == 1


def test_an_organisation_past_its_quota_waits_and_goes_on_after_room_is_made(scene: Scene, cast: Cast, monkeypatch):
    monkeypatch.setattr(gatehouse, "KNOWN_FOR_S", 0.0)
    Organisation.objects.filter(pk=cast.company.pk).update(quota_bytes=1000)
    scene.put()
    with pytest.raises(Temporary, match="room at the hub is used up"):
        scene.shipper.ship(scene.outbox.next_clip())
    assert not Clip.objects.exists()
    Organisation.objects.filter(pk=cast.company.pk).update(quota_bytes=10**9)
    needed = quota.room(part.sealed_bytes for part in scene.outbox.next_clip().declaration.parts)
    assert scene.shipper.drain()
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes == needed


def test_too_many_open_uploads_wait(scene: Scene, monkeypatch):
    with_quota(monkeypatch, open_uploads_per_unit=3)
    client = client_of(scene)
    scene.put()
    client.declare(scene.outbox.next_clip().declaration)
    scene.put(severity="critical")
    with pytest.raises(Temporary, match="finish them"):
        client.declare(scene.outbox.next_clip().declaration)


def test_one_unit_cannot_reserve_room_without_end_and_goes_on_after_its_others_came(
    scene: Scene, cast: Cast, monkeypatch
):
    """A declaration costs nothing: what it reserves is bounded in bytes, not in parts alone."""
    scene.put()
    first = scene.outbox.next_clip()
    size = sum(part.sealed_bytes for part in first.declaration.parts)
    with_quota(monkeypatch, open_bytes_per_unit=size * 3 // 2)
    client = client_of(scene)
    client.declare(first.declaration)
    scene.put(severity="critical")
    second = scene.outbox.next_clip()
    assert second.clip_id != first.clip_id
    with pytest.raises(Temporary, match="open_bytes_per_unit"):
        client.declare(second.declaration)
    assert scene.wire.seen[-1][2] == 429
    room = quota.room(part.sealed_bytes for part in first.declaration.parts)
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes == room
    client.declare(first.declaration)  # a repeat reserves nothing and is answered
    assert not scene.shipper.drain(), "the graver one stands aside, what is under way goes on"
    assert [clip.pk for clip in Clip.objects.exclude(receipt_json="")] == [first.clip_id]
    assert scene.outbox.usage()[0] == 1
    scene.clock.advance(61)
    assert scene.shipper.drain()
    assert Clip.objects.exclude(receipt_json="").count() == 2


def test_a_revoked_unit_gives_the_room_back_that_it_had_reserved(scene: Scene, cast: Cast):
    from custodes.hub.fleet.enrolment import revoke_unit
    from custodes.hub.fleet.times import moment_of
    from custodes.hub.ingest.repair import sweep_expired

    scene.put()
    client_of(scene).declare(scene.outbox.next_clip().declaration)
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes > 0
    now_ns = scene.clock.wall_ns()
    assert sweep_expired(now_ns=now_ns + 120 * NS) == 0
    revoke_unit(unit=scene.unit, now=moment_of(now_ns))
    assert sweep_expired(now_ns=now_ns + 120 * NS) == 1
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes == 0
    assert not Clip.objects.exists()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"", "declaration"),
        (b"[]", "declaration"),
        (b'{"format":"custodes.clip/1","surprise":1}', "declaration"),
        (b"{" * 5000, "declaration"),
        (b"x" * 140_000, "more than"),
    ],
    ids=["empty", "a list", "unknown key", "nested", "too long"],
)
def test_malformed_declarations_are_refused_in_one_line(scene: Scene, body: bytes, words: str):
    with pytest.raises(Refused, match=words) as refused:
        client_of(scene).ask(Call("POST", f"{API}/clips", body))
    assert "\n" not in str(refused.value)


def test_a_query_and_an_unknown_address_are_refused(scene: Scene):
    with pytest.raises(Refused) as unknown:
        client_of(scene).ask(Call("GET", f"{API}/nothing"))
    assert unknown.value.code == "not_found"
    with pytest.raises(Refused) as wrong_method:
        client_of(scene).ask(Call("GET", f"{API}/heartbeat"))
    assert wrong_method.value.code == "method"


def test_an_expired_upload_is_swept_and_can_be_declared_anew(scene: Scene, cast: Cast):
    from custodes.hub.ingest.repair import sweep_expired
    from custodes.hub.vault import keys

    made = scene.put()
    client_of(scene).declare(scene.outbox.next_clip().declaration)
    assert sweep_expired(now_ns=scene.clock.wall_ns()) == 0
    assert sweep_expired(now_ns=scene.clock.wall_ns() + 25 * 3600 * NS) == 1
    assert not Clip.objects.exists()
    assert not keys.holds(made.clip_id)
    assert StoredBytes.objects.get(organisation=cast.company).sealed_bytes == 0
    assert scene.shipper.drain()
    assert Clip.objects.get().state == Clip.State.PROCESSING


def test_a_receipt_that_is_not_the_hubs_frees_nothing(scene: Scene, monkeypatch):
    from custodes.hub.ingest import commit

    scene.put()
    monkeypatch.setattr(commit, "_signed", lambda receipt: receipt.model_copy(update={"signature": "00" * 64}))
    assert not scene.shipper.drain()
    assert scene.outbox.usage()[0] == 1
    assert any("not valid" in line for line in scene.said)


def test_a_receipt_for_other_bytes_frees_nothing(scene: Scene, monkeypatch):
    from custodes.hub.ingest import commit

    scene.put()
    real = commit._signed

    def with_another_hash(receipt):
        parts = [part.model_copy(update={"sealed_sha256": "0" * 64}) for part in receipt.parts]
        return real(receipt.model_copy(update={"parts": parts}))

    monkeypatch.setattr(commit, "_signed", with_another_hash)
    assert not scene.shipper.drain()
    assert scene.outbox.usage()[0] == 1


def test_a_unit_that_a_row_alone_makes_is_refused(scene: Scene, cast: Cast) -> None:
    """Somebody writes a key of their own over a unit's, moves one, or adds one, in the database."""
    assert list(units_against_ledger()) == []
    told = Unit.objects.get(pk=scene.unit.pk)
    made = scene.put()
    for change in ({"public_key": b"k" * 32}, {"site": cast.home}):
        Unit.objects.filter(pk=told.pk).update(**change)
        scene.wire.api = UnitApi(Gatehouse(scene.clock))
        with pytest.raises((Refused, Temporary, Unwelcome)):
            client_of(scene).declare(scene.outbox.next_clip().declaration)
        assert [one.kind for one in units_against_ledger()] == ["unit_edited"]
        Unit.objects.filter(pk=told.pk).update(public_key=told.public_key, site=told.site)
    Unit.objects.create(site=cast.van, name="forged", public_key=b"f" * 32)
    assert [one.kind for one in units_against_ledger()] == ["unit_edited"]
    scene.wire.api = UnitApi(Gatehouse(scene.clock))
    client_of(scene).declare(scene.outbox.next_clip().declaration)
    assert Clip.objects.filter(pk=made.clip_id).exists()
