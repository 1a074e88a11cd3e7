"""Make one export: lay its view's bytes out, have a limited child burn the facts in, seal what comes back.

It may be done again after a crash; what a crash left is replaced.
"""

import json
from datetime import timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import Temporary
from custodes.core.rounding import whole
from custodes.core.wire import Manifest, WireLens
from custodes.hub.clips import exports, footage, held_words, marked
from custodes.hub.clips.models import Export
from custodes.hub.fleet.models import Organisation
from custodes.hub.fleet.times import moment_of
from custodes.hub.process import variants
from custodes.hub.process.child import WORD, read_exactly
from custodes.hub.process.limited import LimitedChild, Limits, Unfit
from custodes.hub.vault.keys import KeyDestroyed

MODULE = "custodes.hub.process.exporting_child"
MAX_SAID_BYTES = 4096
MAX_COPY_BYTES = 512 * 1024 * 1024
KMH_PER_MPS, MPH_PER_MPS = 3.6, 3600 / 1609.344


def make(export_id: UUID) -> None:
    """Make an export that waits. Durable on return. Raises Temporary when this machine cannot now."""
    export = exports.under_way(export_id)
    if export is None:
        return
    try:
        copy = _burnt(export)
        facts = variants.seal_part(export.clip, export.part, copy)
        exports.keep(export, facts, now_ns=SystemClock().wall_ns())
    except Unfit as error:
        exports.refuse(export_id, str(error))
    except KeyDestroyed:
        exports.refuse(export_id, "its clip was erased")


def _burnt(export: Export) -> bytes:
    layout = held_words.layout_for(export.clip, export.view_id, export.film)
    if layout is None:
        raise Unfit("its view has no word for this film")
    manifest = footage.read_manifest(export.clip)
    lens = next((one for one in manifest.lenses if one.part == export.film), None)
    if lens is None:
        raise Unfit("its facts do not name this film")
    limits = Limits(settings.HUB.process.mark_memory_mb << 20, settings.HUB.process.mark_seconds)
    length_s, size = max(lens.duration_ns / NS_PER_S, 0.1), layout.size_bytes

    def read(start: int, stop: int) -> bytes:
        return b"".join(marked.read_range(export.clip, export.film, layout, start, stop))

    told = 0.0
    with LimitedChild(MODULE, {"size_bytes": size}, limits=limits) as child:
        child.hand(json.dumps(plan_of(export, manifest, lens)).encode())
        while (kind := child.answer(read, size_bytes=size)) == b"S":
            share = WORD.unpack(read_exactly(child.requests, WORD.size))[0] / 1000 / length_s
            if share - told >= 0.05:  # a write a twentieth, not one a picture
                told = share
                exports.tell_progress(export.pk, share)
        if kind != b"A":
            raise Unfit("making it broke off")
        _believe(child.block(at_most=MAX_SAID_BYTES))
        return child.block(at_most=MAX_COPY_BYTES)


def plan_of(export: Export, manifest: Manifest, lens: WireLens) -> dict[str, Any]:
    """Return what to burn in, as `exporting_child` reads it: times in seconds of the film, boxes as shares."""
    site = export.clip.site
    zone = ZoneInfo(site.time_zone or site.organisation.time_zone or "UTC")
    offset = moment_of(lens.first_frame_wall_ns).astimezone(zone).utcoffset() or timedelta(0)
    seconds = int(offset.total_seconds())
    sign, minutes = "-" if seconds < 0 else "+", abs(seconds) // 60
    return {
        "signature": f"view {str(export.view_id)[:8]}",
        "boxes": _boxes(lens) if export.boxes else [],
        "speeds": _speeds(manifest, lens, export.unit) if export.speed else [],
        "first_wall_ns": lens.first_frame_wall_ns if export.timecode else None,
        "utc_offset_s": seconds,
        "zone": f"UTC{sign}{minutes // 60:02}:{minutes % 60:02}",
    }


def _boxes(lens: WireLens) -> list[list[Any]]:
    wide, high = lens.width_px, lens.height_px
    return [
        [
            frame.t_ns / NS_PER_S,
            [
                [
                    *(round(edge / side, 5) for edge, side in zip(one.box_px_xyxy, (wide, high) * 2, strict=True)),
                    f"{one.object_class.value.replace('_', ' ')} {one.score_0_1:.2f}",
                ]
                for one in frame.objects
            ],
        ]
        for frame in sorted(lens.seen, key=lambda frame: frame.t_ns)
    ]


def _speeds(manifest: Manifest, lens: WireLens, unit: str) -> list[list[Any]]:
    metric = unit == Organisation.SpeedUnit.KMH
    factor, name = (KMH_PER_MPS, "km/h") if metric else (MPH_PER_MPS, "MPH")
    known = [one for one in manifest.samples if one.speed_mps is not None]
    return [
        [(one.wall_ns - lens.first_frame_wall_ns) / NS_PER_S, f"{whole((one.speed_mps or 0.0) * factor)} {name}"]
        for one in sorted(known, key=lambda one: one.wall_ns)
    ]


def _believe(said: bytes) -> None:
    try:
        found = dict(json.loads(said))
    except (ValueError, TypeError) as error:
        raise Unfit("making it gave no sensible answer") from error
    if "unfit" in found:
        raise Unfit(str(found["unfit"])[:200])
    if "fault" in found:
        raise Temporary(str(found["fault"])[:200])
