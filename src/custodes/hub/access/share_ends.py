"""What ends shares by itself: a consent that is withdrawn, a clip that is erased."""

from typing import Any
from uuid import UUID

from django.dispatch import receiver

from custodes.core.clock import SystemClock
from custodes.hub.access import sharing
from custodes.hub.access.models import Share
from custodes.hub.clips.erasing import Eraser, erasers
from custodes.hub.consent import signals
from custodes.hub.consent.topics import Topic


@receiver(signals.withdrawn)
def _consent_withdrawn(person_id: UUID, organisation_id: UUID, topic: Topic, **_: Any) -> None:
    sharing.end_those_of(person_id, organisation_id, topic.value, now_ns=SystemClock().wall_ns())


def _forget(clip_id: UUID) -> int:
    """Remove a clip's shares and what was said about them; the ledger keeps that there were any."""
    return Share.objects.filter(clip_id=clip_id).delete()[1].get("access.Share", 0)


erasers.register("shares")(Eraser(rows=_forget))
