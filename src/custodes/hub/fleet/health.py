"""What a unit says of itself every few seconds."""

from datetime import datetime

from django.db import transaction

from custodes.core.errors import Denied
from custodes.core.wire import Heartbeat, LensHealth
from custodes.hub.audit import ledger
from custodes.hub.fleet.models import Camera, Unit
from custodes.hub.fleet.times import moment_of, wall_ns_of

MAX_SKEW_MS = 2**31 - 1


def record_heartbeat(unit: Unit, heartbeat: Heartbeat, now: datetime) -> None:
    """Keep the unit's health and its cameras', and how far its clock is off.

    A camera that goes blind, off or comes back is an entry in the ledger; the rest is overwritten each time. A lens
    that the unit names no more is off. Raises Denied for a revoked unit.
    """
    skew_ms = (heartbeat.sent_wall_ns - wall_ns_of(now)) // 1_000_000
    unit.last_seen_at = now
    unit.software = heartbeat.software
    unit.clock_skew_ms = max(-MAX_SKEW_MS, min(MAX_SKEW_MS, skew_ms))
    unit.queue_clips = heartbeat.queue_clips
    unit.queue_bytes = heartbeat.queue_bytes
    unit.disk_free_bytes = heartbeat.disk_free_bytes
    fields = ["last_seen_at", "software", "clock_skew_ms", "queue_clips", "queue_bytes", "disk_free_bytes"]
    if heartbeat.sample is not None:
        unit.last_lat_deg = heartbeat.sample.lat_deg
        unit.last_lon_deg = heartbeat.sample.lon_deg
        unit.last_speed_mps = heartbeat.sample.speed_mps
        fields += ["last_lat_deg", "last_lon_deg", "last_speed_mps"]
    with transaction.atomic():
        changed = Unit.objects.filter(pk=unit.pk, revoked_at=None).update(
            **{field: getattr(unit, field) for field in fields}
        )
        if not changed:
            raise Denied(f"unit {unit.pk} is not there, or was turned away.")
        _record_lenses(unit, heartbeat.lenses, now)


def _record_lenses(unit: Unit, lenses: list[LensHealth], now: datetime) -> None:
    known = {camera.lens: camera for camera in Camera.objects.filter(unit=unit)}
    fresh: list[Camera] = []
    touched: list[Camera] = []
    for lens in lenses:
        camera = known.pop(lens.lens, None)
        before = None if camera is None else camera.state
        if camera is None:
            camera = Camera(unit=unit, lens=lens.lens)
            fresh.append(camera)
        else:
            touched.append(camera)
        _copy(camera, lens)
        if before != camera.state:
            _log_change(camera, before, now)
    for camera in known.values():
        if camera.state != Camera.State.OFF:
            before, camera.state, camera.detail = camera.state, Camera.State.OFF, ""
            touched.append(camera)
            _log_change(camera, before, now)
    Camera.objects.bulk_create(fresh)
    Camera.objects.bulk_update(
        touched, ["facing", "state", "detail", "last_frame_at", "width_px", "height_px", "fps"]
    ) if touched else None


def _copy(camera: Camera, lens: LensHealth) -> None:
    camera.facing = lens.facing.value
    camera.state = lens.state
    camera.detail = lens.detail
    if lens.last_frame_wall_ns is not None:
        camera.last_frame_at = moment_of(lens.last_frame_wall_ns)
    camera.width_px = max(0, lens.width_px)
    camera.height_px = max(0, lens.height_px)
    camera.fps = lens.fps


def _log_change(camera: Camera, before: str | None, now: datetime) -> None:
    ledger.append(
        kind="camera.changed",
        body={"unit": camera.unit_id, "lens": camera.lens, "from": before, "to": camera.state},
        now_ns=wall_ns_of(now),
    )
