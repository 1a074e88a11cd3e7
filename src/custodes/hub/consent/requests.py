"""What recorded people ask for about one clip: erasure, or that somebody hears their objection. Each is a leaf."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.consent.models import SubjectRequest
from custodes.hub.fleet import selectors as fleet
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import moment_of

MAX_WORDS = 1000
_CLOCK = SystemClock()


def ask(
    *, person: Person, organisation: Organisation, clip_id: UUID, kind: str, words: str = "", clock: Clock = _CLOCK
) -> SubjectRequest:
    """Store a request. That `person` is recorded in the clip is the caller's question to the gate.

    Raises BadInput for an unknown kind, an objection without words, and a second request while the first is open.
    """
    said = words.strip()
    if kind not in SubjectRequest.Kind.values:
        raise BadInput(_("That cannot be asked for."))
    if kind == SubjectRequest.Kind.OBJECTION and not said:
        raise BadInput(_("Say in a few words what you object to."))
    if len(said) > MAX_WORDS:
        raise BadInput(_("That is too long: 1000 characters at most."))
    now_ns = clock.wall_ns()
    try:
        with transaction.atomic():
            asked = SubjectRequest.objects.create(
                person=person,
                organisation=organisation,
                clip_id=clip_id,
                kind=kind,
                words=said,
                asked_at=moment_of(now_ns),
            )
            body = {"request": asked.pk, "person": person.pk, "clip": clip_id, "asks": kind, "words": said}
            ledger.append(kind="subject.asked", body=body, now_ns=now_ns)
    except IntegrityError:
        raise BadInput(_("You have asked for this already. Whoever leads here has yet to answer.")) from None
    return asked


def answer(
    *, request: SubjectRequest, by: Person, granted: bool, words: str = "", clock: Clock = _CLOCK
) -> SubjectRequest:
    """Answer a request; a refusal needs its reason. Raises Denied for who does not lead, BadInput."""
    now_ns = clock.wall_ns()
    said = words.strip()
    if not fleet.leads(by, request.organisation, moment_of(now_ns)):
        raise Denied.of("That")
    if not granted and not said:
        raise BadInput(_("Say why not: the recorded person reads it."))
    if len(said) > MAX_WORDS:
        raise BadInput(_("That is too long: 1000 characters at most."))
    state = SubjectRequest.State.GRANTED if granted else SubjectRequest.State.REFUSED
    with transaction.atomic():
        changed = SubjectRequest.objects.filter(pk=request.pk, state=SubjectRequest.State.OPEN).update(
            state=state, answered_at=moment_of(now_ns), answered_by=by, answer_words=said
        )
        if not changed:
            raise BadInput(_("Somebody has answered this already."))
        body = {
            "request": request.pk,
            "person": request.person_id,
            "clip": request.clip_id,
            "answer": state.value,
            "words": said,
            "by": by.pk,
        }
        ledger.append(kind="subject.answered", body=body, now_ns=now_ns)
    request.refresh_from_db()
    return request
