"""Make samples of the frames on a vehicle's bus."""

from collections.abc import Sequence
from dataclasses import dataclass

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample, VehicleState
from custodes.edge.telemetry.bus_settings import BusSignal, Said
from custodes.edge.telemetry.obd import Answer, Pid, answer_of

FRESH_NS = 1_500_000_000
"""A speed or an engine that was not told for longer than this is not known any more."""

SIGNAL_FRESH_NS = 3 * NS_PER_S
"""The same for belt, gear and doors, which makers send rarely: about once a second."""

THIN_NS = 100_000_000
"""Samples are no closer than this, but for a signal that changed."""


@dataclass(frozen=True, slots=True)
class _Told:
    """A value, when it was told, and which control unit told it."""

    wall_ns: int
    value: float
    by: int


class BusFrames:
    """Remember what the bus said last. One thread feeds it, in order of time."""

    def __init__(self, signals: Sequence[BusSignal]) -> None:
        self._signals: dict[tuple[int, bool], list[BusSignal]] = {}
        for signal in signals:
            self._signals.setdefault((signal.id, signal.extended), []).append(signal)
        self._values: dict[Pid, _Told] = {}
        self._set: dict[BusSignal, tuple[int, bool]] = {}
        self._shown: VehicleState | None = None
        self._told_ns: int | None = None
        self.understood = 0
        """How many frames said something."""

    def take(self, arbitration_id: int, frame: bytes, *, extended: bool, wall_ns: int) -> Sample | None:
        """Take one frame; return the sample that it completes, where it says something worth one."""
        answer = answer_of(arbitration_id, frame, extended=extended)
        fresh = answer is not None and self._heard(answer, wall_ns)
        for signal in self._signals.get((arbitration_id, extended), ()):
            is_set = signal.is_set(frame)
            if is_set is not None:
                self._set[signal] = (wall_ns, is_set)
                fresh = True
        if not fresh:
            return None
        self.understood += 1
        sample = self.sample(wall_ns)
        since_ns = None if self._told_ns is None else wall_ns - self._told_ns
        changed = _signals_of(sample.vehicle) != _signals_of(self._shown)
        if since_ns is not None and 0 <= since_ns < THIN_NS and not changed:
            return None
        self._told_ns, self._shown = wall_ns, sample.vehicle
        return sample

    def sample(self, wall_ns: int) -> Sample:
        """Return what is known at a moment."""
        return Sample(
            wall_ns,
            speed_mps=self._value(Pid.SPEED, wall_ns),
            source="can",
            vehicle=VehicleState(
                engine_rpm=self._value(Pid.ENGINE_RPM, wall_ns),
                belt_fastened=self._either(Said.BELT_FASTENED, Said.BELT_OPEN, wall_ns),
                reverse_gear=self._any(Said.REVERSE, wall_ns),
                door_open=self._any(Said.DOOR_OPEN, wall_ns),
            ),
        )

    def _heard(self, answer: Answer, wall_ns: int) -> bool:
        """Keep an answer, unless another control unit answers the same: two would make the value flutter."""
        known = self._values.get(answer.pid)
        stale = known is None or not 0 <= wall_ns - known.wall_ns <= FRESH_NS
        if known is not None and not stale and answer.answered_by > known.by:
            return False
        self._values[answer.pid] = _Told(wall_ns, answer.value, answer.answered_by)
        return True

    def _value(self, pid: Pid, wall_ns: int) -> float | None:
        told = self._values.get(pid)
        return told.value if told is not None and 0 <= wall_ns - told.wall_ns <= FRESH_NS else None

    def _any(self, says: Said, wall_ns: int) -> bool | None:
        """Return whether any signal that says so is set; None where none was told lately."""
        lately = [
            is_set
            for signal, (at_ns, is_set) in self._set.items()
            if signal.says is says and 0 <= wall_ns - at_ns <= SIGNAL_FRESH_NS
        ]
        return any(lately) if lately else None

    def _either(self, yes: Said, no: Said, wall_ns: int) -> bool | None:
        """Return what two opposite signals say; None where they contradict each other or neither was told."""
        said, denied = self._any(yes, wall_ns), self._any(no, wall_ns)
        if said is None:
            return None if denied is None else not denied
        return None if denied is said else said


def _signals_of(vehicle: VehicleState | None) -> tuple[bool | None, ...]:
    return () if vehicle is None else (vehicle.belt_fastened, vehicle.reverse_gear, vehicle.door_open)
