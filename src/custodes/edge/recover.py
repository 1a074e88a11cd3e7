"""At start: films that a power cut left behind become clips after all, or leave a tombstone."""

import json
from collections import defaultdict
from pathlib import Path
from uuid import UUID, uuid4

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.types import Event, Evidence, Severity
from custodes.core.wire import WireEvent, WireTombstone
from custodes.edge.assemble import Draft, manifest_of, part_of
from custodes.edge.clip import Repaired, repair_folder
from custodes.edge.lens import films_dir
from custodes.edge.settings import UnitSettings
from custodes.edge.sinks import ClipSink


def recover_clips(
    settings: UnitSettings, state_dir: Path, sink: ClipSink, *, clock: Clock, policy_version: str
) -> list[str]:
    """Repair each lens's folder, hand whole and mended films with their draft to `sink`; return lines for people.

    What was seen and measured at the time was in memory only and is gone; a note in the manifest says so.
    Raises Temporary where the disk refuses.
    """
    lines: list[str] = []
    by_clip: dict[UUID, list[Repaired]] = defaultdict(list)
    for lens in settings.lens:
        for found in repair_folder(films_dir(state_dir, lens.name)):
            if found.film is None or found.clip_id is None:
                sink.add_tombstone(_tombstone(found.clip_id, found.reason, lens.name, clock.wall_ns()))
                lines.append(f"{lens.name}: a film could not be mended ({found.reason}); a tombstone says so")
            else:
                by_clip[found.clip_id].append(found)
    drafts = state_dir / "drafts"
    for clip_id, found_films in by_clip.items():
        draft = _draft_of(drafts / f"{clip_id}.json", clip_id, found_films)
        manifest = manifest_of(draft, (), models=(), policy_version=policy_version)
        line = sink.put(manifest, {part_of(film.lens): Path(film.path) for film in draft.films})
        lines.append(f"{draft.event.kind}: clip kept from before the last stop; {line}")
    for path in drafts.glob("*.json"):
        path.unlink()
    return lines


def _draft_of(path: Path, clip_id: UUID, found: list[Repaired]) -> Draft:
    films = [one.film for one in found if one.film is not None]
    start_wall_ns = min(film.first_frame_wall_ns for film in films)
    end_wall_ns = max(film.first_frame_wall_ns + film.duration_ns for film in films)
    notes = [note for one in found for note in one.notes]
    notes.append("the unit stopped while this clip was filmed: boxes and telemetry of it are gone")
    try:
        left = json.loads(path.read_bytes())
        event = _event_of(WireEvent.model_validate(left["event"]))
        start_wall_ns = max(start_wall_ns, int(left["start_wall_ns"]))
    except (OSError, ValueError, KeyError, TypeError):
        notes.append("what raised it is not known any more")
        event = Event(str(uuid4()), "recovered", "recovered", onset_wall_ns=start_wall_ns, severity=Severity.NOTE)
    return Draft(
        clip_id=clip_id,
        event=event,
        start_wall_ns=start_wall_ns,
        end_wall_ns=max(end_wall_ns, start_wall_ns + 1),
        last_end_wall_ns=end_wall_ns,
        waiting=set(),
        films=films,
        notes=notes,
    )


def _event_of(wire: WireEvent) -> Event:
    return Event(
        event_id=str(wire.event_id),
        kind=wire.kind,
        rule=wire.rule,
        onset_wall_ns=wire.onset_wall_ns,
        end_wall_ns=wire.end_wall_ns,
        severity=wire.severity,
        lens=wire.lens,
        evidence=tuple(Evidence(one.name, one.value, one.threshold, one.unit) for one in wire.evidence),
    )


def _tombstone(clip_id: UUID | None, reason: str, lens: str, now_wall_ns: int) -> WireTombstone:
    return WireTombstone(
        tombstone_id=uuid4(),
        reason="torn",
        detail=reason[:300],
        lens=lens,
        clip_id=clip_id,
        start_wall_ns=now_wall_ns - NS_PER_S,
        end_wall_ns=now_wall_ns,
    )
