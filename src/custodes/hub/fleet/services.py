"""Writes: organisations, sites, roles, shifts. Every act is an entry in the ledger."""

import zoneinfo
from datetime import datetime

from django.conf import settings
from django.db import IntegrityError, transaction

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import names, selectors
from custodes.hub.fleet.enrolment import IssuedCode, enrol_unit, issue_code, revoke_unit
from custodes.hub.fleet.health import record_heartbeat
from custodes.hub.fleet.invitations import Invited, invite_person
from custodes.hub.fleet.models import Organisation, Person, Site
from custodes.hub.fleet.roles import end_membership, give_role, limit_role
from custodes.hub.fleet.shifts import end_shift, start_shift
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
    "limit_role",
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
        _log(
            "organisation.created",
            now,
            by,
            organisation=organisation.pk,
            name=organisation.name,
            kind=kind,
            undo_window_s=organisation.undo_window_s,
        )
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


def _log(entry: str, now: datetime, by: Person | None, /, **body: object) -> None:
    ledger.append(kind=entry, body={**body, "by": None if by is None else by.pk}, now_ns=wall_ns_of(now))


def _name(name: str) -> str:
    clean = names.clean(name)
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
