"""Let trips go: after their time, and with the clip whose erasure somebody was granted. Each is a leaf in the ledger.

A trip with an open dispute stays until the dispute has ended: it is what the dispute is about. Rows alone let none go:
its time runs from the entry that received it, and a dispute ends by its entry.
"""

from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from custodes.hub.audit import ledger
from custodes.hub.clips import quota
from custodes.hub.clips.models import Clip
from custodes.hub.driving import borne_out, disputing
from custodes.hub.driving.models import Dispute, Trip
from custodes.hub.fleet.times import moment_of

AT_ONCE = 200
"""Trips that one sweep takes away at most."""


def forget_due(*, now_ns: int) -> int:
    """Delete trips that came longer ago than they are kept, by row and entry both; return how many."""
    kept_days = settings.HUB.driving.keep_trips_days
    before = moment_of(now_ns) - timedelta(days=kept_days)
    due = _undisputed().filter(received_at__lte=before).order_by("received_at")
    found = list(islice((trip for trip in due if _came_before(trip, before)), AT_ONCE))
    for trip in found:
        _forget(trip, now_ns, {"why": "retention", "kept_days": kept_days})
    return len(found)


def erase_with_clip(clip: Clip, *, driver_id: UUID, by_id: UUID, now_ns: int) -> int:
    """Delete the trips of a driver on which a clip was filmed, whose erasure `by_id` granted; return how many."""
    filmed = _undisputed().filter(
        site_id=clip.site_id,
        driver_id=driver_id,
        start_wall_ns__lte=clip.onset_wall_ns,
        end_wall_ns__gte=clip.onset_wall_ns,
    )
    held = borne_out.drives(rows := list(filmed))
    found = [trip for trip in rows if trip.pk in held and not disputing.are_open(trip.pk)]
    for trip in found:
        _forget(trip, now_ns, {"why": "erasure", "clip": clip.pk, "driver": driver_id, "person": by_id})
    return len(found)


def _came_before(trip: Trip, before: datetime) -> bool:
    received_ns = borne_out.received_wall_ns(trip)
    return received_ns is not None and moment_of(received_ns) <= before and not disputing.are_open(trip.pk)


def _undisputed() -> QuerySet[Trip]:
    disputed = Dispute.objects.filter(state=Dispute.State.OPEN).values("event__trip")
    return Trip.objects.exclude(pk__in=disputed).select_related("site")


def _forget(trip: Trip, now_ns: int, why: dict[str, object]) -> None:
    body = {"trip": trip.pk, "unit": trip.unit_id, "site": trip.site_id, "content": trip.content_sha256, **why}
    with transaction.atomic():
        quota.give_back(organisation_id=trip.site.organisation_id, freed_bytes=trip.counted_bytes)
        trip.delete()
        ledger.append(kind="trip.erased", body=body, now_ns=now_ns)
