"""Who is on film in a clip, and where they stand towards what somebody wants with it."""

from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.core.types import Purpose
from custodes.hub.access.models import View
from custodes.hub.access.requests import FOOTAGE, NOBODY_RECORDED, Action
from custodes.hub.clips.models import Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.consent import telling
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet.models import Organisation, Person, Site

PICTURES = Topic.INCIDENT
"""Still pictures in lists are there for the handling of incidents."""


def people_in(clip: Clip) -> tuple[UUID, ...]:
    """Return the recorded people: the driver on shift; in a home, everybody who lives there; else nobody known."""
    if clip.subject_id is not None:
        return (clip.subject_id,)
    if clip.site.kind == Site.Kind.HOME:
        return consent.household_of(clip.site.organisation_id)
    return ()


def topic_of(action: Action, purpose: Purpose | None) -> Topic | None:
    """Return the topic whose answers count for an action; None: no rule asks for one."""
    if action is Action.COACH:
        return Topic.COACHING
    if action is Action.VOLUNTEER:
        return Topic.TRAINING
    if action not in FOOTAGE:
        return None
    topic = PICTURES if purpose is None else Topic(purpose.value)
    return None if NEEDS[topic] is Need.NOTHING else topic


def consent_for(clip: Clip, action: Action, purpose: Purpose | None) -> str:
    """Return the weakest state of the recorded people, as the policies name it.

    As of the last reading of the ledger (`past.read_on`): whoever asks the policies has just read.
    """
    topic = topic_of(action, purpose)
    if topic is None:
        return NOBODY_RECORDED
    return consent.state_as_read(people_in(clip), clip.site.organisation_id, topic).value


def tell(view: View, *, now_ns: int, watcher: str = "") -> None:
    """Put the letters about a new view into the outbox. Inside the transaction that stores the view.

    `watcher` is the name of somebody without an account.
    """
    clip = view.clip
    watching = telling.Watching(
        view_id=view.pk,
        clip_id=clip.pk,
        watcher=watcher or str(view.person),
        watcher_id=view.person_id,
        role=view.role,
        purpose=view.purpose,
        site=clip.site.name,
        opened_wall_ns=now_ns,
    )
    telling.tell(people_in(clip), watching)


def clips_with(person: Person) -> QuerySet[Clip]:
    """Return every clip in which `person` is recorded, whatever has become of it and of their roles.

    It is no right to watch: that is the policies' matter.
    """
    homes = Organisation.objects.filter(
        pk__in=[one.pk for one in consent.organisations_recording(person)],
        kind=Organisation.Kind.HOUSEHOLD,
    )
    at_home = Q(subject=None, site__kind=Site.Kind.HOME, site__organisation__in=homes)
    return Clip.objects.filter(Q(subject=person) | at_home)
