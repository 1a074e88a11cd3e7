"""Give up a clip that has not come whole: its row, its key, what came of it, and the room that it held."""

import logging
from uuid import UUID

from django.db import transaction

from custodes.hub.clips import arrivals, quota, standing
from custodes.hub.clips.models import Clip
from custodes.hub.ingest import open_clips
from custodes.hub.ingest.uploads import remove_folder
from custodes.hub.vault import keys

log = logging.getLogger(__name__)


def give_up(clip_id: UUID) -> int:
    """Forget a clip that is still arriving; return 1, or 0 when it is not. Durable on return.

    Its unit may declare it again. One that arrived by the ledger, or that a hold or a case keeps by it, stays: its row
    was edited. Raises Unreadable where the ledger cannot tell.
    """
    with transaction.atomic():
        clip = Clip.objects.select_related("site").filter(pk=clip_id, state=Clip.State.RECEIVING).first()
        if clip is None or arrivals.has_arrived(clip_id) or standing.is_kept(clip_id):
            return 0
        total = quota.room(clip.parts.values_list("sealed_bytes", flat=True))
        quota.give_back(organisation_id=clip.site.organisation_id, freed_bytes=total)
        clip.delete()
    open_clips.forget(clip_id)
    keys.destroy(clip_id)
    remove_folder(clip_id)
    log.info("clip %s was given up before all of its bytes came", clip_id)
    return 1
