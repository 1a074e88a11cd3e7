"""Who is asking, and which sites and organisations are theirs to see or to run."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from custodes.hub.access import gate, grants
from custodes.hub.access.lists import Sight
from custodes.hub.access.requests import Action
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Site

RUNNERS = (Membership.Role.MANAGER, Membership.Role.OWNER, Membership.Role.OPERATOR)
"""Roles that add sites and units and invite people."""
NAMERS = (Membership.Role.MANAGER, Membership.Role.DISPATCHER)
"""Roles that read the name of the recorded driver in a list."""
ROAD_ROLES = (
    Membership.Role.MANAGER,
    Membership.Role.DISPATCHER,
    Membership.Role.DRIVER,
    Membership.Role.OPERATOR,
)
"""Roles that plan shifts, drive them, or run the units."""
WAITING_COUNTED = 999
WAITING = (Clip.Triage.NEW, Clip.Triage.OPEN)


def person_of(request: HttpRequest) -> Person | None:
    """Return who is signed in, or None."""
    return request.user if isinstance(request.user, Person) and request.user.is_authenticated else None


def actor(request: HttpRequest) -> Person:
    """Return who is signed in. The page must have asked for a sign-in before."""
    person = person_of(request)
    if person is None:
        raise PermissionError("this page was reached without a sign-in")
    return person


def memberships(person: Person, now: datetime | None = None) -> QuerySet[Membership]:
    """Return the memberships of a person that hold now."""
    return selectors.memberships_at(person, now or timezone.now()).select_related("organisation", "site")


def sites(person: Person) -> QuerySet[Site]:
    """Return the sites that a person belongs to, by name. Support and contractors belong to none."""
    reach = Q(pk__in=[])
    for membership in memberships(person).exclude(role__in=grants.GUESTS):
        if membership.site_id:
            reach |= Q(pk=membership.site_id)
        else:
            reach |= Q(organisation_id=membership.organisation_id)
    return Site.objects.filter(reach).select_related("organisation").order_by("name")


def is_on_the_road(held: Membership) -> bool:
    """Say whether vans, shifts and routes concern a membership: `on_the_road` for one that is at hand."""
    return held.organisation.kind == Organisation.Kind.COMPANY and held.role in ROAD_ROLES


def on_the_road(person: Person) -> QuerySet[Membership]:
    """Return the memberships of a person that vans, shifts and routes concern."""
    return memberships(person).filter(organisation__kind=Organisation.Kind.COMPANY, role__in=ROAD_ROLES)


def run_organisations(person: Person) -> QuerySet[Organisation]:
    """Return the organisations in which a person may add sites, units and people."""
    held = memberships(person).filter(role__in=RUNNERS, site=None)
    return Organisation.objects.filter(pk__in=held.values("organisation_id")).order_by("name")


def runs(person: Person, organisation: Organisation) -> bool:
    """Say whether a person may change the standing facts of an organisation."""
    return run_organisations(person).filter(pk=organisation.pk).exists()


def naming_places(person: Person) -> set[tuple[UUID, UUID | None]]:
    """Return where a list shows this person the names of drivers: (organisation, site), site None for all of it."""
    return set(memberships(person).filter(role__in=NAMERS).values_list("organisation_id", "site_id"))


def sight(request: HttpRequest) -> Sight:
    """Return which clips who is signed in may do what with: asked once for a page that is only read."""
    kept: Sight | None = getattr(request, "sight", None)
    if kept is not None:
        return kept
    found = gate.sight(actor(request))
    if request.method in {"GET", "HEAD"}:
        request.sight = found  # type: ignore[attr-defined]
    return found


def waiting_count(seen: Sight) -> int:
    """Count the clips that nobody has finished with, among those a person may see; at most `WAITING_COUNTED`."""
    waiting = seen.clips(Action.LIST).exclude(state=Clip.State.DELETED).filter(triage__in=WAITING)
    return waiting.order_by()[:WAITING_COUNTED].count()
