"""A driver at the wheel, told look by look: what the perceiver would say of somebody who does this."""

from random import Random

from custodes.core.clock import NS_PER_S
from custodes.core.types import DriverLook, DriverSight, EventUpdate, Observation, Sample
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule

START_NS = 1_767_268_800 * NS_PER_S
OPEN, SHUT = 0.33, 0.06
NOBODY = DriverLook(DriverSight.NOBODY)
COVERED = DriverLook(DriverSight.COVERED)


def face(
    *, eyes: float | None = OPEN, yaw: float = 0.0, pitch: float = 0.0, mouth: float = 0.03, doubt: str = ""
) -> DriverLook:
    """Return a look at somebody who faces the camera, or is turned by `yaw` (to their left) and `pitch` (up)."""
    return DriverLook(
        DriverSight.SEEN,
        faces=1,
        eyes_open=eyes,
        mouth_open=mouth,
        head_yaw_deg=yaw,
        head_pitch_deg=pitch,
        gaze_yaw_deg=yaw if eyes is not None else None,
        gaze_pitch_deg=pitch if eyes is not None else None,
        doubt=doubt,
    )


class Drive:
    """A drive at ten looks a second under one rule. The person's camera sits off to a side by `mount_deg`."""

    def __init__(
        self, kind: str, *, speed_kmh: float | None = 50.0, mount_deg: float = 0.0, **settings: object
    ) -> None:
        self.decider = Decider([parse_rule({"kind": kind, **settings})], new_id=id_source(Random(1)))
        self.at_ns, self.speed_kmh, self.mount_deg = START_NS, speed_kmh, mount_deg
        self.course_deg = self.turn_dps = 0.0
        self.updates: list[EventUpdate] = []
        self.ticks = 0

    def turning(self, degrees_a_second: float) -> "Drive":
        """Let the van turn from now on; to the right is positive, as courses grow."""
        self.turn_dps = degrees_a_second
        return self

    def at(self, speed_kmh: float | None) -> "Drive":
        self.speed_kmh = speed_kmh
        return self

    def look(self, seconds: float, seen: DriverLook | None = None, **does: float) -> "Drive":
        """Go on for so long; without a look, the driver watches the road and blinks now and then."""
        for _ in range(round(seconds * 10)):
            self.at_ns += NS_PER_S // 10
            self.ticks += 1
            self._ride()
            blinks = seen is None and "eyes" not in does and self.ticks % 40 < 2
            now = seen if seen is not None else face(**{"eyes": SHUT if blinks else OPEN, **does})
            if now.head_yaw_deg is not None and self.mount_deg:
                now = face(eyes=now.eyes_open, yaw=now.head_yaw_deg + self.mount_deg, pitch=now.head_pitch_deg or 0.0)
            self.updates += self.decider.on_observation(
                Observation("driver", self.at_ns, self.at_ns, 640, 480, driver=now)
            )
        return self

    def keyframes(self, seconds: float, seen: DriverLook, *, every_s: float = 2.0) -> "Drive":
        """Go on for so long with a look a keyframe only, as an idle lens has them."""
        for _ in range(round(seconds / every_s)):
            for _ in range(round(every_s * 10)):
                self.at_ns += NS_PER_S // 10
                self.ticks += 1
                self._ride()
            self.updates += self.decider.on_observation(
                Observation("driver", self.at_ns, self.at_ns, 640, 480, driver=seen)
            )
            self.updates += self.decider.on_tick(self.at_ns)
        return self

    def _ride(self) -> None:
        self.course_deg = (self.course_deg + self.turn_dps / 10) % 360
        if self.speed_kmh is None or self.ticks % 5:
            return
        sample = Sample(self.at_ns, speed_mps=self.speed_kmh / 3.6, course_deg=self.course_deg)
        self.updates += self.decider.on_sample(sample)

    def phases(self) -> list[str]:
        return [update.phase for update in self.updates]

    def alerts(self) -> list[tuple[str, int]]:
        """Return what the driver heard: text and stage."""
        return [(alert_for(one.event, stage=one.stage).text, one.stage) for one in self.updates if one.raises_alert]

    def seconds_of(self, update: EventUpdate) -> float:
        """Return when it was decided (s from the start)."""
        assert update.decided_wall_ns is not None
        return (update.decided_wall_ns - START_NS) / NS_PER_S

    def clips(self) -> list[bool]:
        return [one.cuts_clip for one in self.updates if one.phase != "end"]

    def standing(self) -> str:
        return self.decider.standing()["driver"]
