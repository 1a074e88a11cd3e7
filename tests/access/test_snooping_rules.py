"""What raises an alarm about watching, and what does not: the state machine alone, without a hub."""

import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from custodes.hub.access.snooping import (
    Grown,
    Limits,
    Pattern,
    Raised,
    Subject,
    Viewing,
    Watch,
    bound_of,
    longest_ns,
)

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DINA = UUID(int=7)


def viewing(number: int, at: datetime, *, clip: int | None = None, **fields: object) -> Viewing:
    wall_ns = round(at.timestamp()) * 1_000_000_000
    return Viewing(UUID(int=number), UUID(int=1000 + (number if clip is None else clip)), wall_ns, **fields)


def every(step: timedelta, count: int, *, begin: datetime = NOON, **fields: object) -> list[Viewing]:
    return [viewing(number, begin + step * number, **fields) for number in range(count)]


def walk(viewings: Iterable[Viewing], limits: Limits) -> list[Raised | Grown]:
    """Return all that the viewings of one person, oldest first, raise from nothing."""
    watch = Watch(limits)
    return [one for viewing in viewings for one in watch.look(viewing)]


def patterns(found: list[Raised | Grown]) -> list[Pattern]:
    return [one.subject.pattern for one in found if isinstance(one, Raised)]


def test_many_clips_fast_are_one_alarm_that_grows() -> None:
    found = walk(every(timedelta(seconds=25), 25), Limits())
    assert patterns(found) == [Pattern.MANY]
    assert (len(found[0].viewings), found[0].limit, found[0].window_ns) == (20, 20, 600 * 10**9)
    assert [one.viewing.view_id.int for one in found[1:]] == [20, 21, 22, 23, 24]


def test_a_dispatchers_honest_week_raises_nothing() -> None:
    chance, honest = random.Random(7), []
    for day in range(5):
        at = NOON + timedelta(days=day, hours=-4)
        while at.hour < 17:
            honest.append(viewing(len(honest), at, recorded=frozenset({UUID(int=chance.randrange(40))})))
            at += timedelta(minutes=chance.uniform(4, 30))
    assert len(honest) > 100
    assert walk(honest, Limits()) == []


def test_one_clip_opened_again_and_again_is_one_clip_and_an_alarm_of_its_own() -> None:
    again = every(timedelta(hours=11), 60, clip=1, recorded=frozenset({DINA}))
    assert walk(again, Limits(again_views=0, night_clips=0)) == []
    found = walk(again, Limits(night_clips=0))
    assert [one.subject for one in found if isinstance(one, Raised)] == [Subject(Pattern.AGAIN, clip=again[0].clip_id)]
    assert [one.view_id.int for one in found[0].viewings] == [0, 1, 2], "at the third"
    assert len(found) == 58, "and it grows"
    assert walk(every(timedelta(hours=12, seconds=1), 60, clip=1), Limits(night_clips=0)) == [], "two a day are none"
    two = [viewing(n, NOON + timedelta(hours=n), clip=n % 2) for n in range(4)]
    assert walk(two, Limits()) == [], "each clip counts for itself"


def test_the_same_person_again_and_again() -> None:
    limits = Limits(night_clips=0)
    found = walk(every(timedelta(hours=12), 13, recorded=frozenset({DINA})), limits)
    assert [type(one) for one in found] == [Raised, Grown]
    assert found[0].subject == Subject(Pattern.SAME_PERSON, DINA)
    spread = [
        replace(one, recorded=frozenset({UUID(int=n % 3)})) for n, one in enumerate(every(timedelta(hours=2), 60))
    ]
    assert walk(spread, limits) == [], "everybody alike: a small fleet is watched as it is"
    thrice = [replace(one, recorded=frozenset({DINA if n % 4 else UUID(int=n)})) for n, one in enumerate(spread)]
    assert patterns(walk(thrice, limits)) == [Pattern.SAME_PERSON]


def test_an_alarm_goes_on_for_a_day_and_then_counts_anew() -> None:
    first = every(timedelta(hours=12), 12, recorded=frozenset({DINA}))
    slow = every(timedelta(hours=25), 6, begin=NOON + timedelta(days=7), recorded=frozenset({DINA}))
    found = walk(
        first + [replace(one, clip_id=UUID(int=9000 + n)) for n, one in enumerate(slow)], Limits(night_clips=0)
    )
    assert patterns(found) == [Pattern.SAME_PERSON]
    assert len(found) == 1


def test_night_is_night_at_the_site() -> None:
    at_1am_in_paris = datetime(2026, 7, 1, 23, 0, tzinfo=UTC)
    watched = every(timedelta(minutes=20), 3, begin=at_1am_in_paris, time_zone="Europe/Paris")
    assert patterns(walk(watched, Limits())) == [Pattern.OFF_HOURS]
    assert walk([replace(one, time_zone="America/New_York") for one in watched], Limits()) == []
    assert patterns(walk(watched, Limits(night_from_minute=0, night_to_minute=5 * 60))) == [Pattern.OFF_HOURS]
    assert walk(watched, Limits(night_from_minute=60, night_to_minute=60)) == []
    assert walk(watched, Limits(night_clips=0)) == []


def test_two_clips_a_night_are_no_alarm_however_many_nights() -> None:
    midnight = NOON.replace(hour=0)
    nights = [
        viewing(2 * day + one, midnight + timedelta(days=day, minutes=9 * one)) for day in range(20) for one in (0, 1)
    ]
    assert walk(nights, Limits()) == []


def test_the_edges_of_the_night() -> None:
    for hour, minute, is_night in ((22, 59, False), (23, 0, True), (5, 59, True), (6, 0, False)):
        at = NOON.replace(hour=hour, minute=minute)
        assert bool(walk([viewing(1, at)], Limits(night_clips=1))) == is_night, (hour, minute)


def test_foreign_sites_count_where_that_is_looked_at() -> None:
    foreign = every(timedelta(hours=3), 4, outside=True)
    limits = Limits(night_clips=0, outside_clips=4)
    assert patterns(walk(foreign, limits)) == [Pattern.OUTSIDE]
    assert walk(foreign, replace(limits, outside_clips=0)) == []
    assert walk([replace(one, outside=False) for one in foreign], limits) == []


def test_after_a_pause_it_is_another_alarm() -> None:
    first = every(timedelta(seconds=20), 21)
    second = [replace(one, view_id=UUID(int=500 + n)) for n, one in enumerate(every(timedelta(seconds=20), 20))]
    later = [replace(one, opened_wall_ns=one.opened_wall_ns + 3600 * 10**9) for one in second]
    assert patterns(walk(first + later, Limits())) == [Pattern.MANY, Pattern.MANY]
    assert patterns(walk(first + later[:19], Limits())) == [Pattern.MANY], "what was counted counts no second time"


def test_just_below_each_limit_nothing() -> None:
    limits = Limits()
    assert walk(every(timedelta(seconds=25), 19), limits) == []
    assert walk(every(timedelta(seconds=600 / 19 + 0.1), 40), limits) == [], "20 clips need more than ten minutes"
    assert longest_ns(limits) == bound_of(Pattern.SAME_PERSON, limits)[1]


viewings = st.lists(
    st.tuples(st.integers(0, 3000), st.integers(0, 6), st.booleans(), st.booleans()), min_size=1, max_size=30
)


@given(viewings, st.integers(0, 30))
def test_cut_anywhere_the_alarms_are_the_same(drawn: list[tuple[int, int, bool, bool]], cut: int) -> None:
    """What the sweep finds does not depend on when it came by."""
    limits = Limits(
        many_clips=3, many_minutes=30, night_clips=2, same_clips=3, same_days=1, again_views=2, outside_clips=2
    )
    seen = [
        viewing(n, NOON + timedelta(minutes=at), clip=clip, recorded=frozenset({DINA} if own else ()), outside=out)
        for n, (at, clip, own, out) in enumerate(sorted(drawn))
    ]
    whole = walk(seen, limits)
    before, after = seen[:cut], seen[cut:]
    early = walk(before, limits)
    counted: dict[UUID, set[Subject]] = {}
    running: dict[Subject, int] = {}
    for one in early:
        for part in one.viewings if isinstance(one, Raised) else (one.viewing,):
            counted.setdefault(part.view_id, set()).add(one.subject)
            running[one.subject] = part.opened_wall_ns
    watch = Watch(limits, running)
    for one in before:
        watch.remember(replace(one, counted=frozenset(counted.get(one.view_id, ()))))
    late = [found for one in after for found in watch.look(one)]

    def told(found: list[Raised | Grown]) -> list[object]:
        return [
            (type(one).__name__, one.subject, [part.view_id for part in one.viewings])
            if isinstance(one, Raised)
            else (type(one).__name__, one.subject, one.viewing.view_id)
            for one in found
        ]

    assert told(early + late) == told(whole)
