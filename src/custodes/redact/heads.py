"""From where people were seen to what is hidden in each picture, with a memory, so that no face flashes bare.

People are looked at some five times a second, pictures come thirty times. Between two looks a head is where a straight
line says; before the first look and after the last its place is hidden on, goes on at their pace and grows, for as long
as somebody may walk into the picture or turn away unseen. Where nobody looked at all, the whole picture is hidden.
"""

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

BEFORE_S = 1.0
AFTER_S = 1.5
"""How long a head's place is hidden before it was first seen and after it was last seen. On the films of
`docs/redaction.md` a half of these left faces bare at the edges of a track."""
GAP_S = 3.0
"""Two sightings of one track further apart are two visits."""
UNSURE_S = 1.5
"""A picture further than this from any look is hidden whole: an idle unit looks once a second or two."""
PACE_S = 0.4
"""Over how long somebody's pace is taken at the ends of a visit: two neighbouring boxes jitter."""
GROW_PER_S = 0.35
"""By how much of its own size a hidden place grows each second away from a look."""
SIDE, ABOVE, BELOW = 0.2, 0.15, 0.55
"""A head's place within a person's box: this much of its width beyond each side, of its height above and down."""
STOUT = 0.6
"""A box wider than this share of its height shows no legs: somebody who sits, or is near. All of it is hidden."""


@dataclass(frozen=True, slots=True)
class Place:
    """A rectangle as shares of the picture, 0 to 1; `hide` cuts what lies outside."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen of people at one moment of the film (s): track -> box, as shares of the picture."""

    time_s: float
    people: dict[int, Place]


@dataclass(frozen=True, slots=True)
class Hidden:
    """What is hidden in one picture: all of it, or some places."""

    whole: bool
    places: tuple[Place, ...] = ()


class MaskPlan:
    """Says for each moment of one film what is hidden. Made once, asked for each picture."""

    def __init__(self, looks: Iterable[Look], *, aspect: float) -> None:
        """Sort what was seen. `aspect`: width of the picture through its height."""
        ordered = sorted(looks, key=lambda one: one.time_s)
        self._times = [one.time_s for one in ordered]
        self._visits: list[list[tuple[float, Place]]] = []
        for track in sorted({track for one in ordered for track in one.people}):
            seen = [(one.time_s, head_of(one.people[track], aspect=aspect)) for one in ordered if track in one.people]
            self._visits += _visits(seen)

    def at(self, time_s: float) -> Hidden:
        """Return what is hidden at a moment of the film (s)."""
        if _distance(self._times, time_s) > UNSURE_S:
            return Hidden(whole=True)
        found = (_at(visit, time_s) for visit in self._visits)
        return Hidden(whole=False, places=tuple(one for one in found if one is not None))


def head_of(box: Place, *, aspect: float) -> Place:
    """Return where in a person's box the head is, generously; of a stout box all."""
    wide, high = box.right - box.left, box.bottom - box.top
    stout = wide * aspect > high * STOUT
    bottom = box.bottom if stout else box.top + BELOW * high
    return Place(box.left - SIDE * wide, box.top - ABOVE * high, box.right + SIDE * wide, bottom)


def _visits(seen: Sequence[tuple[float, Place]]) -> list[list[tuple[float, Place]]]:
    visits: list[list[tuple[float, Place]]] = []
    for moment in seen:
        if visits and moment[0] - visits[-1][-1][0] <= GAP_S:
            visits[-1].append(moment)
        else:
            visits.append([moment])
    return visits


def _at(visit: list[tuple[float, Place]], time_s: float) -> Place | None:
    first, last = visit[0][0], visit[-1][0]
    if not first - BEFORE_S <= time_s <= last + AFTER_S:
        return None
    place = bisect.bisect_right(visit, time_s, key=lambda one: one[0])
    if place == 0:
        return _grown(_going_on(visit[0], visit[1:], time_s), first - time_s)
    if place == len(visit):
        return _grown(_going_on(visit[-1], visit[-2::-1], time_s), time_s - last)
    (begin_s, begin), (end_s, end) = visit[place - 1], visit[place]
    share = (time_s - begin_s) / (end_s - begin_s)
    between = Place(
        begin.left + share * (end.left - begin.left),
        begin.top + share * (end.top - begin.top),
        begin.right + share * (end.right - begin.right),
        begin.bottom + share * (end.bottom - begin.bottom),
    )
    return _grown(between, min(time_s - begin_s, end_s - time_s))


def _going_on(end: tuple[float, Place], others: Sequence[tuple[float, Place]], time_s: float) -> Place:
    """Return where somebody is beyond an end of what was seen: from where they stood to where their pace takes them."""
    at_s, place = end
    steady = next((one for one in others if abs(one[0] - at_s) >= PACE_S), others[-1] if others else end)
    if steady[0] == at_s:
        return place
    share = (time_s - at_s) / (at_s - steady[0])
    right = share * ((place.left + place.right) - (steady[1].left + steady[1].right)) / 2
    down = share * ((place.top + place.bottom) - (steady[1].top + steady[1].bottom)) / 2
    return Place(
        place.left + min(right, 0.0),
        place.top + min(down, 0.0),
        place.right + max(right, 0.0),
        place.bottom + max(down, 0.0),
    )


def _grown(place: Place, away_s: float) -> Place:
    by = max(away_s, 0.0) * GROW_PER_S
    wide, high = (place.right - place.left) * by, (place.bottom - place.top) * by
    return Place(place.left - wide, place.top - high, place.right + wide, place.bottom + high)


def _distance(times: list[float], time_s: float) -> float:
    place = bisect.bisect_right(times, time_s)
    beside = times[max(place - 1, 0) : place + 1]
    return min((abs(time_s - one) for one in beside), default=float("inf"))
