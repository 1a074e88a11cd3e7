"""Who must show a second factor, and which sessions have shown one."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY, get_authentication_records
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone

from custodes.hub.audit import ledger, past
from custodes.hub.audit.trusted import Told
from custodes.hub.fleet import account_codes, notices, selectors
from custodes.hub.fleet.models import Membership, Person
from custodes.hub.fleet.times import wall_ns_of

SEES_OTHERS = (
    Membership.Role.MANAGER,
    Membership.Role.DISPATCHER,
    Membership.Role.OWNER,
    Membership.Role.MEMBER,
    Membership.Role.PRIVACY_OFFICER,
    Membership.Role.SUPPORT,
    Membership.Role.CONTRACTOR,
)
"""Roles that see others' footage, or who watched it. The rule `second-factor-missing` says the same in Cedar; a test
holds both."""
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)
ADDED, REMOVED, FORGOTTEN = "second_factor.added", "second_factor.removed", "second_factor.forgotten"
ENTRIES = past.Entries((ADDED, REMOVED, FORGOTTEN), by="person")
LINK = "link"
"""How a session is recorded that began with a one-time link."""
LINK_COUNTS = "link-counts"


def is_needed(person: Person, *, now: datetime) -> bool:
    """Say whether a role of `person` sees other people's footage."""
    return selectors.memberships_at(person, now).filter(role__in=SEES_OTHERS).exists()


def has_one(person: Person) -> bool:
    """Say whether `person` has set up an authenticator app or a passkey."""
    return bool(Authenticator.objects.filter(user=person, type__in=FACTORS).exists())


def was_shown(request: HttpRequest) -> bool:
    """Say whether this session has shown a second factor, or what the hub's settings let count as one."""
    return any(_counts(record) for record in get_authentication_records(request, request.user))


def forget_shown(request: HttpRequest) -> None:
    """Let this session go on as one that has shown no second factor: the factor that it showed is gone."""
    records = [one for one in get_authentication_records(request, request.user) if one.get("method") != "mfa"]
    request.session[AUTHENTICATION_METHODS_SESSION_KEY] = records


def forget(person: Person, *, now: datetime) -> None:
    """Remove every second factor of `person`: they set up new ones at their next sign-in. An entry in the ledger."""
    with transaction.atomic():
        count, _ = Authenticator.objects.filter(user=person).delete()
        body = {"person": person.pk, "removed": count, "by": None}
        ledger.append(kind=FORGOTTEN, body=body, now_ns=wall_ns_of(now))
        notices.tell(person, notices.Kind.FACTORS_FORGOTTEN, now=now)


def stand_by_ledger(person: Person) -> int:
    """Return how many apps and passkeys `person` has by the hub's own entries, whatever the rows say. Raises Denied."""
    return count_of(ENTRIES.of(person.pk, or_older=False))


def count_of(told: Iterable[Told]) -> int:
    """Return how many apps and passkeys these entries of one person, in order, leave."""
    count = 0
    for one in told:
        count = 0 if one.kind == FORGOTTEN else max(0, count + (1 if one.kind == ADDED else -1))
    return count


def is_owed(request: HttpRequest) -> bool:
    """Say whether this session may not touch the person's factors: they have one, and this session has shown none.

    By the ledger: where the rows were deleted, a stolen password would otherwise set up the thief's own. Where it is
    not as the hub wrote it, everybody is taken to have one.
    """
    person = request.user
    if not isinstance(person, Person) or was_shown(request):
        return False
    try:
        return stand_by_ledger(person) > 0
    except past.Unreadable:
        return True


def accept_all() -> None:
    """Give the hub's code to every factor that is there, and tell the ledger of those it does not know."""
    now_ns = wall_ns_of(timezone.now())
    known: dict[Person, int] = {}
    for factor in Authenticator.objects.select_related("user").order_by("pk"):
        factor.data[account_codes.CODE] = account_codes.of_factor(factor)
        Authenticator.objects.filter(pk=factor.pk).update(data=factor.data)
        if factor.type not in FACTORS:
            continue
        person = factor.user
        known.setdefault(person, count_of(ENTRIES.looked_up(person.pk, or_older=False)))
        known[person] -= 1
        if known[person] < 0:
            body = {"person": person.pk, "factor": str(factor.type), "by": None}
            ledger.append(kind=ADDED, body=body, now_ns=now_ns)


def _counts(record: dict[str, Any]) -> bool:
    method = record.get("method")
    if method == "mfa":
        return True
    if method == LINK:
        return bool(settings.HUB.sign_in.second_factor == LINK_COUNTS)
    if method == "socialaccount":
        return any(one.second_factor for one in settings.HUB.oidc if one.name == record.get("provider"))
    return False
