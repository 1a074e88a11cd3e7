"""Masked films for shares: who may have them made, and see what will leave before it does."""

from uuid import UUID

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Denied
from custodes.hub.access import gate
from custodes.hub.access.requests import Action
from custodes.hub.clips import footage, masked
from custodes.hub.clips.models import Clip, Masking
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import now_of
from custodes.hub.vault.keys import KeyDestroyed

MAX_SHEET_BYTES = 1024 * 1024
_CLOCK = SystemClock()


def ask(*, actor: Person, clip_id: UUID, clock: Clock = _CLOCK) -> Masking:
    """Have a clip's films with hidden heads made, by whoever may share the clip. Durable on return. Raises Denied."""
    return masked.ask(_clip(actor, clip_id, clock), now=now_of(clock))


def read_sheet(*, actor: Person, clip_id: UUID, film: str, clock: Clock = _CLOCK) -> bytes:
    """Return stills of one masked film (JPEG). They count as the clip's picture: in the ledger first. Raises Denied."""
    clip = _clip(actor, clip_id, clock)
    if film not in masked.films_of(clip.pk):
        raise Denied.of(clip_id)
    if clip.pk not in gate.list_posters(gate.sight(actor, clock=clock), [clip], clock=clock):
        raise Denied.of(clip_id)
    try:
        return footage.read_whole(clip, masked.sheet_part(film), at_most=MAX_SHEET_BYTES)
    except KeyDestroyed:
        raise Denied.of(clip_id) from None


def _clip(actor: Person, clip_id: UUID, clock: Clock) -> Clip:
    return gate.find_clip(actor, clip_id, Action.SHARE, clock=clock)
