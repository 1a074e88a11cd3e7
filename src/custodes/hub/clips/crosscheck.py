"""Hold clips, holds, cases and rules to the ledger: who is recorded, what was deleted, what keeps what."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from uuid import UUID

from custodes.core.errors import Corrupt
from custodes.hub.audit.report import Problem
from custodes.hub.audit.said import Said, entries
from custodes.hub.clips import arrivals, standing
from custodes.hub.clips.models import CaseClip, Clip, Hold, RetentionRule
from custodes.hub.clips.standing import Standing
from custodes.hub.fleet.models import Person, Route
from custodes.hub.fleet.times import moment_of

BATCH = 2000
SAME_ACT = timedelta(seconds=1)
ERASED = "clip.erased"


def arrivals_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each clip that is gone, or that is not what its entry says arrived: of whom, where, when."""
    arrived = (one for one in entries(standing.RECEIVED) if _names_a_clip(one))
    refiled = {one.get("clip"): one for one in entries(arrivals.REFILED)}
    people = {str(pk) for pk in Person.objects.values_list("pk", flat=True)}
    routes = {str(pk) for pk in Route.objects.values_list("pk", flat=True)}
    while batch := list(islice(arrived, BATCH)):
        rows = Clip.objects.select_related("site").in_bulk([UUID(str(one.body["clip"])) for one in batch])
        for one in batch:
            clip = rows.get(UUID(str(one.body["clip"])))
            if clip is None:
                message = f"entry {one.seq} says that clip {one.get('clip')} arrived, but its row was removed"
                yield Problem("clip_missing", one.seq, message)
                continue
            newest = refiled.get(str(clip.pk), one)
            wrong = _differences(one, clip, subject=newest.get("subject"), people=people, routes=routes)
            if wrong:
                message = f"clip {clip.pk} is not what entry {one.seq} says arrived: {', '.join(wrong)} edited by hand"
                yield Problem("clip_edited", one.seq, message)


def lives_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each clip that is deleted, erased or there by its row alone, and for what keeps it so."""
    try:
        told = standing.standing()
    except (Corrupt, KeyError, TypeError, ValueError):
        return  # the ledger's own check names what is wrong with it
    yield from _deletions(told)
    yield from _holds(told)
    yield from _cases(told)
    yield from _rules(told)


def _names_a_clip(said: Said) -> bool:
    try:
        UUID(said.get("clip") or "")
    except ValueError:
        return False  # no hub writes such an entry: the ledger's own check names who did
    return True


def _differences(said: Said, clip: Clip, *, subject: str | None, people: set[str], routes: set[str]) -> list[str]:
    """Return the fields of a row that differ. Who left the hub, and routes that are gone, are no difference."""
    route = said.get("route")
    wanted = {
        "unit": (said.get("unit"), clip.unit_id),
        "site": (said.get("site"), clip.site_id),
        "kind": (said.get("event"), clip.kind),
        "subject": (subject if subject in people else None, clip.subject_id),
        "route": (route if route in routes else None, clip.route_id),
        "clock_doubt": (said.get("clock"), clip.clock_doubt or None),
    }
    # Entries of early versions do not name the severity.
    if "severity" in said.body:
        wanted["severity"] = (said.get("severity"), clip.severity)
    if "onset_wall_ns" in said.body:
        wanted["onset_wall_ns"] = (said.get("onset_wall_ns"), clip.onset_wall_ns)
    # Nor do they name the organisation: there the site's own entry is held to its row.
    if "organisation" in said.body:
        wanted["organisation"] = (said.get("organisation"), clip.site.organisation_id)
    wrong = [name for name, (was, now) in wanted.items() if was != (None if now is None else str(now))]
    at = clip.received_at
    if at is None or abs(moment_of(said.recorded_wall_ns) - at) > SAME_ACT:
        wrong.append("received_at")
    return wrong


def _deletions(told: Standing) -> Iterator[Problem]:
    erased = {one.get("clip") for one in entries(ERASED)}
    for clip in Clip.objects.only("state", "erase_after", "erased_at").iterator(chunk_size=BATCH):
        after = told.may_go.get(clip.pk)
        if clip.erased_at is not None:
            if str(clip.pk) not in erased:
                yield Problem("clip_edited", None, f"clip {clip.pk} counts as erased, and no entry says so")
        elif clip.state == Clip.State.DELETED and after is None:
            message = f"clip {clip.pk} counts as deleted, and no signed entry says so: it is not erased"
            yield Problem("clip_edited", None, message)
        elif clip.state != Clip.State.DELETED and after is not None:
            message = f"clip {clip.pk} was deleted by the ledger, and stands again by hand"
            yield Problem("clip_edited", None, message)
        elif after is not None and (clip.erase_after is None or abs(clip.erase_after - after) > told.slack(clip.pk)):
            message = f"clip {clip.pk} goes at another time than the entry says that deleted it"
            yield Problem("clip_edited", None, message)


def _holds(told: Standing) -> Iterator[Problem]:
    rows = set(Hold.objects.filter(released_at=None).values_list("clip_id", "pk"))
    stand = {(clip_id, hold) for clip_id, holds in told.holds.items() for hold in holds}
    for clip_id, hold in sorted(stand - rows, key=str):
        message = f"the legal hold {hold} on clip {clip_id} stands by the ledger, and was taken off by hand"
        yield Problem("hold_edited", None, message)
    for clip_id, hold in sorted(rows - stand, key=str):
        message = f"the legal hold {hold} on clip {clip_id} was put on by hand: no entry says that it stands"
        yield Problem("hold_edited", None, message)


def _cases(told: Standing) -> Iterator[Problem]:
    rows = set(CaseClip.objects.filter(case__closed_at=None).values_list("clip_id", "case_id"))
    kept = {(clip_id, case) for clip_id, cases in told.cases.items() for case in cases}
    for clip_id, case in sorted(kept - rows, key=str):
        message = f"clip {clip_id} is in the open case {case} by the ledger, and was taken out by hand"
        yield Problem("case_edited", None, message)
    for clip_id, case in sorted(rows - kept, key=str):
        message = f"clip {clip_id} was put into the case {case} by hand, or the case opened: no entry says so"
        yield Problem("case_edited", None, message)


def _rules(told: Standing) -> Iterator[Problem]:
    rows = {(one.organisation_id, one.kind, one.severity): one.days for one in RetentionRule.objects.all()}
    for key in sorted(rows.keys() | told.rules.keys(), key=str):
        if rows.get(key) != told.rules.get(key):
            owner, kind, severity = key
            named = " ".join(word for word in (severity, kind) if word) or "all clips"
            message = (
                f"how long {named} of {owner} are kept was edited by hand: {rows.get(key)} days by the row, "
                f"{told.rules.get(key)} by the ledger"
            )
            yield Problem("retention_edited", None, message)
