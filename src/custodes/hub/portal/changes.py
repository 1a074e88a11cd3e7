"""What changed for one person since their bookmark."""

from dataclasses import dataclass
from uuid import UUID

from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import latest_revision
from custodes.hub.fleet.models import Person
from custodes.hub.portal import inbox, scope

AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Changes:
    """Clips of one's own that changed, up to which revision, and whether there are more of one's own."""

    clip_ids: tuple[UUID, ...]
    revision: int
    more: bool


def changes_since(person: Person, revision: int) -> Changes:
    """Return what changed among the clips that `person` may hear of, at most `AT_ONCE` at once.

    By revision among all clips first, which an index gives; then only theirs. How many there were of others' shows
    neither in the answer nor in `more`.
    """
    if not scope.memberships(person).exists():
        return Changes((), latest_revision(), more=False)
    found: list[UUID] = []
    while newer := _after(revision):
        theirs = set(inbox.touchable(person).filter(pk__in=[pk for pk, _ in newer]).values_list("pk", flat=True))
        for pk, number in newer:
            if pk in theirs:
                if len(found) == AT_ONCE:
                    return Changes(tuple(found), revision, more=True)
                found.append(pk)
            revision = number
    return Changes(tuple(found), revision, more=False)


def _after(revision: int) -> list[tuple[UUID, int]]:
    return list(Clip.objects.filter(revision__gt=revision).order_by("revision").values_list("pk", "revision")[:AT_ONCE])
