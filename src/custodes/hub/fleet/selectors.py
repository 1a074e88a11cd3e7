"""Reads: who belongs where, now."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from custodes.hub.fleet import given_roles, given_routes
from custodes.hub.fleet.models import Membership, Organisation, Person, Route, Shift, Site

LEADERS = (Membership.Role.MANAGER, Membership.Role.OWNER)
"""Who gives and ends roles."""
RUNNERS = (*LEADERS, Membership.Role.OPERATOR)
"""Who adds sites and units. An operator gives no roles: else they could give themselves one that sees footage."""
WATCHES_FOR_WORK = (Membership.Role.MANAGER, Membership.Role.DISPATCHER, Membership.Role.OWNER)
"""Whose viewings a privacy officer looks at. Nobody is both in one organisation."""


def administrator_exists() -> bool:
    """Say whether somebody has set the hub up."""
    return Person.objects.filter(is_staff=True, is_active=True).exists()


def memberships_at(person: Person, now: datetime) -> QuerySet[Membership]:
    """Return the memberships of `person` that hold at `now`, by the rows and by the ledger both."""
    lasts = Q(until=None) | Q(until__gt=now)
    return Membership.objects.filter(lasts, given_roles.counting_of(person.pk), person__is_active=True)


def leads(person: Person, organisation: Organisation, now: datetime) -> bool:
    """Say whether `person` gives and ends roles in the whole of `organisation`."""
    return memberships_at(person, now).filter(organisation=organisation, site=None, role__in=LEADERS).exists()


def oversees(person: Person, organisation: Organisation, now: datetime) -> bool:
    """Say whether `person` is a privacy officer of `organisation`: reads who watched, and answers alarms."""
    return overseen_by(person, now).filter(pk=organisation.pk).exists()


def overseen_by(person: Person, now: datetime) -> QuerySet[Organisation]:
    """Return the organisations whose privacy officer `person` is, by name."""
    held = memberships_at(person, now).filter(role=Membership.Role.PRIVACY_OFFICER, site=None)
    return Organisation.objects.filter(pk__in=held.values("organisation_id")).order_by("name")


def privacy_officers(organisation: Organisation, now: datetime) -> QuerySet[Person]:
    """Return the privacy officers of `organisation`, by address."""
    held = Membership.objects.filter(Q(until=None) | Q(until__gt=now), organisation=organisation, site=None)
    officers = given_roles.counting(held.filter(role=Membership.Role.PRIVACY_OFFICER))
    return Person.objects.filter(pk__in=officers.values("person_id"), is_active=True).order_by("email")


def runs(person: Person, organisation: Organisation, now: datetime) -> bool:
    """Say whether `person` adds sites and units in the whole of `organisation`."""
    return memberships_at(person, now).filter(organisation=organisation, site=None, role__in=RUNNERS).exists()


def shifts_at(moment: datetime) -> QuerySet[Shift]:
    """Return every shift that runs at `moment`."""
    return Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=moment), starts_at__lte=moment)


def shift_at(site: Site, moment: datetime) -> Shift | None:
    """Return the shift of `site` at `moment`; of overlapping ones that which began last; None when nobody drove."""
    return shifts_at(moment).filter(site=site).select_related("driver", "route").order_by("-starts_at").first()


def driver_at(site: Site, moment: datetime) -> Person | None:
    """Return who drove at `moment`; None when nobody did."""
    shift = shift_at(site, moment)
    return None if shift is None else shift.driver


def drives_at(person: Person, site: Site, now: datetime) -> bool:
    """Say whether `person` is a driver of `site`."""
    roles = memberships_at(person, now).filter(organisation=site.organisation_id, role=Membership.Role.DRIVER)
    return any(role.site_id in {None, site.pk} for role in roles)


@dataclass(frozen=True, slots=True)
class PlanReach:
    """What one person plans in one organisation. Who runs it plans `everything`.

    A dispatcher plans at the sites of each of their roles (None: at all); where the organisation binds dispatchers to
    routes (`bound`), only on the routes of that role.
    """

    everything: bool
    bound: bool
    roles: tuple[tuple[UUID | None, frozenset[UUID]], ...]

    def covers(self, site_id: UUID, route_id: UUID | None) -> bool:
        """Say whether a shift of this site on this route (None: on none) is theirs to plan."""
        if self.everything:
            return True
        here = [routes for site, routes in self.roles if site in {None, site_id}]
        return any(route_id in routes for routes in here) if self.bound else bool(here)

    def covers_some(self, site_id: UUID) -> bool:
        """Say whether any shift of this site is theirs to plan."""
        return self.everything or any(
            site in {None, site_id} and (routes or not self.bound) for site, routes in self.roles
        )

    def covers_route(self, route_id: UUID) -> bool:
        """Say whether some shift on this route is theirs to plan."""
        return self.everything or any(route_id in routes or not self.bound for _site, routes in self.roles)


def plan_reach(person: Person, organisation: Organisation, now: datetime) -> PlanReach:
    """Return what `person` plans in `organisation`."""
    roles = memberships_at(person, now).filter(organisation=organisation, role=Membership.Role.DISPATCHER)
    bound = given_routes.bind(organisation)
    return PlanReach(
        everything=runs(person, organisation, now),
        bound=bound,
        roles=tuple((role.site_id, given_routes.routes_of(role) if bound else frozenset()) for role in roles),
    )


def plans_route(person: Person, site: Site, route: Route | None, now: datetime) -> bool:
    """Say whether `person` plans the shifts of `site` on `route` (None: on none)."""
    return plan_reach(person, site.organisation, now).covers(site.pk, None if route is None else route.pk)
