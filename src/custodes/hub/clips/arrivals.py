"""Whether a clip's row still says what arrived: whose it is, where, of whom. The gate asks it at each decision.

Rules decide by these columns, and whoever can write the database's file can edit them for a minute and put them back.
The entry `clip.received` bears a code of the hub's own (`trusted.own_of`), so it is asked first. Of whom it is says the
newest `clip.refiled`, where there is one (`filing`).
"""

from uuid import UUID

from custodes.hub.audit import past, trusted
from custodes.hub.audit.trusted import Told
from custodes.hub.clips.models import Clip
from custodes.hub.fleet import founded
from custodes.hub.fleet.models import Person, Route

RECEIVED, REFILED = "clip.received", "clip.refiled"
_ARRIVED = past.Named((RECEIVED,), by="clip")


def has_arrived(clip_id: UUID) -> bool:
    """Say whether a clip was received, whatever its row says. Raises Unreadable where the ledger cannot tell."""
    return _ARRIVED.has(clip_id)


def is_known_to_have_arrived(clip_id: UUID) -> bool:
    """Say the same; where the ledger cannot be read on, by what was read and by what rows say. For who listens on."""
    if past.is_readable():
        return _ARRIVED.has_as_read(clip_id)
    return _ARRIVED.has_as_read(clip_id) or bool(trusted.own_of(clip_id, {RECEIVED}))


def stands(clip: Clip, *, footage: bool = True) -> bool:
    """Say whether a clip is where, whose and of whom it arrived, by the hub's own entry. One query; two for old ones.

    A clip that is never stored is asked for its site alone. One that has not arrived has no entry and no footage yet:
    it stands where no `footage` is asked for.
    """
    site = clip.site
    if clip._state.adding:
        return founded.stands(site)
    # Under which clip an entry is filed stands under no hash: its body says whose it is.
    entries = [one for one in trusted.own_of(clip.pk, {RECEIVED, REFILED}) if one.body.get("clip") == str(clip.pk)]
    arrived = next((one for one in reversed(entries) if one.kind == RECEIVED), None)
    if arrived is None:
        return not footage and clip.received_at is None and founded.stands(site)
    return _fits(clip, arrived, subject=entries[-1].body.get("subject"))


def _fits(clip: Clip, arrived: Told, *, subject: object) -> bool:
    said = arrived.body
    if said.get("site") != str(clip.site_id) or said.get("unit") != str(clip.unit_id):
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
