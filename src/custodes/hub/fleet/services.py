"""Writes: organisations, sites, roles, shifts. Every act is an entry in the ledger."""

import zoneinfo
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import selectors, signin_links
from custodes.hub.fleet.enrolment import IssuedCode, enrol_unit, issue_code, revoke_unit
from custodes.hub.fleet.health import record_heartbeat
from custodes.hub.fleet.models import Membership, Organisation, Person, Shift, SignInLink, Site
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


@dataclass(frozen=True, slots=True)
class Invited:
    """A person who may come in, and the path of the link that lets them (to put after the hub's address).

    `path` is empty for somebody whom the hub knew: they come in by their own way.
    """

    person: Person
    membership: Membership
    path: str


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


def invite_person(
    *,
    organisation: Organisation,
    email: str,
    role: str,
    now: datetime,
    by: Person | None = None,
    display_name: str = "",
    site: Site | None = None,
    language: str = "en",
) -> Invited:
    """Let somebody in with one role, and return the link to hand to them (single use).

    Somebody who is known already only gains the role: a link would let whoever invites them come in as them.
    Raises BadInput, Denied.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise BadInput(f"email: {email.strip()!r} is not an e-mail address.") from None
    _must(by is None or selectors.leads(by, organisation, now))
    with transaction.atomic():
        person = Person.objects.filter(email__iexact=address).first()
        is_new = person is None
        if person is None:
            person = Person.objects.create_user(address, display_name=display_name.strip()[:120], language=language)
            _log("person.invited", now, by, person=person.pk, organisation=organisation.pk)
        membership = give_role(person=person, organisation=organisation, role=role, site=site, by=by, now=now)
        # Only an account of this very moment: nobody else's footage, name or history can stand behind it.
        invites = SignInLink.Kind.INVITATION
        path = signin_links.make_signin_link(person, now=now, kind=invites) if is_new else ""
    return Invited(person=person, membership=membership, path=path)


def give_role(
    *,
    person: Person,
    organisation: Organisation,
    role: str,
    now: datetime,
    by: Person | None = None,
    site: Site | None = None,
) -> Membership:
    """Give one role over all sites of an organisation, or at one. A role that had ended begins anew.

    Raises BadInput for an unknown role or a foreign site, Denied when `by` may not give roles.
    """
    _refuse_unless(role in Membership.Role.values, f"role: {role!r} is not known.")
    _refuse_unless(site is None or site.organisation_id == organisation.pk, "site: belongs to somebody else.")
    _must(by is None or selectors.leads(by, organisation, now))
    with transaction.atomic():
        membership, made = Membership.objects.get_or_create(
            person=person, organisation=organisation, site=site, role=role
        )
        if made or membership.until is not None:
            Membership.objects.filter(pk=membership.pk).update(until=None, since=now)
            membership.refresh_from_db()
            _log("role.given", now, by, person=person.pk, **_membership_body(membership))
    return membership


def end_membership(*, membership: Membership, now: datetime, by: Person | None = None) -> None:
    """End one role; it counts from the next byte on. Raises Denied, and BadInput for the last leader."""
    organisation = membership.organisation
    _must(by is None or by.pk == membership.person_id or selectors.leads(by, organisation, now))
    with transaction.atomic():
        if membership.until is not None and membership.until <= now:
            return
        others = Membership.objects.filter(
            organisation=organisation, role__in=selectors.LEADERS, site=None, until=None, person__is_active=True
        ).exclude(pk=membership.pk)
        is_leader = membership.role in selectors.LEADERS and membership.site_id is None
        _refuse_unless(
            not is_leader or others.exists(), f"{organisation} would have nobody who gives roles. Name another first."
        )
        Membership.objects.filter(pk=membership.pk).update(until=now)
        membership.until = now
        _log("role.ended", now, by, person=membership.person_id, **_membership_body(membership))


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


def _membership_body(membership: Membership) -> dict[str, object]:
    return {"organisation": membership.organisation_id, "site": membership.site_id, "role": membership.role}


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
