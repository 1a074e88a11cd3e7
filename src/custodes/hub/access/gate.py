"""The one door to footage: no byte leaves the hub but through here, and no byte before its ledger entry.

Every function raises Denied for what is forbidden and for what is not there, with the same message.
"""

import logging
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Corrupt, Denied
from custodes.core.types import Purpose
from custodes.core.wire import MANIFEST_PART, MAX_MANIFEST_BYTES, Manifest
from custodes.hub.access import decisions, recorded, served, showings, told, viewings, watching
from custodes.hub.access.decisions import Actor, Decision, Question
from custodes.hub.access.lists import Sight
from custodes.hub.access.models import Unsealing, View
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.audit.proofs import InclusionProof, inclusion_proof
from custodes.hub.clips import arrivals, footage, headline, held_words, marked
from custodes.hub.clips.headline import Headline
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.vault.keys import KeyDestroyed
from custodes.trace.keys import CodeWord
from custodes.trace.splice import ViewLayout

TOUCH_EVERY = timedelta(seconds=5)
"""How exactly `last_byte_at` is kept: a write for every byte range would cost more than the range."""
MAX_POSTER_BYTES = 4 * 1024**2
_CLOCK = SystemClock()
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedPart:
    """A byte range of one plain part, decrypted as it is read. `size_bytes` is the whole part's."""

    size_bytes: int
    media_type: str
    chunks: Iterator[bytes]


@dataclass(frozen=True, slots=True)
class PartFacts:
    """What a player must know before it asks for bytes. `version` changes when the bytes do."""

    size_bytes: int
    media_type: str
    version: str


def may(actor: Actor, action: Action | str, clip: Clip, *, clock: Clock = _CLOCK) -> Decision:
    """Return whether `actor` may do `action` with `clip`, the rule, and its words. Opens and logs nothing."""
    return decisions.decide(actor, Action(action), clip, purpose=None, now=now_of(clock))


def purposes_for(actor: Actor, clip: Clip, *, clock: Clock = _CLOCK) -> tuple[Purpose, ...]:
    """Return the purposes for which `actor` may open a view of `clip`; none: they may not watch it."""
    return question(actor, clip, clock=clock).purposes()


def question(actor: Actor, clip: Clip, *, clock: Clock = _CLOCK) -> Question:
    """Return what stands between `actor` and `clip` now, for a page that asks for several things at once."""
    return Question(actor, clip, now=now_of(clock))


def may_share(actor: Actor, clip: Clip, purpose: Purpose, *, clock: Clock = _CLOCK) -> bool:
    """Return whether `actor` may share `clip` for `purpose`."""
    return decisions.decide(actor, Action.SHARE, clip, purpose=purpose, now=now_of(clock)).allowed


def visible_clips(actor: Actor, action: Action | str = Action.LIST, *, clock: Clock = _CLOCK) -> QuerySet[Clip]:
    """Return the clips with which `actor` may do `action`: exactly those for which `may` says yes."""
    return sight(actor, clock=clock).clips(Action(action))


def sight(actor: Actor, *, clock: Clock = _CLOCK) -> Sight:
    """Return which clips `actor` may do what with now, for a page that lists several things."""
    return Sight(actor, now=now_of(clock))


def find_clip(actor: Actor, clip_id: uuid.UUID, *actions: Action | str, clock: Clock = _CLOCK) -> Clip:
    """Return the clip if `actor` may do one of `actions` with it; none named: LIST. Raises Denied."""
    return ask_of(actor, clip_id, *actions, clock=clock).clip


def ask_of(actor: Actor, clip_id: uuid.UUID, *actions: Action | str, clock: Clock = _CLOCK) -> Question:
    """Return what stands between `actor` and a clip, for a page that asks more of it, where `find_clip` gives it.

    Raises Denied.
    """
    asked = question(actor, _clip(clip_id), clock=clock)
    if not any(asked.decide(Action(action)).allowed for action in actions or (Action.LIST,)):
        raise Denied.of(clip_id)
    return asked


def open_view(  # the contract's seven facts, all by name
    *,
    actor: Actor,
    clip_id: uuid.UUID,
    purpose: Purpose | str,
    reason: str = "",
    address: str = "",
    clock: Clock = _CLOCK,
) -> View:
    """Authorise one watching of one clip by one person for one purpose, and write it down.

    The ledger entry `view.opened`, the view, its code words and the letters to the recorded people are one
    transaction, durable on return and before any byte. A film that is not marked yet gets no word, and no bytes.
    Raises Denied.
    """
    with transaction.atomic():
        clip = _clip(clip_id)
        purpose = _purpose(purpose, clip_id)
        decision = decisions.decide(actor, Action.VIEW, clip, purpose=purpose, now=now_of(clock))
        if not decision.allowed or not isinstance(actor, Person):
            raise Denied.of(clip_id)
        view_id, now_ns = uuid.uuid4(), clock.wall_ns()
        words = _draw_words(clip, view_id, actor, now_ns)
        entry = ledger.append(
            kind="view.opened",
            body={
                "view": view_id,
                "clip": clip.pk,
                "person": actor.pk,
                "name": actor.display_name,
                "email": actor.email,
                "role": decision.role,
                "purpose": purpose.value,
                "policy": decision.policy,
                "reason": reason[:300],
                "address": address or None,
                **({"word": marked.commitment(clip.pk, view_id, words)} if words else {}),
            },
            now_ns=now_ns,
        )
        view = View.objects.create(
            id=view_id,
            clip=clip,
            person=actor,
            purpose=purpose.value,
            reason=reason[:300],
            role=decision.role,
            policy=decision.policy,
            address=address or None,
            opened_at=moment_of(now_ns),
            ledger_seq=entry.seq,
        )
        recorded.tell(view, now_ns=now_ns)
        return view


def note_original(unsealing: Unsealing, *, policy: str, address: str, now_ns: int) -> View:
    """Write down that somebody takes an unmarked original: as a viewing that is over, which opens no byte itself.

    Inside the transaction that allows it. The recorded people are told, as of any viewing.
    """
    view_id, person = uuid.uuid4(), unsealing.asked_by
    said = {"role": unsealing.role, "purpose": unsealing.purpose, "policy": policy, "reason": unsealing.reason}
    body = {"view": view_id, "clip": unsealing.clip_id, "person": person.pk, **said, "address": address or None}
    named = {"name": person.display_name, "email": person.email}
    entry = ledger.append(kind="view.opened", body={**body, **named}, now_ns=now_ns)
    opened_at = moment_of(now_ns)
    view = View.objects.create(
        id=view_id,
        clip=unsealing.clip,
        person=person,
        address=address or None,
        opened_at=opened_at,
        closed_at=opened_at,
        ledger_seq=entry.seq,
        **said,
    )
    recorded.tell(view, now_ns=now_ns)
    return view


def describe_part(*, actor: Actor, view_id: uuid.UUID, part: str, clock: Clock = _CLOCK) -> PartFacts:
    """Return size and type of one film as this open view gets it. Raises Denied."""
    view = _open_view(actor, view_id, clock)
    layout = _layout(view, part)
    version = marked.version_of(view.pk, part, layout)
    return PartFacts(size_bytes=layout.size_bytes, media_type=marked.MEDIA_TYPE, version=version)


def read_part(
    *,
    actor: Actor,
    view_id: uuid.UUID,
    part: str,
    start: int = 0,
    stop: int | None = None,
    clock: Clock = _CLOCK,
) -> OpenedPart:
    """Open bytes [start, stop) of one film as this open view gets it, with its own mark; `stop` None: to its end.

    Authorised anew each time, and every MiB or 2 s while the iterator is read: it ends early when the right has
    ended. Bytes are decrypted as they are read, a chunk at a time. Raises Denied; Corrupt while reading when a
    stored chunk was changed.
    """
    view = _open_view(actor, view_id, clock)
    layout = _layout(view, part)
    now = now_of(clock)
    if view.last_byte_at is None or now - view.last_byte_at >= TOUCH_EVERY:
        View.objects.filter(pk=view.pk).update(last_byte_at=now)
    stop = layout.size_bytes if stop is None else min(stop, layout.size_bytes)
    chunks = marked.read_range(view.clip, part, layout, min(start, stop), stop)
    asked = watching.asked_again(chunks, lambda: _open_view(actor, view_id, clock), actor=actor)
    return OpenedPart(layout.size_bytes, marked.MEDIA_TYPE, served.counted(asked, view_id, part, layout))


def read_manifest(*, actor: Actor, view_id: uuid.UUID, clock: Clock = _CLOCK) -> Manifest:
    """Return the facts of an open view's clip: boxes, samples, rule, models; the place only to who may know it.

    Raises Denied.
    """
    view = _open_view(actor, view_id, clock)
    whole = Manifest.model_validate_json(_whole(view.clip, MANIFEST_PART, limit=MAX_MANIFEST_BYTES))
    return told.manifest(question(actor, view.clip, clock=clock), whole)


def list_posters(seen: Sight, clips: Iterable[Clip], *, clock: Clock = _CLOCK) -> dict[uuid.UUID, Headline | None]:
    """Write down, in one ledger entry, that a person is shown the pictures of these clips today.

    A page with many pictures calls this first; `read_poster` then needs no entry of its own. Returns those that may
    be shown, each with what a list may say of it (`read_headlines`), which is less than its picture does.
    """
    asked = {clip.pk: clip for clip in clips}
    allowed = set(seen.clips(Action.POSTER).filter(pk__in=list(asked)).values_list("pk", flat=True)) if asked else set()
    if allowed and isinstance(seen.actor, Person):
        showings.write_posters(seen.actor, allowed, now_ns=clock.wall_ns())
    return {clip_id: _headline(asked[clip_id]) for clip_id in allowed}


def read_poster(*, actor: Actor, clip_id: uuid.UUID, clock: Clock = _CLOCK) -> bytes:
    """Return a clip's still picture (JPEG). Its ledger entry is there before the bytes are. Raises Denied."""
    clip = find_clip(actor, clip_id, Action.POSTER, clock=clock)
    if not isinstance(actor, Person) or not clip.parts.filter(kind=ClipPart.Kind.POSTER).exists():
        raise Denied.of(clip_id)
    showings.write_posters(actor, [clip.pk], now_ns=clock.wall_ns())
    return _whole(clip, "poster", limit=MAX_POSTER_BYTES)


def read_headlines(seen: Sight, clips: Iterable[Clip], *, action: Action = Action.POSTER) -> dict[uuid.UUID, Headline]:
    """Return what a page may say about these clips: of those alone whose picture a person may see, or with which they
    may do `action` (bring it back).

    A clip that was erased meanwhile, or whose headline does not open, is left out.
    """
    asked = {clip.pk: clip for clip in clips if clip.sealed_headline}
    if not asked:
        return {}
    visible = seen.clips(action).filter(pk__in=list(asked))
    found = {clip_id: _headline(asked[clip_id]) for clip_id in visible.values_list("pk", flat=True)}
    return {clip_id: told for clip_id, told in found.items() if told}


def read_headline(asked: Question, *actions: Action) -> Headline | None:
    """Return what a page may say about one clip to whoever may see its picture, or may do one of `actions` with it."""
    allowed = any(asked.decide(action).allowed for action in (Action.POSTER, *actions))
    return _headline(asked.clip) if allowed else None


def report_progress(*, actor: Actor, view_id: uuid.UUID, watched_ms: int, clock: Clock = _CLOCK) -> None:
    """Keep how much film the player has shown (ms). Only grows. Raises Denied."""
    view = _open_view(actor, view_id, clock)
    longest_ms = int(viewings.LASTS.total_seconds() * 1000)
    View.objects.filter(pk=view.pk, watched_ms__lt=watched_ms).update(watched_ms=min(max(watched_ms, 0), longest_ms))


def close_view(*, actor: Actor, view_id: uuid.UUID, clock: Clock = _CLOCK) -> None:
    """End a view: its address gives nothing any more. Raises Denied."""
    view = _open_view(actor, view_id, clock)
    viewings.close(view, now=now_of(clock))


def prove_view(*, actor: Actor, view_id: uuid.UUID, clock: Clock = _CLOCK) -> InclusionProof:
    """Return the proof that a view stands in the ledger, for whoever may see who watched the clip. Raises Denied."""
    view = View.objects.select_related("clip__site").filter(pk=view_id).first()
    if view is None:
        raise Denied.of(view_id)
    decision = decisions.decide(actor, Action.HISTORY, view.clip, purpose=None, now=now_of(clock))
    if not decision.allowed:
        raise Denied.of(view_id)
    return inclusion_proof(view.ledger_seq, now_ns=clock.wall_ns())


def _headline(clip: Clip) -> Headline | None:
    if not clip.sealed_headline or not arrivals.stands(clip):
        return None
    try:
        return headline.read(clip)
    except (KeyDestroyed, Corrupt) as error:
        log.warning("the headline of a clip is not shown: %s", error)
        return None


def _clip(clip_id: uuid.UUID) -> Clip:
    # What a refusal needs; whoever the page of a clip names besides is read for those who get that far.
    clip = Clip.objects.select_related("site__organisation").filter(pk=clip_id).first()
    if clip is None:
        raise Denied.of(clip_id)
    return clip


def _open_view(actor: Actor, view_id: uuid.UUID, clock: Clock) -> View:
    """Return a view of the actor's own that is still open and still allowed."""
    now = now_of(clock)
    view = View.objects.select_related("clip__site").filter(pk=view_id).first()
    if view is None or not isinstance(actor, Person):
        raise Denied.of(view_id)
    if view.person_id != actor.pk or not viewings.is_open(view, by=actor.pk, now=now):
        raise Denied.of(view_id)
    decision = decisions.decide(actor, Action.VIEW, view.clip, purpose=Purpose(view.purpose), now=now)
    if not decision.allowed:
        raise Denied.of(view_id)
    return view


def _draw_words(clip: Clip, view_id: uuid.UUID, actor: Person, now_ns: int) -> dict[str, CodeWord]:
    try:
        return held_words.draw(clip, view_id, held_words.Opener("person", actor.pk), now_ns=now_ns)
    except KeyDestroyed:
        raise Denied.of(clip.pk) from None


def _layout(view: View, part: str) -> ViewLayout:
    """Return how this view's own bytes of a film are laid out. An unmarked film is not served: raises Denied."""
    try:
        layout = held_words.layout_for(view.clip, view.pk, part)
    except KeyDestroyed:
        raise Denied.of(view.pk) from None
    if layout is None:
        raise Denied.of(view.pk)
    return layout


def _footage(clip: Clip, part: str, start: int, stop: int | None) -> OpenedPart:
    try:
        opened = footage.open_part(clip, part, start=start, stop=stop)
    except KeyDestroyed:
        raise Denied.of(clip.pk) from None
    return OpenedPart(size_bytes=opened.size_bytes, media_type=opened.media_type, chunks=opened.chunks)


def _whole(clip: Clip, part: str, *, limit: int) -> bytes:
    opened = _footage(clip, part, 0, None)
    if opened.size_bytes > limit:
        raise Denied.of(clip.pk)
    return b"".join(opened.chunks)


def _purpose(purpose: Purpose | str, clip_id: uuid.UUID) -> Purpose:
    try:
        return Purpose(purpose)
    except ValueError:
        raise Denied.of(clip_id) from None
