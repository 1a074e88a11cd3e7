"""Share one clip with one named person: make, revoke, hand out a new link, and the releases that it may need."""

import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import NS_PER_S, Clock, SystemClock
from custodes.core.errors import BadInput, Corrupt, Denied
from custodes.core.types import Purpose
from custodes.core.wire import Manifest
from custodes.hub.access import gate, recorded, share_entries, share_letters, share_states, trimming
from custodes.hub.access.decisions import Question
from custodes.hub.access.models import Release, Share
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips import footage, masked
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import names
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.signin_links import TOKEN_BYTES, token_hash
from custodes.hub.fleet.times import moment_of, now_of

MAX_NAME, MAX_REASON = 120, 300
MAX_LIVE = 50
"""Shares of one clip that may live at once: each is a door to guard."""
LETTER_PAUSE_NS = 3600 * NS_PER_S
"""Of each share at most one new link in this time follows a release: whoever toggles it writes no stream of letters."""
_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants to share, with whom and how. Times of the film count from its earliest picture (s)."""

    name: str
    email: str
    purpose: str
    reason: str
    days: int
    views: int
    begin_s: float | None = None
    end_s: float | None = None
    with_place: bool = False
    hide: bool = True
    """Whether people's heads are hidden."""
    bare_reason: str = ""
    """Why they are not: wanted of everybody who does not own the clip outright."""
    language: str = "en"


@dataclass(frozen=True, slots=True)
class Made:
    """A share, and the token of its link: shown once, and kept nowhere."""

    share: Share
    token: str


def owns(purpose: Purpose) -> bool:
    """Return whether who shares for this purpose owns the clip outright: the rules give `own` to owners of homes."""
    return purpose is Purpose.OWN


def make(*, actor: Person, clip_id: UUID, wish: Wish, clock: Clock = _CLOCK) -> Made:
    """Share a clip as `wish` says. Durable on return, with its entry in the ledger and the releases that it needs.

    Raises Denied for who may not share it for that purpose, BadInput for a wish that cannot be met.
    """
    asked = gate.ask_of(actor, clip_id, Action.SHARE, clock=clock)
    clip = asked.clip
    purpose = next((one for one in asked.purposes(Action.SHARE) if one.value == wish.purpose), None)
    if purpose is None:
        raise BadInput(_("You may not share this clip for that purpose."))
    name, email = _checked(wish)
    said = len(wish.bare_reason.strip())
    if not wish.hide and not (owns(purpose) and said == 0) and not 0 < said <= MAX_REASON:
        raise BadInput(_("Say why heads are not to be hidden: whoever is on film reads it, and it is in the ledger."))
    cut = _cut(clip, wish)
    now_ns = clock.wall_ns()
    now, token = moment_of(now_ns), secrets.token_urlsafe(TOKEN_BYTES)
    with transaction.atomic():
        _refuse_crowd(clip, now)
        share = Share(
            clip=clip,
            made_by=actor,
            recipient_name=name,
            recipient_email=email,
            language=wish.language,
            purpose=purpose.value,
            reason=wish.reason.strip(),
            made_at=now,
            ends_at=now + timedelta(days=wish.days),
            max_views=wish.views,
            with_place=wish.with_place,
            masked=wish.hide,
            bare_reason="" if wish.hide else wish.bare_reason.strip(),
            cut_json=cut.model_dump_json(),
            token_sha256=token_hash(token),
        )
        people = _people_to_ask(share, now)
        if not gate.may_share(actor, clip, purpose, clock=clock):
            raise Denied.of(clip_id)
        share.save(force_insert=True)
        told = {"masked": share.masked, "bare_reason": share.bare_reason, "with_place": share.with_place}
        told |= _codes(share)
        _write(
            share_entries.MADE, share, now_ns, actor, max_views=wish.views, ends_at=share.ends_at.isoformat(), **told
        )
        for person_id in people:
            given = person_id == actor.pk
            state = Release.State.GIVEN if given else Release.State.ASKED
            Release.objects.create(
                share=share, person_id=person_id, state=state, asked_at=now, answered_at=now if given else None
            )
            _write("share.released" if given else "share.release_asked", share, now_ns, actor, person=person_id)
    share_letters.after_making(share, token, asked=[one for one in people if one != actor.pk], now=now)
    return Made(share, token)


def of_clip(asked: Question) -> QuerySet[Share]:
    """Return a clip's shares, newest first, for whoever may share it; for others none."""
    if not asked.decide(Action.SHARE).allowed:
        return Share.objects.none()
    rows = Share.objects.filter(clip=asked.clip).select_related("made_by", "clip__site__organisation")
    return rows.prefetch_related("releases__person").order_by("-made_at")


def find(actor: Person, share_id: UUID, *, clock: Clock = _CLOCK) -> Share:
    """Return a share of a clip that `actor` may share, whatever its state. Raises Denied."""
    share = Share.objects.select_related("clip__site__organisation").filter(pk=share_id).first()
    if share is None or not gate.may(actor, Action.SHARE, share.clip, clock=clock).allowed:
        raise Denied.of(share_id)
    return share


def revoke(*, actor: Person, share_id: UUID, clock: Clock = _CLOCK) -> Share:
    """End a share: its link, its session and its next byte range give nothing. Raises Denied."""
    share = find(actor, share_id, clock=clock)
    _end([share], by=actor, why="revoked", now_ns=clock.wall_ns())
    return share


def end_all_of(clip: Clip, *, by: Person, why: str, now_ns: int) -> int:
    """End every share of a clip that lives; return how many. Whether `by` may is the caller's to ask."""
    now = moment_of(now_ns)
    rows = Share.objects.filter(clip=clip, revoked_at=None).select_related("clip__site__organisation")
    living = [share for share in rows if not share_states.has_ended(share, now=now)]
    _end(living, by=by, why=why, now_ns=now_ns)
    return len(living)


def renew(*, actor: Person, share_id: UUID, clock: Clock = _CLOCK) -> Made:
    """Make a new link for a share that lives; the old link and the browser that used it are out. Viewings count on.

    Raises Denied, and BadInput for a share that has ended.
    """
    share = find(actor, share_id, clock=clock)
    if share_states.has_ended(share, now=now_of(clock)):
        raise BadInput(_("This share has ended. Make a new one."))
    stands = share_entries.standing(share)
    if stands.revoked or (stands.code is not None and not share_entries.keeps_promise(share, stands)):
        raise BadInput(_("This share has ended. Make a new one."))
    return _new_link(share, actor, clock.wall_ns())


def releases_of(person: Person, *, clock: Clock = _CLOCK) -> QuerySet[Release]:
    """Return what `person` was asked to release and of which something can still be said, newest first."""
    living = {"share__revoked_at": None, "share__ends_at__gt": now_of(clock)}
    rows = Release.objects.filter(person=person, **living)
    return rows.select_related("share__clip__site__organisation", "share__made_by").order_by("-asked_at")


def answer(*, person: Person, release_id: int, given: bool, clock: Clock = _CLOCK) -> Release:
    """Keep what a recorded person says to a share of them. A no counts from the next byte range on.

    Raises Denied for anybody else's release and for a share that has ended.
    """
    now_ns = clock.wall_ns()
    now = moment_of(now_ns)
    with transaction.atomic():
        release = releases_of(person, clock=clock).filter(pk=release_id).first()
        if release is None:
            raise Denied.of(release_id)
        before, states = release.state, Release.State
        release.state = states.GIVEN if given else (states.WITHDRAWN if before == states.GIVEN else states.REFUSED)
        if release.state == before or (not given and before in {states.REFUSED, states.WITHDRAWN}):
            release.state = before
            return release
        release.answered_at = now
        release.save(update_fields=["state", "answered_at"])
        kind = {"given": "share.released", "refused": "share.release_refused"}.get(
            release.state, "share.release_withdrawn"
        )
        _write(kind, release.share, now_ns, person, person=person.pk)
    if given and share_states.is_released(release.share) and not _has_new_link(release.share, now_ns):
        share_letters.after_release(release.share, lambda: _new_link(release.share, None, clock.wall_ns()).token)
    return release


def end_those_of(person_id: UUID, organisation_id: UUID, purpose: str, *, now_ns: int) -> None:
    """End every share that rests on a consent which `person_id` has just withdrawn. In the caller's transaction."""
    # Those past their time too: a clock that is set back must not revive them.
    living = Share.objects.filter(clip__site__organisation_id=organisation_id, purpose=purpose, revoked_at=None)
    rows = living.select_related("clip__site")
    theirs = [one for one in rows if person_id in recorded.people_in(one.clip)]
    _end(theirs, by=None, why="consent withdrawn", now_ns=now_ns)


def _end(shares: Collection[Share], *, by: Person | None, why: str, now_ns: int) -> None:
    with transaction.atomic():
        for share in shares:
            changed = Share.objects.filter(pk=share.pk, revoked_at=None).update(
                revoked_at=moment_of(now_ns), revoked_by=by, session_sha256=None
            )
            if changed:
                _write("share.revoked", share, now_ns, by, why=why)


def _new_link(share: Share, by: Person | None, now_ns: int) -> Made:
    token = secrets.token_urlsafe(TOKEN_BYTES)
    share.token_sha256 = token_hash(token)
    with transaction.atomic():
        Share.objects.filter(pk=share.pk).update(
            token_sha256=share.token_sha256, token_used_at=None, session_sha256=None
        )
        _write(share_entries.LINK_MADE, share, now_ns, by, **_codes(share))
    return Made(share, token)


def _codes(share: Share) -> dict[str, str]:
    """Return what the entry of a link says for the gate: the row that was promised, and the link."""
    link = share_entries.link_of(share.pk, share.token_sha256)
    return {share_entries.CODE: share_entries.code_of(share), share_entries.LINK: link}


def _has_new_link(share: Share, now_ns: int) -> bool:
    """Say whether a link was made after the first one a short time ago: it opens again by itself."""
    made_ones = LedgerBody.objects.filter(clip_id=share.clip_id, leaf__kind="share.link_made")
    lately = made_ones.filter(leaf__recorded_wall_ns__gt=now_ns - LETTER_PAUSE_NS)
    return lately.filter(body_json__contains=str(share.pk)).exists()


def _people_to_ask(share: Share, now: datetime) -> tuple[UUID, ...]:
    """Return who must release it: nobody inside of the organisation. Raises BadInput where nobody can be asked."""
    if not share_states.is_outside(share, now=now):
        return ()
    people = recorded.people_in(share.clip)
    reachable = Person.objects.filter(pk__in=people, is_active=True).count()
    if not people or reachable < len(people):
        if not share_states.goes_by_mail():
            raise BadInput(
                _(
                    "This hub sends no mail, so you would hand over the link yourself, and whoever is recorded must "
                    "release the clip. Nobody recorded in it has an account here who could be asked: it cannot be "
                    "shared."
                )
            )
        raise BadInput(
            _(
                "%(email)s belongs to nobody of %(organisation)s, so whoever is recorded must release the clip. "
                "Nobody recorded in it has an account here who could be asked: it cannot be shared outside."
            )
            % {"email": share.recipient_email, "organisation": share.clip.site.organisation}
        )
    return people


def _refuse_crowd(clip: Clip, now: datetime) -> None:
    if Share.objects.filter(clip=clip, revoked_at=None, ends_at__gt=now).count() >= MAX_LIVE:
        raise BadInput(_("This clip has %(n)d shares already. Revoke some first.") % {"n": MAX_LIVE})


def _checked(wish: Wish) -> tuple[str, str]:
    limits = settings.HUB.share
    name, email = names.clean(wish.name), wish.email.strip().lower()
    if not 0 < len(name) <= MAX_NAME:
        raise BadInput(_("Say by name who may watch."))
    try:
        validate_email(email)
    except ValidationError:
        raise BadInput(_("The e-mail address is not one.")) from None
    if not 0 < len(wish.reason.strip()) <= MAX_REASON:
        raise BadInput(_("Say why, in at most 300 characters: whoever is on film reads it."))
    if not 1 <= wish.days <= limits.max_days:
        raise BadInput(_("A share lasts from 1 to %(n)d days here.") % {"n": limits.max_days})
    if not 1 <= wish.views <= limits.max_views:
        raise BadInput(_("A share allows from 1 to %(n)d viewings here.") % {"n": limits.max_views})
    return name, email


def _cut(clip: Clip, wish: Wish) -> trimming.Cut:
    if wish.begin_s is not None and wish.end_s is not None and wish.end_s < wish.begin_s:
        raise BadInput(_("The end lies before the beginning."))
    if wish.hide and not masked.is_ready(clip.pk):
        raise BadInput(
            _("The film with hidden heads is not made yet. Have it made first, or say why not to hide them.")
        )
    try:
        manifest: Manifest = footage.read_manifest(clip)
        first_ns = min(one.first_frame_wall_ns for one in manifest.lenses)

        def wall(moment_s: float | None) -> int | None:
            return None if moment_s is None else first_ns + round(moment_s * NS_PER_S)

        cuts = [
            trimming.cut_lens(clip, one, begin_ns=wall(wish.begin_s), end_ns=wall(wish.end_s), hide=wish.hide)
            for one in manifest.lenses
        ]
    except Corrupt:
        raise BadInput(_("The film of this clip is not ready to be shared. Try again in a few minutes.")) from None
    except trimming.TooShort:
        raise BadInput(
            _(
                "That is too short: at least 5 seconds of each film must lie in the range, or two viewings could not "
                "be told apart. Film is cut every half second. Choose a longer range; a shorter clip is shared whole."
            )
        ) from None
    films = tuple(one for one in cuts if one is not None)
    if not films:
        raise BadInput(
            _("No whole piece of film lies in that range. Choose a longer one: film is cut every half second.")
        )
    return trimming.Cut(films=films)


def _write(kind: str, share: Share, now_ns: int, by: Person | None, **more: Any) -> None:
    body = {
        "share": share.pk,
        "clip": share.clip_id,
        "by": None if by is None else by.pk,
        "name": share.recipient_name,
        "email": share.recipient_email,
        "purpose": share.purpose,
        "reason": share.reason,
        **more,
    }
    ledger.append(kind=kind, body=body, now_ns=now_ns)
