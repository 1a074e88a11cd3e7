"""What stands on a real hub's stage, with people, sites and clips, for a real browser to look at."""

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.contrib.auth.hashers import make_password
from django.utils import timezone

import stored_trip
import textured_film
from cast import PASSWORD, Cast, make_cast, make_clip, show_notices
from custodes.core.clock import SystemClock
from custodes.core.types import Facing
from custodes.hub.clips.models import Clip, Tombstone
from custodes.hub.fleet import account_codes, services
from custodes.hub.fleet.models import Camera, Person, Shift, TrailPoint, Unit
from drawn_film import FPS, NS, SECONDS, SQUARE_PX, SQUARES, DrawnLens, car_box, draw
from leak_scene import store_textured
from signed_in import session_of
from stored_clip import PRESENCE_EVIDENCE, SPEED_EVIDENCE, drive, store_clip

__all__ = [
    "FPS", "NS", "SECONDS", "SPEED_EVIDENCE", "SQUARES", "SQUARE_PX", "DrawnLens", "add_clip", "car_box", "draw",
    "drive", "join", "set_stage", "store_clip",
]  # fmt: skip
LEAKING_S = 8
BEFORE_ONSET_NS = SECONDS // 2 * NS
"""How long before its event a film begins."""


def set_stage(data_dir: Path) -> dict[str, str]:
    """Fill a hub's folder: the cast, a van clip with two lenses, a porch clip, one of each unready state."""
    films = data_dir / "drawn"
    draw_films(films)
    cast = make_cast()
    now = timezone.now()
    let_in(cast)
    for person, organisation in ((cast.dina, cast.company), (cast.hanna, cast.household), (cast.milo, cast.household)):
        show_notices(person, organisation, clock=SystemClock())
    Shift.objects.filter(driver=cast.dina).update(starts_at=now - timedelta(hours=5))
    let_be_well(cast, now)
    let_drive(cast, now)
    clips = store_ready(cast, films, now)
    clips |= store_unready(cast, now)
    lose_some(cast, now)
    browsers = {f"session of {one.display_name.lower()}": session_of(one) for one in people_with_password(cast)}
    drive_start = datetime.fromtimestamp(clips["van_clip"].onset_wall_ns / NS - 200, tz=UTC)
    driven = stored_trip.store(cast.van_unit, drive_start, hard_at_m=(2000, 2600, 9000))
    places = {"drive": str(driven.pk), "van": str(cast.van.pk), "home": str(cast.home.pk)}
    return {name: str(clip.pk) for name, clip in clips.items()} | places | browsers


def draw_films(films: Path) -> None:
    """Draw a film for each of two lenses, and one in a codec that no browser plays."""
    films.mkdir(exist_ok=True)
    for number in (0, 1):
        draw(films / f"lens{number}.mp4", lens_no=number)
    draw(films / "old.mp4", codec="mpeg4")


def let_in(cast: Cast) -> None:
    """Give a password to those who sign in."""
    secret = make_password(PASSWORD)  # once: it is slow by design
    for person in people_with_password(cast):
        person.password = secret
        person.password_code = account_codes.of_password(person)
        person.save()


def people_with_password(cast: Cast) -> tuple[Person, ...]:
    """Return those who sign in by a browser."""
    return (cast.alice, cast.bob, cast.dina, cast.hanna, cast.milo, cast.stranger, cast.oscar)


def let_be_well(cast: Cast, now: datetime) -> None:
    """Let the units have been heard now, with one camera that sees nothing."""

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
    Camera.objects.filter(unit=cast.van_unit, lens="driver").update(facing=Facing.DRIVER)


def let_drive(cast: Cast, now: datetime) -> None:
    """Let the first van have driven a little way north on Dina's shift."""
    shift = Shift.objects.get(driver=cast.dina)
    for step in range(4):
        at = now - timedelta(seconds=30 - 10 * step)
        place = {"lat_deg": 49.4938 + step / 1000, "lon_deg": 0.1077, "speed_mps": 11.2}
        TrailPoint.objects.create(shift=shift, unit=cast.van_unit, at=at, **place)


def filmed(films: Path, name: str, lens: str, *, onset_ns: int, late_ns: int = 0, drawn_no: int = 0) -> DrawnLens:
    """Return a drawn film as what a lens saw around an onset. A lens faces what it is called after."""
    return DrawnLens(lens, lens, films / name, onset_ns - BEFORE_ONSET_NS + late_ns, SECONDS * FPS, drawn_no)


def store_ready(cast: Cast, films: Path, now: datetime) -> dict[str, Clip]:
    """Store three clips that can be watched: of speed, of somebody at the porch, and an old one in an old codec."""
    now_ns = int(now.timestamp()) * NS
    van_ns, porch_ns, old_ns = (now_ns - minutes * 60 * NS for minutes in (25, 180, 145))
    driver = filmed(films, "lens1.mp4", "driver", onset_ns=van_ns, late_ns=400_000_000, drawn_no=1)
    return {
        "van_clip": store_clip(
            cast.van_unit,
            (filmed(films, "lens0.mp4", "road", onset_ns=van_ns), driver),
            onset_ns=van_ns,
            samples=drive(van_ns),
            subject=cast.dina,
            evidence=SPEED_EVIDENCE,
        ),
        "porch_clip": store_clip(
            cast.home_unit,
            (filmed(films, "lens1.mp4", "porch", onset_ns=porch_ns, drawn_no=1),),
            onset_ns=porch_ns,
            kind="presence",
            severity="note",
            evidence=PRESENCE_EVIDENCE,
            rule="person or car for 1 s",
        ),
        "old_clip": store_clip(
            cast.van_unit,
            (filmed(films, "old.mp4", "road", onset_ns=old_ns),),
            onset_ns=old_ns,
            kind="mark",
            severity="note",
            evidence=({"name": "pressed by", "value": "button"},),
            codec="mpeg4",
            rule="button",
            seen=False,
        ),
    }


def store_unready(cast: Cast, now: datetime) -> dict[str, Clip]:
    """Store one clip in each state in which it cannot be watched."""
    clips = {}
    for minutes, state in ((2, Clip.State.RECEIVING), (4, Clip.State.PROCESSING)):
        onset = now - timedelta(minutes=minutes)
        clips[state.value] = make_clip(cast.van_unit, kind="presence", state=state, onset=onset, revision=1)
    clips["quarantined"] = make_clip(
        cast.van_unit,
        kind="presence",
        severity="critical",
        state=Clip.State.QUARANTINED,
        onset=now - timedelta(minutes=90),
        quarantine_reason="film.road: the film has no picture",
        revision=1,
    )
    return clips


def lose_some(cast: Cast, now: datetime) -> None:
    """Let the van have lost three minutes to a full disk."""
    now_ns = int(now.timestamp()) * NS
    Tombstone.objects.create(
        id=uuid.uuid4(),
        unit=cast.van_unit,
        reason="disk_full",
        lens="road",
        start_wall_ns=now_ns - 7200 * NS,
        end_wall_ns=now_ns - 7020 * NS,
    )


def add_clip(data_dir: Path) -> str:
    """Store one more clip of the van, as if it had come in now; return its id. For the live inbox."""
    now_ns = int(datetime.now(UTC).timestamp() * 1000) * 1_000_000
    lens = filmed(data_dir / "drawn", "lens0.mp4", "road", onset_ns=now_ns)
    unit = Unit.objects.get(name="Van 12")
    return str(store_clip(unit, [lens], onset_ns=now_ns, evidence=SPEED_EVIDENCE).pk)


def add_leaking_clip(data_dir: Path) -> dict[str, str]:
    """Store a clip of a film that a tracer can read, a day old and of the other van; let the officer in."""
    path = textured_film.film(data_dir / "drawn" / "textured.mp4", seconds=LEAKING_S)
    clip = store_textured(Unit.objects.get(name="Van 13"), path, minutes_ago=26 * 60, seconds=LEAKING_S)
    return {"leak_clip": str(clip.pk), "session of petra": session_of(Person.objects.get(display_name="Petra"))}


def join(code: str) -> str:
    """Let a unit join by a code, as its own request would; return its name."""
    key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
    return services.enrol_unit(code=code, public_key=key, unit_name="New unit", now=timezone.now()).name
