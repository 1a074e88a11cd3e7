"""Join what a receiver says with what the vehicle's bus says: place from the one, speed from the other.

The bus measures the speed at the wheels: it has it in a tunnel, has it at once, and does not jitter at rest. So a fresh
speed of the bus stands for the receiver's. It never moves a position.
"""

from collections.abc import Iterable
from dataclasses import replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import Sample, VehicleState
from custodes.edge.telemetry.bus_frames import FRESH_NS, SIGNAL_FRESH_NS
from custodes.edge.telemetry.reading import Reading

ALONE_NS = 1_500_000_000
"""After a receiver's silence of this long the bus speaks alone."""

ALONE_EVERY_NS = NS_PER_S
"""And then so often: the bus' whole km/h make steps, which over a shorter time look like forces."""


class Merger:
    """Join samples of both, in order of time. One thread feeds it."""

    def __init__(self) -> None:
        self._speed: tuple[int, float] | None = None
        self._vehicle: tuple[int, VehicleState] | None = None
        self._receiver_ns: int | None = None
        self._told_ns: int | None = None

    def joined(self, receiver: Iterable[Sample], bus: Iterable[Sample]) -> list[Sample]:
        """Return one list, oldest first, of what both said."""
        told: list[Sample] = []
        tagged = [(one.wall_ns, 1, one) for one in receiver] + [(one.wall_ns, 0, one) for one in bus]
        for _, is_receiver, sample in sorted(tagged, key=lambda one: one[:2]):
            kept = self._with_bus(sample) if is_receiver else self._alone(sample)
            if kept is not None and told and told[-1].wall_ns == kept.wall_ns:
                told[-1] = kept
            elif kept is not None:
                told.append(kept)
        return told

    def _alone(self, sample: Sample) -> Sample | None:
        if sample.speed_mps is not None:
            self._speed = (sample.wall_ns, sample.speed_mps)
        if sample.vehicle is not None:
            self._vehicle = (sample.wall_ns, sample.vehicle)
        if self._receiver_ns is not None and 0 <= sample.wall_ns - self._receiver_ns < ALONE_NS:
            return None
        if self._told_ns is not None and 0 <= sample.wall_ns - self._told_ns < ALONE_EVERY_NS:
            return None
        self._told_ns = sample.wall_ns
        return sample

    def _with_bus(self, sample: Sample) -> Sample:
        now_ns = sample.wall_ns
        vehicle = sample.vehicle
        if vehicle is None and self._vehicle is not None and 0 <= now_ns - self._vehicle[0] <= SIGNAL_FRESH_NS:
            vehicle = self._vehicle[1]
        if sample.speed_mps is None and sample.lat_deg is None:
            return replace(sample, vehicle=vehicle)
        self._receiver_ns = self._told_ns = now_ns
        speed_mps = sample.speed_mps
        if self._speed is not None and 0 <= now_ns - self._speed[0] <= FRESH_NS:
            speed_mps = self._speed[1]
        return replace(sample, speed_mps=speed_mps, vehicle=vehicle)


def merged_reading(receiver: Reading, bus: Reading) -> Reading:
    """Return one reading of two recordings of one drive.

    Where their times overlap they count as told by one clock; else both are taken to have begun at one moment.
    """
    first, last = receiver.samples[0].wall_ns, receiver.samples[-1].wall_ns
    shift_ns = 0
    if bus.samples[0].wall_ns > last or bus.samples[-1].wall_ns < first:
        shift_ns = receiver.origin_wall_ns - bus.origin_wall_ns
    told = (replace(sample, wall_ns=sample.wall_ns + shift_ns) for sample in bus.samples)
    samples = tuple(Merger().joined(receiver.samples, told))
    return Reading(f"{receiver.kind} and {bus.kind}", samples, receiver.origin_wall_ns, receiver.tally)
