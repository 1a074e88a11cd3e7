"""A real hub's data folder with people, sites and clips, for a real browser to look at.

The films are drawn here: every frame carries its own number as sixteen black or white squares along its lower edge,
so that a test can read from the picture which frame is shown. They are sealed and stored as ingest stores them.
"""

import json
import os
import random
import sys
import tempfile
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import cache
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
NS = 1_000_000_000
WIDTH_PX, HEIGHT_PX, FPS = 640, 360, 25
SECONDS = 14
SQUARES = 16
SQUARE_PX = 24
PASSWORD = "correct horse battery staple"


@dataclass(frozen=True, slots=True)
class DrawnLens:
    """One drawn film: its file and the wall time of its first frame."""

    lens: str
    facing: str
    path: Path
    first_frame_wall_ns: int
    frames: int
    drawn_no: int = 0
    """Which of the drawn films it is: where the car drives."""


def car_box(frame: int, lens_no: int) -> tuple[int, int, int, int]:
    """Return where the drawn car is in a frame (px): left, top, right, bottom."""
    left = 40 + (frame * 3 + lens_no * 120) % (WIDTH_PX - 200)
    top = 120 + lens_no * 40
    return left, top, left + 140, top + 84


@cache
def _scenery(lens_no: int) -> Picture:
    rows = np.linspace(58, 24, HEIGHT_PX, dtype=np.uint8)[:, None, None]
    shot = np.repeat(np.repeat(rows, WIDTH_PX, axis=1), 3, axis=2).copy()
    shot[HEIGHT_PX // 2 :, :, 2] += 14
    shot[: HEIGHT_PX // 2, :, 0] += 10 * (1 + lens_no)
    return shot


def picture(frame: int, lens_no: int) -> Picture:
    """Draw one frame: a road, a car that moves, and the frame's number in squares."""
    shot = _scenery(lens_no).copy()
    for at in range(0, WIDTH_PX, 80):
        left = (at - frame * 6) % WIDTH_PX
        shot[250:256, left : left + 40] = 190
    left, top, right, bottom = car_box(frame, lens_no)
    shot[top:bottom, left:right] = (178, 64, 48) if lens_no == 0 else (60, 110, 170)
    shot[top + 10 : top + 40, left + 20 : right - 20] = (30, 36, 44)
    for wheel in (left + 24, right - 44):
        shot[bottom - 8 : bottom + 12, wheel : wheel + 20] = 12
    for bit in range(SQUARES):
        lit = 235 if frame >> bit & 1 else 16
        shot[-SQUARE_PX:, bit * SQUARE_PX : (bit + 1) * SQUARE_PX] = lit
    return shot


def draw(path: Path, *, lens_no: int = 0, seconds: int = SECONDS, codec: str = "libx264") -> int:
    """Write one film as fragmented MP4, a fragment a second; return its number of frames."""
    options = {"movflags": "frag_keyframe+empty_moov+default_base_moof"}
    with av.open(str(path), "w", format="mp4", options=options) as film:
        stream = film.add_stream(codec, rate=FPS)
        stream.width, stream.height, stream.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
        stream.time_base = Fraction(1, FPS)
        stream.options = {"g": str(FPS), "bf": "0", "preset": "ultrafast", "crf": "20"} if codec == "libx264" else {}
        for number in range(seconds * FPS):
            frame = av.VideoFrame.from_ndarray(picture(number, lens_no), format="rgb24")
            frame.pts = number
            film.mux(stream.encode(frame))
        film.mux(stream.encode(None))
    return seconds * FPS


def poster_of(path: Path, at_s: float) -> bytes:
    """Return one picture of a film as JPEG."""
    with av.open(str(path)) as film:
        for frame in film.decode(video=0):
            if float(frame.time or 0) >= at_s:
                break
        small = frame.reformat(640, round(640 * frame.height / frame.width) // 2 * 2, "yuvj420p")
        encoder = av.CodecContext.create("mjpeg", "w")
        encoder.width, encoder.height, encoder.pix_fmt = small.width, small.height, "yuvj420p"
        encoder.time_base = Fraction(1, 25)
        small.pts = 0
        packets = list(encoder.encode(small)) + list(encoder.encode(None))
    return b"".join(bytes(packet) for packet in packets)


def seen_of(lens_no: int, frames: int) -> list[dict[str, object]]:
    """Return what perception would have said of a drawn film, at five frames a second, with a second left out."""
    found = []
    for frame in range(0, frames, 5):
        if 150 <= frame < 175:
            continue
        left, top, right, bottom = car_box(frame, lens_no)
        box = {"track_id": 1, "object_class": "car", "score_0_1": 0.91, "box_px_xyxy": [left, top, right, bottom]}
        found.append({"t_ns": round(frame / FPS * NS), "objects": [box]})
    return found


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
    unit: object,
    lenses: Sequence[DrawnLens],
    *,
    onset_ns: int,
    kind: str = "speed",
    severity: str = "warning",
    samples: Sequence[dict[str, object]] = (),
    subject: object = None,
    evidence: Sequence[dict[str, object]] = (),
    rule: str = "50 km/h and 10 % for 2 s",
    seen: bool = True,
    codec: str = "h264",
) -> object:
    """Seal and store one clip as ingest and process leave it: ready, with manifest, films and poster."""
    from django.db import transaction
    from django.utils import timezone

    from custodes.core import seal
    from custodes.core.wire import Manifest
    from custodes.hub.clips import footage, headline
    from custodes.hub.clips.models import Clip, ClipPart
    from custodes.hub.clips.revisions import next_revision
    from custodes.hub.vault import keys
    from custodes.hub.vault.store import vault

    clip_id = uuid.uuid4()
    start_ns = min(one.first_frame_wall_ns for one in lenses)
    manifest = Manifest.model_validate(
        {
            "clip_id": str(clip_id),
            "event": {
                "event_id": str(uuid.uuid4()),
                "kind": kind,
                "rule": rule,
                "onset_wall_ns": onset_ns,
                "end_wall_ns": onset_ns + 3 * NS,
                "severity": severity,
                "lens": lenses[0].lens if kind == "presence" else None,
                "evidence": list(evidence),
            },
            "kept_start_wall_ns": start_ns + NS,
            "kept_end_wall_ns": start_ns + (SECONDS - 1) * NS,
            "lenses": [
                {
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
                for one in lenses
            ],
            "samples": list(samples),
            "models": [
                {"name": "ssd-openimages", "task": "objects", "sha256": "3f2a91c" + "0" * 57, "licence": "Apache-2.0"}
            ],
            "policy_version": "v7",
            "software": "custodes 0.1.0",
            "notes": [],
        }
    )
    with transaction.atomic():
        clip = Clip.objects.create(
            id=clip_id,
            site=unit.site,
            unit=unit,
            subject=subject,
            kind=kind,
            severity=severity,
            onset_wall_ns=onset_ns,
            end_wall_ns=onset_ns + 3 * NS,
            kept_start_wall_ns=manifest.kept_start_wall_ns,
            kept_end_wall_ns=manifest.kept_end_wall_ns,
            state=Clip.State.READY,
            received_at=timezone.now(),
            ready_at=timezone.now(),
            declaration_sha256="0" * 64,
            revision=next_revision(),
        )
    content_key = seal.new_content_key()
    keys.put(clip_id, content_key)
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "plain"
        parts = [("manifest", ClipPart.Kind.MANIFEST, "", "application/json", manifest.model_dump_json().encode())]
        parts += [
            (f"film.{one.lens}", ClipPart.Kind.FILM, one.lens, "video/mp4", one.path.read_bytes()) for one in lenses
        ]
        parts.append(("poster", ClipPart.Kind.POSTER, "", "image/jpeg", poster_of(lenses[0].path, SECONDS / 2)))
        for name, part_kind, lens, media_type, content in parts:
            plain.write_bytes(content)
            sealed = Path(folder) / name
            facts = seal.seal_file(plain, sealed, content_key=content_key, context=footage.context_of(clip, name))
            vault().put(footage.blob_name(clip_id, name), sealed)
            ClipPart.objects.create(
                clip=clip,
                name=name,
                kind=part_kind,
                lens=lens,
                media_type=media_type,
                sealed_sha256=facts.sha256_hex,
                sealed_bytes=facts.sealed_bytes,
                plain_bytes=facts.plain_bytes,
                stored_at=timezone.now(),
            )
    headline.keep(clip, headline.of_manifest(manifest))
    return clip


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


def add_clip(data_dir: Path, films: Path) -> str:
    """Store one more clip of the van, as if it had come in now; return its id. For the live inbox."""
    from custodes.hub.fleet.models import Unit

    unit = Unit.objects.get(name="Van 12")
    now_ns = int(datetime.now(UTC).timestamp() * 1000) * 1_000_000
    lenses = [DrawnLens("road", "road", films / "lens0.mp4", now_ns - SECONDS // 2 * NS, SECONDS * FPS)]
    clip = store_clip(unit, lenses, onset_ns=now_ns, evidence=SPEED_EVIDENCE)
    return str(clip.pk)


def join(code: str) -> str:
    """Let a unit join by a code, as its own request would; return its name."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from django.utils import timezone

    from custodes.hub.fleet import services

    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return services.enrol_unit(code=code, public_key=key, unit_name="New unit", now=timezone.now()).name


def set_stage(data_dir: Path) -> dict[str, str]:
    """Fill a hub's folder: the cast, a van clip with two lenses, a porch clip, one of each unready state."""
    from django.utils import timezone

    from cast import make_cast, make_clip
    from custodes.core.types import Facing
    from custodes.hub.clips.models import Clip, Tombstone
    from custodes.hub.fleet.models import Camera, Shift

    films = data_dir / "drawn"
    films.mkdir(exist_ok=True)
    for number in (0, 1):
        draw(films / f"lens{number}.mp4", lens_no=number)
    draw(films / "old.mp4", codec="mpeg4")
    cast = make_cast()
    now = timezone.now()
    for person in (cast.alice, cast.bob, cast.dina, cast.hanna, cast.stranger, cast.oscar):
        person.set_password(PASSWORD)
        person.save()
    Shift.objects.filter(driver=cast.dina).update(starts_at=now - timedelta(hours=5))
    _well(cast, now)
    now_ns = int(now.timestamp()) * NS
    onset_ns = now_ns - 25 * 60 * NS
    road = DrawnLens("road", "road", films / "lens0.mp4", onset_ns - 7 * NS, SECONDS * FPS)
    driver = DrawnLens("driver", "driver", films / "lens1.mp4", onset_ns - 7 * NS + 400_000_000, SECONDS * FPS, 1)
    van = store_clip(
        cast.van_unit,
        (road, driver),
        onset_ns=onset_ns,
        samples=drive(onset_ns),
        subject=cast.dina,
        evidence=SPEED_EVIDENCE,
    )
    porch_ns = now_ns - 3 * 3600 * NS
    porch = store_clip(
        cast.home_unit,
        (DrawnLens("porch", "porch", films / "lens1.mp4", porch_ns - 7 * NS, SECONDS * FPS, 1),),
        onset_ns=porch_ns,
        kind="presence",
        severity="note",
        evidence=PRESENCE_EVIDENCE,
        rule="person or car for 1 s",
    )
    old = store_clip(
        cast.van_unit,
        (DrawnLens("road", "road", films / "old.mp4", onset_ns - 7200 * NS - 7 * NS, SECONDS * FPS),),
        onset_ns=onset_ns - 7200 * NS,
        kind="mark",
        severity="note",
        evidence=({"name": "pressed by", "value": "button"},),
        codec="mpeg4",
        rule="button",
        seen=False,
    )
    states = {}
    for minutes, state in ((2, Clip.State.RECEIVING), (4, Clip.State.PROCESSING), (90, Clip.State.QUARANTINED)):
        clip = make_clip(
            cast.van_unit, kind="presence", state=state, onset=now - timedelta(minutes=minutes), revision=1
        )
        clip.quarantine_reason = "film.road: the film has no picture" if state == Clip.State.QUARANTINED else ""
        clip.save()
        states[state.value] = str(clip.pk)
    Clip.objects.filter(pk=states["quarantined"]).update(severity="critical")
    Tombstone.objects.create(
        id=uuid.uuid4(),
        unit=cast.van_unit,
        reason="disk_full",
        lens="road",
        start_wall_ns=now_ns - 7200 * NS,
        end_wall_ns=now_ns - 7020 * NS,
    )
    Camera.objects.filter(unit=cast.van_unit, lens="driver").update(facing=Facing.DRIVER)
    return {
        "van_clip": str(van.pk),
        "porch_clip": str(porch.pk),
        "old_clip": str(old.pk),
        "van": str(cast.van.pk),
        "home": str(cast.home.pk),
        **states,
    }


def _well(cast: object, now: datetime) -> None:
    """Let the units have been heard now, with one camera that sees nothing."""
    from custodes.hub.fleet.models import Camera, Unit

    Unit.objects.filter(pk__in=[cast.van_unit.pk, cast.home_unit.pk]).update(
        last_seen_at=now,
        software="custodes 0.1.0",
        clock_skew_ms=140,
        disk_free_bytes=21_400_000_000,
        last_lat_deg=49.4938,
        last_lon_deg=0.1077,
        last_speed_mps=11.2,
    )
    Unit.objects.filter(pk=cast.home_unit.pk).update(last_lat_deg=None, last_lon_deg=None, last_speed_mps=None)
    Camera.objects.filter(unit__in=[cast.van_unit, cast.home_unit]).update(
        last_frame_at=now, width_px=1280, height_px=720, fps=25
    )


def main() -> None:
    """`python stage.py set|add|join DATA_DIR [CODE]`: print what was stored as one JSON object."""
    act, folder = sys.argv[1], Path(sys.argv[2])
    from custodes.hub import boot

    os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
    boot.django_on(folder)
    if act == "join":
        print(json.dumps({"unit": join(sys.argv[3])}))
        return
    if act == "add":
        print(json.dumps({"clip": add_clip(folder, folder / "drawn")}))
        return
    print(json.dumps(set_stage(folder)))


if __name__ == "__main__":
    main()
