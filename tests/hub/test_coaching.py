"""A manager takes something up with a driver who agreed to coaching; the driver answers; praise is as easy as blame."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from cast import NOW_NS, Cast, give_role, make_clip, say
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import coaching
from custodes.hub.audit.models import LedgerBody
from custodes.hub.driving import coaching as talks
from custodes.hub.driving import scores
from custodes.hub.driving.models import Talk, Trip
from custodes.hub.fleet.models import Membership
from stored_trip import NS, give, store

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
LATER = ManualClock(wall=NOW_NS + 3600 * NS)


@pytest.fixture
def trip(cast: Cast) -> Trip:
    """Dina's drive; she has said yes to coaching."""
    say(cast.dina, cast.company, "coaching")
    return store(cast.van_unit)


def asked(cast: Cast, trip: Trip, *, kind: str = "talk", words: str = "What happened here?") -> Talk:
    about = coaching.about_event(cast.alice, trip.events.order_by("at_m")[0].pk, clock=LATER)
    return talks.give(about=about, by=cast.alice, kind=kind, words=words, clock=LATER)


def browser(cast: Cast, who: str) -> Client:
    client = Client()
    client.force_login(cast.people[who], backend=BACKEND)
    return client


def test_talk_is_asked_for_answered_and_acknowledged(cast: Cast, trip: Trip) -> None:
    before = scores.of_trip(trip).exact
    talk = asked(cast, trip)
    assert talk.due_at == talk.given_at + timedelta(days=7)
    assert [one.mine for one in coaching.talks_for(cast.dina, clock=LATER)] == [True]
    coaching.answer(cast.dina, talk.pk, words="A child ran out.", clock=LATER)
    (shown,) = coaching.talks_for(cast.alice, clock=LATER)
    assert (shown.mine, shown.talk.state, shown.talk.answer_words) == (False, "answered", "A child ran out.")
    coaching.acknowledge(cast.dina, talk.pk, clock=LATER)
    with pytest.raises(BadInput):
        coaching.answer(cast.dina, talk.pk, words="And more.", clock=LATER)
    with pytest.raises(BadInput):
        coaching.withdraw(cast.alice, talk.pk, clock=LATER)
    assert scores.of_trip(Trip.objects.get(pk=trip.pk)).exact == before
    bodies = LedgerBody.objects.filter(leaf__kind__startswith="coaching.").order_by("leaf__seq")
    assert [body.leaf.kind for body in bodies] == ["coaching.given", "coaching.answered", "coaching.acknowledged"]
    assert not any("child" in body.body_json or "happened" in body.body_json for body in bodies)


def test_praise_needs_no_words_and_asks_for_nothing(cast: Cast, trip: Trip) -> None:
    talk = asked(cast, trip, kind="praise", words="")
    assert (talk.due_at, talk.state) == (None, "open")
    with pytest.raises(BadInput, match="few words"):
        asked(cast, trip, words=" ")
    with pytest.raises(BadInput):
        asked(cast, trip, kind="blame")


def test_driver_who_takes_the_yes_back_is_coached_by_nobody(cast: Cast, trip: Trip) -> None:
    talk = asked(cast, trip)
    say(cast.dina, cast.company, "coaching", "no")
    assert coaching.talks_for(cast.alice, clock=LATER) == []
    for attempt in (
        lambda: coaching.about_trip(cast.alice, trip.pk, clock=LATER),
        lambda: coaching.find_talk(cast.alice, talk.pk, clock=LATER),
        lambda: coaching.withdraw(cast.alice, talk.pk, clock=LATER),
    ):
        with pytest.raises(Denied):
            attempt()
    assert [one.talk.pk for one in coaching.talks_for(cast.dina, clock=LATER)] == [talk.pk]  # one's own stays readable


def test_nobody_else_reads_it_or_acts_on_it(cast: Cast, trip: Trip) -> None:
    talk = asked(cast, trip)
    for person in (cast.bob, cast.charlie, cast.sam, cast.petra, cast.oscar, cast.hanna, cast.stranger):
        assert coaching.talks_for(person, clock=LATER) == []
        with pytest.raises(Denied):
            coaching.find_talk(person, talk.pk, clock=LATER)
    with pytest.raises(Denied):
        coaching.answer(cast.alice, talk.pk, words="for her", clock=LATER)
    with pytest.raises(Denied):
        coaching.withdraw(cast.dina, talk.pk, clock=LATER)
    second = give_role(cast.stranger, cast.company, Membership.Role.MANAGER).person
    assert coaching.find_talk(second, talk.pk, clock=LATER)
    with pytest.raises(Denied):
        coaching.withdraw(second, talk.pk, clock=LATER)  # another's words are another's


def test_manager_who_drove_does_not_praise_herself(cast: Cast, trip: Trip) -> None:
    give(trip, cast.alice)
    give_role(cast.alice, cast.company, Membership.Role.DRIVER)
    say(cast.alice, cast.company, "coaching")
    with pytest.raises(Denied):
        coaching.about_trip(cast.alice, trip.pk, clock=LATER)


def test_clip_is_taken_up_too_and_one_of_nobody_is_not(cast: Cast, trip: Trip) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    talk = talks.give(
        about=coaching.about_clip(cast.alice, clip.pk, clock=LATER),
        by=cast.alice,
        kind="praise",
        words="",
        clock=LATER,
    )
    assert (talk.clip, talk.driver) == (clip, cast.dina)
    with pytest.raises(Denied):
        coaching.about_clip(cast.alice, make_clip(cast.van_unit).pk, clock=LATER)


def test_button_that_is_held_down_fills_no_inbox(cast: Cast, trip: Trip, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(talks, "GIVEN_A_DAY", 2)
    asked(cast, trip)
    asked(cast, trip, kind="praise")
    with pytest.raises(BadInput, match="enough"):
        asked(cast, trip)


def test_talk_goes_when_trips_go(cast: Cast, trip: Trip, settings: object) -> None:
    talk = asked(cast, trip)
    day_ns = 86_400 * NS
    assert talks.forget_due(now_ns=LATER.wall_ns() + day_ns) == 0
    assert talks.forget_due(now_ns=LATER.wall_ns() + 4000 * day_ns) == 1
    assert not Talk.objects.filter(pk=talk.pk).exists()


def test_pages_of_both(cast: Cast, trip: Trip) -> None:
    leads, drives = browser(cast, "manager"), browser(cast, "driver")
    page = leads.get(reverse("portal:drive", args=[trip.pk])).content.decode()
    assert (
        page.count("Well driven") == 5
    )  # of the drive by one button, of the drive with words, of each of three events
    assert "Well driven" not in drives.get(reverse("portal:drive", args=[trip.pk])).content.decode()
    assert "Nothing to talk about" in leads.get(reverse("portal:coaching")).content.decode()
    assert "Nothing waits for you" in drives.get(reverse("portal:coaching")).content.decode()
    give = reverse("portal:coaching_give", args=["trip", trip.pk])
    assert leads.post(give, {"kind": "praise"})["Location"] == reverse("portal:drive", args=[trip.pk])
    assert "Alice says: well driven." in drives.get(reverse("portal:coaching")).content.decode()
    talk = Talk.objects.get()
    drives.post(reverse("portal:coaching_act", args=[talk.pk]), {"act": "acknowledge"})
    assert "Acknowledged by the driver" in leads.get(reverse("portal:coaching")).content.decode()
    assert leads.post(reverse("portal:coaching_give", args=["soul", trip.pk]), {}).status_code == 404
