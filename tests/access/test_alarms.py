"""Alarms from what the gate opened: raised, told unless dismissed in time, answered by nobody about themselves."""

from typing import Any
from uuid import UUID, uuid4

import pytest
from django.test import Client
from matrix import BACKEND

from cast import NOW, NOW_NS, Cast, give_role, make_clip, make_person, put_in_case
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import alarm_answers, alarm_entries, alarms, case_ends, gate
from custodes.hub.access.alarm_entries import Alarm, AlarmLimits
from custodes.hub.access.models import View
from custodes.hub.access.snooping import Pattern, Subject
from custodes.hub.audit import ledger, past
from custodes.hub.audit.models import LedgerBody, LedgerLeaf
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Case, Clip
from custodes.hub.fleet import mailroom
from custodes.hub.fleet.models import Membership, Person

pytestmark = pytest.mark.django_db
HOUR_NS = 3600 * NS_PER_S
NIGHT = ManualClock(wall=NOW_NS + 12 * HOUR_NS)
LATER = ManualClock(wall=NOW_NS + 13 * HOUR_NS)


def watch(person: Person, cast: Cast, count: int, clock: ManualClock = NIGHT) -> list[View]:
    """Let somebody open `count` clips of Dina's."""
    clips = [make_clip(cast.van_unit, subject=cast.dina) for _ in range(count)]
    return [gate.open_view(actor=person, clip_id=one.pk, purpose="incident", clock=clock) for one in clips]


def the_alarm(cast: Cast) -> Alarm:
    (alarm,) = alarm_entries.of_organisations([cast.company])
    return alarm


@pytest.fixture
def letters(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    sent: list[tuple[str, str]] = []
    monkeypatch.setattr(mailroom, "send", lambda *, subject, text, to: sent.append((to, text)))
    return sent


@pytest.mark.django_db(transaction=True)
def test_from_the_third_clip_at_night_to_the_recorded_persons_page(cast: Cast, letters: list[tuple[str, str]]) -> None:
    watch(cast.bob, cast, 2)
    assert alarms.sweep(now_ns=NIGHT.wall_ns()) == 0
    watch(cast.bob, cast, 1)
    watch(cast.alice, cast, 2)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 1, "before and after a sweep count together"
    alarm = the_alarm(cast)
    assert (alarm.about.pattern, alarm.watcher, alarm.viewings) == ("off_hours", cast.bob, 3)
    assert [to for to, _text in letters] == [cast.petra.email]
    assert str(alarm.pk) in letters[0][1]
    assert "Bob" not in letters[0][1]
    watch(cast.bob, cast, 1, LATER)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 0
    assert the_alarm(cast).viewings == 4, "it grows; it is not raised again"
    assert alarms.tell_due(now_ns=LATER.wall_ns() + 71 * HOUR_NS) == 0
    assert alarm_answers.about_me(cast.dina) == []
    assert alarms.tell_due(now_ns=LATER.wall_ns() + 73 * HOUR_NS) == 1
    assert alarms.tell_due(now_ns=LATER.wall_ns() + 74 * HOUR_NS) == 0
    (told,) = alarm_answers.about_me(cast.dina)
    assert (told.alarm.pk, told.viewings) == (alarm.pk, 4)
    assert [to for to, _text in letters[1:]] == [cast.dina.email]
    client = Client()
    client.force_login(cast.dina, backend=BACKEND)
    assert "Alarms about viewings of me" in client.get("/me/watched/").content.decode()


def test_the_third_opening_of_one_clip_within_a_day_is_an_alarm(cast: Cast) -> None:
    clip, other = (make_clip(cast.van_unit, subject=cast.dina) for _ in "ab")
    for hour, opened in ((0, clip), (5, clip), (5, other), (23, clip), (23.5, clip)):
        clock = ManualClock(wall=NOW_NS + round(hour * HOUR_NS))
        gate.open_view(actor=cast.bob, clip_id=opened.pk, purpose="incident", clock=clock)
        alarms.sweep(now_ns=clock.wall_ns())
    alarm = the_alarm(cast)
    assert (alarm.about, alarm.bound, alarm.viewings) == (Subject(Pattern.AGAIN, clip=clip.pk), 3, 4)
    client = Client()
    client.force_login(cast.petra, backend=BACKEND)
    page = client.get(f"/oversight/alarms/{alarm.pk}/").content.decode()
    assert "The same clip was opened 3 times or more within 1 day." in page


def test_limits_that_were_set_before_there_was_a_new_one_still_hold(cast: Cast) -> None:
    early = alarm_entries.limits_said(AlarmLimits(many_clips=30))
    del early["again_views"]
    body = {"organisation": cast.company.pk, "person": cast.petra.pk, "before": {}, "after": early}
    ledger.append(kind="alarm.limits_set", body=body, now_ns=NOW_NS)
    assert alarm_entries.limits_of(cast.company) == AlarmLimits(many_clips=30)


def test_nobody_is_alarmed_about_their_own_film(cast: Cast) -> None:
    for clip in [make_clip(cast.van_unit, subject=cast.dina) for _ in range(4)]:
        gate.open_view(actor=cast.dina, clip_id=clip.pk, purpose="own", clock=NIGHT)
    for clip in [make_clip(cast.home_unit) for _ in range(4)]:
        gate.open_view(actor=cast.hanna, clip_id=clip.pk, purpose="own", clock=NIGHT)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 0


def test_dismissed_in_time_nobody_is_told_and_the_ledger_knows_why(cast: Cast) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    alarm = the_alarm(cast)
    asked = {"actor": cast.petra, "alarm_id": alarm.pk, "clock": LATER}
    with pytest.raises(BadInput, match="Say why"):
        alarm_answers.dismiss(words=" ", **asked)
    alarm_answers.acknowledge(**asked)
    alarm_answers.dismiss(words="The police called at eleven.", **asked)
    with pytest.raises(BadInput, match="already"):
        alarm_answers.dismiss(words="again", **asked)
    assert alarms.tell_due(now_ns=LATER.wall_ns() + 1000 * HOUR_NS) == 0
    kinds = (
        LedgerBody.objects.filter(leaf__kind__startswith="alarm.").order_by("pk").values_list("leaf__kind", flat=True)
    )
    assert list(kinds) == ["alarm.raised", "alarm.swept", "alarm.acknowledged", "alarm.dismissed"]
    assert "police" in LedgerBody.objects.get(leaf__kind="alarm.dismissed").body_json


def test_a_case_takes_the_alarms_clips_and_no_others(cast: Cast) -> None:
    views, other = watch(cast.bob, cast, 3), make_clip(cast.van_unit, subject=cast.dina)
    alarms.sweep(now_ns=LATER.wall_ns())
    asked = {"actor": cast.petra, "alarm_id": the_alarm(cast).pk, "clock": LATER}
    with pytest.raises(BadInput, match="name"):
        alarm_answers.open_case(name="", **asked)
    case = alarm_answers.open_case(name="Night", **asked)
    assert gate.purposes_for(cast.petra, views[0].clip, clock=LATER) == (Purpose.LEAK_CASE,)
    assert gate.purposes_for(cast.petra, other, clock=LATER) == ()
    with pytest.raises(BadInput, match="already"):
        alarm_answers.open_case(name="Again", **asked)
    with pytest.raises(Denied):
        alarm_answers.close_case(actor=cast.alice, case_id=case.pk, clock=LATER)
    alarm_answers.close_case(actor=cast.petra, case_id=case.pk, clock=LATER)
    assert gate.purposes_for(cast.petra, views[0].clip, clock=LATER) == ()


def test_nobody_answers_an_alarm_about_themselves_nor_of_others(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    put_in_case(clip)
    view = gate.open_view(actor=cast.petra, clip_id=clip.pk, purpose="leak_case", clock=NIGHT)
    alarm = alarms.raise_at_once(view, now_ns=LATER.wall_ns())
    for act, more in (
        (alarm_answers.acknowledge, {}),
        (alarm_answers.dismiss, {"words": "x"}),
        (alarm_answers.open_case, {"name": "x"}),
    ):
        with pytest.raises(BadInput, match="about you"):
            act(actor=cast.petra, alarm_id=alarm.pk, clock=LATER, **more)
        for person in (cast.alice, cast.charlie, cast.dina):
            with pytest.raises(Denied):
                act(actor=person, alarm_id=alarm.pk, clock=LATER, **more)
    give_role(cast.stranger, cast.rival, "privacy_officer")
    with pytest.raises(Denied):
        alarm_answers.find(cast.stranger, alarm.pk)


def test_limits_are_the_officers_and_bounded(cast: Cast) -> None:
    asked = {"organisation": cast.company, "clock": LATER}
    with pytest.raises(Denied):
        alarm_answers.set_limits(actor=cast.alice, wished=AlarmLimits(), **asked)
    with pytest.raises(BadInput):
        alarm_answers.set_limits(actor=cast.petra, wished=AlarmLimits(tell_after_h=721), **asked)
    with pytest.raises(BadInput):
        alarm_answers.set_limits(actor=cast.petra, wished=AlarmLimits(many_clips=1), **asked)
    alarm_answers.set_limits(actor=cast.petra, wished=AlarmLimits(night_clips=0, tell_after_h=1), **asked)
    alarm_answers.set_limits(actor=cast.petra, wished=AlarmLimits(night_clips=0, tell_after_h=1), **asked)
    assert LedgerBody.objects.filter(leaf__kind="alarm.limits_set").count() == 1
    watch(cast.bob, cast, 5)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 0
    alarm_answers.set_limits(actor=cast.petra, wished=AlarmLimits(night_clips=0, outside_clips=2), **asked)
    watch(cast.bob, cast, 1)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 1
    assert the_alarm(cast).about.pattern == "outside"


def test_the_pages_say_why_and_keep_what_is_chosen(cast: Cast) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    alarm = the_alarm(cast)
    client = Client()
    client.force_login(cast.petra, backend=BACKEND)
    assert f"/oversight/alarms/{alarm.pk}/" in client.get("/oversight/").content.decode()
    page = client.get(f"/oversight/alarms/{alarm.pk}/").content.decode()
    assert page.count("<circle") == 3
    assert "3 different clips or more were opened in one night" in page
    address = f"/oversight/limits/{cast.company.pk}/"
    form = client.get(address).context["form"]
    sent = {name: form[name].value() for name in form.fields}
    sent |= {"night_from": "21:30", "night_to": "05:00", "many_clips": "30"}
    assert client.post(address, sent).headers["Location"] == "/oversight/"
    kept = alarm_entries.limits_of(cast.company)
    assert (kept.night_from_minute, kept.night_to_minute, kept.many_clips) == (21 * 60 + 30, 300, 30)
    assert client.post(address, sent | {"same_days": "0"}).status_code == 400
    client.post(f"/oversight/alarms/{alarm.pk}/answer/", {"act": "dismiss", "words": "a drill"})
    assert "a drill" in client.get(f"/oversight/alarms/{alarm.pk}/").content.decode()


def test_a_case_is_ended_by_those_whose_it_is_and_never_by_who_was_watched_over(cast: Cast) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    asked = {"actor": cast.petra, "alarm_id": the_alarm(cast).pk, "clock": LATER}
    of_alarm = alarm_answers.open_case(name="Night", **asked)
    named = {"organisation": cast.company, "among": Clip.objects.none(), "clock": LATER}
    of_leader = keeping.open_case(actor=cast.alice, name="Claim 17", **named)
    of_officer = keeping.open_case(actor=cast.petra, name="Leak", **named)
    paul = make_person("paul")
    give_role(paul, cast.company, "privacy_officer")

    def may_end(case: Case) -> set[Person]:
        people = (cast.alice, cast.bob, cast.petra, paul, cast.charlie, cast.dina)
        return {one for one in people if case_ends.may_end(one, case, clock=LATER)}

    assert may_end(of_alarm) == may_end(of_officer) == {cast.petra, paul}
    assert may_end(of_leader) == {cast.alice}
    with pytest.raises(Denied):
        alarm_answers.close_case(actor=cast.petra, case_id=of_leader.pk, clock=LATER)
    Membership.objects.filter(person=cast.petra).update(until=NOW)
    give_role(cast.petra, cast.company, "manager")
    assert may_end(of_officer) == {paul}, "whoever has ceased to be an officer leaves their cases to those who are"
    Membership.objects.filter(person=cast.petra).delete()
    assert may_end(of_officer) == {paul}, "nor does a row that is taken out give them to who leads"


def test_an_officer_ends_no_case_about_what_they_watched(cast: Cast) -> None:
    paul = make_person("paul")
    give_role(paul, cast.company, "privacy_officer")
    for clip in [make_clip(cast.van_unit, subject=cast.dina) for _ in range(3)]:
        put_in_case(clip)
        gate.open_view(actor=cast.petra, clip_id=clip.pk, purpose="leak_case", clock=NIGHT)
    alarms.sweep(now_ns=LATER.wall_ns())
    case = alarm_answers.open_case(actor=paul, alarm_id=the_alarm(cast).pk, name="Petra's night", clock=LATER)
    assert case_ends.may_end(paul, case, clock=LATER)
    assert not case_ends.may_end(cast.petra, case, clock=LATER)
    assert the_alarm(cast).case == case


def test_an_alarm_opens_the_clips_that_were_watched_whatever_rows_say(cast: Cast) -> None:
    """Whoever can write the database's file hangs another clip on a viewing, for as long as opening a case takes."""
    watch(cast.bob, cast, 3)
    other = make_clip(cast.van_unit, subject=cast.dina)
    alarms.sweep(now_ns=LATER.wall_ns())
    View.objects.filter(pk=the_alarm(cast).view_ids[0]).update(clip=other)
    alarm_answers.open_case(actor=cast.petra, alarm_id=the_alarm(cast).pk, name="Night", clock=LATER)
    with pytest.raises(Denied):
        gate.open_view(actor=cast.petra, clip_id=other.pk, purpose="leak_case", clock=LATER)


@pytest.mark.django_db(transaction=True)
def test_viewings_are_looked_at_whatever_rows_say(cast: Cast) -> None:
    """Neither a viewing that is somebody else's for as long as a sweep takes, nor a clip that is the watcher's own."""
    views = watch(cast.bob, cast, 3)
    View.objects.update(person=cast.alice)
    Clip.objects.update(subject=cast.bob)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 1
    assert the_alarm(cast).watcher == cast.bob
    assert alarms.recorded_in(the_alarm(cast)) == {cast.dina.pk}
    assert alarms.views_of(the_alarm(cast)) == views
    View.objects.filter(pk=views[0].pk).update(clip=views[1].clip)
    assert alarms.views_of(the_alarm(cast)) == views[1:]


@pytest.mark.django_db(transaction=True)
def test_a_viewing_that_is_hidden_stops_the_sweep_until_it_is_back(cast: Cast) -> None:
    alarms.sweep(now_ns=NIGHT.wall_ns())
    watch(cast.bob, cast, 3)
    past.read_on()
    hidden = LedgerBody.objects.filter(leaf__kind="view.opened").order_by("pk")[0]
    salt = bytes(hidden.salt)
    LedgerBody.objects.filter(pk=hidden.pk).update(salt=b"\0" * 16)
    with pytest.raises(past.Unreadable):
        alarms.sweep(now_ns=LATER.wall_ns())
    LedgerBody.objects.filter(pk=hidden.pk).update(salt=salt)
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 1
    assert alarms.sweep(now_ns=LATER.wall_ns()) == 0
    assert LedgerLeaf.objects.filter(kind="alarm.swept").count() == 1


def test_a_flood_of_viewings_is_looked_at_piece_by_piece(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alarms, "VIEWS_A_SWEEP", 2)
    watch(cast.bob, cast, 5)
    assert [alarms.sweep(now_ns=LATER.wall_ns()) for _ in range(4)] == [0, 1, 0, 0]
    assert the_alarm(cast).viewings == 5


def test_an_alarm_is_told_though_its_clip_is_somebody_elses_by_its_row(cast: Cast) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    Clip.objects.update(subject=cast.bob)
    assert alarms.tell_due(now_ns=LATER.wall_ns() + 73 * HOUR_NS) == 1
    Clip.objects.update(subject=cast.dina)
    assert [one.viewings for one in alarm_answers.about_me(cast.dina)] == [3]


def test_an_alarm_is_about_its_own_viewings_and_clips_alone(cast: Cast) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    alarm = the_alarm(cast)
    later = make_clip(cast.van_unit, subject=cast.alice)
    view = gate.open_view(actor=cast.bob, clip_id=later.pk, purpose="incident", clock=LATER)
    assert view.pk not in {one.pk for one in alarms.views_of(alarm)}
    assert len(alarms.views_of(alarm)) == 3
    assert alarms.recorded_in(alarm) == {cast.dina.pk}


def test_a_site_is_known_by_ones_own_role_and_by_clips_of_late(cast: Cast) -> None:
    def known(person: Person) -> set[UUID]:
        return alarms._known_sites(person.pk, cast.company, now=NOW)

    assert known(cast.sam) == {cast.other_van.pk}
    assert known(cast.bob) == set()
    old = make_clip(cast.van_unit, assignee=cast.bob, received_at=NOW - 2 * alarms.KNOWN_FOR)
    assert known(cast.bob) == set(), "it lies too long ago"
    make_clip(cast.van_unit, assignee=cast.bob)
    assert known(cast.bob) == {old.site_id}


def test_a_case_that_never_was_is_closed_by_nobody(cast: Cast) -> None:
    with pytest.raises(Denied):
        alarm_answers.close_case(actor=cast.petra, case_id=uuid4(), clock=LATER)


@pytest.mark.parametrize("open_account", [True, False])
def test_only_an_account_that_is_open_gets_letters(
    cast: Cast,
    letters: list[tuple[str, str]],
    django_capture_on_commit_callbacks: Any,
    open_account: bool,
) -> None:
    watch(cast.bob, cast, 3)
    alarms.sweep(now_ns=LATER.wall_ns())
    Person.objects.filter(pk=cast.dina.pk).update(is_active=open_account)
    with django_capture_on_commit_callbacks(execute=True):
        assert alarms.tell_due(now_ns=LATER.wall_ns() + 1000 * HOUR_NS) == 1
    mailroom.drain()
    assert [to for to, _text in letters] == ([cast.dina.email] if open_account else [])
