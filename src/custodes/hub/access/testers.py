"""The tester programme: clips that whoever is on film gave, each with what everybody on film had agreed to.

No row says that a clip is in it. That is read off the ledger: what puts a clip in must bear the hub's own code, what
takes it out counts in any case. Nothing uses given clips yet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import BadInput, Denied
from custodes.hub.access import gate, recorded
from custodes.hub.access.given import ANSWERS, CLIP_KINDS, DENIED, GIVEN, KINDS, TAKEN_BACK, Agreed, Programme
from custodes.hub.access.requests import Action
from custodes.hub.audit import ledger, trusted
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.trusted import Told
from custodes.hub.clips import arrivals
from custodes.hub.clips.models import Clip
from custodes.hub.consent import texts
from custodes.hub.consent.models import SubjectRequest
from custodes.hub.consent.topics import Topic
from custodes.hub.driving.models import Dispute
from custodes.hub.fleet.models import Person

_CLOCK = SystemClock()


@dataclass(frozen=True, slots=True)
class GivenClip:
    """A clip in the programme, with what everybody on film had agreed to when it was given."""

    clip: Clip
    by_id: UUID
    given_wall_ns: int
    agreed: tuple[Agreed, ...]
    ledger_seq: int


def given_clips() -> list[GivenClip]:
    """Return every clip that is in the programme now, in the order in which they were given.

    The only door for what learns from clips, each time before it reads one: an answer is as old as its moment. Reads
    the whole ledger and holds it to the heads that were kept. The text that people agreed to promises hidden faces,
    plates and places: whoever opens a clip by this sees to that first. Raises Corrupt where the ledger is not whole;
    then no clip is in it.
    """
    programme = Programme()
    for told, is_own in trusted.whole_own_past(KINDS):
        programme.follow(told, is_own=is_own)
    return _standing(programme)


def given_by(person: Person) -> list[GivenClip]:
    """Return the clips in the programme for which this person's agreement stands, for their own page."""
    named = trusted.with_code(
        LedgerBody.objects.filter(leaf__kind=GIVEN, body_json__contains=str(person.pk)), or_older=True
    )
    found = _standing(_read({UUID(str(one.body["clip"])) for one in named}))
    return [one for one in found if person.pk in {agreed.person_id for agreed in one.agreed}]


def given_of(clip_id: UUID) -> GivenClip | None:
    """Return what stands of one clip in the programme, for a page; None: it is not in it."""
    found = _standing(_read({clip_id}))
    return next((one for one in found if one.clip.pk == clip_id), None)


def find_clip(actor: Person, clip_id: UUID, *, clock: Clock = _CLOCK) -> Clip:
    """Return a clip that `actor` may give to the programme. Raises Denied."""
    return gate.find_clip(actor, clip_id, Action.VOLUNTEER, clock=clock)


def agreement_of(person: Person, clip: Clip) -> Agreed | None:
    """Return the yes of this person on which giving a clip would rest, by the ledger; None: it knows of none."""
    return _read((), [person.pk]).agreement_of(person.pk, clip.site.organisation_id)


def give(*, actor: Person, clip_id: UUID, clock: Clock = _CLOCK) -> None:
    """Put a clip into the programme: an entry with the clip, who gave it, and the text that each on film agreed to.

    Durable on return. Raises Denied for who may not; BadInput for one that is in it already, one that somebody objects
    to or that is disputed, and where the ledger knows of no yes.
    """
    with transaction.atomic():
        clip = find_clip(actor, clip_id, clock=clock)
        people = recorded.people_in(clip)
        programme = _read({clip.pk}, people)
        if clip.pk in {one.clip.pk for one in _standing(programme)}:
            raise BadInput(_("This clip is in the tester programme already."))
        if _is_contested(clip):
            raise BadInput(_("Somebody objects to this clip, or disputes what it shows. It cannot be given meanwhile."))
        agreed = [programme.agreement_of(one, clip.site.organisation_id) for one in people]
        told = [one.as_body() for one in agreed if one is not None and _holds(one)]
        if len(told) < len(people):
            raise BadInput(
                _("The ledger knows of no yes of everybody on film. Answer again on the page “My consents”.")
            )
        body = {"clip": clip.pk, "organisation": clip.site.organisation_id, "person": actor.pk, "agreed": told}
        ledger.append(kind=GIVEN, body=body, now_ns=clock.wall_ns())


def take_back(*, actor: Person, clip_id: UUID, clock: Clock = _CLOCK) -> None:
    """Take a clip out of the programme, as anybody on film in it, whatever has become of their role since.

    Durable on return. Raises Denied for everybody else, and where it is not in it.
    """
    with transaction.atomic():
        given = given_of(clip_id)
        mine = None if given is None else next((one for one in given.agreed if one.person_id == actor.pk), None)
        if given is None or mine is None:
            raise Denied.of(clip_id)
        owner = given.clip.site.organisation_id
        body = {"clip": clip_id, "organisation": owner, "person": actor.pk, "agreed": [mine.as_body()]}
        ledger.append(kind=TAKEN_BACK, body=body, now_ns=clock.wall_ns())


def _read(clip_ids: Iterable[UUID], people: Iterable[UUID] = ()) -> Programme:
    """Return the programme as far as it is about these clips, by the entries that bear the hub's code."""
    filed = list(_told(Q(clip_id__in=list(clip_ids), leaf__kind__in=CLIP_KINDS)))
    named = {one.person_id for told in filed if told.kind == GIVEN for one in Agreed.all_in(told.body)}
    answers = _told(Q(person_id__in=[*named, *people], leaf__kind__in=ANSWERS | {DENIED}))
    programme = Programme()
    for told in sorted((*filed, *answers), key=lambda one: one.seq):
        programme.follow(told, is_own=True)
    return programme


def _told(wanted: Q) -> Iterable[Told]:
    return trusted.with_code(LedgerBody.objects.filter(wanted), or_older=True)


def _standing(programme: Programme) -> list[GivenClip]:
    """Return those of the clips that a programme holds which may be in it by what is so now."""
    given = programme.given
    clips = Clip.objects.select_related("site__organisation", "unit").in_bulk(list(given))
    found = []
    for clip_id, told in sorted(given.items(), key=lambda one: one[1].seq):
        clip, agreed = clips.get(clip_id), Agreed.all_in(told.body)
        if clip is not None and _may_be_in(clip, told, agreed):
            by = UUID(str(told.body["person"]))
            found.append(GivenClip(clip, by, told.recorded_wall_ns, agreed, told.seq))
    return found


def _may_be_in(clip: Clip, told: Told, agreed: tuple[Agreed, ...]) -> bool:
    people, here = {one.person_id for one in agreed}, set(recorded.people_in(clip))
    alone = clip.subject_id is None or people == {clip.subject_id}
    return (
        clip.state == Clip.State.READY
        and clip.erased_at is None
        and told.body.get("organisation") == str(clip.site.organisation_id)
        and bool(here)
        and here <= people
        and alone
        and told.body.get("person") in {str(one) for one in people}
        and all(_holds(one) for one in agreed)
        and Person.objects.filter(pk__in=people, is_active=True).count() == len(people)
        and arrivals.stands(clip)
    )


def _holds(agreed: Agreed) -> bool:
    return agreed.text_sha256 in texts.book().holding(Topic.TRAINING)


def _is_contested(clip: Clip) -> bool:
    """Say whether somebody asks for something about a clip, or disputes its event."""
    asked = SubjectRequest.objects.filter(clip_id=clip.pk, state=SubjectRequest.State.OPEN)
    disputed = Dispute.objects.filter(event__clip_id=clip.pk, state=Dispute.State.OPEN)
    return asked.exists() or disputed.exists()
