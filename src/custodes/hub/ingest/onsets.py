"""Is a clip's onset to be believed, and who was driving? A unit's clock may be wrong, or say what suits somebody.

Rule T4 of docs/design/time.md. The row keeps the onset as the unit said it; here it is decided who counts as recorded.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings

from custodes.core.wire import ClipDeclaration
from custodes.hub.clips.models import Clip
from custodes.hub.driving import film
from custodes.hub.fleet.health import MAX_SKEW_MS
from custodes.hub.fleet.models import Unit
from custodes.hub.fleet.times import moment_of, wall_ns_of
from custodes.hub.ingest import rows
from custodes.hub.ingest.exchange import Refusal

LEEWAY = timedelta(minutes=10)
"""What two clocks may differ by before either is called wrong."""


@dataclass(frozen=True, slots=True)
class Placed:
    """Whose shift a clip counts to, and what is wrong with the unit's clock; `doubt` is empty when nothing is."""

    subject_id: UUID | None
    route_id: UUID | None
    doubt: str


def refuse_the_future(declaration: ClipDeclaration, *, now_ns: int) -> None:
    """Raise Refusal 422 `onset` for film of a time that has not come: it would stand first in every list for ever."""
    latest_ns = now_ns + wall_ns_of(moment_of(0) + LEEWAY)
    if max(declaration.onset_wall_ns, declaration.kept_start_wall_ns) > latest_ns:
        raise Refusal(
            422,
            "onset",
            f"clip {declaration.clip_id} says that it is of a time to come: the unit's clock is ahead of the hub's. "
            "Set it right; the unit keeps the clip",
        )


def place(*, site_id: UUID, unit_id: UUID, onset_wall_ns: int, now_ns: int) -> Placed:
    """Return who drove: who was on shift, unless they denied it (`film`). By the onset where it can be believed.

    Else by the onset less what the unit's clock is known to be off; else by the moment of receipt; else by the onset
    after all: a wrong clock takes nobody off their own film.
    """
    onset, now = moment_of(onset_wall_ns), moment_of(now_ns)
    enrolled_at, skew_ms = Unit.objects.values_list("enrolled_at", "clock_skew_ms").get(pk=unit_id)
    skew = timedelta(milliseconds=skew_ms or 0)
    doubt = _is_impossible(onset, now, enrolled_at) or (Clip.ClockDoubt.OFF.value if abs(skew) > LEEWAY else "")
    moments = [onset]
    if doubt:
        moments = [now, onset]
        corrected = onset - skew
        if LEEWAY < abs(skew) < timedelta(milliseconds=MAX_SKEW_MS) and not _is_impossible(corrected, now, enrolled_at):
            moments.insert(0, corrected)
    for moment in moments:
        subject_id, route_id = rows.shift_at(site_id, moment)
        if subject_id is not None:
            return Placed(film.recorded_at(site_id, wall_ns_of(moment), on_shift=subject_id), route_id, doubt)
    nobodys = film.recorded_at(site_id, onset_wall_ns, on_shift=None) if not doubt else None
    return Placed(nobodys, None, doubt)


def _is_impossible(moment: datetime, now: datetime, enrolled_at: datetime) -> str:
    # A hub whose own clock was set back since proves nothing by it.
    if enrolled_at <= now and moment < enrolled_at - LEEWAY:
        return Clip.ClockDoubt.BEFORE_ENROLMENT.value
    if moment < now - timedelta(days=settings.HUB.quota.oldest_clip_days):
        return Clip.ClockDoubt.TOO_OLD.value
    return Clip.ClockDoubt.AHEAD.value if moment > now + LEEWAY else ""
