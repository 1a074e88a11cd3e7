"""Whose the film of a drive is: it follows what people say of the drive, as far as entries of this hub bear it out.

Who was on shift when a clip was filmed counts as recorded, unless they said that it was not them. Then it is nobody's,
until somebody's claim of that drive is confirmed. A confirmed claim takes no film from anybody: only what is nobody's
goes along.
"""

from uuid import UUID

from django.db.models import QuerySet

from custodes.core.errors import Corrupt
from custodes.hub.clips.models import Clip
from custodes.hub.driving import borne_out, scores
from custodes.hub.driving.models import Trip


def of_drive(trip: Trip, *, filed_under: UUID | None) -> QuerySet[Clip]:
    """Return the clips of a drive's van and time that are filed under somebody, or under nobody (None).

    What is nobody's can be given away: so there the drive's time is the sealed one, which nobody edits, and what a unit
    with a wrong clock filmed is left out. Raises Corrupt there for a drive that was edited.
    """
    time = scores.told_of(trip) if filed_under is None else trip
    filmed = Clip.objects.filter(site_id=trip.site_id, subject=filed_under).exclude(received_at=None)
    filmed = filmed.filter(onset_wall_ns__gte=time.start_wall_ns, onset_wall_ns__lte=time.end_wall_ns)
    return (filmed if filed_under is not None else filmed.filter(clock_doubt="")).select_related("site").order_by("pk")


def recorded_at(site_id: UUID, wall_ns: int, *, on_shift: UUID | None) -> UUID | None:
    """Return who counts as recorded at a moment in a van, for film that comes later than its drive was told.

    Who was on shift then, unless they said that this drive was not theirs. Where they did, and where nobody was on
    shift: whoever's claim of it was confirmed. One query; more where a drive of that moment is stored.
    """
    for trip in Trip.objects.filter(site_id=site_id, start_wall_ns__lte=wall_ns, end_wall_ns__gte=wall_ns):
        if on_shift is not None and not borne_out.denied(trip, by=on_shift):
            continue
        claimed = borne_out.confirmed(trip)
        if claimed is not None and _lasted(trip, wall_ns):
            return claimed
        if on_shift is not None:
            return None
    return on_shift


def _lasted(trip: Trip, wall_ns: int) -> bool:
    try:
        told = scores.told_of(trip)
    except Corrupt:
        return False
    return told.start_wall_ns <= wall_ns <= told.end_wall_ns
