"""The unmarked original: one person asks, another says yes, and it is taken once. In an emergency the glass is broken.

Every step is a leaf in the ledger. Refusals are Denied with one message, but for what the form can mend (BadInput).
"""

import zipfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.core.types import Purpose
from custodes.hub.access import (
    alarms,
    copies,
    decisions,
    gate,
    told,
    unsealing_entries,
    unsealing_letters,
    watched,
    watching,
)
from custodes.hub.access.models import Unsealing
from custodes.hub.access.requests import Action, UnsealingFacts
from custodes.hub.audit import ledger, past
from custodes.hub.clips import footage
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import moment_of, now_of
from custodes.hub.vault.keys import KeyDestroyed

WAITS_FOR = timedelta(days=7)
"""How long a request waits for somebody's yes."""
TAKEN_WITHIN = timedelta(hours=24)
GLASS_LASTS = timedelta(hours=1)
MAX_REASON, MAX_WORDS = 300, 500
_CLOCK = SystemClock()


def ask(*, actor: Person, clip_id: UUID, purpose: str, reason: str, clock: Clock = _CLOCK) -> Unsealing:
    """Ask for the original of a clip. Durable on return; those who may say yes get a letter.

    Raises Denied for who may not ask, BadInput for a wish that cannot be met: nobody else could say yes.
    """
    asked = gate.ask_of(actor, clip_id, Action.ORIGINAL, clock=clock)
    clip, now_ns = asked.clip, clock.wall_ns()
    now = moment_of(now_ns)
    wanted = next((one for one in asked.purposes(Action.ORIGINAL) if one.value == purpose), None)
    if wanted is None:
        raise BadInput(_("You may not ask for that purpose."))
    with transaction.atomic():
        others = approvers(clip, but=actor, now=now)
        if not others:
            raise BadInput(_("Nobody else here could say yes. Name a privacy officer or a second manager first."))
        role = decisions.decide(actor, Action.ORIGINAL, clip, purpose=wanted, now=now).role
        unsealing = _stored(clip, actor, role, wanted, reason, now=now, ends_at=now + WAITS_FOR)
        _log("original.asked", unsealing, actor, now_ns)
        unsealing_letters.to_approvers(unsealing, others)
    return unsealing


def approvers(clip: Clip, *, but: Person, now: datetime) -> list[Person]:
    """Return who else may say yes to something that somebody wants with a clip."""
    return [one for one in decisions.Question(but, clip, now=now).who_may(Action.APPROVE) if one != but]


def decide(*, actor: Person, unsealing_id: UUID, yes: bool, words: str = "", clock: Clock = _CLOCK) -> Unsealing:
    """Say yes or no to what somebody else asks for; or, of a broken glass, whether there was an emergency.

    A no and a review want their reason. Raises Denied, BadInput.
    """
    states, now_ns = Unsealing.State, clock.wall_ns()
    now, said = moment_of(now_ns), words.strip()
    with transaction.atomic():
        unsealing = _decidable(actor, unsealing_id, now)
        review = unsealing.state == states.BROKEN
        if review or not yes:
            said = _words(said, MAX_WORDS)
        if review:
            unsealing.state = states.JUSTIFIED if yes else states.UNJUSTIFIED
        else:
            unsealing.state = states.APPROVED if yes else states.REFUSED
            unsealing.ends_at = now + TAKEN_WITHIN
        unsealing.decided_by, unsealing.decided_at, unsealing.words = actor, now, said[:MAX_WORDS]
        unsealing.save(update_fields=["state", "ends_at", "decided_by", "decided_at", "words"])
        _log("glass.reviewed" if review else f"original.{unsealing.state}", unsealing, actor, now_ns, words=said)
        unsealing_letters.to_asker(unsealing)
    return unsealing


def break_glass(*, actor: Person, clip_id: UUID, reason: str, address: str = "", clock: Clock = _CLOCK) -> Unsealing:
    """Open the original at once in an emergency: for an hour, once. Everybody concerned is told now.

    Its entry, the viewing that the recorded people see, the alarm and the letters are one transaction. Somebody else
    reviews it afterwards. Raises Denied, BadInput without a reason.
    """
    clip = gate.find_clip(actor, clip_id, Action.BREAK_GLASS, clock=clock)
    now_ns = clock.wall_ns()
    now = moment_of(now_ns)
    with transaction.atomic():
        decision = decisions.decide(actor, Action.BREAK_GLASS, clip, purpose=None, now=now)
        ends_at = now + GLASS_LASTS
        unsealing = _stored(clip, actor, decision.role, Purpose.INCIDENT, reason, now=now, ends_at=ends_at, glass=True)
        _log("glass.broken", unsealing, actor, now_ns)
        view = gate.note_original(unsealing, policy=decision.policy, address=address, now_ns=now_ns)
        alarms.raise_at_once(view, now_ns=now_ns)
        unsealing_letters.to_approvers(unsealing, approvers(clip, but=actor, now=now))
    return unsealing


def take(*, actor: Person, unsealing_id: UUID, address: str = "", clock: Clock = _CLOCK) -> Iterator[bytes]:
    """Use a request up and return the original films and their facts as an archive, decrypted while it is read.

    Of two at once one wins. `original.taken` and the viewing that the recorded people see are durable before any byte.
    Raises Denied.
    """
    now_ns = clock.wall_ns()
    with transaction.atomic():
        unsealing = _rows().filter(pk=unsealing_id).first()
        if unsealing is None:
            raise Denied.of(unsealing_id)
        if unsealing.asked_by_id != actor.pk:
            raise Denied.of(unsealing_id)
        decision = _opens(unsealing, actor, moment_of(now_ns))
        if not decision.allowed:
            raise Denied.of(unsealing_id)
        Unsealing.objects.filter(pk=unsealing.pk).update(used_at=moment_of(now_ns))
        _log("original.taken", unsealing, actor, now_ns, address=address or None)
        if not unsealing.is_glass:
            gate.note_original(unsealing, policy=decision.policy, address=address, now_ns=now_ns)
    return _archive(unsealing, actor, clock)


def waiting_for(actor: Person, *, clock: Clock = _CLOCK) -> list[Unsealing]:
    """Return what waits for `actor` to say yes or no, or to review, oldest first."""
    now = now_of(clock)
    open_ones = _rows().filter(state__in=[Unsealing.State.ASKED, Unsealing.State.BROKEN]).exclude(asked_by=actor)
    near = open_ones.filter(clip__site__organisation__memberships__person=actor).distinct().order_by("asked_at")
    timely = [one for one in near if one.is_glass or one.ends_at > now]
    return [one for one in timely if decisions.decide(actor, Action.APPROVE, one.clip, purpose=None, now=now).allowed]


def asked_by(actor: Person, *, limit: int = 30) -> list[Unsealing]:
    """Return what `actor` asked for, newest first."""
    return list(_rows().filter(asked_by=actor).order_by("-asked_at")[:limit])


def about(person: Person) -> list[Unsealing]:
    """Return what was asked of clips in which `person` is recorded, newest first, whatever came of it."""
    mine = watched.clips_of(person).values("pk")
    return list(_rows().filter(clip__in=mine).order_by("-asked_at")[:50])


def may_take(unsealing: Unsealing, actor: Person, *, clock: Clock = _CLOCK) -> bool:
    """Say whether `actor` could take the original by this request now."""
    try:
        return unsealing.asked_by_id == actor.pk and _opens(unsealing, actor, now_of(clock)).allowed
    except past.Unreadable:
        return False


def _opens(unsealing: Unsealing, actor: Person, now: datetime, *, taking: bool = True) -> decisions.Decision:
    """Decide by the request and by what its asker may still do. `taking` False: bytes that follow the first."""
    purpose = Purpose(unsealing.purpose)
    stands = unsealing_entries.standing(unsealing)
    facts = UnsealingFacts(
        unsealing_id=str(unsealing.pk),
        clip_id=str(unsealing.clip_id),
        purpose=unsealing.purpose,
        asked_by=str(unsealing.asked_by_id),
        decided_by=stands.decided_by,
        granted=stands.is_granted and unsealing_entries.bears_out(stands, unsealing),
        used=taking and (stands.is_taken or unsealing.used_at is not None),
        ended=min(unsealing.ends_at, _end_of(stands)) <= now,
    )
    by_request = decisions.decide_unsealing(facts, unsealing.clip, purpose=purpose)
    if not by_request.allowed:
        return by_request
    action = Action.BREAK_GLASS if unsealing.is_glass else Action.ORIGINAL
    asked = None if unsealing.is_glass else purpose
    still = decisions.decide(actor, action, unsealing.clip, purpose=asked, now=now)
    return by_request if still.allowed else still


def _end_of(stands: unsealing_entries.Standing) -> datetime:
    """Return until when a request can be answered or taken, by the times of its entries."""
    if stands.state == Unsealing.State.ASKED:
        return moment_of(stands.began_wall_ns) + WAITS_FOR
    if stands.state == Unsealing.State.APPROVED:
        return moment_of(stands.decided_wall_ns) + TAKEN_WITHIN
    return moment_of(stands.began_wall_ns) + GLASS_LASTS


def _archive(unsealing: Unsealing, actor: Person, clock: Clock) -> Iterator[bytes]:
    def ask_again() -> None:
        now = _rows().filter(pk=unsealing.pk).first()
        if now is None or not _opens(now, actor, now_of(clock), taking=False).allowed:
            raise Denied.of(unsealing.pk)

    pipe, made = copies.Pipe(), now_of(clock).timetuple()[:6]
    parts = ClipPart.objects.filter(clip_id=unsealing.clip_id, kind=ClipPart.Kind.FILM).order_by("name")
    try:
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
            whole = footage.read_manifest(unsealing.clip)
            facts = told.manifest(gate.question(actor, unsealing.clip, clock=clock), whole)
            archive.writestr(zipfile.ZipInfo("facts.json", made), facts.model_dump_json(indent=2))
            for name in parts.values_list("name", flat=True):
                film = footage.open_part(unsealing.clip, name)
                with archive.open(zipfile.ZipInfo(f"{name}.mp4", made), "w", force_zip64=True) as entry:
                    for chunk in watching.asked_again(film.chunks, ask_again, actor=actor):
                        entry.write(chunk)
                        yield pipe.draw()
    except KeyDestroyed:
        raise Denied.of(unsealing.pk) from None
    yield pipe.draw()


def _stored(  # by name
    clip: Clip,
    actor: Person,
    role: str,
    purpose: Purpose,
    reason: str,
    *,
    now: datetime,
    ends_at: datetime,
    glass: bool = False,
) -> Unsealing:
    return Unsealing.objects.create(
        clip=clip,
        asked_by=actor,
        role=role,
        purpose=purpose.value,
        reason=_words(reason, MAX_REASON),
        asked_at=now,
        ends_at=ends_at,
        state=Unsealing.State.BROKEN if glass else Unsealing.State.ASKED,
    )


def _decidable(actor: Person, unsealing_id: UUID, now: datetime) -> Unsealing:
    """Return a request to which `actor` may say something now. Raises Denied, BadInput."""
    unsealing = _rows().filter(pk=unsealing_id).first()
    if unsealing is None:
        raise Denied.of(unsealing_id)
    if not decisions.decide(actor, Action.APPROVE, unsealing.clip, purpose=None, now=now).allowed:
        raise Denied.of(unsealing_id)
    if unsealing.asked_by_id == actor.pk:
        raise BadInput(_("You asked for this yourself: somebody else says yes or no."))
    if unsealing.state not in {Unsealing.State.ASKED, Unsealing.State.BROKEN}:
        raise BadInput(_("Somebody has answered this already."))
    stands = unsealing_entries.standing(unsealing)
    if not unsealing_entries.bears_out(stands, unsealing):
        raise Denied.of(unsealing_id)
    if not unsealing.is_glass and min(unsealing.ends_at, _end_of(stands)) <= now:
        raise BadInput(_("It waited too long. They can ask again."))
    return unsealing


def _rows() -> QuerySet[Unsealing]:
    return Unsealing.objects.select_related("clip__site__organisation", "asked_by", "decided_by")


def _words(text: str, most: int) -> str:
    said = text.strip()
    if not 0 < len(said) <= most:
        raise BadInput(_("Say why, in at most %(n)d characters: whoever is on film reads it.") % {"n": most})
    return said


def _log(kind: str, unsealing: Unsealing, actor: Person, now_ns: int, **more: object) -> None:
    body = {
        "unsealing": unsealing.pk,
        "clip": unsealing.clip_id,
        "person": actor.pk,
        "asked_by": unsealing.asked_by_id,
        "role": unsealing.role,
        "purpose": unsealing.purpose,
        "reason": unsealing.reason,
        "state": unsealing.state,
        **more,
    }
    ledger.append(kind=kind, body=body, now_ns=now_ns)
