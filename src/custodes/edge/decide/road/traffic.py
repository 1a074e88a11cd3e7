"""Who leads, and how they came there: the history of every vehicle that a road lens follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Literal

from custodes.core.clock import NS_PER_S
from custodes.core.types import ObjectClass, Observation, RoadLook, TrackedObject
from custodes.edge.decide.road.measures import Closing, Point, closing_of, gap_m, point_of

VEHICLES = frozenset({ObjectClass.CAR, ObjectClass.TRUCK, ObjectClass.BUS})
KEPT_S = 5.0
"""How far back a vehicle's way is remembered; a change of lanes takes 3 to 6 s (Toledo and Zohar 2007)."""
LOST_S = 1.5
INTO_M, OUT_M, ASIDE_M = 1.2, 1.6, 1.7
"""Whose middle is this close to ours is in our path, until it is OUT_M off; half a lane of 3.5 m is 1.75 m."""
WITH_US_0_1 = 0.5
"""Where the others shifted by this share of what the newcomer did, to the same side, it was us who changed lanes."""
WHOLE_PICTURE_0_1 = 0.85
SAME_SIZE = 1.4

Came = Literal["ahead", "cut_in", "own_change"]


@dataclass(frozen=True, slots=True)
class Past:
    """One vehicle's way, newest point last."""

    track_id: int
    points: tuple[Point, ...]

    @property
    def now(self) -> Point:
        """Return the newest point."""
        return self.points[-1]


@dataclass(frozen=True, slots=True)
class Leading:
    """Who leads since when, and how they came into our path; `side` is from where, seen from us."""

    track_id: int
    since_ns: int
    came: Came
    side: Literal["left", "right", ""] = ""


@dataclass(frozen=True, slots=True)
class Traffic:
    """What is remembered of one lens's traffic."""

    pasts: Mapping[int, Past] = field(default_factory=dict)
    leading: Leading | None = None


@dataclass(frozen=True, slots=True)
class Lead:
    """The vehicle ahead of us, now. `gap_most_m` is the distance at its longest reading."""

    who: Leading
    wall_ns: int
    gap_m: float
    gap_most_m: float
    width_px: float
    closing: Closing | None

    @property
    def came_s(self) -> float:
        """Return for how long (s) it has led."""
        return (self.wall_ns - self.who.since_ns) / NS_PER_S


def follow(before: Traffic, seen: Observation, road: RoadLook) -> tuple[Traffic, Lead | None]:
    """Return what is remembered after a look, and who leads now."""
    pasts = _pasts(before.pasts, seen, road)
    here = [one for one in pasts.values() if one.now.wall_ns == seen.wall_ns]
    ahead = _ahead(here, before.leading)
    if ahead is None:
        kept = before.leading if before.leading is not None and before.leading.track_id in pasts else None
        return Traffic(pasts, kept), None
    who = before.leading
    if who is None or who.track_id != ahead.track_id:
        slipped = who is not None and who.track_id in pasts and _same_place(pasts[who.track_id], ahead)
        who = replace(who, track_id=ahead.track_id) if who is not None and slipped else _newcomer(ahead, here)
    likely_m, most_m = gap_m(ahead.now, road.focal_px)
    lead = Lead(who, seen.wall_ns, likely_m, most_m, ahead.now.width_px, closing_of(ahead.points))
    return Traffic(pasts, who), lead


def _pasts(before: Mapping[int, Past], seen: Observation, road: RoadLook) -> dict[int, Past]:
    picture_px = (seen.width_px, seen.height_px)
    pasts = {
        track_id: past for track_id, past in before.items() if 0 <= seen.wall_ns - past.now.wall_ns <= LOST_S * NS_PER_S
    }
    for thing in seen.objects:
        if not _counts(thing, seen):
            continue
        point = point_of(seen.wall_ns, thing.box_px_xyxy, ahead_x_px=road.ahead_px[0], picture_px=picture_px)
        past = pasts.get(thing.track_id)
        kept = () if past is None else past.points
        since_ns = seen.wall_ns - round(KEPT_S * NS_PER_S)
        pasts[thing.track_id] = Past(thing.track_id, (*(one for one in kept if one.wall_ns >= since_ns), point))
    return pasts


def _counts(thing: TrackedObject, seen: Observation) -> bool:
    """Return whether it is a vehicle, and not the whole picture taken for one."""
    width_px = thing.box_px_xyxy[2] - thing.box_px_xyxy[0]
    return thing.confirmed and thing.object_class in VEHICLES and width_px < WHOLE_PICTURE_0_1 * seen.width_px


def _ahead(here: Sequence[Past], leading: Leading | None) -> Past | None:
    """Return the nearest vehicle in our path; who leads already may lie further off its middle."""

    def in_path(past: Past) -> bool:
        leads = leading is not None and past.track_id == leading.track_id
        return not past.now.cut and abs(past.now.offset_m) <= (OUT_M if leads else INTO_M)

    return max((past for past in here if in_path(past)), key=lambda past: past.now.width_px, default=None)


def _same_place(lost: Past, found: Past) -> bool:
    """Return whether the tracker only gave the same vehicle another number."""
    if lost.now.wall_ns >= found.points[0].wall_ns:
        return False
    wide, narrow = max(lost.now.width_px, found.now.width_px), min(lost.now.width_px, found.now.width_px)
    return wide <= SAME_SIZE * narrow and abs(lost.now.x_px - found.points[0].x_px) <= wide / 2


def _newcomer(ahead: Past, here: Sequence[Past]) -> Leading:
    """Return how a new leader came: from the side, because we changed lanes, or it was ahead all along."""
    now = ahead.now
    aside = [one for one in ahead.points if abs(one.offset_m) >= ASIDE_M or one.cut]
    if not aside:
        return Leading(ahead.track_id, now.wall_ns, "ahead")
    was = aside[-1]
    first = max(aside, key=lambda one: abs(one.offset_m))
    shift_m = now.offset_m - first.offset_m
    others = [
        shift for one in here if one.track_id != ahead.track_id and (shift := _shift_m(one, first.wall_ns)) is not None
    ]
    ours = bool(others) and median(others) * shift_m > 0 and abs(median(others)) >= WITH_US_0_1 * abs(shift_m)
    side: Literal["left", "right"] = "left" if was.offset_m < 0 else "right"
    return Leading(ahead.track_id, now.wall_ns, "own_change" if ours else "cut_in", side)


def _shift_m(past: Past, since_ns: int) -> float | None:
    """Return how far (m) to the right it went since then; None where it was not seen then."""
    if past.points[0].wall_ns > since_ns:
        return None
    then = min(past.points, key=lambda one: abs(one.wall_ns - since_ns))
    return past.now.offset_m - then.offset_m
