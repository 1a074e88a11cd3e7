"""Hold ways in to the ledger and to the hub's codes: nobody was invited by a row alone, no password or second factor
was written, moved or taken away by hand."""

from collections.abc import Iterator

from allauth.mfa.models import Authenticator
from django.apps import apps

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.fleet import account_codes, second_factor
from custodes.hub.fleet.invitations import ACCEPTED, INVITED, RENEWED, WITHDRAWN, code_of
from custodes.hub.fleet.models import Invitation, Person

PLACE = ("organisation", "site", "role")


def invitations_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each invitation that was taken without being given, and for each row that no entry bears out.

    An invitation from before the hub gave codes waits in vain, which is no finding.
    """
    first: dict[str | None, Said] = {}
    last: dict[str | None, Said] = {}
    for one in entries(INVITED, RENEWED, WITHDRAWN, ACCEPTED):
        name = one.get("invitation")
        begun = first.setdefault(name, one)
        last[name] = one
        if one.kind == ACCEPTED and (begun.kind != INVITED or any(begun.get(key) != one.get(key) for key in PLACE)):
            message = f"{one.get('person')} took an invitation as {one.get('role')} that nobody gave: {name}"
            yield Problem("invitation_edited", one.seq, message)
    for row in Invitation.objects.order_by("pk").iterator():
        told = last.get(str(row.pk))
        why = "no entry says that it was given" if told is None else _difference(row, told)
        if why:
            message = f"the invitation {row.pk} of {row.email} was added or edited by hand: {why}"
            yield Problem("invitation_edited", None if told is None else told.seq, message)


def factors_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each password and factor that the hub did not write, and for factors that were taken out."""
    counts: dict[Person, int] = {}
    for factor in Authenticator.objects.select_related("user").order_by("pk").iterator():
        if not account_codes.factor_fits(factor):
            message = f"a second factor of {factor.user_id} ({factor.type}) was added or edited by hand"
            yield Problem("account_edited", None, message)
        if factor.type in second_factor.FACTORS:
            counts[factor.user] = counts.get(factor.user, 0) + 1
    for person in Person.objects.order_by("pk").iterator():
        if person.password and not account_codes.password_fits(person):
            message = f"the password or the address of {person.pk} was edited by hand: nobody signs in by it"
            yield Problem("account_edited", None, message)
        entries_of = second_factor.ENTRIES.looked_up(person.pk, or_older=False)
        told, there = second_factor.count_of(entries_of), counts.get(person, 0)
        if told > there:
            message = f"{person.pk} has set up {told} second factors by the ledger, and {there} are there"
            yield Problem("account_edited", None, message)


def providers_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each link to a provider's account that no entry of the hub's hand bears out.

    One from before the hub gave codes signs nobody in before it is linked anew: no finding while its entry is there.
    """
    if not apps.is_installed("allauth.socialaccount"):
        return
    from allauth.socialaccount.models import SocialAccount

    from custodes.hub.fleet import providers

    early: dict[tuple[str | None, str | None], int] = {}
    for one in entries(providers.LINKED):
        if providers.CODE not in one.body:
            early[one.get("person"), one.get("provider")] = early.get((one.get("person"), one.get("provider")), 0) + 1
    for row in SocialAccount.objects.order_by("pk").iterator():
        whose = (str(row.user_id), str(row.provider))
        if providers.is_borne_out(row):
            continue
        early[whose] = early.get(whose, 0) - 1
        if early[whose] < 0:
            message = f"an account at the provider {row.provider} was linked to {row.user_id} by hand: no entry says so"
            yield Problem("account_edited", None, message)


def _difference(row: Invitation, told: Said) -> str:
    """Return what of a row its last entry does not bear out; empty: all fits."""
    if (row.accepted_at is not None) != (told.kind == ACCEPTED):
        return "whether it was taken"
    if told.kind == WITHDRAWN and row.withdrawn_at is None:
        return "it was withdrawn, and waits again"
    if told.kind in (INVITED, RENEWED) and "code" in told.body and told.get("code") != code_of(row):
        return f"it is not what entry {told.seq} promised"
    return ""
