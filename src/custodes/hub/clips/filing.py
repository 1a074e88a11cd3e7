"""File a clip under another recorded person, or under nobody: who was on shift when it was filmed was not who drove.

The one place that changes whose a clip is. Everything that asks who is recorded reads the clip's row, and `arrivals`
holds that row to the newest of its entries: its arrival, and each time that it was filed anew.
"""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from custodes.hub.audit import ledger
from custodes.hub.clips import arrivals
from custodes.hub.clips.models import Clip
from custodes.hub.clips.revisions import next_revision
from custodes.hub.fleet.models import Person


def refile(clips: Iterable[Clip], *, under: UUID | None, by: Person, trip_id: UUID, now_ns: int) -> list[UUID]:
    """File clips under `under` (None: nobody) for what `by` did about a drive; return those that changed.

    Durable with the transaction that it is called in, with an entry each. A clip whose row is not what its entries say
    is left as it stands: nobody gains by an edited row.
    """
    changed = []
    with transaction.atomic():
        for clip in clips:
            if clip.subject_id == under or not arrivals.stands(clip):
                continue
            body = {"clip": clip.pk, "site": clip.site_id, "subject": under, "before": clip.subject_id}
            clip.subject_id, clip.revision = under, next_revision()
            clip.save(update_fields=["subject", "revision"])
            ledger.append(kind=arrivals.REFILED, body={**body, "trip": trip_id, "person": by.pk}, now_ns=now_ns)
            changed.append(clip.pk)
    return changed
