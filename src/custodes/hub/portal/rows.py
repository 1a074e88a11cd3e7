"""Rows of a list of clips: what each says to its reader, and which of them are so alike that one stands for all."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from custodes.core.types import Severity
from custodes.hub.access import gate
from custodes.hub.access.lists import Sight
from custodes.hub.clips.models import Clip
from custodes.hub.fleet.models import Person
from custodes.hub.portal import headings, scope, shown

FOLDS_FROM = 3
"""So many events alike in one hour become one line; two are read faster than a line that stands for them."""


@dataclass(frozen=True, slots=True)
class Row:
    """One clip in a list, in the reader's words. `fold` is the same for events that are alike."""

    clip: Clip
    title: str
    speed: str
    subject: str
    fold: str
    clock: str
    """Hour and minute of the onset at the site."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A row, and those of the same hour that are like it, newest first."""

    head: Row
    others: tuple[Row, ...] = ()

    @property
    def earliest(self) -> Row:
        """Return the oldest of them."""
        return self.others[-1]


class Namer:
    """Knows, for one reader and one page, whose names a list may show."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self._places = scope.naming_places(person)

    def words(self, clip: Clip) -> str:
        """Return who is recorded as this reader may know it: a name, 'you', 'hidden', or nobody."""
        if clip.subject is None:
            return ""
        if clip.subject_id == self.person.pk:
            return str(_("you"))
        here = {(clip.site.organisation_id, None), (clip.site.organisation_id, clip.site_id)}
        return str(clip.subject) if here & self._places else str(_("hidden"))

    def rows(self, seen: Sight, clips: Iterable[Clip]) -> list[Row]:
        """Return clips in the reader's words; their pictures, and what is said of them, are written down as shown."""
        wanted = list(clips)
        ready = [clip for clip in wanted if clip.state == Clip.State.READY]
        headlines = gate.list_posters(seen, ready)
        found = []
        for clip in wanted:
            headline = headlines.get(clip.pk)
            unit = shown.speed_unit(self.person, clip.site.organisation)
            alike = (headline.seen, headline.lens) if headline else ("", "")
            onset = shown.local_ns(clip.onset_wall_ns, shown.site_zone(clip.site)).moment
            fold = (clip.site_id, clip.kind, clip.severity, clip.state, clip.triage, *alike, f"{onset:%Y%m%d%H}")
            urgent = clip.severity == Severity.CRITICAL  # stands by itself, however many are like it
            found.append(
                Row(
                    clip=clip,
                    title=headings.title(clip.kind, headline, unit),
                    speed=headings.speed(headline, unit),
                    subject=self.words(clip),
                    fold=str(clip.pk) if urgent else "/".join(map(str, fold)),
                    clock=f"{onset:%H:%M}",
                )
            )
        return found


def bundled(rows: Sequence[Row]) -> list[Bundle]:
    """Fold events that are alike within an hour of the clock into one line each, in the order of the newest of each."""
    alike: dict[str, list[Row]] = {}
    for row in rows:
        alike.setdefault(row.fold, []).append(row)
    found: list[Bundle] = []
    for same in alike.values():
        if len(same) >= FOLDS_FROM:
            found.append(Bundle(same[0], tuple(same[1:])))
        else:
            found += [Bundle(row) for row in same]
    return sorted(found, key=lambda one: -one.head.clip.onset_wall_ns)
