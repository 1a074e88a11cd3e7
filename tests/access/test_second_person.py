"""The unmarked original takes two people, once; a broken glass is loud; whoever is on film sees each step."""

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from datetime import timedelta
from uuid import uuid4

import pytest
from django.test import Client
from matrix import BACKEND

from cast import NOW, NOW_NS, Cast, give_role, make_clip, put_in_case
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.wire import Manifest, WireSample
from custodes.hub.access import alarm_entries, second_person, watched, watching
from custodes.hub.access.models import Unsealing, View
from custodes.hub.access.second_person import TAKEN_WITHIN, WAITS_FOR
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import footage
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Membership

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)


def after(delta: timedelta) -> ManualClock:
    return ManualClock(wall=NOW_NS + round(delta.total_seconds()) * NS_PER_S)


class Facts:
    def model_dump_json(self, indent: int) -> str:
        return "{}"


@pytest.fixture
def clip(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> Clip:
    def opened(_clip: Clip, _part: str) -> footage.OpenedPart:
        return footage.OpenedPart(8, "video/mp4", iter([b"ori", b"ginal"]))

    monkeypatch.setattr(footage, "open_part", opened)
    monkeypatch.setattr(footage, "read_manifest", lambda _clip: Facts())
    return make_clip(cast.van_unit, subject=cast.dina)


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    sent: list[str] = []
    monkeypatch.setattr(mailroom, "send", lambda *, subject, text, to: sent.append(to))
    return sent


def ask(cast: Cast, clip: Clip, **more: object) -> Unsealing:
    said = {"actor": cast.alice, "purpose": "incident", "reason": "claim 17", "clock": CLOCK} | more
    return second_person.ask(clip_id=clip.pk, **said)


def say(cast: Cast, one: Unsealing, **more: object) -> Unsealing:
    return second_person.decide(**({"actor": cast.petra, "unsealing_id": one.pk, "yes": True, "clock": CLOCK} | more))


def take(cast: Cast, one: Unsealing, **more: object) -> bytes:
    return b"".join(second_person.take(**({"actor": cast.alice, "unsealing_id": one.pk, "clock": CLOCK} | more)))


@pytest.mark.parametrize(("asker", "approver", "lat"), [("alice", "petra", 48.85), ("petra", "alice", None)])
def test_beside_the_film_an_officer_is_not_told_where_it_was(
    cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch, asker: str, approver: str, lat: float | None
) -> None:
    placed = WireSample(wall_ns=NOW_NS, lat_deg=48.85, lon_deg=2.35, course_deg=9.0, speed_mps=9.0)
    monkeypatch.setattr(footage, "read_manifest", lambda _clip: Manifest.model_construct(samples=[placed]))
    put_in_case(clip)
    one = ask(cast, clip, actor=getattr(cast, asker), purpose="leak_case")
    say(cast, one, actor=getattr(cast, approver))
    archive = zipfile.ZipFile(io.BytesIO(take(cast, one, actor=getattr(cast, asker))))
    (sample,) = json.loads(archive.read("facts.json"))["samples"]
    assert (sample["lat_deg"], sample["speed_mps"]) == (lat, 9.0)


def test_two_people_open_it_once_and_each_step_is_a_leaf(cast: Cast, clip: Clip) -> None:
    one = ask(cast, clip)
    with pytest.raises(Denied):
        take(cast, one)
    assert second_person.waiting_for(cast.petra, clock=CLOCK) == [one]
    assert second_person.waiting_for(cast.alice, clock=CLOCK) == []
    say(cast, one)
    assert second_person.may_take(Unsealing.objects.get(), cast.alice, clock=CLOCK)
    with pytest.raises(Denied):
        take(cast, one, actor=cast.petra)
    films = zipfile.ZipFile(io.BytesIO(take(cast, one)))
    assert films.read("film.road.mp4") == b"original"
    with pytest.raises(Denied):
        take(cast, one)
    kinds = LedgerBody.objects.filter(body_json__contains=str(one.pk)).order_by("pk")
    assert list(kinds.values_list("leaf__kind", flat=True)) == ["original.asked", "original.approved", "original.taken"]
    (seen,) = watched.viewings_of(cast.dina)
    assert (seen.name, seen.reason, seen.role) == ("Alice", "claim 17", "manager")
    assert second_person.about(cast.dina)[0].used_at is not None
    assert second_person.about(cast.hanna) == []


def test_nobody_says_yes_to_themselves(cast: Cast, clip: Clip) -> None:
    one = ask(cast, clip)
    with pytest.raises(BadInput, match="yourself"):
        say(cast, one, actor=cast.alice)
    for person in (cast.bob, cast.dina, cast.charlie, cast.oscar, cast.root, cast.hanna):
        with pytest.raises(Denied):
            say(cast, one, actor=person)
    Unsealing.objects.update(state="approved", decided_by=cast.alice)  # as if forced in the database
    with pytest.raises(Denied):
        take(cast, one)


@pytest.mark.parametrize("state", ["approved", "broken", "justified"])
@pytest.mark.parametrize("asked", [True, False])
def test_a_row_alone_opens_no_original(cast: Cast, clip: Clip, state: str, asked: bool) -> None:
    given = {"state": state, "decided_by": None if state == "broken" else cast.petra, "role": "manager"}
    if asked:
        one = ask(cast, clip)
        Unsealing.objects.filter(pk=one.pk).update(**given)
    else:
        given |= {"asked_by": cast.alice, "purpose": "incident", "reason": "x"}
        one = Unsealing.objects.create(clip=clip, asked_at=NOW, ends_at=NOW + timedelta(hours=1), **given)
    assert not second_person.may_take(Unsealing.objects.get(), cast.alice, clock=CLOCK)
    with pytest.raises(Denied):
        take(cast, one)
    if not asked:
        Unsealing.objects.filter(pk=one.pk).update(state="asked", decided_by=None)
        with pytest.raises(Denied):
            say(cast, one)
    assert not LedgerLeaf.objects.filter(kind="original.taken").exists()


@pytest.mark.parametrize("change", ["clip", "asked_by", "purpose", "reason", "role", "ends_at", "used_at"])
def test_a_yes_is_for_what_was_asked_once_and_in_time(cast: Cast, clip: Clip, change: str) -> None:
    give_role(cast.stranger, cast.company, Membership.Role.MANAGER)
    one, other = say(cast, ask(cast, clip)), make_clip(cast.van_unit, subject=cast.dina)
    put_in_case(clip)
    if change == "used_at":
        assert take(cast, one).startswith(b"PK")
    values = {
        "clip": other,
        "asked_by": cast.stranger,
        "purpose": "leak_case",
        "reason": "y",
        "role": "owner",
        "ends_at": NOW + timedelta(days=9),
        "used_at": None,
    }
    Unsealing.objects.filter(pk=one.pk).update(**{change: values[change]})
    clock = after(TAKEN_WITHIN) if change == "ends_at" else CLOCK
    with pytest.raises(Denied):
        take(cast, one, actor=cast.stranger if change == "asked_by" else cast.alice, clock=clock)


def test_who_may_ask_and_for_what(cast: Cast, clip: Clip) -> None:
    for person in (cast.bob, cast.dina, cast.petra, cast.charlie, cast.oscar, cast.root):
        with pytest.raises(Denied):
            ask(cast, clip, actor=person)
    with pytest.raises(BadInput, match="purpose"):
        ask(cast, clip, purpose="own")
    with pytest.raises(BadInput, match="Say why"):
        ask(cast, clip, reason=" ")
    put_in_case(clip)
    assert ask(cast, clip, actor=cast.petra, purpose="leak_case").role == "privacy_officer"
    Membership.objects.filter(person=cast.petra).delete()
    with pytest.raises(BadInput, match="Nobody else"):
        ask(cast, clip)
    unseen = make_clip(cast.van_unit, subject=cast.stranger, notice=False)
    with pytest.raises(Denied):
        ask(cast, unseen)


def test_a_no_wants_words_and_is_final(cast: Cast, clip: Clip) -> None:
    one = ask(cast, clip)
    with pytest.raises(BadInput, match="Say why"):
        say(cast, one, yes=False)
    say(cast, one, yes=False, words="The marked film does.")
    with pytest.raises(BadInput, match="already"):
        say(cast, one)
    with pytest.raises(Denied):
        take(cast, one)


def test_times_end(cast: Cast, clip: Clip) -> None:
    late, one = ask(cast, clip), ask(cast, clip)
    with pytest.raises(BadInput, match="too long"):
        say(cast, late, clock=after(WAITS_FOR))
    assert second_person.waiting_for(cast.petra, clock=after(WAITS_FOR)) == []
    say(cast, one)
    with pytest.raises(Denied):
        take(cast, one, clock=after(TAKEN_WITHIN))
    take(cast, one, clock=after(TAKEN_WITHIN - timedelta(seconds=1)))


def test_a_role_that_ends_ends_it_also_in_mid_stream(cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = say(cast, ask(cast, clip)), say(cast, ask(cast, clip))
    monkeypatch.setattr("custodes.hub.access.watching.ASK_EVERY_BYTES", 1)
    pieces = second_person.take(actor=cast.alice, unsealing_id=one.pk, clock=CLOCK)
    got = next(pieces)
    Membership.objects.filter(person=cast.alice).update(until=cast.petra.date_joined - timedelta(days=999))
    got += b"".join(pieces)
    assert b"ori" in got
    assert b"ginal" not in got
    with pytest.raises(Denied):
        take(cast, other)


@pytest.mark.django_db(transaction=True)
def test_a_broken_glass_is_loud_and_reviewed_by_somebody_else(cast: Cast, clip: Clip, letters: list[str]) -> None:
    asked = {"clip_id": clip.pk, "reason": "He does not answer", "clock": CLOCK}
    for person in (cast.bob, cast.petra, cast.dina, cast.charlie):
        with pytest.raises(Denied):
            second_person.break_glass(actor=person, **asked)
    one = second_person.break_glass(actor=cast.alice, address="192.0.2.9", **asked)
    (alarm,) = alarm_entries.of_organisations([cast.company])
    assert (alarm.about.pattern, alarm.watcher, alarm.told_at is not None) == ("break_glass", cast.alice, True)
    assert {cast.petra.email, cast.dina.email} <= set(letters)
    assert View.objects.get().reason == "He does not answer"
    assert take(cast, one).startswith(b"PK")
    assert View.objects.count() == 1, "one act, one viewing"
    with pytest.raises(Denied):
        take(cast, one)
    with pytest.raises(BadInput, match="yourself"):
        say(cast, one, actor=cast.alice, words="fine")
    with pytest.raises(BadInput, match="Say why"):
        say(cast, one)
    assert say(cast, one, yes=False, words="He was on holiday.").state == "unjustified"
    later = second_person.break_glass(actor=cast.alice, **asked)
    with pytest.raises(Denied):
        take(cast, later, clock=after(timedelta(hours=1)))
    unseen = make_clip(cast.van_unit, subject=cast.stranger, notice=False)
    second_person.break_glass(actor=cast.alice, **(asked | {"clip_id": unseen.pk}))


def test_the_pages_lead_through_it(cast: Cast, clip: Clip) -> None:
    asker, second, driver = Client(), Client(), Client()
    for client, person in ((asker, cast.alice), (second, cast.petra), (driver, cast.dina)):
        client.force_login(person, backend=BACKEND)
    address = f"/clips/{clip.pk}/original/"
    assert "Break the glass" in asker.get(address).content.decode()
    assert asker.post(address, {"purpose": "incident", "reason": ""}).status_code == 400
    asker.post(address, {"purpose": "incident", "reason": "claim 17"})
    one = Unsealing.objects.get()
    assert "claim 17" in second.get("/originals/").content.decode()
    second.post(f"/originals/{one.pk}/decide/", {"yes": "yes"})
    assert f"/originals/{one.pk}/take/" in asker.get("/originals/").content.decode()
    sent = asker.post(f"/originals/{one.pk}/take/")
    assert b"".join(sent.streaming_content).startswith(b"PK")
    assert "no-store" in sent.headers["Cache-Control"]
    asker.post(address, {"act": "glass", "reason": "He does not answer"})
    page = driver.get("/me/watched/").content.decode()
    assert "He does not answer" in page
    assert "Emergency access" in page


def test_a_request_that_never_was_is_neither_answered_nor_taken(cast: Cast, clip: Clip) -> None:
    one = ask(cast, clip)
    with pytest.raises(Denied):
        say(cast, one, unsealing_id=uuid4())
    with pytest.raises(Denied):
        take(cast, one, unsealing_id=uuid4())


def test_nobody_takes_what_another_was_given(cast: Cast, clip: Clip) -> None:
    give_role(cast.stranger, cast.company, Membership.Role.MANAGER)
    one = say(cast, ask(cast, clip))
    with pytest.raises(Denied):
        take(cast, one, actor=cast.stranger)
    assert take(cast, one)


def test_a_broken_glass_is_reviewed_however_late(cast: Cast, clip: Clip) -> None:
    glass = second_person.break_glass(actor=cast.alice, clip_id=clip.pk, reason="a fire", clock=CLOCK)
    reviewed = say(cast, glass, words="right so", clock=after(timedelta(days=90)))
    assert (reviewed.decided_by, reviewed.decided_at) == (cast.petra, NOW + timedelta(days=90))


def test_a_request_that_goes_in_mid_stream_ends_the_stream(
    cast: Cast, clip: Clip, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = say(cast, ask(cast, clip))
    monkeypatch.setattr(watching, "asked_again", lambda chunks, ask_again, **_who: _each(chunks, ask_again))
    stream = second_person.take(actor=cast.alice, unsealing_id=one.pk, clock=CLOCK)
    next(stream)
    Unsealing.objects.all().delete()
    with pytest.raises(Denied):
        list(stream)


def _each(chunks: Iterator[bytes], ask_again: Callable[[], None]) -> Iterator[bytes]:
    for chunk in chunks:
        ask_again()
        yield chunk
