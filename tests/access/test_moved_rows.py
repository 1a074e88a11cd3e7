"""A row that somebody with the database's file moved opens nothing: the gate asks the entries."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import timedelta
from functools import partial

import pytest

from cast import NOW, NOW_NS, Cast, give_role, make_clip, put_in_case, say, tell_of_arrival, tell_of_shifts
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import decisions, drives, gate, grants, places, recorded
from custodes.hub.access.models import Grant
from custodes.hub.access.requests import Action
from custodes.hub.audit import past
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import verify
from custodes.hub.clips import keeping, services
from custodes.hub.clips.models import Case, CaseClip, Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.driving import borne_out, owners
from custodes.hub.driving.models import Trip
from custodes.hub.fleet import enrolled, founded, routes, selectors
from custodes.hub.fleet import services as fleet
from custodes.hub.fleet.models import Membership, Organisation, Route, Site
from custodes.hub.process import conclude
from stored_trip import store

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
CLOCK = ManualClock(wall=NOW_NS)
WATCHERS = ("manager", "dispatcher", "privacy_officer")


@pytest.fixture
def clip(cast: Cast) -> Clip:
    """A clip of the company's van, which Hanna at home is to see."""
    tell_of_shifts()
    return make_clip(cast.van_unit, subject=cast.dina)


def kinds() -> set[str]:
    return {problem.kind for problem in verify().problems}


def test_a_van_moved_to_a_household_opens_nothing_there(cast: Cast, clip: Clip) -> None:
    assert gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    assert kinds() == set()
    Site.objects.filter(pk=cast.van.pk).update(organisation=cast.household)
    for actor, purpose in ((cast.hanna, "own"), (cast.bob, "incident"), (cast.dina, "own")):
        with pytest.raises(Denied):
            gate.open_view(actor=actor, clip_id=clip.pk, purpose=purpose)
        assert not gate.visible_clips(actor).exists()
        assert not gate.question(actor, Clip.objects.get(pk=clip.pk)).audience()
    moved = Site.objects.get(pk=cast.van.pk)
    assert not places.may_locate(cast.hanna, moved)
    assert not places.locatable(cast.hanna, [moved], {}, now=clip.declared_at)
    assert kinds() == {"clip_edited", "site_edited"}
    Site.objects.filter(pk=cast.van.pk).update(organisation=cast.company)
    assert gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident")
    assert kinds() == set()


MOVES: dict[str, Callable[[Cast], dict[str, object]]] = {
    "it stands at home": lambda cast: {"site": cast.home, "subject": None},
    "it is filmed by another": lambda cast: {"unit": cast.home_unit},
    "somebody else is recorded": lambda cast: {"subject": cast.milo},
    "nobody is recorded": lambda _: {"subject": None},
}


@pytest.mark.parametrize("move", MOVES.values(), ids=MOVES)
def test_a_clip_that_is_not_what_arrived_opens_to_nobody(cast: Cast, clip: Clip, move: Callable) -> None:
    Clip.objects.filter(pk=clip.pk).update(**move(cast))
    edited = Clip.objects.get(pk=clip.pk)
    for actor in cast.people.values():
        question = gate.question(actor, edited)
        assert not any(question.decide(action).allowed for action in Action)
        assert gate.read_headlines(gate.sight(actor), [edited]) == {}
    with pytest.raises(Denied):
        services.delete(actor=cast.hanna, clip_id=clip.pk, among=Clip.objects.all())


def test_an_entry_that_is_hidden_or_is_anothers_opens_nothing(cast: Cast, clip: Clip) -> None:
    other = make_clip(cast.home_unit)
    entries = LedgerBody.objects.filter(leaf__kind="clip.received")
    entries.filter(clip_id=clip.pk).update(clip_id=None)
    assert not gate.may(cast.bob, Action.LIST, clip).allowed
    entries.filter(clip_id=other.pk).update(clip_id=clip.pk)
    Clip.objects.filter(pk=clip.pk).update(site=cast.home, unit=cast.home_unit, subject=None, received_at=None)
    moved = Clip.objects.get(pk=clip.pk)
    assert not gate.may(cast.hanna, Action.VIEW, moved).allowed
    LedgerBody.objects.filter(leaf__kind="clip.received").delete()
    assert not gate.may(cast.hanna, Action.VIEW, moved).allowed


@pytest.mark.parametrize("hidden", [{}, {"clip_id": None}, {"salt": b"\0" * 16}], ids=["seen", "filed away", "salted"])
@pytest.mark.parametrize("how", ["deleted", "retention", "quarantined"])
def test_what_was_deleted_or_set_apart_is_not_watched_by_a_row(
    cast: Cast, clip: Clip, how: str, hidden: dict[str, object]
) -> None:
    kind = {"deleted": "clip.deleted", "retention": "clip.retention_ended", "quarantined": "clip.quarantined"}[how]
    if how == "deleted":
        services.delete(actor=cast.alice, clip_id=clip.pk, among=Clip.objects.all(), clock=CLOCK)
    elif how == "retention":
        keeping.set_retention(actor=cast.alice, organisation=cast.company, days=1, clock=CLOCK)
        assert keeping.purge_due(now_ns=NOW_NS + 3 * 86_400 * NS_PER_S) == 1
    else:
        conclude.set_aside(clip.pk, reason="it cannot be marked", now_ns=NOW_NS)
    gate.may(cast.bob, Action.VIEW, clip)
    LedgerBody.objects.filter(leaf__kind=kind).update(**hidden)
    Clip.objects.filter(pk=clip.pk).update(state=Clip.State.READY)
    shown = Clip.objects.get(pk=clip.pk)
    for actor in cast.people.values():
        question = gate.question(actor, shown)
        assert not any(question.decide(action).allowed for action in Action)


def test_a_clip_that_was_brought_back_or_held_is_watched_again(cast: Cast, clip: Clip) -> None:
    asked = {"actor": cast.alice, "clip_id": clip.pk, "among": Clip.objects.all(), "clock": CLOCK}
    for bring_back in (services.restore, partial(keeping.place_hold, reason="court")):
        services.delete(**asked)
        assert not gate.may(cast.bob, Action.VIEW, Clip.objects.get(pk=clip.pk)).allowed
        bring_back(**asked)
        Clip.objects.filter(pk=clip.pk).update(state=Clip.State.READY)  # nothing prepared it here
        assert gate.may(cast.bob, Action.VIEW, Clip.objects.get(pk=clip.pk)).allowed


def test_a_role_held_to_now_watches_nothing_of_before_by_an_edited_onset(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina, onset=NOW - DAY)
    row = Membership.objects.select_related("organisation").get(person=cast.bob)
    fleet.limit_role(membership=row, sees="live", by=cast.alice, now=NOW)
    Clip.objects.filter(pk=clip.pk).update(onset_wall_ns=NOW_NS)
    with pytest.raises(Denied):
        gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=CLOCK)
    tell_of_shifts()
    assert kinds() == {"clip_edited"}


def test_an_entry_of_an_early_version_is_held_by_the_sites_own(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, told=False, received_at=None)
    tell_of_arrival(clip, early=True)
    assert gate.may(cast.bob, Action.VIEW, clip).allowed
    Site.objects.filter(pk=cast.van.pk).update(organisation=cast.household)
    assert not gate.may(cast.hanna, Action.LIST, Clip.objects.get(pk=clip.pk)).allowed


def test_a_drive_whose_row_was_edited_is_nobodys_own_and_shown_to_nobody(cast: Cast) -> None:
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    clock = ManualClock(wall=NOW_NS + 3600 * 10**9)

    def shown(trip: Trip) -> set[str]:
        """Return who may list it, as what; whoever may not does not find it either."""
        found = set()
        for name, person in (("dina", cast.dina), ("milo", cast.milo), ("bob", cast.bob)):
            rights = drives.list_trips(person, clock=clock)
            found |= {f"{name}, own" if right.own else name for right in rights}
            if not rights:
                with pytest.raises(Denied):
                    drives.find_trip(person, trip.pk, clock=clock)
        return found

    trip = store(cast.van_unit)
    was = Trip.objects.filter(pk=trip.pk).values("driver", "known_by", "site", "whose_seq").get()
    assert shown(trip) == {"dina, own", "bob"}
    assert drives.trips_to_judge(cast.dina, cast.dina, days=9, clock=clock) == [trip]
    entries = {"driver": cast.milo}, {"driver": None}, {"known_by": "pin"}, {"site": cast.other_van}, {"whose_seq": 0}
    for edited in entries:
        Trip.objects.filter(pk=trip.pk).update(**edited)
        assert shown(trip) == set()
        assert drives.trips_to_judge(cast.dina, cast.dina, days=9, clock=clock) == []
        for act in (owners.deny, owners.claim):
            with pytest.raises((Denied, BadInput)):
                act(trip=trip, by=cast.milo, now=NOW)
        Trip.objects.filter(pk=trip.pk).update(**was)
    Trip.objects.filter(pk=trip.pk).update(whose_seq=None)  # from before it was kept
    assert shown(trip) == {"dina, own", "bob"}
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    assert shown(trip) == {"bob"}
    nobodys = Trip.objects.filter(pk=trip.pk).values("driver", "known_by", "whose_seq").get()
    for old in (was["whose_seq"], None, nobodys["whose_seq"]):
        Trip.objects.filter(pk=trip.pk).update(**{**was, "whose_seq": old})
        assert shown(trip) == set(), "what she denied is not hers again by a row"
    Trip.objects.filter(pk=trip.pk).update(**nobodys, denied_by=None)
    with pytest.raises(Denied):
        owners.claim(trip=trip, by=cast.dina, now=NOW)
    made = owners.claim(trip=trip, by=cast.milo, now=NOW)
    owners.answer_claim(made=made, by=cast.bob, confirmed=True, now=NOW)
    assert shown(trip) == {"milo, own", "bob"}
    Trip.objects.filter(pk=trip.pk).update(**nobodys)
    with pytest.raises(BadInput):
        owners.claim(trip=trip, by=cast.milo, now=NOW)


def test_a_list_of_drives_is_held_in_as_many_queries_as_one(
    cast: Cast, django_assert_num_queries: Callable[[int], AbstractContextManager[object]]
) -> None:
    trips = {store(cast.van_unit, NOW + timedelta(hours=number)).pk for number in range(3)}
    rows = list(Trip.objects.all())
    with django_assert_num_queries(2):
        assert borne_out.drives(rows) == trips
    for row in rows[:2]:
        row.whose_seq = None  # from before it was kept
    with django_assert_num_queries(3):
        assert borne_out.drives(rows) == trips


def test_a_grant_and_a_case_open_what_their_entries_say(cast: Cast, clip: Clip) -> None:
    """Rows that were made by hand, made longer or revived open nothing, and neither does another clip by them."""
    other = make_clip(cast.van_unit)
    guest = give_role(cast.stranger, cast.company, "contractor")
    given = {"given_by": cast.alice, "given_at": guest.since, "reason": "x"}
    by_hand = Grant.objects.create(clip=clip, membership=guest, ends_at=guest.since + DAY, **given)
    kept = CaseClip.objects.create(case=put_in_case(other), clip=clip, added_at=NOW)

    def opened() -> list[object]:
        by = {cast.stranger: "incident", cast.petra: "leak_case"}
        asked = [(who, one) for who in by for one in (clip, other)]
        return [
            (who, one) for who, one in asked if gate.question(who, one).decide(Action.VIEW, Purpose(by[who])).allowed
        ]

    assert opened() == [(cast.petra, other)]
    assert set(gate.visible_clips(cast.petra, "view")) == {other}
    by_hand.delete()
    kept.delete()
    grant = grants.give(actor=cast.alice, clip_id=clip.pk, membership_id=str(guest.pk), reason="x", days=1)
    row = Grant.objects.filter(pk=grant.pk)
    assert opened() == [(cast.stranger, clip), (cast.petra, other)]
    assert set(gate.visible_clips(cast.stranger, "view")) == {clip}
    for edit in ({"clip": other}, {"ends_at": grant.ends_at + DAY}):
        row.update(**edit)
        assert opened() == [(cast.petra, other)], edit
        assert not gate.visible_clips(cast.stranger, "view").exists()
        row.update(clip=clip, ends_at=grant.ends_at)
    grants.revoke(actor=cast.alice, grant_id=grant.pk)
    row.update(revoked_at=None)
    keeping.close_case(actor=cast.petra, case=Case.objects.get())
    Case.objects.update(closed_at=None)
    assert opened() == []
    assert not gate.visible_clips(cast.petra, "view").exists()


def test_while_an_entry_is_not_as_the_hub_wrote_it_nobody_sees_a_clip(cast: Cast, clip: Clip) -> None:
    view = gate.open_view(actor=cast.alice, clip_id=clip.pk, purpose="incident")
    forged = LedgerBody.objects.filter(pk=view.ledger_seq)
    forged.update(salt=bytes(16))
    past._forget()  # as after a start of the hub
    assert not gate.visible_clips(cast.alice).exists()
    assert not gate.question(cast.alice, clip).audience()
    with pytest.raises(Denied):
        gate.read_manifest(actor=cast.alice, view_id=view.pk)
    assert enrolled.stands(clip.unit_id, site_id=clip.site_id, public_key=bytes(clip.unit.public_key)), (
        "film goes on coming in"
    )
    assert founded.owner_of(clip.site_id) == str(cast.company.pk)
    assert say(cast.dina, cast.company, "coaching", "no"), "and a no is heard"


def test_a_role_is_what_its_row_and_its_entries_both_say(cast: Cast, clip: Clip) -> None:
    """Rows that were added, revived, moved or widened by hand count nowhere; one ended by hand ends the role."""

    def rights() -> set[str]:
        people = (cast.stranger, cast.eve, cast.sam, cast.bob)
        sees = {str(one) for one in people if gate.may(one, Action.VIEW, clip).allowed}
        sees |= {f"{one} in a list" for one in people if gate.visible_clips(one).exists()}
        lines = decisions.Question(cast.alice, clip, now=NOW).audience()
        sees |= {f"{one} named" for line in lines for one in line.people if one in people}
        sees |= {f"{one} leads" for one in people if selectors.leads(one, cast.company, NOW)}
        return sees | {f"{one} told" for one in selectors.privacy_officers(cast.company, NOW) if one in people}

    roles = Membership.objects.filter(organisation=cast.company)
    of_bob = {"Bob", "Bob in a list", "Bob named"}
    assert rights() == of_bob
    added = [Membership.objects.create(person=cast.stranger, organisation=cast.company, role=one) for one in WATCHERS]
    roles.filter(person=cast.eve).update(until=None)
    roles.filter(person=cast.sam).update(site=None)
    assert rights() == of_bob
    with pytest.raises(Denied):
        fleet.give_role(person=cast.sam, organisation=cast.company, role="driver", now=NOW, by=cast.stranger)
    with pytest.raises(BadInput, match="nobody who gives roles"):
        fleet.end_membership(membership=roles.get(person=cast.alice), now=NOW, by=cast.alice)
    assert kinds() == {"role_edited", "role_missing"}
    fleet.give_role(person=cast.stranger, organisation=cast.company, role="dispatcher", now=NOW, by=cast.alice)
    assert rights() == of_bob | {"Stranger", "Stranger in a list", "Stranger named"}, "given by somebody who may"
    for row in added:
        row.delete()
    roles.filter(person=cast.bob).update(until=NOW)
    assert rights() == set()


def test_a_route_is_whose_its_row_and_its_entry_both_say(cast: Cast) -> None:
    """A bound dispatcher is not let loose, and gets no route, by a row; what a leader gives counts, even then."""
    harbour = Route.objects.create(organisation=cast.company, name="Harbour")
    clip = make_clip(cast.van_unit, subject=cast.dina, route=harbour)
    company, bob = Organisation.objects.filter(pk=cast.company.pk), Membership.objects.get(person=cast.bob)

    def sees() -> tuple[bool, bool, bool]:
        van = Site.objects.select_related("organisation").get(pk=cast.van.pk)
        listed = gate.visible_clips(cast.bob).exists()
        return gate.may(cast.bob, Action.VIEW, clip).allowed, listed, selectors.plans_route(cast.bob, van, harbour, NOW)

    assert sees() == (True, True, True)
    routes.bind_to_routes(organisation=company.get(), bind=True, now=NOW, by=cast.alice)
    assert sees() == (False, False, False)
    company.update(routes_bind=False)
    assert sees() == (False, False, False), "let loose by hand"
    harbour.dispatchers.add(bob)
    assert sees() == (False, False, False), "given by hand"
    assert "route_edited" in kinds()
    routes.bind_dispatchers(route=harbour, dispatchers=[bob], now=NOW, by=cast.alice)
    assert sees() == (True, True, True), "given by who may, though the row said so already"
    routes.bind_dispatchers(route=harbour, dispatchers=[], now=NOW, by=cast.alice)
    assert sees() == (False, False, False)
    routes.bind_to_routes(organisation=company.get(), bind=False, now=NOW, by=cast.alice)
    assert sees() == (True, True, True), "let loose by who may, though the row said so already"
    company.update(routes_bind=True)
    assert sees() == (False, False, False), "bound by hand: who is to see less does"


def test_a_role_that_was_held_to_now_is_widened_by_no_row(cast: Cast) -> None:
    before = make_clip(cast.home_unit, onset=NOW - 2 * DAY)
    assert gate.may(cast.milo, Action.VIEW, before).allowed
    role = Membership.objects.get(person=cast.milo)
    fleet.limit_role(membership=role, sees="live", now=NOW, by=cast.hanna)
    Membership.objects.filter(pk=role.pk).update(sees="both")
    assert not gate.may(cast.milo, Action.VIEW, before).allowed
    assert not gate.visible_clips(cast.milo).exists()


def test_who_lives_there_is_asked_whatever_their_row_says(cast: Cast) -> None:
    clip = make_clip(cast.home_unit)

    def stand() -> str:
        past.read_on()
        return recorded.consent_for(clip, Action.VIEW, Purpose.TROUBLESHOOTING)

    say(cast.hanna, cast.household, "troubleshooting")
    say(cast.milo, cast.household, "troubleshooting", "no")
    assert stand() == "no"
    role = Membership.objects.filter(person=cast.milo)
    role.update(until=NOW)
    assert stand() == "no"
    assert [one.pk for one in consent.organisations_recording(cast.milo)] == [cast.household.pk], "and can answer"
    role.update(until=None)
    fleet.end_membership(membership=role.get(), now=NOW, by=cast.hanna)
    assert stand() == "yes"
