"""A copy for the recorded person: films, facts and who watched, as one archive, sent as it is read."""

import io
import json
import zipfile
from collections.abc import Iterator
from uuid import UUID

from custodes.core.clock import Clock, SystemClock
from custodes.core.types import Purpose
from custodes.hub.access import exports, gate, watched
from custodes.hub.access.decisions import Actor
from custodes.hub.access.models import View
from custodes.hub.clips.models import ClipPart
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.times import now_of

_CLOCK = SystemClock()


class Pipe(io.RawIOBase):
    """Takes what the archive writes until somebody draws it. It cannot seek: nothing is kept."""

    def __init__(self) -> None:
        super().__init__()
        self._waiting: list[bytes] = []

    def writable(self) -> bool:
        """Say that it takes bytes."""
        return True

    def write(self, content: object) -> int:
        """Keep bytes for the next `draw`."""
        held = bytes(content)  # type: ignore[call-overload]  # a buffer, whatever its kind
        self._waiting.append(held)
        return len(held)

    def draw(self) -> bytes:
        """Return what was written since the last time."""
        held, self._waiting = b"".join(self._waiting), []
        return held


def open_copy(*, actor: Actor, clip_id: UUID, address: str = "", clock: Clock = _CLOCK) -> Iterator[bytes]:
    """Return the archive of a clip in which `actor` is recorded, as pieces that are decrypted while it is read.

    It is a view like any other: decided by the policies for the purpose `own`, in the ledger before the first byte,
    asked again while it flows. Raises Denied; BadInput for more than `exports.MOST_A_DAY` within a day.
    """
    watched.find_clip(actor, clip_id)
    if isinstance(actor, Person):
        exports.refuse_more(actor, clip_id, now=now_of(clock))
    view = gate.open_view(
        actor=actor, clip_id=clip_id, purpose=Purpose.OWN, reason=exports.OWN_COPY, address=address, clock=clock
    )
    return _archive(actor, view, clock)


def _archive(actor: Actor, view: View, clock: Clock) -> Iterator[bytes]:
    pipe = Pipe()
    made = now_of(clock).timetuple()[:6]
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for name, text in _papers(actor, view, clock):
            archive.writestr(zipfile.ZipInfo(name, made), text)
            yield pipe.draw()
        films = ClipPart.objects.filter(clip_id=view.clip_id, kind=ClipPart.Kind.FILM).order_by("name")
        for name in films.values_list("name", flat=True):
            film = gate.read_part(actor=actor, view_id=view.pk, part=name, clock=clock)
            with archive.open(zipfile.ZipInfo(f"{name}.mp4", made), "w", force_zip64=True) as entry:
                for chunk in film.chunks:
                    entry.write(chunk)
                    yield pipe.draw()
    yield pipe.draw()


def _papers(actor: Actor, view: View, clock: Clock) -> Iterator[tuple[str, str]]:
    manifest = gate.read_manifest(actor=actor, view_id=view.pk, clock=clock)
    yield "facts.json", manifest.model_dump_json(indent=2)
    viewings = watched.viewings_of(actor, others_only=False, limit=10_000, clip_id=view.clip_id)
    told = [
        {
            "view": str(one.view_id),
            "name": one.name,
            "email": one.email,
            "role": one.role,
            "purpose": one.purpose,
            "reason": one.reason,
            "address": one.address,
            "opened_at": one.opened_at.isoformat(),
            "watched_ms": one.shown_ms,
            "ledger_seq": one.ledger_seq,
        }
        for one in viewings
    ]
    yield "who-watched.json", json.dumps(told, indent=2, ensure_ascii=False)
