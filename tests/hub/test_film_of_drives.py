"""Film follows the drive: nobody's when it was denied, whoever's claim was confirmed, never by rows alone."""

from datetime import datetime, timedelta

import pytest

from cast import NOW, Cast, give_role, make_clip, tell_of_shifts
from custodes.core.errors import Denied
from custodes.hub.access import gate, recorded, watched
from custodes.hub.access.requests import Action
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import verify
from custodes.hub.clips.models import Clip
from custodes.hub.driving import owners
from custodes.hub.driving.models import Trip
from custodes.hub.fleet.models import Membership, Person, Shift
from custodes.hub.fleet.times import wall_ns_of
from custodes.hub.ingest import onsets
from stored_trip import store

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
OWN = (Action.LIST, Action.HISTORY, Action.POSTER, Action.LOCATE, Action.VIEW)


@pytest.fixture
def milo(cast: Cast) -> Person:
    """A second driver of the company."""
    tell_of_shifts()
    give_role(cast.milo, cast.company, Membership.Role.DRIVER)
    return cast.milo


def seen_by(person: Person) -> set[Clip]:
    """Return the clips that are somebody's own, after asking list, rule and "Who watched me" whether they agree."""
    listed = set(gate.visible_clips(person))
    for clip in Clip.objects.select_related("site__organisation"):
        allowed = {gate.may(person, action, clip).allowed for action in OWN}
        assert allowed == {clip in listed}
    assert set(watched.clips_of(person).filter(site__kind="vehicle")) == listed
    return listed


def confirmed(cast: Cast, trip: Trip, driver: Person) -> None:
    made = owners.claim(trip=trip, by=driver, now=NOW)
    owners.answer_claim(made=made, by=cast.bob, confirmed=True, now=NOW)


def placed(cast: Cast, at: datetime) -> Person | None:
    """Return who counts as recorded in film of the van that comes only now."""
    facts = {"site_id": cast.van.pk, "unit_id": cast.van_unit.pk, "onset_wall_ns": wall_ns_of(at)}
    subject_id = onsets.place(**facts, now_ns=wall_ns_of(NOW + 50 * MINUTE)).subject_id
    return Person.objects.filter(pk=subject_id).first()


def test_the_film_of_a_denied_drive_is_nobodys_and_then_whose_the_drive_is(cast: Cast, milo: Person) -> None:
    during, after = (make_clip(cast.van_unit, subject=cast.dina, onset=NOW + at * MINUTE) for at in (5, 45))
    trip = store(cast.van_unit)
    view = gate.open_view(actor=cast.dina, clip_id=during.pk, purpose="own")
    assert seen_by(cast.dina) == {during, after}
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    assert seen_by(cast.dina) == {after}
    with pytest.raises(Denied):
        gate.read_part(actor=cast.dina, view_id=view.pk, part="film.road")
    with pytest.raises(Denied):
        watched.find_clip(cast.dina, during.pk)
    assert recorded.people_in(Clip.objects.select_related("site").get(pk=during.pk)) == ()
    made = owners.claim(trip=trip, by=milo, now=NOW)
    assert seen_by(milo) == set(), "nobody gains footage by a claim alone"
    owners.answer_claim(made=made, by=cast.bob, confirmed=True, now=NOW)
    assert (seen_by(milo), seen_by(cast.dina)) == ({during}, {after})
    assert [one.view_id for one in watched.viewings_of(milo)] == [view.pk], "he is told who watched him"
    told = LedgerBody.objects.filter(leaf__kind="clip.refiled").order_by("pk").values_list("clip_id", "person_id")
    assert list(told) == [(during.pk, cast.dina.pk), (during.pk, cast.bob.pk)]
    assert not verify().problems


def test_a_row_that_is_edited_back_or_forward_opens_to_nobody(cast: Cast, milo: Person) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina, onset=NOW + 5 * MINUTE)
    trip = store(cast.van_unit)
    Clip.objects.filter(pk=clip.pk).update(subject=None)
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    confirmed(cast, trip, milo)
    assert not LedgerBody.objects.filter(leaf__kind="clip.refiled").exists(), "an edited row is given to nobody"
    Clip.objects.filter(pk=clip.pk).update(subject=milo)
    clip = Clip.objects.get(pk=clip.pk)
    assert not any(gate.may(person, Action.VIEW, clip).allowed for person in cast.people.values())
    Clip.objects.filter(pk=clip.pk).update(subject=cast.dina)
    denied = store(cast.van_unit, NOW + MINUTE)
    owners.deny(trip=denied, by=cast.dina, now=NOW)
    for edited in (cast.dina, milo):
        Clip.objects.filter(pk=clip.pk).update(subject=edited)
        clip = Clip.objects.get(pk=clip.pk)
        assert not any(gate.may(person, Action.LIST, clip).allowed for person in cast.people.values())
        assert "clip_edited" in {problem.kind for problem in verify().problems}


@pytest.mark.parametrize("hidden", [{"clip_id": None}, {"salt": b"\0" * 16}], ids=["filed away", "salted"])
def test_film_does_not_go_back_to_who_denied_the_drive_by_hiding_entries(
    cast: Cast, milo: Person, hidden: dict[str, object]
) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina, onset=NOW + 5 * MINUTE)
    trip = store(cast.van_unit)
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    confirmed(cast, trip, milo)
    assert (seen_by(cast.dina), seen_by(milo)) == (set(), {clip})
    refiled = LedgerBody.objects.filter(leaf__kind="clip.refiled", clip_id=clip.pk)
    for seq in [*refiled.values_list("pk", flat=True)][::-1]:  # the newest alone, then both
        LedgerBody.objects.filter(pk=seq).update(**hidden)
        for subject in (cast.dina, None, milo):
            Clip.objects.filter(pk=clip.pk).update(subject=subject)
            edited = Clip.objects.get(pk=clip.pk)
            assert not any(gate.may(person, Action.LIST, edited).allowed for person in cast.people.values())


def test_a_confirmed_claim_takes_film_from_nobody_and_goes_by_the_drives_own_time(cast: Cast, milo: Person) -> None:
    Shift.objects.all().delete()
    nobodys = make_clip(cast.van_unit, onset=NOW + 5 * MINUTE)
    for other in ({"subject": cast.dina}, {"clock_doubt": Clip.ClockDoubt.OFF}):
        make_clip(cast.van_unit, onset=NOW + 6 * MINUTE, **other)
    make_clip(cast.other_van_unit, onset=NOW + 5 * MINUTE)
    make_clip(cast.van_unit, onset=NOW + 45 * MINUTE)
    trip = store(cast.van_unit)
    Trip.objects.filter(pk=trip.pk).update(end_wall_ns=wall_ns_of(NOW + 60 * MINUTE))
    confirmed(cast, trip, milo)
    assert seen_by(milo) == {nobodys}


def test_film_that_comes_after_the_denial_is_filed_as_what_came_before(cast: Cast, milo: Person) -> None:
    trip = store(cast.van_unit)
    during, after = NOW + 5 * MINUTE, NOW + 45 * MINUTE
    assert placed(cast, during) == cast.dina
    owners.deny(trip=trip, by=cast.dina, now=NOW)
    Trip.objects.filter(pk=trip.pk).update(driver=cast.dina, denied_by=None)
    assert (placed(cast, during), placed(cast, after)) == (None, cast.dina), "by the entry, whatever the row says"
    Trip.objects.filter(pk=trip.pk).update(driver=None, denied_by=cast.dina)
    confirmed(cast, trip, milo)
    assert (placed(cast, during), placed(cast, after)) == (milo, cast.dina)
    Trip.objects.filter(pk=trip.pk).update(end_wall_ns=wall_ns_of(NOW + 60 * MINUTE))
    Shift.objects.all().delete()
    assert (placed(cast, during), placed(cast, after)) == (milo, None), "by the drive's sealed time"
