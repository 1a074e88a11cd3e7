"""What a unit says of itself every few seconds."""

import logging
from datetime import datetime, timedelta

from django.db import transaction

from custodes.core.errors import Denied
from custodes.core.wire import MAX_LENSES, Heartbeat, LensHealth
from custodes.hub.audit import ledger
from custodes.hub.fleet import positions, troubles
from custodes.hub.fleet.models import Camera, Unit
from custodes.hub.fleet.times import moment_of, wall_ns_of

MAX_SKEW_MS = 2**31 - 1
TELL_EVERY = timedelta(minutes=1)
"""A ledger entry is for good: a camera that flaps writes one a minute, not one a heartbeat."""
FORGET_AFTER = timedelta(days=1)
"""A camera that has been off so long gives its place to one with a new name."""
CAMERA_FIELDS = (
    *("facing", "state", "detail", "last_frame_at", "width_px", "height_px", "fps"),
    *("told_state", "told_at"),
)
log = logging.getLogger(__name__)


def record_heartbeat(unit: Unit, heartbeat: Heartbeat, now: datetime) -> None:
    """Keep the unit's health and its cameras', and how far its clock is off.

    Where it is, is kept by the rules of `fleet.positions`. A camera that goes blind, off or comes back is an entry in
    the ledger, at most one a minute; the rest is overwritten each time. A lens that the unit names no more is off.
    What is wrong is kept in spells (`fleet.troubles`).
    Raises Denied for a revoked unit.
    """
    skew_ms = (heartbeat.sent_wall_ns - wall_ns_of(now)) // 1_000_000
    unit.last_seen_at = now
    unit.software = heartbeat.software
    unit.clock_skew_ms = max(-MAX_SKEW_MS, min(MAX_SKEW_MS, skew_ms))
    unit.queue_clips = heartbeat.queue_clips
    unit.queue_bytes = heartbeat.queue_bytes
    unit.disk_free_bytes = heartbeat.disk_free_bytes
    fields = ["last_seen_at", "software", "clock_skew_ms", "queue_clips", "queue_bytes", "disk_free_bytes"]
    with transaction.atomic():
        if not Unit.objects.filter(pk=unit.pk, revoked_at=None).exists():
            raise Denied(f"unit {unit.pk} is not there, or was turned away.")
        fields += positions.take_place(unit, heartbeat, now)
        changed = Unit.objects.filter(pk=unit.pk, revoked_at=None).update(
            **{field: getattr(unit, field) for field in fields}
        )
        if not changed:
            raise Denied(f"unit {unit.pk} is not there, or was turned away.")
        _record_lenses(unit, heartbeat.lenses, now)
        troubles.take(unit, heartbeat.troubles, now)


def _record_lenses(unit: Unit, lenses: list[LensHealth], now: datetime) -> None:
    known = {camera.lens: camera for camera in Camera.objects.filter(unit=unit)}
    named = {lens.lens for lens in lenses}
    _make_room(known, named, now)
    room = MAX_LENSES - len(known)
    fresh: list[Camera] = []
    for lens in lenses:
        camera = known.get(lens.lens)
        before = None if camera is None else camera.state
        if camera is None:
            if len(fresh) >= room:
                log.warning("unit %s names more than %d lenses; %s is passed over", unit.pk, MAX_LENSES, lens.lens)
                continue
            camera = Camera(unit=unit, lens=lens.lens)
            fresh.append(camera)
        _copy(camera, lens)
        _tell(camera, before, now)
    for camera in known.values():
        if camera.lens not in named:
            before = camera.state
            if before != Camera.State.OFF:
                camera.state, camera.detail = Camera.State.OFF, ""
            _tell(camera, before, now)
    Camera.objects.bulk_create(fresh)
    Camera.objects.bulk_update(known.values(), CAMERA_FIELDS) if known else None


def _make_room(known: dict[str, Camera], named: set[str], now: datetime) -> None:
    """Forget as many cameras as new names want, of those that went off longest ago."""
    wanted = len(named - known.keys()) - (MAX_LENSES - len(known))
    gone = [
        camera
        for camera in known.values()
        if camera.lens not in named
        and camera.state == Camera.State.OFF
        and (camera.told_at is None or now - camera.told_at >= FORGET_AFTER)
    ]
    oldest = sorted(gone, key=lambda camera: (camera.told_at is not None, camera.told_at or now))[: max(0, wanted)]
    for camera in oldest:
        del known[camera.lens]
        camera.delete()


def _tell(camera: Camera, before: str | None, now: datetime) -> None:
    """Write a change into the ledger, at most one a camera and minute: what a minute held back is told after it."""
    told = camera.told_state or before
    if camera.state == told:
        return
    if camera.told_at is not None and timedelta(0) <= now - camera.told_at < TELL_EVERY:
        return
    ledger.append(
        kind="camera.changed",
        body={"unit": camera.unit_id, "lens": camera.lens, "from": told, "to": camera.state},
        now_ns=wall_ns_of(now),
    )
    camera.told_state, camera.told_at = camera.state, now


def _copy(camera: Camera, lens: LensHealth) -> None:
    camera.facing = lens.facing.value
    camera.state = lens.state
    camera.detail = lens.detail
    if lens.last_frame_wall_ns is not None:
        camera.last_frame_at = moment_of(lens.last_frame_wall_ns)
    camera.width_px = max(0, lens.width_px)
    camera.height_px = max(0, lens.height_px)
    camera.fps = lens.fps
