"""The first administrator: a token printed on the hub's own terminal, good once and for a day."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from custodes.core.errors import Denied
from custodes.hub.audit import ledger
from custodes.hub.fleet import names, own_rows, selectors, services, signin_links
from custodes.hub.fleet.models import Membership, Organisation, Person, SetupToken
from custodes.hub.fleet.times import wall_ns_of

TOKEN_LIVES = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class FirstAdministrator:
    """What the setup page asks."""

    organisation_kind: str
    organisation_name: str
    time_zone: str
    display_name: str
    email: str
    password: str


def make_token(*, now: datetime) -> str | None:
    """Return a new setup token, which ends the one before; None once there is an administrator."""
    if selectors.administrator_exists():
        return None
    token = secrets.token_urlsafe(signin_links.TOKEN_BYTES)
    with transaction.atomic():
        SetupToken.objects.filter(used_at=None).delete()
        SetupToken.objects.create(token_sha256=own_rows.token_code(token, "setup"), expires_at=now + TOKEN_LIVES)
    return token


def is_live(token: str, *, now: datetime) -> bool:
    """Say whether the token would still set the hub up."""
    return _live(token, now) is not None


def set_up(token: str, first: FirstAdministrator, *, now: datetime) -> Person:
    """Use the token up: store the first administrator with the organisation they lead.

    They get `operator` and `manager` (company) or `owner` (household). Raises Denied for a token that is not live,
    BadInput for a bad name or zone; the token then stays good.
    """
    with transaction.atomic():
        row = _live(token, now)
        if row is None or not SetupToken.objects.filter(pk=row.pk, used_at=None).update(used_at=now):
            raise Denied("The setup link is not there, was used, or is too old.")
        person = Person.objects.create_user(
            first.email.strip(), first.password, display_name=names.clean(first.display_name), is_staff=True
        )
        ledger.append(kind="hub.set_up", body={"person": person.pk}, now_ns=wall_ns_of(now))
        organisation = services.create_organisation(
            name=first.organisation_name,
            kind=first.organisation_kind,
            time_zone=first.time_zone,
            by=person,
            now=now,
        )
        company = first.organisation_kind == Organisation.Kind.COMPANY
        for role in (Membership.Role.MANAGER if company else Membership.Role.OWNER, Membership.Role.OPERATOR):
            services.give_role(person=person, organisation=organisation, role=role, now=now)
    return person


def _live(token: str, now: datetime) -> SetupToken | None:
    if selectors.administrator_exists():
        return None
    return SetupToken.objects.filter(
        token_sha256=own_rows.token_code(token, "setup"), used_at=None, expires_at__gt=now
    ).first()
