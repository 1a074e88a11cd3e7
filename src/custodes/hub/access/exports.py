"""Exports: a film of a clip as a file, with boxes, time and speed burnt in, marked for the view that it is made of.

Every function raises Denied for what is forbidden and for what is not there, with the same message.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import gate, viewings, watching
from custodes.hub.access.gate import OpenedPart
from custodes.hub.access.models import View
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.clips import exports, footage, marked
from custodes.hub.clips.models import Clip, Export
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import now_of
from custodes.hub.vault.keys import KeyDestroyed

MOST_AT_ONCE = 5
"""Exports of one person that may wait at once."""
MAX_REASON = 280
MOST_A_DAY = 10
"""Copies of one clip that one person gets within a day: each is a file that leaves the hub. They share one word."""
MADE_FOR = "export: "
OWN_COPY = "a copy for the recorded person"
"""What the reason of a viewing says, or begins with, that a copy is made of."""
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Wishes:
    """What to burn into which film, and in which unit speed is written."""

    film: str
    boxes: bool
    timecode: bool
    speed: bool
    unit: str


def refuse_more(actor: Person, clip_id: UUID, *, now: datetime) -> None:
    """Raise BadInput for somebody who had `MOST_A_DAY` copies of a clip within a day."""
    of_copies = Q(reason__startswith=MADE_FOR) | Q(reason=OWN_COPY)
    views = View.objects.filter(of_copies, person=actor, clip_id=clip_id, opened_at__gt=now - timedelta(days=1))
    if views.count() >= MOST_A_DAY:
        told = _("You had %(n)d copies of this clip made within a day: no more for now. Use one of these.")
        raise BadInput(told % {"n": MOST_A_DAY})


def find_clip(actor: Person, clip_id: UUID, *, clock: Clock = _CLOCK) -> Clip:
    """Return a clip that `actor` may export for some purpose. Raises Denied."""
    asked = gate.ask_of(actor, clip_id, Action.EXPORT, clock=clock)
    if not asked.decide(Action.VIEW).allowed:
        raise Denied.of(clip_id)
    return asked.clip


def begin(
    *, actor: Person, clip_id: UUID, purpose: str, reason: str, wishes: Wishes, address: str = "", clock: Clock = _CLOCK
) -> Export:
    """Open the view that an export is made of, and queue it. Durable on return.

    The view is in the ledger and told to the recorded people like any other, with the reason; it gives no bytes by
    itself. Raises Denied, BadInput for a wish that cannot be met.
    """
    clip = find_clip(actor, clip_id, clock=clock)
    if wishes.film not in marked.marked_films_of(clip.pk):
        raise BadInput(_("That film is not there, or not marked yet."))
    said = " ".join(reason.split())
    if not 0 < len(said) <= MAX_REASON:
        raise BadInput(_("Say what the copy is for, in at most %(n)d characters.") % {"n": MAX_REASON})
    now = now_of(clock)
    with transaction.atomic():
        waiting = Export.objects.filter(person=actor, state__in=[Export.State.WAITING, Export.State.MAKING])
        if waiting.count() >= MOST_AT_ONCE:
            raise BadInput(_("Too many copies are being made for you. Let these end first."))
        refuse_more(actor, clip.pk, now=now)
        view = gate.open_view(
            actor=actor, clip_id=clip.pk, purpose=purpose, reason=f"{MADE_FOR}{said}", address=address, clock=clock
        )
        gate.close_view(actor=actor, view_id=view.pk, clock=clock)
        return Export.objects.create(
            id=view.pk,
            clip=clip,
            person=actor,
            purpose=view.purpose,
            film=wishes.film,
            boxes=wishes.boxes,
            timecode=wishes.timecode,
            speed=wishes.speed,
            unit=wishes.unit,
            asked_at=now,
            ends_at=now + exports.LASTS,
        )


def list_of(actor: Person, clip: Clip) -> list[Export]:
    """Return a person's own exports of a clip, newest first."""
    return list(Export.objects.filter(person=actor, clip=clip).order_by("-asked_at"))


def find(actor: Person, export_id: UUID, *, clock: Clock = _CLOCK) -> Export:
    """Return an export of one's own that one may still take, for the purpose that it was made for. Raises Denied."""
    export = Export.objects.select_related("clip__site__organisation").filter(pk=export_id).first()
    if export is None:
        raise Denied.of(export_id)
    if export.person_id != actor.pk or not _is_of(actor, export):
        raise Denied.of(export_id)
    asked = gate.question(actor, export.clip, clock=clock)
    if not asked.decide(Action.EXPORT).allowed:
        raise Denied.of(export_id)
    if not asked.decide(Action.VIEW, Purpose(export.purpose)).allowed:
        raise Denied.of(export_id)
    return export


def _is_of(actor: Person, export: Export) -> bool:
    """Say whether the entry of its view says that `actor` opened this clip, for this purpose, for a copy."""
    view = View.objects.filter(pk=export.view_id).first()
    said = viewings.said_of(view.pk, view.ledger_seq) if view else None
    if said is None or not said.reason.startswith(MADE_FOR):
        return False
    return (said.opener, said.clip, said.purpose) == (str(actor.pk), str(export.clip_id), export.purpose)


def take(*, actor: Person, export_id: UUID, address: str = "", clock: Clock = _CLOCK) -> OpenedPart:
    """Open a finished export. `export.taken` is in the ledger before the first byte; asked again while it is read.

    Raises Denied.
    """
    export = find(actor, export_id, clock=clock)
    if export.state != Export.State.READY:
        raise Denied.of(export_id)
    try:
        opened = footage.open_part(export.clip, export.part)
    except KeyDestroyed:
        raise Denied.of(export_id) from None
    body = {
        "export": export.pk,
        "clip": export.clip_id,
        "view": export.view_id,
        "person": actor.pk,
        "address": address or None,
    }
    with transaction.atomic():
        ledger.append(kind="export.taken", body=body, now_ns=clock.wall_ns())
        Export.objects.filter(pk=export.pk).update(taken_at=now_of(clock))
    chunks: Iterator[bytes] = watching.asked_again(
        opened.chunks, lambda: find(actor, export_id, clock=clock), actor=actor
    )
    return OpenedPart(opened.size_bytes, exports.MEDIA_TYPE, chunks)


def drop(*, actor: Person, export_id: UUID, clock: Clock = _CLOCK) -> None:
    """Remove an export of one's own before its time. Raises Denied."""
    exports.drop(find(actor, export_id, clock=clock))
