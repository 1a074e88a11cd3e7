"""Reads: who belongs where, now."""

from datetime import datetime

from django.db.models import Q, QuerySet

from custodes.hub.fleet.models import Membership, Organisation, Person, Shift, Site

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
    """Return the memberships of `person` that hold at `now`."""
    return Membership.objects.filter(Q(until=None) | Q(until__gt=now), person=person, person__is_active=True)


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
    officers = held.filter(role=Membership.Role.PRIVACY_OFFICER)
    return Person.objects.filter(pk__in=officers.values("person_id"), is_active=True).order_by("email")


def runs(person: Person, organisation: Organisation, now: datetime) -> bool:
    """Say whether `person` adds sites and units in the whole of `organisation`."""
    return memberships_at(person, now).filter(organisation=organisation, site=None, role__in=RUNNERS).exists()


def driver_at(site: Site, moment: datetime) -> Person | None:
    """Return who drove at `moment`; of overlapping shifts the one that began last; None when nobody did."""
    shift = (
        Shift.objects.filter(Q(ends_at=None) | Q(ends_at__gt=moment), site=site, starts_at__lte=moment)
        .select_related("driver")
        .order_by("-starts_at")
        .first()
    )
    return None if shift is None else shift.driver
