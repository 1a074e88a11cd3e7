"""The gate as a named person meets it: a link, a session for one share, and the viewings that the share allows.

Every refusal is Denied with one message: guessed, used, ended, revoked and not released look alike.
"""

import secrets
import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F, QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Denied
from custodes.core.types import Purpose
from custodes.core.wire import Manifest
from custodes.hub.access import (
    decisions,
    gate,
    recorded,
    served,
    share_entries,
    share_states,
    shared_facts,
    trimming,
    viewings,
    watching,
)
from custodes.hub.access.models import Share, View
from custodes.hub.audit import ledger
from custodes.hub.clips import footage, held_words, marked
from custodes.hub.clips.headline import Headline
from custodes.hub.consent.telling import SHARED
from custodes.hub.fleet.signin_links import TOKEN_BYTES, token_hash
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.vault.keys import KeyDestroyed
from custodes.trace.keys import CodeWord
from custodes.trace.splice import ViewLayout

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Entered:
    """A share, and what the browser that exchanged the link keeps: its hash alone stands in the database."""

    share: Share
    session: str


def exchange(token: str, *, clock: Clock = _CLOCK) -> Entered:
    """Use a link up and return the session that it gives, for its share and nothing else.

    Of two at once, one wins. A link whose share would open nothing now is not used up. Raises Denied.
    """
    now_ns = clock.wall_ns()
    session = secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        share = _shares().filter(token_sha256=token_hash(token), token_used_at=None).first()
        if share is None:
            raise Denied.of("That share")
        stands = share_entries.standing(share)
        if (
            not share_entries.opens_by_link(share, stands)
            or not _decide(share, stands, opening=True, clock=clock).allowed
        ):
            raise Denied.of("That share")
        unused = Share.objects.filter(pk=share.pk, token_used_at=None)
        if not unused.update(token_used_at=moment_of(now_ns), session_sha256=token_hash(session)):
            raise Denied.of("That share")
        code = share_entries.session_of(share.pk, token_hash(session))
        body = {
            "share": share.pk, "clip": share.clip_id, "email": share.recipient_email, share_entries.SESSION: code,
        }  # fmt: skip
        ledger.append(kind="share.link_used", body=body, now_ns=now_ns)
    return Entered(share, session)


def find(session: str, *, clock: Clock = _CLOCK) -> Share:
    """Return the share of a session, while it shows anything. Raises Denied."""
    return _find(session, clock)[0]


def open_view(*, session: str, address: str = "", clock: Clock = _CLOCK) -> View:
    """Open one of the viewings that a share allows, and write it down.

    The ledger entry, the view, its count and the letters to the recorded people are one transaction, durable on return
    and before any byte: parallel openings never exceed the cap. Raises Denied.
    """
    with transaction.atomic():
        share, stands = _find(session, clock)
        # By the entries too: whoever writes the row could count its viewings down.
        share.views_used = max(share.views_used, share_entries.views_of(share))
        decision = _decide(share, stands, opening=True, clock=clock)
        if not decision.allowed:
            raise Denied.of("That share")
        if not Share.objects.filter(pk=share.pk, views_used__lt=F("max_views")).update(views_used=F("views_used") + 1):
            raise Denied.of("That share")
        view_id, now_ns = uuid.uuid4(), clock.wall_ns()
        words = _draw_words(share, view_id, now_ns)
        entry = ledger.append(
            kind="view.opened",
            body={
                "view": view_id,
                "clip": share.clip_id,
                "share": share.pk,
                "name": share.recipient_name,
                "email": share.recipient_email,
                "role": SHARED,
                "purpose": share.purpose,
                "policy": decision.policy,
                "reason": share.reason,
                "address": address or None,
                **({"word": marked.commitment(share.clip_id, view_id, words)} if words else {}),
            },
            now_ns=now_ns,
        )
        view = View.objects.create(
            id=view_id,
            clip=share.clip,
            share_id=share.pk,
            purpose=share.purpose,
            reason=share.reason,
            role=SHARED,
            policy=decision.policy,
            address=address or None,
            opened_at=moment_of(now_ns),
            ledger_seq=entry.seq,
        )
        recorded.tell(view, now_ns=now_ns, watcher=share.recipient_name)
        return view


def describe_part(*, session: str, view_id: uuid.UUID, part: str, clock: Clock = _CLOCK) -> gate.PartFacts:
    """Return size and type of one shared film of an open view. Raises Denied."""
    share, view = _open(session, view_id, clock)
    layout = _layout(share, view, _film(share, part))
    version = marked.version_of(view.pk, part, layout)
    return gate.PartFacts(size_bytes=layout.size_bytes, media_type=marked.MEDIA_TYPE, version=version)


def read_part(
    *, session: str, view_id: uuid.UUID, part: str, start: int = 0, stop: int | None = None, clock: Clock = _CLOCK
) -> gate.OpenedPart:
    """Open bytes [start, stop) of one shared film with this view's own mark, of the shared range alone.

    Authorised anew, release included, each time and every MiB or 2 s while it is read. Raises Denied.
    """
    share, view = _open(session, view_id, clock)
    film = _film(share, part)
    now = now_of(clock)
    if view.last_byte_at is None or now - view.last_byte_at >= gate.TOUCH_EVERY:
        View.objects.filter(pk=view.pk).update(last_byte_at=now)
    layout = _layout(share, view, film)
    stop = layout.size_bytes if stop is None else min(stop, layout.size_bytes)
    chunks = trimming.read(share.clip, film, layout, min(start, stop), stop)
    asked = watching.asked_again(chunks, lambda: _open(session, view_id, clock))
    counted = served.counted(asked, view_id, part, layout)
    return gate.OpenedPart(size_bytes=layout.size_bytes, media_type=marked.MEDIA_TYPE, chunks=counted)


def read_manifest(*, session: str, view_id: uuid.UUID, clock: Clock = _CLOCK) -> Manifest:
    """Return the facts of what is shared: nothing from outside its range, no place unless it was chosen.

    Raises Denied.
    """
    share, _view = _open(session, view_id, clock)
    try:
        whole = footage.read_manifest(share.clip)
    except KeyDestroyed:
        raise Denied.of("That share") from None
    return shared_facts.cut_manifest(whole, _cut(share), with_place=share.with_place)


def read_headline(*, session: str, view_id: uuid.UUID, clock: Clock = _CLOCK) -> Headline:
    """Return what the page of an open view calls the clip. Raises Denied."""
    share, _view = _open(session, view_id, clock)
    try:
        return shared_facts.cut_headline(footage.read_manifest(share.clip), _cut(share), with_place=share.with_place)
    except KeyDestroyed:
        raise Denied.of("That share") from None


def report_progress(*, session: str, view_id: uuid.UUID, watched_ms: int, clock: Clock = _CLOCK) -> None:
    """Keep how much film was shown (ms). Only grows. Raises Denied."""
    _share, view = _open(session, view_id, clock)
    longest_ms = int(viewings.LASTS.total_seconds() * 1000)
    View.objects.filter(pk=view.pk, watched_ms__lt=watched_ms).update(watched_ms=min(max(watched_ms, 0), longest_ms))


def open_views(share: Share, *, clock: Clock = _CLOCK) -> list[View]:
    """Return the viewings of a share that are still open, newest first."""
    since = now_of(clock) - viewings.LASTS
    return list(View.objects.filter(share_id=share.pk, closed_at=None, opened_at__gt=since).order_by("-opened_at"))


def _open(session: str, view_id: uuid.UUID, clock: Clock) -> tuple[Share, View]:
    share = find(session, clock=clock)
    view = View.objects.filter(pk=view_id).first()
    if view is None:
        raise Denied.of("That share")
    if (view.share_id, view.clip_id) != (share.pk, share.clip_id):
        raise Denied.of("That share")
    if not viewings.is_open(view, by=share.pk, now=now_of(clock)):
        raise Denied.of("That share")
    return share, view


def _film(share: Share, part: str) -> trimming.CutFilm:
    film = _cut(share).film(part)
    if film is None:
        raise Denied.of("That share")
    return film


def _draw_words(share: Share, view_id: uuid.UUID, now_ns: int) -> dict[str, CodeWord]:
    try:
        return held_words.draw(share.clip, view_id, held_words.Opener("share", share.pk), now_ns=now_ns)
    except KeyDestroyed:
        raise Denied.of("That share") from None


def _layout(share: Share, view: View, film: trimming.CutFilm) -> ViewLayout:
    try:
        layout = trimming.layout_for(share.clip, view.pk, film)
    except KeyDestroyed:
        raise Denied.of("That share") from None
    if layout is None:
        raise Denied.of("That share")
    return layout


def _cut(share: Share) -> trimming.Cut:
    return trimming.Cut.model_validate_json(share.cut_json)


def _find(session: str, clock: Clock) -> tuple[Share, share_entries.Standing]:
    """Return the share of a session with where its entries leave it, while it shows anything. Raises Denied."""
    share = _shares().filter(session_sha256=token_hash(session)).first() if session else None
    if share is None:
        raise Denied.of("That share")
    stands = share_entries.standing(share)
    if not share_entries.opens_by_session(share, stands):
        raise Denied.of("That share")
    if not _decide(share, stands, opening=False, clock=clock).allowed:
        raise Denied.of("That share")
    return share, stands


def _decide(share: Share, stands: share_entries.Standing, *, opening: bool, clock: Clock) -> decisions.Decision:
    now = now_of(clock)
    facts = share_states.facts_of(share, stands, opening=opening, now=now)
    return decisions.decide_share(facts, share.clip, purpose=Purpose(share.purpose), now=now)


def _shares() -> QuerySet[Share]:
    return Share.objects.select_related("clip__site__organisation", "made_by")
