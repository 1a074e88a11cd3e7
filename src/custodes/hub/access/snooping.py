"""Does somebody watch more than their work needs? A pure state machine over the viewings of one person.

It judges no one: it raises an alarm that a privacy officer looks at. Where its defaults come from is said beside each;
an organisation's officer sets its own.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID
from zoneinfo import ZoneInfo

from custodes.core.clock import NS_PER_S

DAY_NS = 24 * 3600 * NS_PER_S
MINUTE_NS = 60 * NS_PER_S


class Pattern(StrEnum):
    """What an alarm is about."""

    MANY = "many"
    """Many different clips within a short time."""
    OFF_HOURS = "off_hours"
    """Clips watched at night, by the clock of the clip's site."""
    SAME_PERSON = "same_person"
    """Different clips of one recorded person, again and again, and far more than of others."""
    AGAIN = "again"
    """One clip, opened again and again within a day."""
    OUTSIDE = "outside"
    """Clips of sites with which the watcher had nothing to do."""
    BREAK_GLASS = "break_glass"
    """Somebody watched in an emergency that the rules do not foresee. Raised at once, by the act itself."""


@dataclass(frozen=True, slots=True)
class Limits:
    """From how many different clips on, within which time, an alarm is raised. A limit of 0: that is not looked at."""

    many_clips: int = 20
    """A clip lasts 20 to 30 s: who opens 20 in 10 minutes spends no time on what to do about any of them."""
    many_minutes: int = 10
    night_from_minute: int = 23 * 60
    """Night: seven hours that include midnight to five, as ILO Convention 171, Article 1(a), and Directive 2003/88/EC,
    Article 2(3), define night work. Minutes after midnight, local time of the site."""
    night_to_minute: int = 6 * 60
    night_clips: int = 3
    """One alert at night has its reason; a choice of ours, without a study behind it."""
    same_clips: int = 12
    """A choice of ours: about two clips of the same person on every day of a week, and `same_times` as many as of the
    others on average. `test_snooping_rules.py` holds it to a week of 150 honest viewings among 40 drivers."""
    same_days: int = 7
    same_times: int = 3
    again_views: int = 3
    """A page that is loaded again within two minutes goes on with the same viewing. A second look has its reason, such
    as a copy for an insurer; a choice of ours, without a study behind it."""
    outside_clips: int = 0
    """Off: it says something only where shifts, roles for one site and assignments are kept up to date."""
    outside_days: int = 7


@dataclass(frozen=True, slots=True)
class Viewing:
    """One viewing of somebody else, as the rules for alarms see it. `counted`: alarms of which it is part already."""

    view_id: UUID
    clip_id: UUID
    opened_wall_ns: int
    recorded: frozenset[UUID] = frozenset()
    time_zone: str = "UTC"
    outside: bool = False
    counted: frozenset["Subject"] = frozenset()


@dataclass(frozen=True, slots=True)
class Subject:
    """What one alarm is about: a pattern, for SAME_PERSON whom, and for AGAIN which clip."""

    pattern: Pattern
    person: UUID | None = None
    clip: UUID | None = None


@dataclass(frozen=True, slots=True)
class Raised:
    """A new alarm, with the viewings that made it and what was exceeded."""

    subject: Subject
    viewings: tuple[Viewing, ...]
    limit: int
    window_ns: int


@dataclass(frozen=True, slots=True)
class Grown:
    """One more viewing of an alarm that goes on: it came within the alarm's time, a day at most, after the last."""

    subject: Subject
    viewing: Viewing


@dataclass(slots=True)
class _Track:
    waiting: list[Viewing] = field(default_factory=list)
    last_wall_ns: int | None = None


class Watch:
    """The viewings of one person in one organisation, oldest first.

    `running`: alarms that may still go on, with the time (ns) of their last viewing. `remember` feeds what was looked
    at before, `look` what is new.
    """

    def __init__(self, limits: Limits, running: Mapping[Subject, int] | None = None) -> None:
        self._limits = limits
        self._recent: list[Viewing] = []
        self._tracks = {subject: _Track(last_wall_ns=last) for subject, last in (running or {}).items()}

    def remember(self, viewing: Viewing) -> None:
        """Take in a viewing that raised nothing when it was new: it counts together with those to come."""
        self._recent.append(viewing)
        for subject in subjects_of(viewing, self._limits):
            if subject not in viewing.counted:
                self._tracks.setdefault(subject, _Track()).waiting.append(viewing)

    def look(self, viewing: Viewing) -> Iterator[Raised | Grown]:
        """Yield the alarms that a new viewing raises, or makes larger."""
        self._recent = [*self._within(viewing, self._limits.same_days * DAY_NS), viewing]
        for subject in subjects_of(viewing, self._limits):
            limit, window_ns = bound_of(subject.pattern, self._limits)
            track = self._tracks.setdefault(subject, _Track())
            if track.last_wall_ns is not None and viewing.opened_wall_ns - track.last_wall_ns <= min(window_ns, DAY_NS):
                track.last_wall_ns = viewing.opened_wall_ns
                yield Grown(subject, viewing)
                continue
            since_ns = viewing.opened_wall_ns - window_ns
            track.waiting = [one for one in track.waiting if one.opened_wall_ns > since_ns] + [viewing]
            if _counted(subject, track.waiting) >= limit and self._stands_out(subject):
                yield Raised(subject, tuple(track.waiting), limit, window_ns)
                track.waiting, track.last_wall_ns = [], viewing.opened_wall_ns

    def _within(self, viewing: Viewing, window_ns: int) -> list[Viewing]:
        return [one for one in self._recent if one.opened_wall_ns > viewing.opened_wall_ns - window_ns]

    def _stands_out(self, subject: Subject) -> bool:
        """Say whether one person was watched that much more than the others; of other patterns, yes."""
        if subject.person is None:
            return True
        clips: dict[UUID, set[UUID]] = {}
        for one in self._recent:
            for person in one.recorded:
                clips.setdefault(person, set()).add(one.clip_id)
        theirs = len(clips.pop(subject.person, ()))
        return theirs * len(clips) >= self._limits.same_times * sum(len(seen) for seen in clips.values())


def _counted(subject: Subject, viewings: Sequence[Viewing]) -> int:
    """Return what a limit is held against: different clips, or the viewings of one."""
    return len(viewings) if subject.pattern is Pattern.AGAIN else len({one.clip_id for one in viewings})


def subjects_of(viewing: Viewing, limits: Limits) -> list[Subject]:
    """Return what a viewing counts towards."""
    found = []
    if limits.many_clips:
        found.append(Subject(Pattern.MANY))
    if limits.night_clips and is_night(viewing, limits):
        found.append(Subject(Pattern.OFF_HOURS))
    if limits.same_clips:
        found += [Subject(Pattern.SAME_PERSON, person) for person in sorted(viewing.recorded)]
    if limits.again_views:
        found.append(Subject(Pattern.AGAIN, clip=viewing.clip_id))
    if limits.outside_clips and viewing.outside:
        found.append(Subject(Pattern.OUTSIDE))
    return found


def bound_of(pattern: Pattern, limits: Limits) -> tuple[int, int]:
    """Return from how many clips (of AGAIN: viewings) on, within how long (ns), a pattern is one.

    A night and the next are apart.
    """
    return {
        Pattern.MANY: (limits.many_clips, limits.many_minutes * MINUTE_NS),
        Pattern.OFF_HOURS: (limits.night_clips, DAY_NS // 2),
        Pattern.SAME_PERSON: (limits.same_clips, limits.same_days * DAY_NS),
        Pattern.AGAIN: (limits.again_views, DAY_NS),
        Pattern.OUTSIDE: (limits.outside_clips, limits.outside_days * DAY_NS),
    }[pattern]


def longest_ns(limits: Limits) -> int:
    """Return how far back (ns) viewings matter for those to come."""
    return max(bound_of(pattern, limits)[1] for pattern in Pattern if pattern is not Pattern.BREAK_GLASS)


def is_night(viewing: Viewing, limits: Limits) -> bool:
    """Say whether it was night at the clip's site when somebody opened it. From equals to: there is no night."""
    local = datetime.fromtimestamp(viewing.opened_wall_ns / NS_PER_S, ZoneInfo(viewing.time_zone))
    minute = local.hour * 60 + local.minute
    begin, end = limits.night_from_minute, limits.night_to_minute
    if begin <= end:
        return begin <= minute < end
    return minute >= begin or minute < end
