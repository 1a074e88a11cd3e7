"""The tester programme: a clip without the agreement of everybody on film never comes out of its one door."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import transaction
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoDbBlocker

from cast import NOW, NOW_NS, Cast, give_role, make_cast, make_clip, make_person, say
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.hub.access import testers
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips.models import Clip
from custodes.hub.consent import requests, texts
from custodes.hub.consent.models import Answer
from custodes.hub.consent.topics import Topic
from custodes.hub.driving import disputing, owners
from custodes.hub.driving.models import TripEvent
from custodes.hub.fleet.models import Membership, Person
from hub_fixtures import give_hub, sign_in_with_both
from stored_trip import store

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)


@dataclass(frozen=True, slots=True)
class Scene:
    """The cast, with a clip of Dina's shift and one of the home; Dina said yes, and so did everybody at home."""

    cast: Cast
    van: Clip
    home: Clip


@pytest.fixture(scope="module", autouse=True)
def hub_dir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        sign_in_with_both(patch)
        yield give_hub(tmp_path_factory.mktemp("testers") / "hub", patch)


@pytest.fixture(scope="module")
def stored(django_db_setup: None, django_db_blocker: DjangoDbBlocker, hub_dir: Path) -> Iterator[Scene]:
    with django_db_blocker.unblock(), transaction.atomic():
        cast = make_cast()
        say(cast.dina, cast.company, "training")
        for person in (cast.hanna, cast.milo):
            say(person, cast.household, "training")
        yield Scene(cast, make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.home_unit))
        transaction.set_rollback(True)


@pytest.fixture
def scene(stored: Scene, db: None) -> Scene:
    return stored


def given() -> set[object]:
    return {one.clip.pk for one in testers.given_clips()}


def give(person: Person, clip: Clip) -> None:
    testers.give(actor=person, clip_id=clip.pk, clock=CLOCK)


def put_in(
    clip: Clip,
    person: Person,
    *,
    answer: Answer | None = None,
    text_sha256: str = "",
    also: tuple[dict[str, object], ...] = (),
) -> LedgerLeaf:
    """Write an entry as `give` does, whoever may."""
    owner = clip.site.organisation_id
    answer = answer or Answer.objects.filter(topic="training", organisation_id=owner, stands=True).get(person=person)
    agreed = {"person": str(person.pk), "text_sha256": text_sha256 or answer.text_sha256, "answer": answer.ledger_seq}
    body = {"clip": clip.pk, "organisation": owner, "person": person.pk, "agreed": [agreed, *also]}
    entry = ledger.append(kind="tester.given", body=body, now_ns=NOW_NS)
    return LedgerLeaf.objects.get(pk=entry.seq)


def test_what_is_given_comes_out_with_the_text_that_everybody_agreed_to(scene: Scene) -> None:
    assert given() == set()
    give(scene.cast.dina, scene.van)
    give(scene.cast.milo, scene.home)
    van, home = testers.given_clips()
    text = texts.book().current(Topic.TRAINING, "en").sha256
    assert (van.clip.pk, van.by_id, van.given_wall_ns) == (scene.van.pk, scene.cast.dina.pk, NOW_NS)
    assert [(one.person_id, one.text_sha256) for one in van.agreed] == [(scene.cast.dina.pk, text)]
    assert {one.person_id for one in home.agreed} == {scene.cast.hanna.pk, scene.cast.milo.pk}
    entry = json.loads(LedgerBody.objects.get(pk=van.ledger_seq).body_json)
    assert (entry["clip"], entry["agreed"][0]["text_sha256"]) == (str(scene.van.pk), text)
    with pytest.raises(BadInput, match="already"):
        give(scene.cast.dina, scene.van)


def test_nobody_gives_what_does_not_show_them(scene: Scene) -> None:
    cast = scene.cast
    give_role(cast.bob, cast.company, "driver")
    say(cast.bob, cast.company, "training")
    for person in (cast.alice, cast.bob, cast.charlie, cast.oscar, cast.petra, cast.hanna, cast.root):
        with pytest.raises(Denied):
            give(person, scene.van)
    with pytest.raises(Denied):
        give(cast.dina, make_clip(cast.van_unit))
    for state in set(Clip.State.values) - {Clip.State.READY}:
        with pytest.raises(Denied):
            give(cast.dina, make_clip(cast.van_unit, subject=cast.dina, state=state))
    with pytest.raises(Denied):
        give(cast.dina, make_clip(cast.van_unit, subject=cast.dina, told=False))
    with pytest.raises(Denied):
        give(cast.hanna, make_clip(cast.home_unit, subject=cast.milo))
    put_in(scene.van, cast.bob)
    yes = Answer.objects.get(person=cast.dina, topic="training")
    dina = {"person": str(cast.dina.pk), "text_sha256": yes.text_sha256, "answer": yes.ledger_seq}
    put_in(scene.van, cast.bob, also=(dina,))
    put_in(make_clip(cast.van_unit), cast.dina)
    assert given() == set(), "an entry alone makes somebody else's clip nobody's to give"


@pytest.mark.parametrize("says", ["no answer", "no", "withdrawn"])
def test_a_second_person_on_film_has_to_agree_too(scene: Scene, says: str) -> None:
    cast = scene.cast
    if says == "no answer":
        lodger = make_person("lodger")
        give_role(lodger, cast.household, "member")
    else:
        say(cast.milo, cast.household, "training", "withdrawn")
        if says == "no":
            say(cast.milo, cast.household, "training", "no")
    with pytest.raises(Denied):
        give(cast.hanna, scene.home)
    put_in(scene.home, cast.hanna)
    assert given() == set()


def _objects(scene: Scene) -> None:
    requests.ask(
        person=scene.cast.dina, organisation=scene.cast.company, clip_id=scene.van.pk, kind="objection", words="x"
    )


def _disputes(scene: Scene) -> None:
    trip = store(scene.cast.van_unit)
    event = trip.events.order_by("at_m")[0]
    TripEvent.objects.filter(pk=event.pk).update(clip=scene.van)
    disputing.raise_dispute(event=event, by=scene.cast.dina, words="not so", clock=CLOCK)


def _denies(scene: Scene) -> None:
    owners.deny(trip=store(scene.cast.van_unit), by=scene.cast.dina, now=NOW)


def _of_row(**fields: object) -> Callable[[Scene], None]:
    return lambda scene: Clip.objects.filter(pk=scene.van.pk).update(**fields) and None


def _deleted_and_back(scene: Scene) -> None:
    for kind in ("clip.deleted", "clip.restored"):
        body = {"clip": scene.van.pk, "person": scene.cast.alice.pk, "erase_after": NOW.isoformat()}
        ledger.append(kind=kind, body=body, now_ns=NOW_NS, signed=True)


@pytest.mark.parametrize(
    ("ends", "may_again"),
    [
        (lambda s: testers.take_back(actor=s.cast.dina, clip_id=s.van.pk, clock=CLOCK), True),
        (lambda s: say(s.cast.dina, s.cast.company, "training", "withdrawn"), False),
        (_objects, False),
        (_disputes, False),
        (_denies, False),
        (_deleted_and_back, True),
        (_of_row(state=Clip.State.DELETED), False),
        (_of_row(state=Clip.State.QUARANTINED), False),
        (_of_row(erased_at=NOW), False),
        (lambda s: Person.objects.filter(pk=s.cast.dina.pk).update(is_active=False), False),
        (lambda s: Clip.objects.filter(pk=s.van.pk).update(subject=s.cast.bob), False),
        (lambda s: Clip.objects.filter(pk=s.van.pk).update(site=s.cast.other_van), False),
    ],
    ids=["taken back", "withdrawn", "objection", "dispute", "was not me", "deleted and back", "deleted", "quarantined",
         "erased", "account closed", "other person", "other van"],
)  # fmt: skip
def test_what_ends_it_ends_it_at_once(scene: Scene, ends: Callable[[Scene], object], may_again: bool) -> None:
    give(scene.cast.dina, scene.van)
    assert given() == {scene.van.pk}
    ends(scene)
    assert given() == set()
    assert testers.given_of(scene.van.pk) is None
    assert testers.given_by(scene.cast.dina) == []
    with pytest.raises(Denied):
        testers.take_back(actor=scene.cast.dina, clip_id=scene.van.pk, clock=CLOCK)
    if may_again:
        give(scene.cast.dina, scene.van)
        assert given() == {scene.van.pk}
    else:
        with pytest.raises((Denied, BadInput)):
            give(scene.cast.dina, scene.van)


def test_a_yes_that_is_given_anew_brings_nothing_back(scene: Scene) -> None:
    give(scene.cast.milo, scene.home)
    say(scene.cast.hanna, scene.cast.household, "training", "withdrawn")
    say(scene.cast.hanna, scene.cast.household, "training", "yes")
    assert given() == set()


def test_who_moves_in_later_has_not_agreed(scene: Scene) -> None:
    give(scene.cast.milo, scene.home)
    lodger = make_person("lodger")
    give_role(lodger, scene.cast.household, "member")
    assert given() == set()


def test_anybody_on_film_takes_it_back_and_nobody_else(scene: Scene) -> None:
    cast = scene.cast
    give(cast.milo, scene.home)
    for person in (cast.dina, cast.alice, cast.oscar, cast.stranger):
        with pytest.raises(Denied):
            testers.take_back(actor=person, clip_id=scene.home.pk, clock=CLOCK)
    Membership.objects.filter(person=cast.hanna).update(until=NOW - timedelta(days=1))
    testers.take_back(actor=cast.hanna, clip_id=scene.home.pk, clock=CLOCK)
    assert given() == set()


def test_another_text_than_the_one_agreed_to_is_none(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in(scene.van, scene.cast.dina, text_sha256=texts.book().current(Topic.COACHING, "en").sha256)
    assert given() == set()
    give(scene.cast.dina, scene.van)
    assert given() == {scene.van.pk}
    anew = texts.load(texts.FOLDER)
    anew._holding[Topic.TRAINING] = frozenset({"f" * 64})  # a version came to which earlier answers do not count
    monkeypatch.setattr(texts, "book", lambda: anew)
    assert given() == set()


def test_who_writes_the_database_puts_no_clip_in(scene: Scene) -> None:
    dina = scene.cast.dina
    leaf = put_in(scene.van, dina)
    assert given() == {scene.van.pk}
    genuine = LedgerLeaf.objects.get(pk=leaf.pk).mac
    for code in (None, b"\0" * 32):
        LedgerLeaf.objects.filter(pk=leaf.pk).update(mac=code)
        assert given() == set(), "an entry without the hub's code"
    LedgerLeaf.objects.filter(pk=leaf.pk).update(mac=genuine)
    say(dina, scene.cast.company, "training", "withdrawn")
    row = Answer.objects.filter(person=dina, topic="training", says="yes").get()
    Answer.objects.filter(person=dina, topic="training", says="withdrawn").update(stands=False)
    Answer.objects.filter(pk=row.pk).update(stands=True)
    with pytest.raises(Denied):
        give(dina, scene.van)
    put_in(scene.van, dina, answer=row)
    assert given() == set(), "a yes that was revived by its row"
    forged = say(dina, scene.cast.company, "training", "yes")
    LedgerLeaf.objects.filter(pk=forged.ledger_seq).update(mac=None)
    put_in(scene.van, dina)
    assert given() == set(), "a yes without the hub's code"


def test_who_writes_the_database_keeps_no_clip_in(scene: Scene) -> None:
    give(scene.cast.dina, scene.van)
    ended = say(scene.cast.dina, scene.cast.company, "training", "withdrawn").ledger_seq
    ledger.signed_head(now_ns=NOW_NS)
    LedgerLeaf.objects.filter(pk=ended).update(mac=None)
    assert given() == set(), "a withdrawal without its code still counts"
    LedgerBody.objects.filter(pk=ended).update(person_id=None, clip_id=None)
    assert given() == set(), "nor does it matter where it is filed"
    body = LedgerBody.objects.get(pk=ended)
    LedgerBody.objects.filter(pk=ended).update(body_json=body.body_json.replace("withdrawn", "yes"))
    with pytest.raises(Corrupt):
        testers.given_clips()
    LedgerBody.objects.filter(pk=ended).delete()
    with pytest.raises(Corrupt):
        testers.given_clips()
    LedgerLeaf.objects.filter(pk=ended).update(kind="consent.shown")
    with pytest.raises(Corrupt):
        testers.given_clips()


def test_an_entry_that_names_nothing_stops_nobody(scene: Scene) -> None:
    give(scene.cast.dina, scene.van)
    for kind in ("consent.withdrawn", "tester.taken_back"):
        entry = ledger.append(kind=kind, body={"topic": "training", "clip": scene.home.pk}, now_ns=NOW_NS)
        LedgerLeaf.objects.filter(pk=entry.seq).update(mac=None)
    assert given() == {scene.van.pk}


def test_pages_say_what_it_means_and_take_it_back(scene: Scene) -> None:
    dina = scene.cast.dina
    client = Client()
    client.force_login(dina, backend="allauth.account.auth_backends.AuthenticationBackend")
    page, me = reverse("portal:tester", args=[scene.van.pk]), reverse("portal:watched_me")
    assert page in client.get(me).content.decode()
    before = client.get(page).content.decode()
    assert "Nothing uses given clips yet" in before
    assert "Give this clip</button>" in before
    assert client.post(page).status_code == 302
    assert "already" in client.post(page).content.decode()
    text = texts.book().current(Topic.TRAINING, "en")
    back = reverse("portal:tester_back", args=[scene.van.pk])
    for shown in (client.get(page).content.decode(), client.get(me).content.decode()):
        assert back in shown
        assert text.what in shown
        assert text.sha256 in shown
    client.post(back)
    assert back not in client.get(me).content.decode()
    assert given() == set()
