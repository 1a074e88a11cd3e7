"""Reads: where people stand towards a topic, one by one and as queries that lists use."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.hub.consent import texts
from custodes.hub.consent.models import Answer, Showing
from custodes.hub.consent.topics import NEEDS, RECORDED_ROLES, Need, State, Topic, topics_for, weakest
from custodes.hub.fleet.models import Membership, Organisation, Person

AGREES = (Answer.Says.YES, Answer.Says.ACKNOWLEDGED)
REFUSES = (Answer.Says.NO, Answer.Says.WITHDRAWN)


def state_of(people: Collection[UUID], organisation_id: UUID, topic: Topic) -> State:
    """Return the weakest state of these people towards `topic` in one organisation; NOBODY when there are none."""
    if not people:
        return State.NOBODY
    return weakest(list(states_of(people, organisation_id, topic).values()))


def states_of(people: Collection[UUID], organisation_id: UUID, topic: Topic) -> dict[UUID, State]:
    """Return where each of these people stands towards `topic` in one organisation."""
    holding = texts.book().holding(topic)
    answers = Answer.objects.filter(
        person_id__in=people, organisation_id=organisation_id, topic=topic, stands=True
    ).values_list("person_id", "says", "text_sha256")
    found: dict[UUID, State] = {}
    for person, says, sha256 in answers:
        if says in REFUSES:
            found[person] = State.NO
        elif sha256 in holding:
            found[person] = State.YES
    rest = [person for person in people if person not in found]
    if rest:
        shown = set(_shown(organisation_id, topic).filter(person_id__in=rest))
        found |= {person: State.SHOWN if person in shown else State.UNSEEN for person in rest}
    return found


def in_state(state: State, organisation_id: UUID, topic: Topic, *, field: str) -> Q:
    """Return the condition that the person in `field` (an id, not null) stands so towards `topic`.

    The same answer as `states_of`, as subqueries.
    """
    standing = Answer.objects.filter(organisation_id=organisation_id, topic=topic, stands=True).order_by()
    agree = standing.filter(says__in=AGREES, text_sha256__in=sorted(texts.book().holding(topic)))
    refuse = standing.filter(says__in=REFUSES)
    yes = Q(**{f"{field}__in": agree.values("person_id")})
    no = Q(**{f"{field}__in": refuse.values("person_id")})
    shown = Q(**{f"{field}__in": _shown(organisation_id, topic)})
    return {
        State.NOBODY: Q(pk__in=[]),
        State.NO: no,
        State.YES: yes,
        State.SHOWN: shown & ~yes & ~no,
        State.UNSEEN: ~shown & ~yes & ~no,
    }[state]


def household_of(organisation_id: UUID, *, now: datetime) -> tuple[UUID, ...]:
    """Return everybody who lives in a household's homes now."""
    return tuple(
        _held(now)
        .filter(organisation_id=organisation_id, role__in=RECORDED_ROLES[Organisation.Kind.HOUSEHOLD])
        .order_by("person_id")
        .values_list("person_id", flat=True)
        .distinct()
    )


def recorded_people(organisation: Organisation, *, now: datetime) -> list[Person]:
    """Return whom an organisation records by their role, by name."""
    roles = RECORDED_ROLES[Organisation.Kind(organisation.kind)]
    held = _held(now).filter(organisation=organisation, role__in=roles)
    return list(
        Person.objects.filter(pk__in=held.values("person_id"), is_active=True).order_by("display_name", "email")
    )


def organisations_recording(person: Person, *, now: datetime) -> list[Organisation]:
    """Return the organisations that record this person now, by their role, by name."""
    return list(Organisation.objects.filter(_recording(person, now)).distinct().order_by("name"))


def organisations_of_answers(person: Person, *, now: datetime) -> set[UUID]:
    """Return the organisations to which this person may answer: those of now, and those that they answered before.

    Who has left a company can still take a yes back.
    """
    now_recording = Organisation.objects.filter(_recording(person, now)).values_list("pk", flat=True)
    before = Answer.objects.filter(person=person).values_list("organisation_id", flat=True)
    return {*now_recording, *before}


def topics_of(organisation: Organisation) -> tuple[Topic, ...]:
    """Return the topics that the people whom an organisation records read about."""
    return topics_for(organisation.kind)


def notices_unseen(person: Person, *, now: datetime) -> bool:
    """Say whether a notice waits that this person was never shown: their first signing is due."""
    return any(
        NEEDS[topic] is Need.NOTICE and state_of([person.pk], organisation.pk, topic) is State.UNSEEN
        for organisation in organisations_recording(person, now=now)
        for topic in topics_of(organisation)
    )


def unanswered(person: Person, organisation: Organisation) -> tuple[Topic, ...]:
    """Return the topics with something to answer about which this person has said nothing that counts."""
    return tuple(
        topic
        for topic in topics_of(organisation)
        if NEEDS[topic] is not Need.NOTHING
        and state_of([person.pk], organisation.pk, topic) in {State.UNSEEN, State.SHOWN}
    )


def _shown(organisation_id: UUID, topic: Topic) -> "QuerySet[Showing, UUID]":
    """Return the ids of those who were shown a text about `topic` that counts."""
    hashes = sorted(texts.book().holding(topic))
    rows = Showing.objects.filter(organisation_id=organisation_id, topic=topic, text_sha256__in=hashes)
    return rows.order_by().values_list("person_id", flat=True)


def _held(now: datetime) -> QuerySet[Membership]:
    return Membership.objects.filter(Q(until=None) | Q(until__gt=now), person__is_active=True)


def _recording(person: Person, now: datetime) -> Q:
    held = _held(now).filter(person=person)
    found = Q(pk__in=[])
    for kind, roles in RECORDED_ROLES.items():
        found |= Q(kind=kind, pk__in=held.filter(role__in=roles).values("organisation_id"))
    return found
