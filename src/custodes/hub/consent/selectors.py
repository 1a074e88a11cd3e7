"""Reads: where people stand towards a topic, one by one and as queries that lists use."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.hub.audit import past
from custodes.hub.consent import standing, texts
from custodes.hub.consent.models import Answer
from custodes.hub.consent.standing import Stand
from custodes.hub.consent.topics import NEEDS, RECORDED_ROLES, Need, State, Topic, topics_for, weakest
from custodes.hub.fleet import given_roles
from custodes.hub.fleet.models import Organisation, Person

AGREES = (Answer.Says.YES, Answer.Says.ACKNOWLEDGED)
REFUSES = (Answer.Says.NO, Answer.Says.WITHDRAWN)


def state_of(people: Collection[UUID], organisation_id: UUID, topic: Topic) -> State:
    """Return the weakest state of these people towards `topic` in one organisation; NOBODY when there are none.

    For pages, by the ledger as it is now. Where that is not as the hub wrote it, as of what was read before: no right
    rests on this, and a yes can be taken back whatever has happened.
    """
    past.is_readable()
    return state_as_read(people, organisation_id, topic)


def state_as_read(people: Collection[UUID], organisation_id: UUID, topic: Topic) -> State:
    """Return the same as of the last reading of the ledger (`past.read_on`), for who has just read."""
    holding, stand = texts.book().holding(topic), standing.stand_of(organisation_id, topic)
    return weakest([_state(stand, person, holding) for person in people])


def _state(stand: Stand, person: UUID, holding: Collection[str]) -> State:
    says, sha256 = stand.answers.get(person, ("", ""))
    if says in REFUSES:
        return State.NO
    if says in AGREES and sha256 in holding:
        return State.YES
    return State.UNSEEN if stand.shown.get(person, set()).isdisjoint(holding) else State.SHOWN


def in_state(state: State, organisation_id: UUID, topic: Topic, *, field: str) -> Q:
    """Return the condition that the person in `field` (an id, not null) stands so towards `topic`.

    The same answer as `state_of`, as of the last reading (`past.read_on`). Of whom no entry speaks: UNSEEN.
    """
    holding, stand = texts.book().holding(topic), standing.stand_of(organisation_id, topic)
    states = {person: _state(stand, person, holding) for person in {*stand.answers, *stand.shown}}
    if state is State.UNSEEN:
        return ~Q(**{f"{field}__in": [person for person, one in states.items() if one is not State.UNSEEN]})
    return Q(**{f"{field}__in": [person for person, one in states.items() if one is state]})


def household_of(organisation_id: UUID) -> tuple[UUID, ...]:
    """Return everybody who lives in a household's homes now, by the ledger: no row that is ended takes anybody out."""
    living = _recorded(organisation_id, Organisation.Kind.HOUSEHOLD)
    return tuple(living.order_by("pk").values_list("pk", flat=True))


def recorded_people(organisation: Organisation) -> list[Person]:
    """Return whom an organisation records by their role, by name."""
    return list(_recorded(organisation.pk, Organisation.Kind(organisation.kind)).order_by("display_name", "email"))


def organisations_recording(person: Person) -> list[Organisation]:
    """Return the organisations that record this person now, by their role, by name."""
    return list(Organisation.objects.filter(_recording(person)).distinct().order_by("name"))


def organisations_of_answers(person: Person) -> set[UUID]:
    """Return the organisations to which this person may answer: those of now, and those that they answered before.

    Who has left a company can still take a yes back.
    """
    now_recording = Organisation.objects.filter(_recording(person)).values_list("pk", flat=True)
    before = Answer.objects.filter(person=person).values_list("organisation_id", flat=True)
    return {*now_recording, *before}


def topics_of(organisation: Organisation) -> tuple[Topic, ...]:
    """Return the topics that the people whom an organisation records read about."""
    return topics_for(organisation.kind)


def notices_unseen(person: Person) -> bool:
    """Say whether a notice waits that this person was never shown: their first signing is due."""
    return any(
        NEEDS[topic] is Need.NOTICE and state_of([person.pk], organisation.pk, topic) is State.UNSEEN
        for organisation in organisations_recording(person)
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


def _recorded(organisation_id: UUID, kind: Organisation.Kind) -> QuerySet[Person]:
    return Person.objects.filter(pk__in=given_roles.holders(organisation_id, RECORDED_ROLES[kind]), is_active=True)


def _recording(person: Person) -> Q:
    given, found = given_roles.given_to(person.pk), Q(pk__in=[])
    for kind, roles in RECORDED_ROLES.items():
        found |= Q(kind=kind, pk__in=[where.organisation_id for where in given if where.role in roles])
    return found
