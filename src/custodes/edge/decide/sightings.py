"""Who was seen since when: tracks remembered over flicker at a zone's edge and over a change of track number."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from custodes.core.clock import NS_PER_S
from custodes.core.types import BoxXyxy, ObjectClass, Observation, TrackedObject

EDGE_GRACE_NS = 1 * NS_PER_S
"""Off the zone for no longer than this is a box that trembles at its edge."""

LOST_GRACE_NS = 2 * NS_PER_S
"""Out of sight for no longer than this is an occlusion; after it the track is forgotten."""


BLIND_GRACE_NS = 60 * NS_PER_S
"""An idle lens looks once a keyframe: who is there in two looks in a row, up to this far apart, was there between."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """One track as a rule remembers it. `here_since_ns` is None while the rule does not count it."""

    track_id: int
    object_class: ObjectClass
    score_0_1: float
    box_px_xyxy: BoxXyxy
    zones: tuple[str, ...]
    confirmed: bool
    first_ns: int
    last_ns: int
    here: bool = False
    here_since_ns: int | None = None
    here_last_ns: int = 0

    def here_for_ns(self, wall_ns: int) -> int:
        """Return how long (ns) the rule has counted it, up to `wall_ns`."""
        return 0 if self.here_since_ns is None else wall_ns - self.here_since_ns


def follow(
    before: tuple[Sighting, ...], seen: Observation, *, last_look_ns: int, counts: Callable[[TrackedObject], bool]
) -> tuple[Sighting, ...]:
    """Return the sightings after `seen`: known tracks carried on, new ones added, those long gone dropped.

    `last_look_ns` is when the lens last looked; `counts` says whether the rule counts an object now. A new track that
    appears where one of the same class was lost a moment ago takes over its times, so that a tracker's slip does not
    start the wait anew.
    """
    known = {one.track_id: one for one in before}
    seen_ids = {thing.track_id for thing in seen.objects}
    lost = [one for one in before if one.track_id not in seen_ids and seen.wall_ns - one.last_ns <= LOST_GRACE_NS]
    after: list[Sighting] = []
    for thing in seen.objects:
        past = known.get(thing.track_id)
        grace_ns = BLIND_GRACE_NS if past is not None and past.last_ns == last_look_ns else LOST_GRACE_NS
        if past is not None and seen.wall_ns - past.last_ns > grace_ns:
            past = None
        if past is None:
            past = next((one for one in lost if _same_place(one, thing)), None)
            if past is not None:
                lost.remove(past)
        after.append(_carried_on(past, thing, seen.wall_ns, here=counts(thing), last_look_ns=last_look_ns))
    return (*after, *lost)


def _carried_on(
    past: Sighting | None, thing: TrackedObject, wall_ns: int, *, here: bool, last_look_ns: int
) -> Sighting:
    if past is None:
        past = Sighting(
            thing.track_id,
            thing.object_class,
            thing.score_0_1,
            thing.box_px_xyxy,
            thing.zones,
            thing.confirmed,
            first_ns=wall_ns,
            last_ns=wall_ns,
        )
    since_ns = past.here_since_ns
    unbroken = here and past.here and past.last_ns == last_look_ns
    grace_ns = LOST_GRACE_NS if here else EDGE_GRACE_NS
    if since_ns is not None and not unbroken and wall_ns - past.here_last_ns > grace_ns:
        since_ns = None
    if here and since_ns is None:
        since_ns = wall_ns
    return replace(
        past,
        track_id=thing.track_id,
        object_class=thing.object_class,
        score_0_1=thing.score_0_1,
        box_px_xyxy=thing.box_px_xyxy,
        zones=thing.zones,
        confirmed=thing.confirmed,
        last_ns=wall_ns,
        here=here,
        here_since_ns=since_ns,
        here_last_ns=wall_ns if here else past.here_last_ns,
    )


def _same_place(one: Sighting, thing: TrackedObject) -> bool:
    """Return whether a new track may be the lost one: same class, centres within half of the larger box's diagonal."""
    if one.object_class != thing.object_class:
        return False
    (ax, ay, a_size), (bx, by, b_size) = _centre(one.box_px_xyxy), _centre(thing.box_px_xyxy)
    return float((ax - bx) ** 2 + (ay - by) ** 2) <= (max(a_size, b_size) / 2) ** 2


def _centre(box: BoxXyxy) -> tuple[float, float, float]:
    left, top, right, bottom = box
    return (left + right) / 2, (top + bottom) / 2, float(((right - left) ** 2 + (bottom - top) ** 2) ** 0.5)
