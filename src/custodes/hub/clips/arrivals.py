"""Whether a clip's row still says what arrived: whose it is, where, of whom, when filmed; and that it was not deleted.

Rules decide by these columns, and whoever can write the database's file can edit them for a minute and put them back.
The entry `clip.received` bears a code of the hub's own (`trusted.own_of`), so it is asked first. Of whom it is says the
newest `clip.refiled`, where there is one (`filing`); whether it is deleted or set apart, the entries of that. None of
these can be hidden: how many there are of a clip is kept in memory (`past.Named`), and rows must show as many.
"""

from collections.abc import Sequence
from uuid import UUID

from custodes.hub.audit import past, trusted
from custodes.hub.audit.trusted import Told
from custodes.hub.clips import standing
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import founded
from custodes.hub.fleet.models import Person, Route

RECEIVED, REFILED, QUARANTINED = "clip.received", "clip.refiled", "clip.quarantined"
DELETIONS = frozenset({standing.DELETED, standing.ENDED, standing.RESTORED, standing.HELD})
SINCE = DELETIONS | {REFILED, QUARANTINED}
"""What changes what a clip's arrival says."""
_ARRIVED, _SINCE = past.Named((RECEIVED,), by="clip"), past.Named(SINCE, by="clip")


def has_arrived(clip_id: UUID) -> bool:
    """Say whether a clip was received, whatever its row says. Raises Unreadable where the ledger cannot tell."""
    return _ARRIVED.has(clip_id)


def is_known_to_have_arrived(clip_id: UUID) -> bool:
    """Say the same; where the ledger cannot be read on, by what was read and by what rows say. For who listens on."""
    if past.is_readable():
        return _ARRIVED.has_as_read(clip_id)
    return _ARRIVED.has_as_read(clip_id) or bool(trusted.own_of(clip_id, {RECEIVED}))


def stands(clip: Clip, *, footage: bool = True) -> bool:
    """Say whether a clip is where, whose, of whom and of when it arrived, and not brought back by hand.

    By the hub's own entries, none of them hidden since the last reading of the ledger (`past.read_on`). One query; two
    for old ones. A clip that is never stored is asked for its site alone. One that has not arrived has no entry and no
    footage yet: it stands where no `footage` is asked for.
    """
    site = clip.site
    if clip._state.adding:
        return founded.stands(site)
    entries = _entries_of(clip.pk)
    if entries is None:
        return False
    arrived, since = entries
    if arrived is None:
        return not footage and clip.received_at is None and founded.stands(site)
    return _is_as_left(clip, since) and _fits(clip, arrived, subject=_subject(arrived, since))


def subject_told(clip: Clip) -> UUID | None:
    """Return of whom a clip is by its entries, whatever its row says; by its row where it has not arrived.

    As of the last reading of the ledger. Raises Unreadable where one of these entries is hidden just now.
    """
    entries = _entries_of(clip.pk)
    if entries is None:
        raise past.Unreadable(f"entries of the clip {clip.pk} are not there any more")
    arrived, since = entries
    if arrived is None:
        return clip.subject_id
    subject = _subject(arrived, since)
    return None if subject is None else UUID(str(subject))


def _entries_of(clip_id: UUID) -> tuple[Told | None, list[Told]] | None:
    """Return the entry of a clip's arrival, if any, and those since; None where one that was read is hidden."""
    # Under which clip an entry is filed stands under no hash: its body says whose it is.
    told = [one for one in trusted.own_of(clip_id, SINCE | {RECEIVED}) if one.body.get("clip") == str(clip_id)]
    since = [one for one in told if one.kind != RECEIVED]
    arrived = next((one for one in reversed(told) if one.kind == RECEIVED), None)
    if len(since) < _SINCE.count_as_read(clip_id) or (arrived is None and _ARRIVED.has_as_read(clip_id)):
        return None
    return arrived, since


def _subject(arrived: Told, since: Sequence[Told]) -> object:
    return next((one for one in reversed(since) if one.kind == REFILED), arrived).body.get("subject")


def _is_as_left(clip: Clip, since: Sequence[Told]) -> bool:
    """Say whether a row is deleted, or set apart, where entries say so; what it says besides takes nothing away."""
    if clip.state == Clip.State.DELETED:
        return True
    if clip.state != Clip.State.QUARANTINED and any(one.kind == QUARANTINED for one in since):
        return False
    return clip.pk not in standing.follow(one for one in since if one.kind in DELETIONS).may_go


def _fits(clip: Clip, arrived: Told, *, subject: object) -> bool:
    said = arrived.body
    if said.get("site") != str(clip.site_id) or said.get("unit") != str(clip.unit_id):
        return False
    # Entries of early versions do not name the onset.
    if said.get("onset_wall_ns", clip.onset_wall_ns) != clip.onset_wall_ns:
        return False
    owner = said.get("organisation")
    # Entries of early versions do not name the organisation; that which made the site does.
    at_home = founded.stands(clip.site) if owner is None else owner == str(clip.site.organisation_id)
    return at_home and _same(subject, clip.subject_id, Person) and _same(said.get("route"), clip.route_id, Route)


def _same(was: object, now: object, model: type[Person] | type[Route]) -> bool:
    """Say whether a row names whom its entry names, or nobody since they have left the hub."""
    if now is None:
        return was is None or not model.objects.filter(pk=str(was)).exists()
    return was == str(now)
