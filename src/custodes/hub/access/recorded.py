"""Who is on film in a clip, and where they stand towards what somebody wants with it."""

from datetime import datetime
from uuid import UUID

from custodes.core.types import Purpose
from custodes.hub.access.requests import FOOTAGE, NOBODY_RECORDED, Action
from custodes.hub.clips.models import Clip
from custodes.hub.consent import selectors as consent
from custodes.hub.consent.topics import NEEDS, Need, Topic
from custodes.hub.fleet.models import Site

PICTURES = Topic.INCIDENT
"""Still pictures in lists are there for the handling of incidents."""


def people_in(clip: Clip, *, now: datetime) -> tuple[UUID, ...]:
    """Return the recorded people: the driver on shift; in a home, everybody who lives there; else nobody known."""
    if clip.subject_id is not None:
        return (clip.subject_id,)
    if clip.site.kind == Site.Kind.HOME:
        return consent.household_of(clip.site.organisation_id, now=now)
    return ()


def topic_of(action: Action, purpose: Purpose | None) -> Topic | None:
    """Return the topic whose answers count for an action; None: no rule asks for one."""
    if action not in FOOTAGE:
        return None
    topic = PICTURES if purpose is None else Topic(purpose.value)
    return None if NEEDS[topic] is Need.NOTHING else topic


def consent_for(clip: Clip, action: Action, purpose: Purpose | None, *, now: datetime) -> str:
    """Return the weakest state of the recorded people, as the policies name it."""
    topic = topic_of(action, purpose)
    if topic is None:
        return NOBODY_RECORDED
    return consent.state_of(people_in(clip, now=now), clip.site.organisation_id, topic).value
