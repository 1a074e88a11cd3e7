"""Who may end a case, or take a clip out of it: while it is open its clips are kept, so an end can be the end of proof.

A case that privacy officers opened, of an alarm or a leak, is theirs: it looks into watching, and who leads may be
the one who watched. A case that a leader opened, of a claim or an accident, is the leaders'. And nobody ends a case
about what they watched themselves. See ADR 0033.
"""

from custodes.core.clock import Clock, SystemClock
from custodes.hub.access import alarm_entries
from custodes.hub.clips.models import Case
from custodes.hub.fleet import given_roles, selectors
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.roles import OFFICER
from custodes.hub.fleet.times import now_of

_CLOCK = SystemClock()


def may_end(actor: Person, case: Case, *, clock: Clock = _CLOCK) -> bool:
    """Return whether `actor` may close a case and take clips out of it."""
    if any(one.watcher_id == actor.pk for one in alarm_entries.of_case(case)):
        return False
    now = now_of(clock)
    if of_officers(case):
        return selectors.oversees(actor, case.organisation, now)
    return selectors.leads(actor, case.organisation, now)


def of_officers(case: Case) -> bool:
    """Return whether a case is the privacy officers': it came of an alarm, or one of them opened it."""
    if alarm_entries.of_case(case):
        return True
    # Whoever has ceased to be an officer leaves their cases to those who are.
    return case.opened_by_id is not None and given_roles.was_given(case.opened_by_id, case.organisation_id, OFFICER)
