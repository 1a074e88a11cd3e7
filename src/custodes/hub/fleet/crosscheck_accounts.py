"""Hold invitations to the ledger: nobody was invited by a row alone, and none waits again that was used or ended."""

from collections.abc import Iterator

from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.fleet.invitations import ACCEPTED, INVITED, RENEWED, WITHDRAWN, code_of
from custodes.hub.fleet.models import Invitation

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


def _difference(row: Invitation, told: Said) -> str:
    """Return what of a row its last entry does not bear out; empty: all fits."""
    if (row.accepted_at is not None) != (told.kind == ACCEPTED):
        return "whether it was taken"
    if told.kind == WITHDRAWN and row.withdrawn_at is None:
        return "it was withdrawn, and waits again"
    if told.kind in (INVITED, RENEWED) and "code" in told.body and told.get("code") != code_of(row):
        return f"it is not what entry {told.seq} promised"
    return ""
