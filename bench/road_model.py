"""A road with known truth: vehicles as blocks in space, seen by a pinhole camera, boxes as a detector gives them.

Used to judge the rules on the vehicle ahead, and by their tests. Distances are from the camera to the vehicle's rear;
aside is to the right. Speeds of others are against ours, so a car that keeps its distance has 0.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from random import Random

from custodes.core.clock import NS_PER_S
from custodes.core.types import EventUpdate, Lamp, ObjectClass, Observation, RoadLook, Sample, TrackedObject
from custodes.edge.decide import Decider, alert_for, id_source, parse_rule

START_NS = 1_767_268_800 * NS_PER_S
WIDTH_PX, HEIGHT_PX, FOCAL_PX = 1280, 720, 1108.5
"""A picture of 60° from side to side."""
CAMERA_M = 1.4
LEAST_PX = 14.0
"""Smaller than this no detector of 300 px finds a car."""


@dataclass(frozen=True, slots=True)
class Car:
    """One vehicle: where it is (m), how it moves against us (m/s, m/s²), how large it is (m)."""

    track_id: int
    ahead_m: float
    aside_m: float = 0.0
    closing_mps: float = 0.0
    sideways_mps: float = 0.0
    braking_mps2: float = 0.0
    width_m: float = 1.8
    height_m: float = 1.5
    length_m: float = 4.4
    seen: bool = True

    def after(self, dt_s: float) -> "Car":
        """Return it a moment later."""
        return replace(
            self,
            ahead_m=self.ahead_m - self.closing_mps * dt_s,
            aside_m=self.aside_m + self.sideways_mps * dt_s,
            closing_mps=self.closing_mps + self.braking_mps2 * dt_s,
        )

    @property
    def ttc_s(self) -> float | None:
        """Return the true time to collision (s) at unchanged speeds, where it comes closer."""
        return self.ahead_m / self.closing_mps if self.closing_mps > 0 else None


def box_of(car: Car) -> tuple[float, float, float, float] | None:
    """Return the car's true box (px) as far as it is in the picture; None where it is not, or too small."""
    if car.ahead_m < 1.0:
        return None
    near, far = FOCAL_PX / car.ahead_m, FOCAL_PX / (car.ahead_m + car.length_m)
    sides = [(car.aside_m + half * car.width_m / 2) * scale for half in (-1, 1) for scale in (near, far)]
    left, right = WIDTH_PX / 2 + min(sides), WIDTH_PX / 2 + max(sides)
    bottom = HEIGHT_PX / 2 + CAMERA_M * near
    top = HEIGHT_PX / 2 + min((CAMERA_M - car.height_m) * near, (CAMERA_M - car.height_m) * far)
    left, right = max(left, 0.0), min(right, float(WIDTH_PX))
    top, bottom = max(top, 0.0), min(bottom, float(HEIGHT_PX))
    return None if right - left < LEAST_PX or bottom - top < LEAST_PX / 2 else (left, top, right, bottom)


@dataclass(frozen=True, slots=True)
class Strip:
    """Our lane and those beside it. `aside_m`: our middle from our lane's, right positive; `sideways_mps`: its change.

    Each marking is seen at `seen_0_1` of the looks, `noise_m` off.
    """

    aside_m: float = 0.0
    sideways_mps: float = 0.0
    wide_m: float = 3.5
    camera_m: float = 1.4
    seen_0_1: float = 0.8
    noise_m: float = 0.06

    def after(self, dt_s: float) -> "Strip":
        """Return it a moment later."""
        return replace(self, aside_m=self.aside_m + self.sideways_mps * dt_s)

    def places(self, chance: Random) -> tuple[float, ...]:
        """Return where markings are seen to run (heights of the camera), from left to right."""
        lines_m = ((side - 0.5) * self.wide_m - self.aside_m for side in (-1, 0, 1, 2))
        seen = (line + chance.gauss(0, self.noise_m) for line in lines_m if chance.random() < self.seen_0_1)
        return tuple(sorted(line / self.camera_m for line in seen if abs(line) < 3.2 * self.camera_m))


@dataclass(frozen=True, slots=True)
class Post:
    """A sign or a light beside the road, that we drive to. `up_m` is how high its middle is above the camera."""

    track_id: int
    ahead_m: float
    kind: ObjectClass
    aside_m: float = 3.0
    up_m: float = 1.0
    high_m: float = 0.75
    lamp: Lamp | None = None

    def box(self) -> tuple[float, float, float, float] | None:
        """Return its box (px); None where it is out of the picture, or too small for a detector."""
        if self.ahead_m < 1.0:
            return None
        scale = FOCAL_PX / self.ahead_m
        x, y = WIDTH_PX / 2 + self.aside_m * scale, HEIGHT_PX / 2 - self.up_m * scale
        high = self.high_m * scale
        wide = high if self.kind is ObjectClass.STOP_SIGN else 0.4 * high
        whole = wide / 2 <= x <= WIDTH_PX - wide / 2 and high / 2 <= y <= HEIGHT_PX - high / 2
        return (x - wide / 2, y - high / 2, x + wide / 2, y + high / 2) if whole and high >= LEAST_PX else None


class Road:
    """A drive under some rules. `noise` is the scatter of a box's edges, as a share of its size."""

    def __init__(
        self,
        *rules: str | dict[str, object],
        kmh: float | None = 100.0,
        noise: float = 0.0,
        seed: int = 1,
        looks_per_s: int = 5,
    ) -> None:
        tables = [{"kind": rule} if isinstance(rule, str) else rule for rule in rules]
        self.decider = Decider([parse_rule(table) for table in tables], new_id=id_source(Random(seed)))
        self.kmh, self.noise, self.chance = kmh, noise, Random(seed)  # scatter of a box, no secret
        self.looks_per_s = looks_per_s
        self.focal_error = 1.0
        """What the stated focal length is of the true one."""
        self.at_ns = START_NS
        self.cars: dict[int, Car] = {}
        self.lane: Strip | None = None
        self.posts: dict[int, Post] = {}
        self.found_0_1 = 1.0
        """At which share of the looks a post in sight is found."""
        self.updates: list[EventUpdate] = []
        self.left_s: list[float] = []
        """The true time to the first collision (s) at each onset."""

    def put(self, *cars: Car) -> "Road":
        """Put vehicles on the road, or change those of the same number."""
        self.cars.update({car.track_id: car for car in cars})
        return self

    def stand(self, *posts: Post) -> "Road":
        """Put signs and lights beside the road, or change those of the same number."""
        self.posts.update({post.track_id: post for post in posts})
        return self

    def turn(self, track_id: int, **how: float | bool) -> "Road":
        """Let a vehicle go on otherwise."""
        self.cars[track_id] = replace(self.cars[track_id], **how)  # type: ignore[arg-type]
        return self

    def drift(self, **how: float) -> "Road":
        """Drive between markings, or go on there otherwise."""
        self.lane = replace(self.lane or Strip(), **how)
        return self

    def everybody(self, **how: float) -> "Road":
        """Let all go on otherwise: what our own change of lanes or speed looks like."""
        for track_id in self.cars:
            self.turn(track_id, **how)
        return self

    def drive(self, seconds: float) -> "Road":
        """Go on for so long."""
        for _ in range(round(seconds * self.looks_per_s)):
            self.step()
        return self

    def step(self) -> list[EventUpdate]:
        """Go on by one look, and return what was said."""
        self.at_ns += NS_PER_S // self.looks_per_s
        self.cars = {number: car.after(1 / self.looks_per_s) for number, car in self.cars.items()}
        self.lane = None if self.lane is None else self.lane.after(1 / self.looks_per_s)
        driven_m = (self.kmh or 0.0) / 3.6 / self.looks_per_s
        self.posts = {one: replace(post, ahead_m=post.ahead_m - driven_m) for one, post in self.posts.items()}
        said: list[EventUpdate] = []
        if self.kmh is not None:
            said += self.decider.on_sample(Sample(self.at_ns, speed_mps=self.kmh / 3.6))
        said += self.decider.on_observation(self.seen())
        self.updates += said
        if any(one.phase == "onset" for one in said):
            self.left_s.append(min((left for car in self.cars.values() if (left := car.ttc_s)), default=0.0))
        return said

    def seen(self) -> Observation:
        """Return what the lens sees now."""
        things = [thing for car in self.cars.values() if car.seen and (thing := self._thing(car)) is not None]
        found = [(post, box) for post in self.posts.values() if (box := post.box()) and self._finds()]
        things += [
            TrackedObject(post.track_id, post.kind, 0.6, self._shaken(box), confirmed=True) for post, box in found
        ]
        lamps = {post.track_id: post.lamp for post, _ in found if post.lamp is not None}
        stripes = () if self.lane is None else self.lane.places(self.chance)
        road = RoadLook(FOCAL_PX * self.focal_error, (WIDTH_PX / 2, HEIGHT_PX / 2), stripes, lamps)
        return Observation("road", self.at_ns, self.at_ns, WIDTH_PX, HEIGHT_PX, objects=tuple(things), road=road)

    def _thing(self, car: Car) -> TrackedObject | None:
        box = box_of(car)
        if box is None:
            return None
        return TrackedObject(car.track_id, ObjectClass.CAR, 0.6, self._shaken(box), confirmed=True)

    def _finds(self) -> bool:
        return self.found_0_1 >= 1 or self.chance.random() < self.found_0_1

    def _shaken(self, box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
        left, top, right, bottom = box
        wide, high = (right - left) * self.noise, (bottom - top) * self.noise
        off = [self.chance.gauss(0, 1) for _ in range(4)]
        return left + off[0] * wide, top + off[1] * high, right + off[2] * wide, bottom + off[3] * high

    def phases(self) -> list[str]:
        """Return what was said, in order."""
        return [update.phase for update in self.updates]

    def alerts(self) -> list[str]:
        """Return what the driver heard."""
        return [alert_for(one.event, stage=one.stage).text for one in self.updates if one.raises_alert]

    def facts(self, update: EventUpdate) -> dict[str, object]:
        """Return the evidence of one update by its names."""
        return {one.name: one.value for one in update.event.evidence}

    def onset_s(self, kind: str | None = None) -> Sequence[float]:
        """Return when events were told (s from the start)."""
        return [
            ((one.decided_wall_ns or 0) - START_NS) / NS_PER_S
            for one in self.updates
            if one.phase == "onset" and kind in (None, one.event.kind)
        ]
