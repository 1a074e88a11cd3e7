"""A list holds exactly the clips for which the gate says yes, whoever asks and whatever there is."""

from datetime import timedelta

import pytest
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cast import (
    NOW,
    NOW_NS,
    bind_to_routes,
    give_role,
    grant_to,
    make_clip,
    make_person,
    make_unit,
    put_in_case,
    tell_of_site,
)
from custodes.core.clock import ManualClock
from custodes.hub.access import decisions, gate
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips.models import Case, Clip
from custodes.hub.consent import standing, texts
from custodes.hub.consent.models import Answer
from custodes.hub.consent.topics import Topic
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Site

CLOCK = ManualClock(wall=int(NOW.timestamp()) * 1_000_000_000)
PEOPLE, ORGANISATIONS, SITES, ROUTES = 3, 2, 4, 3

memberships = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(0, ORGANISATIONS - 1),
        st.sampled_from(Membership.Role.values),
        st.none() | st.integers(0, SITES - 1),
        st.sampled_from([None, timedelta(seconds=-1), timedelta(0), timedelta(seconds=1)]),
        st.sets(st.integers(0, ROUTES - 1)),
        st.sampled_from(["both", "both", *Membership.Sees.values]),
    ),
    max_size=6,
)
clips = st.lists(
    st.tuples(
        st.integers(0, SITES - 1),
        st.none() | st.integers(0, PEOPLE - 1),
        st.sampled_from(Clip.State.values),
        st.booleans(),
        st.sampled_from([None, "open", "closed"]),
        st.none() | st.integers(0, ROUTES - 1),
        st.sampled_from([None, *range(6)]),
        st.sampled_from([timedelta(0), timedelta(seconds=1)]),
        st.sampled_from([decisions.LIVE, decisions.LIVE + timedelta(microseconds=1)]),
    ),
    min_size=1,
    max_size=6,
)
answers = st.lists(
    st.tuples(
        st.integers(0, PEOPLE - 1),
        st.integers(0, ORGANISATIONS - 1),
        st.sampled_from(["incident", "coaching", "training"]),
        st.sampled_from([*Answer.Says.values, "shown"]),
        st.booleans(),
    ),
    max_size=8,
)


def stored(person: Person, organisation: Organisation, topic: str, says: str, *, on_file: bool) -> None:
    """Write down a showing, and an answer, as the services do; not `on_file`: to a text that is gone."""
    sha256 = texts.book().current(Topic(topic), "en").sha256 if on_file else "0" * 64
    whose = {"person": person.pk, "organisation": organisation.pk}
    text = {"topic": topic, "version": 1, "text_sha256": sha256}
    tell(standing.SHOWN, **whose, texts=[text])
    if says != "shown":
        tell(standing.ANSWERED, **whose, **text, says=says)


def tell(kind: str, **body: object) -> None:
    ledger.append(kind=kind, body=body, now_ns=NOW_NS)


some_actions = st.sets(st.sampled_from(list(Action)), min_size=3, max_size=3)
"""A role's first list costs the policies hundreds of questions for each action; all of them are asked at length."""


stories = st.fixed_dictionaries(
    {"roles": memberships, "footage": clips, "closed": st.booleans(), "bound": st.booleans(), "said": answers}
)


class ListsAgreeWithTheGate(TestCase):
    @settings(max_examples=3, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(story=stories, actions=some_actions)
    def test_some_actions(self, story: dict, actions: set[Action]) -> None:
        self.agree(**story, actions=actions)

    @pytest.mark.long
    @settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
    @given(story=stories)
    def test_every_action_at_length(self, story: dict) -> None:
        self.agree(**story, actions=set(Action))

    def agree(self, *, roles: list, footage: list, closed: bool, bound: bool, said: list, actions: set[Action]) -> None:
        people = [make_person(f"p{number}", is_active=not (closed and number == 0)) for number in range(PEOPLE)]
        organisations = [Organisation.objects.create(name=f"o{n}", kind="company") for n in range(ORGANISATIONS)]
        routes = [Route.objects.create(organisation=organisations[0], name=f"r{n}") for n in range(ROUTES)]
        whose: dict[Route, list[Membership]] = {route: [] for route in routes}
        kinds = ("vehicle", "vehicle", "home", "home")
        sites = [
            tell_of_site(
                Site.objects.create(organisation=organisations[n % ORGANISATIONS], name=f"s{n}", kind=kinds[n])
            )
            for n in range(SITES)
        ]
        for person, organisation, topic, says, on_file in said:
            stored(people[person], organisations[organisation], topic, says, on_file=on_file)
        units = [make_unit(site, site.name) for site in sites]
        for person, organisation, role, site, until, own, sees in roles:
            where = people[person], organisations[organisation], role, None if site is None else sites[site]
            key = dict(zip(("person", "organisation", "role", "site"), where, strict=True))
            row = Membership.objects.filter(**key).first()
            if row is None:
                row = give_role(*where, sees=sees)
                Membership.objects.filter(pk=row.pk).update(until=None if until is None else NOW + until)
            for number in own:
                whose[routes[number]].append(row)
        if bound:
            bind_to_routes(organisations[0], whose)
        held = list(Membership.objects.order_by("pk"))
        for site, subject, state, erased, case, route, granted_to, lasts, ago in footage:
            clip = make_clip(
                units[site],
                subject=None if subject is None else people[subject],
                state=state,
                erased_at=NOW if erased else None,
                route=None if route is None else routes[route],
                notice=False,
                onset=NOW - ago,
            )
            if case:
                kept = put_in_case(clip)
                Case.objects.filter(pk=kept.pk).update(closed_at=NOW if case == "closed" else None)
            for row in held[granted_to : granted_to + 1] if granted_to is not None else ():
                grant_to(row, clip, by=people[0], given_at=timezone.now(), ends_at=NOW + lasts)
        every = list(Clip.objects.select_related("site"))
        for person in people:
            for action in sorted(actions):
                one_by_one = {clip.pk for clip in every if gate.may(person, action, clip, clock=CLOCK).allowed}
                listed = gate.visible_clips(person, action, clock=CLOCK)
                assert set(listed.values_list("pk", flat=True)) == one_by_one, (action, roles, footage, said)


@pytest.mark.django_db
def test_a_list_costs_few_queries_whatever_its_length(cast, django_assert_num_queries) -> None:
    for _ in range(30):
        make_clip(cast.van_unit)
    assert gate.visible_clips(cast.bob, clock=CLOCK).exists()  # from here on the process knows whose the sites are
    with django_assert_num_queries(5):
        assert len(gate.visible_clips(cast.bob, clock=CLOCK)) == 30


@pytest.mark.django_db
def test_a_stranger_lists_nothing_and_asks_nothing(cast) -> None:
    make_clip(cast.van_unit)
    for person in (cast.stranger, cast.root, cast.oscar, cast.eve):
        assert not gate.visible_clips(person, clock=CLOCK).exists()
