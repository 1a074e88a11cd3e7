"""What `ingest` forgets of a clip that is erased: whatever is left of its upload."""

from uuid import UUID

from custodes.core.errors import Temporary
from custodes.hub.ingest import open_clips
from custodes.hub.ingest.uploads import folder_of, remove_folder


def forget_upload(clip_id: UUID) -> int:
    """Remove a clip's upload folder and what memory keeps of it; return how many folders. Raises Temporary."""
    open_clips.forget(clip_id)
    folder = folder_of(clip_id)
    if not folder.exists():
        return 0
    remove_folder(clip_id)
    if folder.exists():
        raise Temporary(f"{folder} cannot be removed. Check the disk and the folder's rights.")
    return 1
