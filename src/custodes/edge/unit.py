"""The unit's centre: observations and samples go in; alerts, clips and their manifests come out.

It knows no thread and no socket. Lenses call it under its lock; what it decides, it hands to small protocols.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import UUID, uuid4

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import CustodesError
from custodes.core.fs import write_durably
from custodes.core.types import (
    Event,
    EventUpdate,
    Evidence,
    LensFilm,
    ManualMark,
    ModelIdentity,
    Observation,
    Sample,
    Severity,
)
from custodes.core.wire import Manifest, WireTombstone
from custodes.edge.alert import Alerter
from custodes.edge.assemble import Draft, Memory, manifest_of, part_of, with_observations
from custodes.edge.clip.settings import ClipSettings
from custodes.edge.decide import Decider, RuleSettings, alert_for
from custodes.edge.report import Happening, HappeningKind, Reporter
from custodes.edge.sinks import ClipSink
from custodes.edge.trips import TripKeeper
from custodes.score.trip import Trip

EXTEND_AHEAD_NS = NS_PER_S
"""A clip of an event that still lasts is extended this long before its film would close."""


class FilmDesk(Protocol):
    """One lens's recorder, seen from the centre. Calls are queued and answered later by `Unit.film_done`."""

    def begin(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Start a film; its pre-roll comes from the ring."""
        ...

    def extend(self, clip_id: UUID, *, end_wall_ns: int) -> None:
        """Let a film run on."""
        ...

    def recall(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Cut a film of the past from the ring on disk."""
        ...


@dataclass(frozen=True, slots=True)
class UnitParts:
    """What the centre works with."""

    decider: Decider
    alerter: Alerter
    sink: ClipSink
    reporter: Reporter
    clip: ClipSettings
    drafts_dir: Path
    clock: Clock
    policy_version: str
    rules: Sequence[RuleSettings] = ()
    """What the decider decides by; a trip says which of it was watched."""
    keep_trip: Callable[[Trip], None] | None = None
    """Where finished trips go; None: nobody asked for trips."""
    on_observation: Callable[[Observation], None] | None = None
    """Told of each observation before it is decided on."""
    sealing: Executor | None = None
    """Seals clips away from the lenses' threads, so that no alert waits for a disk; None: at once."""
    starts_again: bool = True
    """Whether a later start tries again to keep what the sink refused."""


class Unit:
    """Decides for all lenses of one site together."""

    def __init__(self, parts: UnitParts) -> None:
        self.parts = parts
        self.memory = Memory()
        self.models: dict[str, ModelIdentity] = {}
        self.desks: dict[str, FilmDesk] = {}
        self.drafts: dict[UUID, Draft] = {}
        self.lasting: dict[str, UUID] = {}
        self.trips = TripKeeper(parts.rules) if parts.keep_trip is not None else None
        self.onsets: Counter[str] = Counter()
        """How many events of each kind began."""
        self.standing: dict[str, str] = {}
        """How well the driver of each lens is known, in words."""
        self.counts = {"events": 0, "alerts": 0, "clips": 0, "lost_clips": 0, "detections": 0}
        self._lock = threading.RLock()
        self._closing: set[str] = set()
        self._known_tracks: set[tuple[str, int]] = set()
        parts.drafts_dir.mkdir(parents=True, exist_ok=True)

    def add_desk(self, lens: str, desk: FilmDesk) -> None:
        """Let clips include this lens's film."""
        self.desks[lens] = desk

    def observe(self, observation: Observation, *, decoded_mono_ns: int | None = None) -> None:
        """Take what one lens saw. `decoded_mono_ns`: when its frame was decoded, for the latency in the alert log."""
        with self._lock:
            self.memory.see(observation)
            self._announce_tracks(observation)
            if self.parts.on_observation is not None:
                self.parts.on_observation(observation)
            self._apply(self.parts.decider.on_observation(observation), decoded_mono_ns=decoded_mono_ns)
            self._announce_standing(observation)
            self._keep_lasting(observation.wall_ns)

    def measure(self, samples: Sequence[Sample]) -> None:
        """Take telemetry readings, oldest first."""
        with self._lock:
            for sample in samples:
                self.memory.measure(sample)
                self._apply(self.parts.decider.on_sample(sample))
                self._keep_trip(self.trips.on_sample(sample) if self.trips else None)

    def mark(self, mark: ManualMark) -> None:
        """Take a press of the button."""
        with self._lock:
            self._apply(self.parts.decider.on_mark(mark))

    def recall(self, *, start_wall_ns: int, end_wall_ns: int, note: str) -> None:
        """Make a clip of a past time that nobody thought worth one then, as far as the ring on disk reaches."""
        with self._lock:
            event = Event(
                event_id=str(uuid4()),
                kind="recall",
                rule="asked for by hand",
                onset_wall_ns=start_wall_ns,
                end_wall_ns=end_wall_ns,
                severity=Severity.NOTE,
                evidence=(Evidence("note", note),) if note else (),
            )
            self._tell("event", f"recall of {(end_wall_ns - start_wall_ns) / NS_PER_S:.0f} s", 0, event)
            draft = self._open_draft(event, start_wall_ns, end_wall_ns, end_wall_ns)
            if draft is None:
                return
            for desk in list(self.desks.values()):
                desk.recall(draft.clip_id, start_wall_ns=start_wall_ns, end_wall_ns=end_wall_ns)

    def tick(self, wall_ns: int) -> None:
        """Let time pass: rules end events, lasting clips run on."""
        with self._lock:
            self._apply(self.parts.decider.on_tick(wall_ns))
            self._keep_lasting(wall_ns)

    def closing(self, lens: str) -> None:
        """A lens sees nothing more. Once the last one is closing, what still lasts is over."""
        with self._lock:
            self._closing.add(lens)
            if self._closing >= set(self.desks):
                self._apply(self.parts.decider.finish())

    def film_done(self, clip_id: UUID, film: LensFilm, notes: Sequence[str] = ()) -> None:
        """Take one lens's finished film; the clip is complete when its last one came."""
        with self._lock:
            draft = self.drafts.get(clip_id)
            if draft is None:
                return
            draft.waiting.discard(film.lens)
            draft.notes.extend(notes)
            draft.films.append(with_observations(film, self.memory.seen_in(film)))
            if not draft.waiting:
                self._complete(draft)

    def film_lost(self, clip_id: UUID, lens: str, why: str, *, disk_full: bool = False) -> None:
        """A lens has no film for this clip: leave a tombstone, go on with the other lenses."""
        with self._lock:
            draft = self.drafts.get(clip_id)
            if draft is None or lens not in draft.waiting:
                return
            self.parts.sink.add_tombstone(
                WireTombstone(
                    tombstone_id=uuid4(),
                    reason="disk_full" if disk_full else "source_lost",
                    detail=why[:300],
                    lens=lens,
                    clip_id=clip_id,
                    start_wall_ns=draft.start_wall_ns,
                    end_wall_ns=max(draft.start_wall_ns, draft.end_wall_ns),
                )
            )
            self._tell("tombstone", f"{lens}: {why}", 0, draft.event, clip_id)
            self._go_without(draft, lens, why)

    def film_withheld(self, clip_id: UUID, lens: str, why: str) -> None:
        """A lens was shut on purpose: no film, and no loss either. The clip says so."""
        with self._lock:
            draft = self.drafts.get(clip_id)
            if draft is not None and lens in draft.waiting:
                self._go_without(draft, lens, why)

    def _go_without(self, draft: Draft, lens: str, why: str) -> None:
        draft.waiting.discard(lens)
        draft.notes.append(f"no film from {lens}: {why}"[:300])
        if not draft.waiting:
            self._complete(draft)

    def lens_gone(self, lens: str) -> None:
        """A lens stopped for good: clips no longer wait for it."""
        with self._lock:
            self.desks.pop(lens, None)
            for clip_id in [one.clip_id for one in self.drafts.values() if lens in one.waiting]:
                self.film_lost(clip_id, lens, "the lens stopped")

    def end_trip(self) -> None:
        """Keep the trip that is under way as it stands: the unit stops."""
        with self._lock:
            self._apply(self.parts.decider.finish())
            self._keep_trip(self.trips.finish() if self.trips else None)

    def _keep_trip(self, trip: Trip | None) -> None:
        if trip is None or self.parts.keep_trip is None:
            return
        self.parts.keep_trip(trip)
        text = f"trip of {trip.distance_m / 1000:.1f} km with {len(trip.events)} events"
        self._tell("note", text, trip.end_wall_ns)

    def _apply(self, updates: Sequence[EventUpdate], *, decoded_mono_ns: int | None = None) -> None:
        if self.trips:
            self.trips.on_updates(updates)
        for update in updates:
            if update.phase == "onset":
                self.counts["events"] += 1
                self.onsets[update.event.kind] += 1
            if update.phase == "end":
                self._end(update)
            else:
                self._begun(update, decoded_mono_ns)

    def _begun(self, update: EventUpdate, decoded_mono_ns: int | None) -> None:
        """Take an event that began, or that became graver: it may alert again, and be worth a clip only now."""
        event = update.event
        alert = alert_for(event, stage=update.stage)
        self._tell("event", alert.text, update.decided_wall_ns or event.onset_wall_ns, event=event)
        if update.raises_alert:
            self.counts["alerts"] += 1
            self.parts.alerter.raise_alert(alert, decoded_mono_ns=decoded_mono_ns)
        clip_id = self.lasting.get(event.event_id)
        if clip_id in self.drafts:
            self.drafts[clip_id].event = event
        elif update.cuts_clip:
            self._begin_clip(event, decided_wall_ns=update.decided_wall_ns or event.onset_wall_ns)

    def _begin_clip(self, event: Event, *, decided_wall_ns: int) -> None:
        clip = self.parts.clip
        start_wall_ns = event.onset_wall_ns - round(clip.pre_roll_s * NS_PER_S)
        last_end_wall_ns = start_wall_ns + round(clip.max_s * NS_PER_S)
        end_wall_ns = min(decided_wall_ns + round(clip.post_roll_s * NS_PER_S), last_end_wall_ns)
        draft = self._open_draft(event, start_wall_ns, end_wall_ns, last_end_wall_ns)
        if draft is None:
            return
        self.lasting[event.event_id] = draft.clip_id
        for desk in list(self.desks.values()):
            desk.begin(draft.clip_id, start_wall_ns=draft.start_wall_ns, end_wall_ns=draft.end_wall_ns)

    def _open_draft(self, event: Event, start_wall_ns: int, end_wall_ns: int, last_end_wall_ns: int) -> Draft | None:
        if not self.desks:
            self._tell("note", "no lens records, so this event has no clip", 0, event)
            return None
        draft = Draft(
            clip_id=uuid4(),
            event=event,
            start_wall_ns=start_wall_ns,
            end_wall_ns=end_wall_ns,
            last_end_wall_ns=last_end_wall_ns,
            waiting=set(self.desks),
        )
        self.drafts[draft.clip_id] = draft
        write_durably(self.draft_path(draft.clip_id), draft.as_json().encode())
        return draft

    def _end(self, update: EventUpdate) -> None:
        event = update.event
        self._tell("event_end", f"{event.kind} over", event.end_wall_ns or event.onset_wall_ns, event=event)
        clip_id = self.lasting.pop(event.event_id, None)
        draft = self.drafts.get(clip_id) if clip_id else None
        if draft is None or event.end_wall_ns is None:
            return
        draft.event = event
        self._extend(draft, event.end_wall_ns + round(self.parts.clip.post_roll_s * NS_PER_S))

    def _keep_lasting(self, wall_ns: int) -> None:
        for clip_id in list(self.lasting.values()):
            draft = self.drafts.get(clip_id)
            if draft is not None and wall_ns + EXTEND_AHEAD_NS > draft.end_wall_ns:
                self._extend(draft, wall_ns + 2 * EXTEND_AHEAD_NS)

    def _extend(self, draft: Draft, end_wall_ns: int) -> None:
        end_wall_ns = min(end_wall_ns, draft.last_end_wall_ns)
        if end_wall_ns <= draft.end_wall_ns:
            return
        draft.end_wall_ns = end_wall_ns
        for lens in draft.waiting:
            if lens in self.desks:
                self.desks[lens].extend(draft.clip_id, end_wall_ns=end_wall_ns)

    def _complete(self, draft: Draft) -> None:
        del self.drafts[draft.clip_id]
        if not draft.films:
            self.counts["lost_clips"] += 1
            self.draft_path(draft.clip_id).unlink(missing_ok=True)
            return
        samples = self.memory.measured_in(draft.start_wall_ns, draft.end_wall_ns)
        manifest = manifest_of(
            draft, samples, models=list(self.models.values()), policy_version=self.parts.policy_version
        )
        seconds = (manifest.kept_end_wall_ns - manifest.kept_start_wall_ns) / NS_PER_S
        lenses = " and ".join(lens.lens for lens in manifest.lenses)
        self._tell("clip_cut", f"{draft.event.kind}, {seconds:.0f} s, {lenses}", 0, draft.event, draft.clip_id)
        films = {part_of(film.lens): Path(film.path) for film in draft.films}
        if self.parts.sealing is None:
            self._seal(draft, manifest, films)
        else:
            self.parts.sealing.submit(self._seal, draft, manifest, films)

    def _seal(self, draft: Draft, manifest: Manifest, films: Mapping[str, Path]) -> None:
        """Hand the clip to its sink. What the sink refuses stays on disk with its draft, for the next start."""
        try:
            line = self.parts.sink.put(manifest, films)
        except CustodesError as error:
            self.counts["lost_clips"] += 1
            so = "stays in films/ and is tried again at the next start" if self.parts.starts_again else "is not kept"
            self._tell("note", f"clip {draft.clip_id} {so}: {error}", 0, draft.event, draft.clip_id)
            return
        self.counts["clips"] += 1
        self.draft_path(draft.clip_id).unlink(missing_ok=True)
        self._tell("sealed" if self.parts.sink.seals else "kept", line, 0, draft.event, draft.clip_id)

    def draft_path(self, clip_id: UUID) -> Path:
        """Return where the draft of a clip lies until the clip is in its sink."""
        return self.parts.drafts_dir / f"{clip_id}.json"

    def _announce_tracks(self, observation: Observation) -> None:
        for one in observation.objects:
            key = (observation.lens, one.track_id)
            if not one.confirmed or key in self._known_tracks:
                continue
            if len(self._known_tracks) > 10_000:
                self._known_tracks.clear()
            self._known_tracks.add(key)
            self.counts["detections"] += 1
            what = one.object_class.value.replace("_", " ")
            text = f"{what} {one.score_0_1:.2f} on {observation.lens}"
            self.parts.reporter.tell(
                Happening(
                    "detection",
                    text,
                    observation.wall_ns,
                    lens=observation.lens,
                    track_id=one.track_id,
                    object_class=one.object_class.value,
                    score_0_1=round(one.score_0_1, 3),
                    box_px_xyxy=tuple(round(edge, 1) for edge in one.box_px_xyxy),
                )
            )

    def _announce_standing(self, observation: Observation) -> None:
        """Say once how well the driver is known, or what cannot be told of them, when that changes."""
        if observation.driver is None:
            return
        words = self.parts.decider.standing().get(observation.lens, "")
        if words and words != self.standing.get(observation.lens):
            text = f"{observation.lens}: {words}"
            self.parts.reporter.tell(Happening("driver", text, observation.wall_ns, lens=observation.lens))
        self.standing[observation.lens] = words

    def _tell(
        self, kind: HappeningKind, text: str, wall_ns: int, event: Event | None = None, clip_id: UUID | None = None
    ) -> None:
        happening = Happening(
            kind,
            text,
            wall_ns or self.parts.clock.wall_ns(),
            lens=event.lens if event else None,
            event_id=event.event_id if event else None,
            clip_id=str(clip_id) if clip_id else None,
            event_kind=event.kind if event else None,
            rule=event.rule if event else None,
            severity=event.severity.value if event else None,
        )
        self.parts.reporter.tell(happening)
