"""Invitations: a role that waits behind a link, good once, until a day that is set; renewed or withdrawn by who leads.

Whoever holds the link and an address that nobody has here comes in with it. Whose address is known must sign in as
themselves first: a link never lets anybody in as somebody else, and the one who invites learns nothing of who has an
account.

An invitation counts while the hub's own ledger says that it waits, with these very facts: a row alone gives nothing.
"""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from custodes.core.errors import BadInput, Denied
from custodes.hub.audit import ledger, past
from custodes.hub.fleet import names, own_rows, roles, selectors, signin_links
from custodes.hub.fleet.models import Invitation, Membership, Organisation, Person, Site
from custodes.hub.fleet.times import moment_of, wall_ns_of

INVITED, RENEWED, WITHDRAWN, ACCEPTED = (
    "person.invited",
    "invitation.renewed",
    "invitation.withdrawn",
    "invitation.accepted",
)
_ENTRIES = past.Entries((INVITED, RENEWED, WITHDRAWN, ACCEPTED), by="invitation")
FORGOTTEN_AFTER = timedelta(days=30)
"""A lapsed invitation can be renewed for so long; then its address is deleted."""


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation, and the path of its link (to put after the hub's address), shown this once."""

    invitation: Invitation
    path: str


class SignInFirst(Exception):
    """The address of the invitation belongs to somebody: they take it after they have signed in."""


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
    """Let a role wait for somebody, and return the link to hand to them. It replaces an open one for the same role.

    The answer is the same whether the hub knows the address or not. Raises BadInput, Denied.
    """
    address = email.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise BadInput(f"email: {email.strip()!r} is not an e-mail address.") from None
    roles.check_role(organisation=organisation, role=role, site=site)
    _must_lead(by, organisation, now)
    with transaction.atomic():
        for before in open_invitations(organisation, now=now).filter(email=address, role=role, site=site):
            if _close(before, now):
                _log(WITHDRAWN, before, now, by)
        invitation = Invitation(
            organisation=organisation,
            site=site,
            role=role,
            email=address,
            display_name=names.clean(display_name)[:120],
            language=language,
            made_by=by,
        )
        path = _with_new_link(invitation, now)
        _log(INVITED, invitation, now, by, email=address, code=code_of(invitation))
    return Invited(invitation, path)


def renew(*, invitation: Invitation, now: datetime, by: Person) -> Invited:
    """Make a new link for an invitation that was lost or has lapsed; the old link ends. Raises Denied, BadInput."""
    _must_lead(by, invitation.organisation, now)
    with transaction.atomic():
        invitation = Invitation.objects.select_for_update().get(pk=invitation.pk)
        if invitation.accepted_at is not None or invitation.withdrawn_at is not None:
            raise BadInput("The invitation was taken or withdrawn already. Invite them anew.")
        invitation.made_by = by
        path = _with_new_link(invitation, now)
        _log(RENEWED, invitation, now, by, code=code_of(invitation))
    return Invited(invitation, path)


def withdraw(*, invitation: Invitation, now: datetime, by: Person) -> None:
    """End an invitation; its link leads nowhere from now on. Raises Denied."""
    _must_lead(by, invitation.organisation, now)
    with transaction.atomic():
        if _close(invitation, now):
            _log(WITHDRAWN, invitation, now, by)


def open_invitations(organisation: Organisation, *, now: datetime) -> QuerySet[Invitation]:
    """Return the invitations that wait or have lapsed and may be renewed, newest first."""
    waiting = Invitation.objects.filter(organisation=organisation, accepted_at=None, withdrawn_at=None)
    return waiting.filter(expires_at__gt=now - FORGOTTEN_AFTER).order_by("-made_at")


def find_live(token: str, *, now: datetime) -> Invitation | None:
    """Return the invitation that a link would still open: unused, in time, by somebody who still leads there."""
    found = (
        Invitation.objects.select_related("organisation", "site", "made_by")
        .filter(token_sha256=_kept_of(token), accepted_at=None, withdrawn_at=None, expires_at__gt=now)
        .first()
    )
    if found is None or (found.made_by is not None and not selectors.leads(found.made_by, found.organisation, now)):
        return None
    return found if is_waiting(found) else None


def is_waiting(invitation: Invitation) -> bool:
    """Say whether by the ledger the hub made this invitation, as its row stands, and nobody took it or took it back."""
    try:
        about = _ENTRIES.of(invitation.pk, or_older=False)
    except past.Unreadable:
        return False
    return bool(about) and about[-1].kind in (INVITED, RENEWED) and about[-1].body.get("code") == code_of(invitation)


def code_of(invitation: Invitation) -> str:
    """Return the hub's code of what an invitation promises, to whom, by whom, until when and behind which link."""
    place = (invitation.organisation_id, invitation.site_id, invitation.role)
    link = (invitation.email, invitation.made_by_id, invitation.token_sha256, invitation.expires_at)
    return own_rows.code_of("invitation", invitation.pk, *place, *link)


def accept(token: str, *, person: Person | None, now: datetime) -> Person:
    """Use a link up: give its role to `person`, or to a new account when nobody is signed in. Of two at once, one wins.

    Raises Denied for a link that is not live or somebody else's, SignInFirst when the address is somebody's already.
    """
    with transaction.atomic():
        invitation = find_live(token, now=now)
        if invitation is None:
            raise Denied("The invitation is not there, was used, or is too old.")
        owner = Person.objects.filter(email__iexact=invitation.email).first()
        if person is not None and (owner is None or owner.pk != person.pk):
            raise Denied("The invitation is for another address.")
        if person is None and owner is not None:
            raise SignInFirst
        if not Invitation.objects.filter(pk=invitation.pk, accepted_at=None).update(accepted_at=now):
            raise Denied("The invitation was used at this very moment.")
        taker = owner or Person.objects.create_user(
            invitation.email, display_name=invitation.display_name, language=invitation.language
        )
        _log(ACCEPTED, invitation, now, taker, person=taker.pk, is_new=owner is None)
        roles.give_role(
            person=taker,
            organisation=invitation.organisation,
            site=invitation.site,
            role=Membership.Role(invitation.role),
            by=invitation.made_by,
            now=now,
        )
    return taker


def forget_lapsed(*, now_ns: int) -> int:
    """Delete invitations that nobody took and nobody can renew; return how many. The ledger's entries stay."""
    lapsed = Invitation.objects.filter(accepted_at=None, expires_at__lte=moment_of(now_ns) - FORGOTTEN_AFTER)
    return lapsed.delete()[0]


def _with_new_link(invitation: Invitation, now: datetime) -> str:
    token = secrets.token_urlsafe(signin_links.TOKEN_BYTES)
    invitation.token_sha256 = _kept_of(token)
    invitation.made_at = now
    invitation.expires_at = now + timedelta(hours=settings.HUB.sign_in.invitation_hours)
    invitation.save()
    return reverse("fleet:join", args=[token])


def _kept_of(token: str) -> str:
    return own_rows.token_code(token, "invitation")


def _close(invitation: Invitation, now: datetime) -> bool:
    return bool(
        Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None).update(withdrawn_at=now)
    )


def _must_lead(by: Person | None, organisation: Organisation, now: datetime) -> None:
    if by is not None and not selectors.leads(by, organisation, now):
        raise Denied("Only who leads here may do that.")


def _log(entry: str, invitation: Invitation, now: datetime, by: Person | None, /, **more: object) -> None:
    facts = {
        "invitation": invitation.pk,
        "organisation": invitation.organisation_id,
        "site": invitation.site_id,
        "role": invitation.role,
        "by": None if by is None else by.pk,
    }
    ledger.append(kind=entry, body={**facts, **more}, now_ns=wall_ns_of(now))
