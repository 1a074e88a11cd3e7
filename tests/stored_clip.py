"""A clip of drawn films as ingest and process leave it on a hub: sealed, with manifest, poster and rows."""

import random
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from django.db import transaction
from django.utils import timezone

from cast import show_notices, tell_of_arrival
from custodes.core import seal
from custodes.core.clock import SystemClock
from custodes.core.wire import Manifest
from custodes.hub.clips import footage, headline
from custodes.hub.clips.models import Clip, ClipPart
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.models import Person, Unit
from custodes.hub.vault import keys
from custodes.hub.vault.store import vault
from drawn_film import FPS, HEIGHT_PX, NS, SECONDS, WIDTH_PX, DrawnLens, poster_of, seen_of
from marked_clip import store_twins, twins_of

SPEED_EVIDENCE = (
    {"name": "speed", "value": 58.1, "threshold": 55.0, "unit": "km/h"},
    {"name": "peak speed", "value": 61.4, "threshold": 55.0, "unit": "km/h"},
    {"name": "limit", "value": 50.0, "unit": "km/h"},
    {"name": "time above", "value": 3.0, "threshold": 2.0, "unit": "s"},
)
PRESENCE_EVIDENCE = (
    {"name": "class", "value": "car", "threshold": "person or car"},
    {"name": "stayed", "value": 2.4, "threshold": 1.0, "unit": "s"},
    {"name": "score", "value": 0.912},
)
MEDIA_TYPES = {"manifest": "application/json", "film": "video/mp4", "poster": "image/jpeg"}
MODEL = {"name": "ssd-openimages", "task": "objects", "sha256": "3f2a91c" + "0" * 57, "licence": "Apache-2.0"}


def drive(onset_ns: int, *, seconds: int = SECONDS + 4) -> list[dict[str, object]]:
    """Return a drive around Le Havre, twice a second: it speeds up, brakes at the onset, and goes on."""
    lat, lon, samples = 49.4938, 0.1077, []
    heading, speed = 0.9, 11.0
    chance = random.Random(7)
    start_ns = onset_ns - (SECONDS // 2 + 2) * NS
    for step in range(seconds * 2):
        wall_ns = start_ns + step * NS // 2
        braking = 0 <= (wall_ns - onset_ns) / NS < 2
        accel = -4.4 if braking else (0.9 if speed < 14 else 0.0) + chance.uniform(-0.2, 0.2)
        speed = max(0.0, speed + accel / 2)
        heading += 0.05 if step % 9 > 4 else -0.02
        lat += speed / 2 * np.cos(heading) / 111_320
        lon += speed / 2 * np.sin(heading) / (111_320 * np.cos(np.radians(lat)))
        samples.append(
            {
                "wall_ns": wall_ns,
                "lat_deg": round(float(lat), 7),
                "lon_deg": round(float(lon), 7),
                "speed_mps": round(speed, 2),
                "accel_mps2_xyz": [round(accel, 2), round(chance.uniform(-0.4, 0.4), 2), 9.8],
            }
        )
    return samples


def store_clip(
    unit: Unit,
    lenses: Sequence[DrawnLens],
    *,
    onset_ns: int,
    kind: str = "speed",
    severity: str = "warning",
    samples: Sequence[dict[str, object]] = (),
    subject: Person | None = None,
    evidence: Sequence[dict[str, object]] = (),
    rule: str = "50 km/h and 10 % for 2 s",
    seen: bool = True,
    codec: str = "h264",
) -> Clip:
    """Seal and store one ready clip of all that these lenses filmed. The event lasts 3 s."""
    event = {
        "event_id": str(uuid.uuid4()),
        "kind": kind,
        "rule": rule,
        "onset_wall_ns": onset_ns,
        "end_wall_ns": onset_ns + 3 * NS,
        "severity": severity,
        "lens": lenses[0].lens if kind == "presence" else None,
        "evidence": list(evidence),
    }
    start_ns = min(one.first_frame_wall_ns for one in lenses)
    manifest = Manifest.model_validate(
        {
            "clip_id": str(uuid.uuid4()),
            "event": event,
            "kept_start_wall_ns": start_ns + NS,
            "kept_end_wall_ns": start_ns + (SECONDS - 1) * NS,
            "lenses": [lens_facts(one, seen=seen, codec=codec) for one in lenses],
            "samples": list(samples),
            "models": [MODEL],
            "policy_version": "v7",
            "software": "custodes 0.1.0",
            "notes": [],
        }
    )
    clip = store_row(manifest, unit=unit, subject=subject)
    if subject is not None:
        show_notices(subject, unit.site.organisation, clock=SystemClock())
    seal_parts(clip, [("manifest", manifest.model_dump_json().encode()), *film_parts(lenses)])
    for one in lenses:
        store_twins(clip, f"film.{one.lens}", twins_of(one.path))
    headline.keep(clip, headline.of_manifest(manifest))
    clip.state = Clip.State.READY  # not before: a running hub marks what is ready and has no variants
    clip.save(update_fields=["state"])
    return clip


def lens_facts(one: DrawnLens, *, seen: bool, codec: str) -> dict[str, object]:
    """Return what a manifest says of one drawn lens."""
    return {
        "lens": one.lens,
        "facing": one.facing,
        "part": f"film.{one.lens}",
        "codec": codec,
        "width_px": WIDTH_PX,
        "height_px": HEIGHT_PX,
        "duration_ns": one.frames * NS // FPS,
        "frames": one.frames,
        "first_frame_wall_ns": one.first_frame_wall_ns,
        "has_sound": False,
        "film_sha256": "0" * 64,
        "film_bytes": one.path.stat().st_size,
        "seen": seen_of(one.drawn_no, one.frames) if seen else [],
    }


def store_row(manifest: Manifest, *, unit: Unit, subject: Person | None) -> Clip:
    """Store the clip's row, new to every inbox; its parts are yet to come."""
    now = timezone.now()
    with transaction.atomic():
        clip = Clip.objects.create(
            id=manifest.clip_id,
            site=unit.site,
            unit=unit,
            subject=subject,
            kind=manifest.event.kind,
            severity=manifest.event.severity,
            onset_wall_ns=manifest.event.onset_wall_ns,
            end_wall_ns=manifest.event.end_wall_ns,
            kept_start_wall_ns=manifest.kept_start_wall_ns,
            kept_end_wall_ns=manifest.kept_end_wall_ns,
            state=Clip.State.PROCESSING,
            received_at=now,
            ready_at=now,
            declaration_sha256="0" * 64,
            revision=next_revision(),
        )
        return tell_of_arrival(clip)


def film_parts(lenses: Sequence[DrawnLens]) -> Iterator[tuple[str, bytes]]:
    """Yield each film and the first one's poster, by the part's name."""
    for one in lenses:
        yield f"film.{one.lens}", one.path.read_bytes()
    yield "poster", poster_of(lenses[0].path, SECONDS / 2)


def seal_parts(clip: Clip, parts: Sequence[tuple[str, bytes]]) -> None:
    """Seal each part under a fresh key of the clip's own; store blob and row."""
    content_key = seal.new_content_key()
    keys.put(clip.pk, content_key)
    with tempfile.TemporaryDirectory() as folder:
        for name, content in parts:
            kind, _, lens = name.partition(".")
            plain, sealed = Path(folder) / "plain", Path(folder) / name
            plain.write_bytes(content)
            facts = seal.seal_file(plain, sealed, content_key=content_key, context=footage.context_of(clip, name))
            vault().put(footage.blob_name(clip.pk, name), sealed)
            ClipPart.objects.create(
                clip=clip,
                name=name,
                kind=ClipPart.Kind(kind),
                lens=lens,
                media_type=MEDIA_TYPES[kind],
                sealed_sha256=facts.sha256_hex,
                sealed_bytes=facts.sealed_bytes,
                plain_bytes=facts.plain_bytes,
                stored_at=timezone.now(),
            )
