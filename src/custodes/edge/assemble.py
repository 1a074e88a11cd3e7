"""A clip in the making: which films it waits for, what was seen and measured around it, and its manifest."""

import json
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from custodes import __version__
from custodes.core import thinning
from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, Facing, LensFilm, ModelIdentity, Observation, Sample
from custodes.core.wire import (
    Manifest,
    WireEvent,
    WireEvidence,
    WireFrame,
    WireLens,
    WireModelIdentity,
    WireObject,
    WireSample,
)

MEMORY_S = 150
"""How far back observations and samples are kept for manifests (s): the longest clip and its pre-roll."""


FACINGS = tuple(Facing)
"""The order in which lenses are shown: the road before the driver, so that a list shows no face first."""


@dataclass(slots=True)
class Draft:
    """One clip that is being written. `waiting` names the lenses whose film has not come yet."""

    clip_id: UUID
    event: Event
    start_wall_ns: int
    end_wall_ns: int
    last_end_wall_ns: int
    """The clip never grows past this."""
    waiting: set[str]
    films: list[LensFilm] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def as_json(self) -> str:
        """Return what must survive a crash: the event and the range."""
        return json.dumps(
            {
                "clip_id": str(self.clip_id),
                "event": wire_event(self.event).model_dump(mode="json"),
                "start_wall_ns": self.start_wall_ns,
                "end_wall_ns": self.end_wall_ns,
            }
        )


class Memory:
    """The last minutes of observations and samples, per unit."""

    def __init__(self) -> None:
        self.observations: deque[Observation] = deque()
        self.samples: deque[Sample] = deque()

    def see(self, observation: Observation) -> None:
        """Keep one observation; forget those older than MEMORY_S."""
        self.observations.append(observation)
        while self.observations[0].wall_ns < observation.wall_ns - MEMORY_S * NS_PER_S:
            self.observations.popleft()

    def measure(self, sample: Sample) -> None:
        """Keep one sample; forget those older than MEMORY_S."""
        self.samples.append(sample)
        while self.samples[0].wall_ns < sample.wall_ns - MEMORY_S * NS_PER_S:
            self.samples.popleft()

    def seen_in(self, film: LensFilm) -> tuple[Observation, ...]:
        """Return what was seen on this film's lens between its first and last frame."""
        end_wall_ns = film.first_frame_wall_ns + film.duration_ns
        return tuple(
            one
            for one in self.observations
            if one.lens == film.lens and film.first_frame_wall_ns <= one.wall_ns <= end_wall_ns
        )

    def measured_in(self, start_wall_ns: int, end_wall_ns: int) -> tuple[Sample, ...]:
        """Return the samples of a span, both ends included."""
        return tuple(one for one in self.samples if start_wall_ns <= one.wall_ns <= end_wall_ns)


def part_of(lens: str) -> str:
    """Return the wire's name of a lens's film."""
    return f"film.{lens}"


def manifest_of(
    draft: Draft, samples: Iterable[Sample], *, models: Sequence[ModelIdentity], policy_version: str
) -> Manifest:
    """Return the clip's facts. Raises ValueError when no lens gave a film."""
    films = sorted(draft.films, key=lambda film: (FACINGS.index(film.facing), film.lens))
    lenses, thinned = thinning.fit_lenses([wire_lens(film) for film in films])
    return Manifest(
        clip_id=draft.clip_id,
        event=wire_event(draft.event),
        kept_start_wall_ns=min(film.first_frame_wall_ns for film in films),
        kept_end_wall_ns=max(film.first_frame_wall_ns + film.duration_ns for film in films),
        lenses=lenses,
        samples=[wire_sample(sample) for sample in samples],
        models=[
            WireModelIdentity(name=model.name, task=model.task, sha256=model.sha256_hex, licence=model.licence)
            for model in models
        ],
        policy_version=policy_version,
        software=f"custodes {__version__}",
        notes=thinning.with_note(draft.notes) if thinned else draft.notes,
    )


def wire_event(event: Event) -> WireEvent:
    """Return an event as it travels."""
    return WireEvent(
        event_id=UUID(event.event_id),
        kind=event.kind,
        rule=event.rule,
        onset_wall_ns=event.onset_wall_ns,
        end_wall_ns=event.end_wall_ns,
        severity=event.severity,
        lens=event.lens,
        evidence=[
            WireEvidence(name=one.name, value=one.value, threshold=one.threshold, unit=one.unit)
            for one in event.evidence
        ],
    )


def wire_lens(film: LensFilm) -> WireLens:
    """Return one lens's film and what was seen in it, as it travels."""
    return WireLens(
        lens=film.lens,
        facing=film.facing,
        part=part_of(film.lens),
        codec=film.codec,
        width_px=film.width_px,
        height_px=film.height_px,
        duration_ns=film.duration_ns,
        frames=film.frames,
        first_frame_wall_ns=film.first_frame_wall_ns,
        has_sound=film.has_sound,
        film_sha256=film.sha256_hex,
        film_bytes=film.size_bytes,
        seen=[wire_frame(one, film.first_frame_wall_ns) for one in film.observations],
    )


def wire_frame(observation: Observation, first_frame_wall_ns: int) -> WireFrame:
    """Return the confirmed boxes of one moment; times count from the film's first frame."""
    return WireFrame(
        t_ns=observation.wall_ns - first_frame_wall_ns,
        objects=[
            WireObject(
                track_id=one.track_id,
                object_class=one.object_class,
                score_0_1=round(one.score_0_1, 3),
                box_px_xyxy=tuple(round(edge, 1) for edge in one.box_px_xyxy),
                confirmed=one.confirmed,
            )
            for one in observation.objects
            if one.confirmed
        ],
    )


def wire_sample(sample: Sample) -> WireSample:
    """Return one telemetry reading as it travels."""
    return WireSample(
        wall_ns=sample.wall_ns,
        lat_deg=sample.lat_deg,
        lon_deg=sample.lon_deg,
        speed_mps=sample.speed_mps,
        course_deg=sample.course_deg,
        accel_mps2_xyz=sample.accel_mps2_xyz,
    )


def with_observations(film: LensFilm, seen: tuple[Observation, ...]) -> LensFilm:
    """Return the film with what was seen in it."""
    return replace(film, observations=seen)
