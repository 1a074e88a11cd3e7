"""A privacy officer looks after the watchers: who watched whom is theirs to read, film opens by an open case alone."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from matrix import BACKEND

from cast import NOW, NOW_NS, Cast, make_clip, put_in_case
from custodes.core.clock import ManualClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import gate, oversight
from custodes.hub.access.requests import Action
from custodes.hub.clips import keeping
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import roles, selectors
from custodes.hub.fleet.models import Membership, Person

pytestmark = pytest.mark.django_db
CLOCK = ManualClock(wall=NOW_NS)
OFFICER = Membership.Role.PRIVACY_OFFICER


def purposes(person: Person, clip: Clip) -> tuple[Purpose, ...]:
    return gate.purposes_for(person, clip, clock=CLOCK)


def test_no_film_and_no_list_but_who_watched(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    allowed = {action for action in Action if gate.may(cast.petra, action, clip, clock=CLOCK).allowed}
    assert allowed == {Action.HISTORY, Action.TRACE_LEAK, Action.PLANT_CANARY, Action.APPROVE}
    assert purposes(cast.petra, clip) == ()


def test_an_open_case_opens_its_clips_and_a_closed_one_nothing(cast: Cast) -> None:
    clip, other = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.van_unit, subject=cast.dina)
    among = Clip.objects.filter(pk=clip.pk)
    case = keeping.open_case(actor=cast.alice, organisation=cast.company, name="Leak", among=among, clock=CLOCK)
    assert purposes(cast.petra, clip) == (Purpose.LEAK_CASE,)
    assert set(gate.visible_clips(cast.petra, clock=CLOCK)) == {clip}
    assert purposes(cast.petra, other) == ()
    view = gate.open_view(actor=cast.petra, clip_id=clip.pk, purpose="leak_case", clock=CLOCK)
    assert (view.role, view.policy) == (OFFICER, "officer-watches-clips-of-cases")
    keeping.close_case(actor=cast.alice, case=case, clock=CLOCK)
    assert purposes(cast.petra, clip) == ()
    with pytest.raises(Denied):
        gate.read_manifest(actor=cast.petra, view_id=view.pk, clock=CLOCK)


def test_a_case_of_others_opens_nothing(cast: Cast) -> None:
    clip = make_clip(cast.rival_unit)
    keeping.open_case(actor=cast.charlie, organisation=cast.rival, name="x", among=Clip.objects.all(), clock=CLOCK)
    assert purposes(cast.petra, clip) == ()
    assert not gate.visible_clips(cast.petra, clock=CLOCK).exists()


def test_who_watched_is_read_also_of_what_was_erased(cast: Cast) -> None:
    clip, foreign = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.rival_unit)
    view = gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", address="192.0.2.7", clock=CLOCK)
    other = gate.open_view(actor=cast.charlie, clip_id=foreign.pk, purpose="incident", clock=CLOCK)
    Clip.objects.filter(pk=clip.pk).update(erased_at=NOW, state=Clip.State.DELETED)
    Person.objects.filter(pk=cast.bob.pk).update(display_name="Somebody else")
    (access,) = oversight.accesses(cast.petra)
    assert (access.view_id, access.name, access.address) == (view.pk, "Bob", "192.0.2.7")
    assert oversight.prove(cast.petra, view.pk, clock=ManualClock(wall=NOW_NS)).seq == view.ledger_seq
    assert oversight.accesses(cast.petra, watcher=cast.alice.pk) == []
    with pytest.raises(Denied):
        oversight.prove(cast.petra, other.pk)
    for person in (cast.alice, cast.oscar, cast.dina, cast.stranger, cast.root):
        with pytest.raises(Denied):
            oversight.accesses(person)
    cast.petra.second_factor_shown = False
    with pytest.raises(Denied):
        oversight.accesses(cast.petra)


def test_nobody_looks_after_their_own_viewings(cast: Cast) -> None:
    asked = {"organisation": cast.company, "now": timezone.now()}
    for person, role in (
        (cast.alice, OFFICER),
        (cast.sam, OFFICER),
        (cast.petra, "dispatcher"),
        (cast.petra, "manager"),
    ):
        with pytest.raises(BadInput, match="Who watches film for work"):
            roles.give_role(person=person, role=role, **asked)
    roles.give_role(person=cast.charlie, role=OFFICER, **asked)  # a manager elsewhere is no watcher here
    roles.end_membership(membership=Membership.objects.get(person=cast.bob), now=timezone.now())
    roles.give_role(person=cast.bob, role=OFFICER, **(asked | {"now": timezone.now()}))


def test_the_role_is_for_a_whole_company(cast: Cast) -> None:
    asked = {"person": cast.stranger, "role": OFFICER, "now": timezone.now()}
    with pytest.raises(BadInput, match="whole organisation"):
        roles.give_role(organisation=cast.company, site=cast.van, **asked)
    with pytest.raises(BadInput, match="household"):
        roles.give_role(organisation=cast.household, **asked)


def test_the_role_ends_and_with_it_the_sight(cast: Cast) -> None:
    make_clip(cast.van_unit)
    assert list(selectors.privacy_officers(cast.company, NOW)) == [cast.petra]
    Membership.objects.filter(person=cast.petra).update(until=NOW - timedelta(seconds=1))
    assert not oversight.is_officer(cast.petra, clock=CLOCK)
    assert not selectors.oversees(cast.petra, cast.company, NOW)
    assert not selectors.privacy_officers(cast.company, NOW).exists()


def test_the_page_is_in_the_officers_navigation_alone(cast: Cast) -> None:
    clip = make_clip(cast.van_unit, subject=cast.dina)
    gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=CLOCK)
    officer, manager = Client(), Client()
    officer.force_login(cast.petra, backend=BACKEND)
    manager.force_login(cast.alice, backend=BACKEND)
    page = officer.get("/oversight/").content.decode()
    assert "bob@example.org" in page
    assert str(clip.pk) not in page, "no address of the clip: it would not open"
    assert "/oversight/" in officer.get("/settings/").content.decode()
    assert "/oversight/" not in manager.get("/settings/").content.decode()
    assert manager.get("/oversight/").status_code == 404


def test_a_taken_invitation_to_two_hats_says_why(cast: Cast) -> None:
    from custodes.hub.fleet.invitations import invite_person

    asked = {"organisation": cast.company, "email": cast.bob.email, "now": timezone.now(), "by": cast.alice}
    path = invite_person(role=OFFICER, **asked).path
    client = Client()
    client.force_login(cast.bob, backend=BACKEND)
    assert client.post(path).headers["Location"] == "/"
    assert not selectors.oversees(cast.bob, cast.company, timezone.now())
    assert "Who watches film for work" in client.get("/settings/").content.decode()


def test_cases_and_viewings_of_others_are_not_ours_and_lists_go_back_in_time(cast: Cast) -> None:
    clip, foreign = make_clip(cast.van_unit, subject=cast.dina), make_clip(cast.rival_unit)
    case = put_in_case(clip)
    put_in_case(foreign)
    assert list(oversight.cases(cast.petra, clock=CLOCK)) == [case]
    first, second = (gate.open_view(actor=cast.bob, clip_id=clip.pk, purpose="incident", clock=CLOCK) for _ in range(2))
    gate.open_view(actor=cast.charlie, clip_id=foreign.pk, purpose="incident", clock=CLOCK)
    seen = oversight.accesses(cast.petra, before_seq=second.ledger_seq, clock=CLOCK)
    assert [one.view_id for one in seen] == [first.pk]
    assert oversight.watchers(cast.petra, clock=CLOCK) == [cast.bob]
