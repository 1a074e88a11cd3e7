"""What a privacy officer reads: who watched which clip of their organisation, and the cases. No footage."""

from uuid import UUID

from django.db.models import Count, QuerySet

from custodes.core.clock import Clock, SystemClock
from custodes.core.errors import Denied
from custodes.hub.access import watched
from custodes.hub.access.models import View
from custodes.hub.audit import proofs
from custodes.hub.audit.models import LedgerBody
from custodes.hub.clips.models import Case
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Organisation, Person
from custodes.hub.fleet.times import now_of

_CLOCK = SystemClock()


def is_officer(person: Person, *, clock: Clock = _CLOCK) -> bool:
    """Say whether `person` is a privacy officer anywhere."""
    return selectors.overseen_by(person, now_of(clock)).exists()


def organisations(person: Person, *, clock: Clock = _CLOCK) -> list[Organisation]:
    """Return the organisations that `person` oversees, by name. Raises Denied where there are none."""
    found = list(selectors.overseen_by(person, now_of(clock))) if person.second_factor_shown else []
    if not found:
        raise Denied.of("oversight")
    return found


def accesses(
    person: Person,
    *,
    watcher: UUID | None = None,
    before_seq: int | None = None,
    limit: int = 50,
    clock: Clock = _CLOCK,
) -> list[watched.WatchedMe]:
    """Return the viewings of clips of the organisations that `person` oversees, newest first by the ledger's order.

    Those of clips that were erased since are among them: nobody hides what they watched by deleting it. Raises Denied.
    """
    rows = _views(person, clock)
    if watcher is not None:
        rows = rows.filter(person_id=watcher)
    if before_seq is not None:
        rows = rows.filter(ledger_seq__lt=before_seq)
    views = list(rows.select_related("person", "clip__site__organisation").order_by("-ledger_seq")[:limit])
    bodies = dict(LedgerBody.objects.filter(pk__in=[one.ledger_seq for one in views]).values_list("pk", "body_json"))
    return [watched.told(view, bodies.get(view.ledger_seq, "")) for view in views]


def watchers(person: Person, *, clock: Clock = _CLOCK) -> list[Person]:
    """Return everybody with an account who has watched a clip of what `person` oversees, by name. Raises Denied."""
    seen = _views(person, clock).values("person_id")
    return list(Person.objects.filter(pk__in=seen).order_by("display_name", "email"))


def prove(person: Person, view_id: UUID, *, clock: Clock = _CLOCK) -> proofs.InclusionProof:
    """Return the proof that a viewing stands in the ledger. Raises Denied for one that `person` does not oversee."""
    view = _views(person, clock).filter(pk=view_id).first()
    if view is None:
        raise Denied.of(view_id)
    return proofs.inclusion_proof(view.ledger_seq, now_ns=clock.wall_ns())


def cases(person: Person, *, clock: Clock = _CLOCK) -> QuerySet[Case]:
    """Return the cases of what `person` oversees, open ones first, with `clips` counted. Raises Denied."""
    rows = Case.objects.filter(organisation__in=organisations(person, clock=clock))
    return rows.select_related("organisation").annotate(clips=Count("entries")).order_by("-closed_at", "-opened_at")


def _views(person: Person, clock: Clock) -> QuerySet[View]:
    return View.objects.filter(clip__site__organisation__in=organisations(person, clock=clock))
