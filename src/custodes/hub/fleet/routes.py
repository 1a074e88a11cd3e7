"""Writes: routes, and which dispatchers are bound to them. Every act is an entry in the ledger."""

from collections.abc import Sequence
from datetime import datetime

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import given_routes, names, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Route
from custodes.hub.fleet.times import wall_ns_of

MOST_STOPS = 60
LONGEST_STOP = 120


def keep_route(
    *,
    organisation: Organisation,
    route: Route | None = None,
    name: str,
    area: str = "",
    stops: str = "",
    now: datetime,
    by: Person | None = None,
) -> Route:
    """Store a new route, or what is new of one. Raises Denied, and BadInput with a sentence for people."""
    _must(by is None or may_keep(by, organisation, now))
    if route is not None and (route.organisation_id != organisation.pk or route.closed_at is not None):
        raise BadInput(_("That route is not driven any more."))
    name, area = names.clean(name), names.clean(area)
    if not 0 < len(name) <= 80:
        raise BadInput(_("A route needs a name of at most 80 characters."))
    if len(area) > 200:
        raise BadInput(_("An area has at most 200 characters."))
    kept = route or Route(organisation=organisation)
    kept.name, kept.area, kept.stops = name, area, _clean_stops(stops)
    try:
        with transaction.atomic():
            kept.save()
            body = {"route": kept.pk, "organisation": organisation.pk, "name": name, "area": area, "stops": kept.stops}
            _log("route.created" if route is None else "route.changed", now, by, body)
    except IntegrityError:
        raise BadInput(_("There is a route called %(name)s already.") % {"name": name}) from None
    return kept


def close_route(*, route: Route, now: datetime, by: Person | None = None) -> None:
    """End a route: shifts keep it, no new one gets it. Raises Denied, and BadInput while a shift is planned on it."""
    _must(by is None or may_keep(by, route.organisation, now))
    with transaction.atomic():
        if route.shifts.filter(Q(ends_at=None) | Q(ends_at__gt=now)).exists():
            raise BadInput(_("Shifts are planned on %(route)s. Move or cancel them first.") % {"route": route})
        if Route.objects.filter(pk=route.pk, closed_at=None).update(closed_at=now):
            _log("route.closed", now, by, {"route": route.pk, "organisation": route.organisation_id})


def bind_dispatchers(*, route: Route, dispatchers: Sequence[Membership], now: datetime, by: Person) -> None:
    """Say whose route it is: exactly these dispatchers'. Only who leads may: it says who sees what. Raises Denied."""
    _must(selectors.leads(by, route.organisation, now))
    if any(not _fits(one, route) for one in dispatchers):
        raise BadInput(_("A route belongs to dispatchers of its own organisation."))
    with transaction.atomic():
        before = _names(route)
        route.dispatchers.set(dispatchers)
        after = _names(route)
        if before != after or set(after) != given_routes.dispatchers_of(route.pk):
            _log(given_routes.DISPATCHERS, now, by, {"route": route.pk, "before": before, "after": after})


def bind_to_routes(*, organisation: Organisation, bind: bool, now: datetime, by: Person) -> None:
    """Say whether dispatchers see their own routes alone. Only who leads may. Raises Denied."""
    _must(selectors.leads(by, organisation, now))
    with transaction.atomic():
        changed = Organisation.objects.filter(pk=organisation.pk).exclude(routes_bind=bind).update(routes_bind=bind)
        organisation.routes_bind = bind
        if changed or given_routes.bind(organisation) != bind:
            body = {"organisation": organisation.pk, "after": {"routes_bind": bind}}
            _log(given_routes.CHANGED, now, by, body)


def may_keep(person: Person, organisation: Organisation, now: datetime) -> bool:
    """Say whether `person` makes and changes routes: who runs the organisation, and its dispatchers.

    Where the organisation binds dispatchers to routes they do not: a route then says who sees what.
    """
    if organisation.kind != Organisation.Kind.COMPANY:
        return False
    if selectors.runs(person, organisation, now):
        return True
    roles = selectors.memberships_at(person, now).filter(
        organisation=organisation, role=Membership.Role.DISPATCHER, site=None
    )
    return not given_routes.bind(organisation) and roles.exists()


def _clean_stops(text: str) -> str:
    stops = [" ".join(line.split()) for line in text.splitlines()]
    stops = [stop for stop in stops if stop]
    if len(stops) > MOST_STOPS:
        raise BadInput(_("A route has at most %(most)d stops.") % {"most": MOST_STOPS})
    if any(len(stop) > LONGEST_STOP for stop in stops):
        raise BadInput(_("A stop has at most %(most)d characters.") % {"most": LONGEST_STOP})
    return "\n".join(stops)


def _fits(role: Membership, route: Route) -> bool:
    return role.organisation_id == route.organisation_id and role.role == Membership.Role.DISPATCHER


def _names(route: Route) -> list[str]:
    return sorted(str(pk) for pk in route.dispatchers.values_list("person_id", flat=True))


def _log(kind: str, now: datetime, by: Person | None, body: dict[str, object]) -> None:
    ledger.append(kind=kind, body={**body, "by": None if by is None else by.pk}, now_ns=wall_ns_of(now))


def _must(condition: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise Denied("Only who plans here may do that.")
