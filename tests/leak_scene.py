"""A marked clip that two people watched, and leaks of what one of them was shown."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import textured_film
from cast import Cast
from custodes.hub.access import gate
from custodes.hub.access.models import View
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Unit
from custodes.hub.leak import footage, sealing, services
from custodes.hub.leak.models import Leak, LeakFinding
from custodes.hub.process import leak_work
from custodes.hub.process.leak_work import Over, Run
from custodes.hub.process.limited import Unfit
from drawn_film import FPS as MANIFEST_FPS
from drawn_film import NS, DrawnLens
from marked_clip import served, twins_of
from stored_clip import store_clip

FILM = "film.road"


@dataclass(frozen=True, slots=True)
class LeakScene:
    """The clip, its film's path, and the views of Alice and Bob."""

    cast: Cast
    clip: Clip
    path: Path
    views: dict[str, View]

    def shown_to(self, name: str) -> bytes:
        """Return the bytes that a person's view was served."""
        return served(self.views[name], FILM, twins_of(self.path))


def store_textured(unit: Unit, path: Path, *, minutes_ago: int = 5, seconds: int = textured_film.SECONDS) -> Clip:
    """Store a marked clip of a textured film."""
    onset_ns = time.time_ns() // NS * NS - minutes_ago * 60 * NS
    lens = DrawnLens("road", "road", path, onset_ns - 4 * NS, seconds * MANIFEST_FPS)
    return store_clip(unit, [lens], onset_ns=onset_ns, seen=False)


def set_leak_scene(cast: Cast, path: Path) -> LeakScene:
    """Store the clip and let both watch it."""
    clip = store_textured(cast.van_unit, path)
    views = {
        name: gate.open_view(actor=getattr(cast, name), clip_id=clip.pk, purpose="incident")
        for name in ("alice", "bob")
    }
    return LeakScene(cast, clip, path, views)


def bring(cast: Cast, content: bytes, *, name: str = "found.mp4", hint: Clip | None = None) -> Leak:
    """Bring a file to the desk, whole."""
    leak = services.announce(
        actor=cast.petra, organisation=cast.company, file_name=name, size_bytes=len(content), hint=hint
    )
    for number in range(footage.pieces_of(len(content))):
        at = number * footage.PIECE_BYTES
        services.store_piece(leak, number=number, content=content[at : at + footage.PIECE_BYTES])
    return services.arrived(leak)


def keep_finding(**fields: object) -> LeakFinding:
    """Keep what was found in a leak as the process does: under the hub's seal."""
    row = LeakFinding(**fields)
    row.seal = sealing.seal_of(row)
    row.save()
    return row


def work_off(leak: Leak) -> Leak:
    """Do what the durable workflow does, here and now."""
    run = Run(leak.pk, leak.run)
    clips: list[UUID] = []
    reason = _told(lambda: leak_work.read_leak(run)) or _told(lambda: clips.extend(leak_work.candidates(run)))
    tested = leak_work.views_of(clips)
    for clip_id in clips:
        reason = reason or _told(lambda clip_id=clip_id: leak_work.trace_clip(run, clip_id, tested=tested))  # type: ignore[misc]
    leak_work.settle(run, reason)
    return Leak.objects.get(pk=leak.pk)


def _told(step: Callable[[], object]) -> str:
    try:
        step()
    except Unfit as error:
        return str(error)
    except Over:
        return "over"
    return ""
