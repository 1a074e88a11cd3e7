"""Writes: organisations, sites, roles, shifts. Every act is an entry in the ledger."""

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import selectors
from custodes.hub.fleet.enrolment import IssuedCode, enrol_unit, issue_code, revoke_unit
from custodes.hub.fleet.health import record_heartbeat
from custodes.hub.fleet.invitations import Invited, invite_person
from custodes.hub.fleet.models import Membership, Organisation, Person, Shift, Site
from custodes.hub.fleet.roles import end_membership, give_role
from custodes.hub.fleet.times import wall_ns_of

__all__ = [
    "Invited",
    "IssuedCode",
    "create_organisation",
    "create_site",
    "end_membership",
    "end_shift",
    "enrol_unit",
    "give_role",
    "invite_person",
    "issue_code",
    "record_heartbeat",
    "revoke_unit",
    "start_shift",
]


def create_organisation(  # by name
    *, name: str, kind: str, now: datetime, by: Person | None = None, time_zone: str = "UTC", speed_unit: str = "mph"
) -> Organisation:
    """Store a company or a household. `by` None: the hub itself (setup, demo). Raises BadInput."""
    _refuse_unless(kind in Organisation.Kind.values, f"kind: {kind!r} is neither company nor household.")
    _refuse_unless(speed_unit in Organisation.SpeedUnit.values, f"speed_unit: {speed_unit!r} is not known.")
    with transaction.atomic():
        organisation = Organisation.objects.create(
            name=_name(name),
            kind=kind,
            time_zone=_zone(time_zone),
            speed_unit=speed_unit,
            undo_window_s=settings.HUB.undo_window_s,
            quota_bytes=settings.HUB.organisation_quota_bytes,
        )
        _log("organisation.created", now, by, organisation=organisation.pk, name=organisation.name, kind=kind)
    return organisation


def create_site(
    *, organisation: Organisation, name: str, kind: str, now: datetime, by: Person | None = None, time_zone: str = ""
) -> Site:
    """Store a vehicle or a home. Raises BadInput when the name is taken, Denied when `by` may not."""
    _refuse_unless(kind in Site.Kind.values, f"kind: {kind!r} is neither vehicle nor home.")
    _must(by is None or selectors.runs(by, organisation, now))
    try:
        with transaction.atomic():
            site = Site.objects.create(
                organisation=organisation,
                name=_name(name),
                kind=kind,
                time_zone=_zone(time_zone) if time_zone else "",
            )
            _log("site.created", now, by, site=site.pk, organisation=organisation.pk, name=site.name, kind=kind)
    except IntegrityError:
        raise BadInput(f"name: {organisation.name} already has a site called {name.strip()!r}.") from None
    return site


def start_shift(*, site: Site, driver: Person, now: datetime, by: Person | None = None) -> Shift:
    """Put a driver on a vehicle; whoever was on it goes off.

    Drivers put themselves on a vehicle that nobody drives: a shift says whose the clips are, so only who plans may
    end another's. Raises Denied, and BadInput when they are no driver there or somebody else drives.
    """
    organisation = site.organisation
    plans = by is None or selectors.runs(by, organisation, now) or _dispatches(by, site, now)
    _must(plans or (by is not None and by.pk == driver.pk))
    roles = selectors.memberships_at(driver, now).filter(organisation=organisation, role=Membership.Role.DRIVER)
    drives_here = any(role.site_id in {None, site.pk} for role in roles)
    _refuse_unless(drives_here, f"driver: {driver} is no driver of {site}.")
    with transaction.atomic():
        taken = Shift.objects.filter(site=site, ends_at=None).exclude(driver=driver).exists()
        _refuse_unless(plans or not taken, _("Somebody else drives now. Ask them or a dispatcher to end that shift."))
        for running in Shift.objects.filter(site=site, ends_at=None):
            end_shift(shift=running, now=now)
        shift = Shift.objects.create(site=site, driver=driver, starts_at=now)
        _log("shift.started", now, by, person=driver.pk, site=site.pk, shift=shift.pk)
    return shift


def end_shift(*, shift: Shift, now: datetime, by: Person | None = None) -> None:
    """Take a driver off a vehicle. Ending it twice changes nothing. Raises Denied."""
    site = shift.site
    _must(
        by is None
        or by.pk == shift.driver_id
        or selectors.runs(by, site.organisation, now)
        or _dispatches(by, site, now)
    )
    with transaction.atomic():
        ended = Shift.objects.filter(pk=shift.pk, ends_at=None).update(ends_at=max(now, shift.starts_at))
        if ended:
            _log("shift.ended", now, by, person=shift.driver_id, site=site.pk, shift=shift.pk)


def _dispatches(person: Person, site: Site, now: datetime) -> bool:
    roles = selectors.memberships_at(person, now).filter(
        organisation_id=site.organisation_id, role=Membership.Role.DISPATCHER
    )
    return any(role.site_id in {None, site.pk} for role in roles)


def _log(entry: str, now: datetime, by: Person | None, /, **body: object) -> None:
    ledger.append(kind=entry, body={**body, "by": None if by is None else by.pk}, now_ns=wall_ns_of(now))


def _name(name: str) -> str:
    clean = " ".join(name.split())
    _refuse_unless(0 < len(clean) <= 120, "name: give 1 to 120 characters.")
    return clean


def _zone(name: str) -> str:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise BadInput(f"time_zone: {name!r} is not a time zone. Give one such as Europe/Paris.") from None
    return name


def _refuse_unless(condition: bool, message: str) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise BadInput(message)


def _must(condition: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise Denied("Only who leads here may do that.")
