"""Writes: who has which role where. Every act is an entry in the ledger."""

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import given_roles, selectors
from custodes.hub.fleet.models import Membership, Organisation, Person, Site
from custodes.hub.fleet.times import wall_ns_of

OFFICER = Membership.Role.PRIVACY_OFFICER
LIMITABLE = (Membership.Role.DISPATCHER, Membership.Role.MEMBER)
"""Roles that can be held to now or to before. Who leads sees both: they say what others see."""


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
    check_role(organisation=organisation, role=role, site=site)
    _must(by is None or selectors.leads(by, organisation, now))
    _refuse_two_hats(person, organisation, role, now)
    with transaction.atomic():
        membership, made = Membership.objects.get_or_create(
            person=person, organisation=organisation, site=site, role=role
        )
        # A row that somebody wrote in by hand counts from now on.
        if made or membership.until is not None or not given_roles.is_given(membership):
            Membership.objects.filter(pk=membership.pk).update(until=None, since=now, sees=Membership.Sees.BOTH)
            membership.refresh_from_db()
            _log(given_roles.GIVEN, now, by, person=person.pk, membership=membership)
    return membership


def check_role(*, organisation: Organisation, role: str, site: Site | None) -> None:
    """Raise BadInput for a role that nobody knows, or at a site of somebody else."""
    if role not in Membership.Role.values:
        raise BadInput(f"role: {role!r} is not known.")
    if site is not None and site.organisation_id != organisation.pk:
        raise BadInput("site: belongs to somebody else.")
    if role == OFFICER and site is not None:
        raise BadInput(_("A privacy officer is there for the whole organisation. Choose all of it."))
    if role == OFFICER and organisation.kind != Organisation.Kind.COMPANY:
        raise BadInput(_("A household has no privacy officer: whoever lives there sees who watched."))


def _refuse_two_hats(person: Person, organisation: Organisation, role: str, now: datetime) -> None:
    """Raise BadInput where somebody would look after their own viewings."""
    other = selectors.WATCHES_FOR_WORK if role == OFFICER else (OFFICER,) if role in selectors.WATCHES_FOR_WORK else ()
    if selectors.memberships_at(person, now).filter(organisation=organisation, role__in=other).exists():
        raise BadInput(
            _("Who watches film for work cannot be privacy officer of the same organisation, nor the other way round.")
        )


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
        if is_leader and not given_roles.counting(others).exists():
            said = _("%(organisation)s would have nobody who gives roles. Name another first.")
            raise BadInput(said % {"organisation": organisation})
        Membership.objects.filter(pk=membership.pk).update(until=now)
        membership.until = now
        _log(given_roles.ENDED, now, by, person=membership.person_id, membership=membership)


def limit_role(*, membership: Membership, sees: str, now: datetime, by: Person) -> None:
    """Say which times one role reaches; it counts from the next byte on. Raises Denied, and BadInput."""
    _must(selectors.leads(by, membership.organisation, now))
    if sees not in Membership.Sees.values or membership.role not in LIMITABLE:
        raise BadInput(_("Dispatchers and household members can be held to now or to before, nobody else."))
    with transaction.atomic():
        if not Membership.objects.filter(pk=membership.pk, until=None).exclude(sees=sees).update(sees=sees):
            return
        membership.sees = sees
        _log(given_roles.LIMITED, now, by, person=membership.person_id, membership=membership, sees=sees)


def _must(condition: bool) -> None:  # noqa: FBT001  # reads as a sentence
    if not condition:
        raise Denied("Only who leads here may do that.")


def _log(
    entry: str, now: datetime, by: Person | None, /, *, person: object, membership: Membership, **more: object
) -> None:
    place = {"organisation": membership.organisation_id, "site": membership.site_id, "role": membership.role}
    body = {"person": person, **place, **more, "by": None if by is None else by.pk}
    ledger.append(kind=entry, body=body, now_ns=wall_ns_of(now))
