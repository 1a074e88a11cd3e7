"""Who may look at what happens now need not be able to look at what was, nor the other way round."""

from datetime import datetime, timedelta

import pytest
from django.test import Client

from cast import NOW, NOW_NS, Cast, make_clip, tell_of_shifts
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import decisions, drives, gate, places
from custodes.hub.access.decisions import LIVE
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import crosscheck, services
from custodes.hub.fleet.models import Membership, Person, Unit
from stored_trip import store

pytestmark = pytest.mark.django_db
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def role_of(person: Person) -> Membership:
    return Membership.objects.select_related("organisation").get(person=person)


def hold(person: Person, by: Person, sees: str, now: datetime = NOW) -> None:
    services.limit_role(membership=role_of(person), sees=sees, by=by, now=now)


def seen(person: Person, *, after: timedelta = timedelta(0)) -> set[Clip]:
    """Return the clips of which lists, pages and the film's own door all say that `person` may see them."""
    clock = ManualClock(wall=NOW_NS + int(after.total_seconds()) * NS_PER_S)
    listed = set(gate.visible_clips(person, clock=clock))
    assert listed == {clip for clip in Clip.objects.all() if gate.may(person, "list", clip, clock=clock).allowed}
    purpose = "own" if person.display_name == "Milo" else "incident"
    for clip in Clip.objects.all():
        if clip in listed:
            gate.open_view(actor=person, clip_id=clip.pk, purpose=purpose, clock=clock)
        else:
            with pytest.raises(Denied):
                gate.open_view(actor=person, clip_id=clip.pk, purpose=purpose, clock=clock)
    return listed


def two(unit: Unit) -> tuple[Clip, Clip]:
    """Store a clip of just now and one of yesterday."""
    return make_clip(unit, onset=NOW), make_clip(unit, onset=NOW - timedelta(days=1))


def test_at_home_one_sees_now_and_another_what_was(cast: Cast) -> None:
    now, before = two(cast.home_unit)
    assert seen(cast.milo) == {now, before}
    hold(cast.milo, cast.hanna, "live")
    assert seen(cast.milo) == {now}
    assert seen(cast.milo, after=LIVE) == {now}
    assert seen(cast.milo, after=LIVE + timedelta(seconds=1)) == set(), "what was now is past"
    hold(cast.milo, cast.hanna, "history")
    assert seen(cast.milo) == {before}
    assert seen(cast.milo, after=LIVE + timedelta(seconds=1)) == {now, before}
    hold(cast.milo, cast.hanna, "both")
    assert seen(cast.milo) == {now, before}


def test_an_open_view_ends_when_now_has_become_past(cast: Cast) -> None:
    now, _before = two(cast.home_unit)
    hold(cast.milo, cast.hanna, "live")
    view = gate.open_view(actor=cast.milo, clip_id=now.pk, purpose="own", clock=ManualClock(wall=NOW_NS))
    late = ManualClock(wall=NOW_NS + int((LIVE + timedelta(seconds=1)).total_seconds()) * NS_PER_S)
    with pytest.raises(Denied):
        gate.describe_part(actor=cast.milo, view_id=view.pk, part="film.road", clock=late)


def test_where_a_van_is_now_is_live(cast: Cast) -> None:
    assert places.may_locate(cast.bob, cast.van)
    hold(cast.bob, cast.alice, "history")
    assert not places.may_locate(cast.bob, cast.van)
    assert not places.locatable(cast.bob, [cast.van], {}, now=NOW)
    hold(cast.bob, cast.alice, "live")
    assert places.may_locate(cast.bob, cast.van)
    past = make_clip(cast.van_unit, onset=NOW - timedelta(hours=1))
    why = decisions.decide(cast.bob, decisions.Action.LOCATE, past, purpose=None, now=NOW)
    assert (why.allowed, why.policy) == (False, "live-only")


def test_a_drive_of_just_now_opens_none_of_before_nor_hides_them(cast: Cast) -> None:
    now, before = store(cast.van_unit, NOW - timedelta(minutes=6)), store(cast.van_unit, NOW - timedelta(days=1))
    clock = ManualClock(wall=NOW_NS)
    for sees, shown in (("both", [now, before]), ("live", [now]), ("history", [before])):
        hold(cast.bob, cast.alice, sees)
        assert [right.trip for right in drives.list_trips(cast.bob, clock=clock)] == shown


def test_leaders_alone_hold_others_and_nobody_holds_a_leader(cast: Cast) -> None:
    for by in (cast.milo, cast.alice):
        with pytest.raises(Denied):
            hold(cast.milo, by, "live")
    for person, sees in ((cast.hanna, "live"), (cast.milo, "nothing")):
        with pytest.raises(BadInput, match="nobody else"):
            hold(person, cast.hanna, sees)


def test_it_is_held_to_the_ledger_and_a_role_that_is_given_anew_sees_both(cast: Cast) -> None:
    tell_of_shifts()
    hold(cast.milo, cast.hanna, "live")
    assert not list(crosscheck.roles_against_ledger())
    Membership.objects.filter(person=cast.milo).update(sees="both")
    assert [one.kind for one in crosscheck.roles_against_ledger()] == ["role_edited"]
    Membership.objects.filter(person=cast.milo).update(sees="live")
    role = role_of(cast.milo)
    services.end_membership(membership=role, now=NOW, by=cast.hanna)
    services.give_role(person=cast.milo, organisation=cast.household, role="member", now=NOW, by=cast.hanna)
    assert role_of(cast.milo).sees == "both"
    assert not list(crosscheck.roles_against_ledger())


def test_the_page_of_people_sets_it(cast: Cast, client: Client) -> None:
    client.force_login(cast.hanna, backend=BACKEND)
    page = client.get("/people/").content.decode()
    assert page.count('name="sees"') == 1
    address = f"/people/memberships/{role_of(cast.milo).pk}/reach/"
    assert "What Milo sees: only now." in client.post(address, {"sees": "live"}, follow=True).content.decode()
    assert role_of(cast.milo).sees == "live"
    client.force_login(cast.milo, backend=BACKEND)
    assert client.post(address, {"sees": "both"}).status_code == 404
    assert "only now" in client.get("/people/").content.decode()
