"""One frame for braking, acceleration and cornering: an episode that is strong, long enough and leads somewhere.

One threshold cannot do it: labelled harsh accelerations peak at 1.6-3.3 m/s² while calm driving reaches 3.1. So an
episode counts only when three things hold at once: its peak, its length, and what it changed (the speed gained or
lost, or the angle turned). A pothole has a peak and no length; a motorway bend has length and no peak.
"""

from abc import abstractmethod
from dataclasses import dataclass, field, replace
from typing import ClassVar, TypeVar

from pydantic import Field

from custodes.core.clock import NS_PER_S
from custodes.core.types import Event, EventUpdate, Evidence, Sample
from custodes.edge.decide.driving.motion import Motion, MotionState, follow
from custodes.edge.decide.inputs import Input, TelemetryInterrupted, Tick
from custodes.edge.decide.rule import NewId, Rule, RuleSettings

STANDARD_GRAVITY_MPS2 = 9.80665
# Mentor's published thresholds (targets, section 5): 0.41 g in braking, 0.5 g in cornering. From there on an event is
# severe. The lower figures of the kinds, from which one counts at all, lie below what people labelled as harsh
# (docs/design/score.md).
MENTOR_BRAKING_MPS2 = round(0.41 * STANDARD_GRAVITY_MPS2, 2)
MENTOR_CORNERING_MPS2 = round(0.5 * STANDARD_GRAVITY_MPS2, 2)

STRAIGHT_RADPS = 0.15
"""Below this yaw rate the whole level force is along the vehicle, whatever the axis' last degrees are worth."""

SURELY_0_1 = 0.5
"""An axis that is off by less than 60° tells forward from backward."""

SILENT_S = 5.0
"""A sensor that says nothing for this long ends what it began."""


class HarshSettings(RuleSettings):
    """What every kind of harsh event can be told. A kind fills in its own figures."""

    peak_mps2: float = Field(gt=0, le=20, description="How strong (m/s²) the smoothed force must become.")
    change: float = Field(gt=0, le=100, description="What must come of it: speed in m/s, or for cornering degrees.")
    at_least_s: float = Field(default=0.6, ge=0, le=10, description="How long (s) it must last above half its peak.")
    severe_mps2: float = Field(gt=0, le=20, description="From this peak (m/s²) on the event is severe.")
    from_kmh: float = Field(default=8.0, ge=0, le=200, description="Slower than this, where speed is known: no event.")
    quiet_s: float = Field(default=3.0, ge=0, le=60, description="Episodes closer together than this (s) are one.")


@dataclass(frozen=True, slots=True)
class Episode:
    """A stretch in which the force stayed above half of what counts."""

    start_ns: int
    last_ns: int
    peak_mps2: float = 0.0
    change: float = 0.0
    fastest_mps: float | None = None
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class Force:
    """How strong the watched force is (m/s²). `unsigned`: its direction along the vehicle is not known yet."""

    mps2: float
    unsigned: bool = False


@dataclass(frozen=True, slots=True)
class HarshState:
    """The vehicle's motion so far, the episode, and the event that it became."""

    motion: MotionState = field(default_factory=MotionState)
    episode: Episode | None = None
    event: Event | None = None
    quiet_until_ns: int | None = None


H = TypeVar("H", bound=HarshSettings)


class Harsh(Rule[H, HarshState]):
    """Watch one kind of force. A kind says which one (`force`) and what it changes (`change_per_s`)."""

    kind: ClassVar[str]
    change_name: ClassVar[str]
    change_unit: ClassVar[str]

    def start(self) -> HarshState:
        """Return the state before any sample."""
        return HarshState()

    @abstractmethod
    def force(self, motion: Motion) -> Force | None:
        """Return the force that this kind watches; None where it cannot be told."""

    @abstractmethod
    def change_per_s(self, motion: Motion, force_mps2: float) -> float:
        """Return how fast the thing that must change does."""

    def step(self, state: HarshState, seen: Input, *, new_id: NewId) -> tuple[HarshState, tuple[EventUpdate, ...]]:
        """Return the next state, and the onset or the end of an event."""
        if isinstance(seen, TelemetryInterrupted):
            return HarshState(), self._ended(state)
        if isinstance(seen, Tick):
            episode = state.episode
            if episode is None or seen.wall_ns - episode.last_ns <= SILENT_S * NS_PER_S:
                return state, ()
            return replace(state, episode=None, event=None), self._ended(state)
        if not isinstance(seen, Sample):
            return state, ()
        motion_state, motion = follow(state.motion, seen)
        state = replace(state, motion=motion_state)
        return self.judge(state, motion, new_id) if motion is not None else (state, ())

    def judge(self, state: HarshState, motion: Motion, new_id: NewId) -> tuple[HarshState, tuple[EventUpdate, ...]]:
        """Return the next state after one motion that has been worked out already, and what began or ended."""
        settings, episode = self.settings, state.episode
        force = None if motion.turned else self.force(motion)
        silent = episode is not None and motion.wall_ns - episode.last_ns > SILENT_S * NS_PER_S
        if force is None or force.mps2 < settings.peak_mps2 / 2 or silent:
            return self._over(state, episode, new_id) if episode is not None else (state, ())
        episode = self._grown(episode, motion, force)
        state = replace(state, episode=episode)
        if state.event is not None or episode.unsigned or not self._counts(state, episode):
            return state, ()
        event = self._event(episode, new_id)
        return replace(state, event=event), (self.onset(event),)

    def _over(self, state: HarshState, episode: Episode, new_id: NewId) -> tuple[HarshState, tuple[EventUpdate, ...]]:
        """End the episode. One whose direction was never known is judged now, by its whole shape."""
        began: tuple[EventUpdate, ...] = ()
        if state.event is None and episode.unsigned and self.shaped(episode) and self._counts(state, episode):
            state = replace(state, event=self._event(episode, new_id))
            assert state.event is not None
            began = (self.onset(state.event),)
        quiet_ns = episode.last_ns + round(self.settings.quiet_s * NS_PER_S) if state.event else state.quiet_until_ns
        return replace(state, episode=None, event=None, quiet_until_ns=quiet_ns), began + self._ended(state)

    def shaped(self, episode: Episode) -> bool:
        """Return whether an episode of unknown direction can only be of this kind."""
        return False

    def _event(self, episode: Episode, new_id: NewId) -> Event:
        return Event(
            event_id=new_id(),
            kind=self.kind,
            rule=self.settings.label(),
            onset_wall_ns=episode.start_ns,
            severity=self.settings.severity,
            evidence=self._evidence(episode),
        )

    def _grown(self, episode: Episode | None, motion: Motion, force: Force) -> Episode:
        if episode is None:
            began_ns = motion.wall_ns - round(motion.dt_s * NS_PER_S)
            episode = Episode(began_ns, motion.wall_ns)
        fastest = episode.fastest_mps
        if motion.speed_mps is not None:
            fastest = max(fastest or 0.0, motion.speed_mps)
        return Episode(
            episode.start_ns,
            motion.wall_ns,
            max(episode.peak_mps2, force.mps2),
            episode.change + self.change_per_s(motion, force.mps2) * motion.dt_s,
            fastest,
            episode.unsigned or force.unsigned,
        )

    def _counts(self, state: HarshState, episode: Episode) -> bool:
        settings = self.settings
        if state.quiet_until_ns is not None and episode.start_ns < state.quiet_until_ns:
            return False
        if episode.fastest_mps is not None and episode.fastest_mps < settings.from_kmh / 3.6:
            return False
        lasted_s = (episode.last_ns - episode.start_ns) / NS_PER_S
        strong = episode.peak_mps2 >= settings.peak_mps2 and lasted_s >= settings.at_least_s
        return strong and abs(episode.change) >= settings.change

    def _ended(self, state: HarshState) -> tuple[EventUpdate, ...]:
        if state.event is None or state.episode is None:
            return ()
        over = replace(state.event, end_wall_ns=state.episode.last_ns, evidence=self._evidence(state.episode))
        return (self.end(over),)

    def _evidence(self, episode: Episode) -> tuple[Evidence, ...]:
        settings = self.settings
        return (
            Evidence("peak", round(episode.peak_mps2, 2), settings.peak_mps2, "m/s²"),
            Evidence(self.change_name, round(abs(episode.change), 1), settings.change, self.change_unit),
            Evidence("lasted", round((episode.last_ns - episode.start_ns) / NS_PER_S, 2), settings.at_least_s, "s"),
            Evidence("severe", "yes" if episode.peak_mps2 >= settings.severe_mps2 else "no", settings.severe_mps2),
        )


def along_straight(motion: Motion, along_mps2: float) -> float:
    """Return the force forward; the whole level force on a straight way, where the axis tells forward from backward."""
    level, yaw = motion.level_mps2, motion.yaw_radps
    if level is None or yaw is None or abs(yaw) >= STRAIGHT_RADPS or abs(along_mps2) < SURELY_0_1 * level:
        return along_mps2
    return level if along_mps2 > 0 else -level


def said_of(what: str, event: Event) -> str:
    """Return what was felt and how hard, in a sentence."""
    peak = event.evidence[0]
    return f"{what}: {float(peak.value):.1f} {peak.unit}, counted from {float(peak.threshold or 0):.1f}."
