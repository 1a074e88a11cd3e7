"""What a film says of itself, so that a torn one needs no other file to be understood."""

import struct
from pathlib import Path
from uuid import UUID

from pydantic import BaseModel, ConfigDict, ValidationError

from custodes.core import mp4box
from custodes.core.errors import Corrupt
from custodes.core.types import Facing

# The user type of our 'uuid' box (ISO/IEC 14496-12, 11.1): players pass over it.
_USER_TYPE = UUID("6f6d3c1a-5b1e-4f0e-9a55-c0570de5f11f").bytes
_MOST_BYTES = 4096


class FilmIdentity(BaseModel):
    """Facts that stand in the film, behind its index. `zero_wall_ns` is the wall time of presentation time zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    clip_id: UUID
    lens: str
    facing: Facing
    codec: str
    width_px: int
    height_px: int
    zero_wall_ns: int
    has_sound: bool
    notes: tuple[str, ...] = ()


def identity_box(identity: FilmIdentity) -> bytes:
    """Return the identity as one `uuid` box."""
    body = _USER_TYPE + identity.model_dump_json().encode()
    return struct.pack(">I4s", 8 + len(body), b"uuid") + body


def read_identity(path: Path) -> FilmIdentity:
    """Read a film's identity. Raises Corrupt where there is none, BadInput where the file cannot be read."""
    layout = mp4box.layout(path)
    with path.open("rb") as file:
        file.seek(layout.index_end)
        head = file.read(24)
        if len(head) < 24 or head[4:8] != b"uuid" or head[8:24] != _USER_TYPE:
            raise Corrupt("it does not say which clip it belongs to.")
        size = int.from_bytes(head[:4], "big") - 24
        if not 0 < size <= _MOST_BYTES:
            raise Corrupt("what it says of itself is damaged.")
        body = file.read(size)
    try:
        return FilmIdentity.model_validate_json(body)
    except ValidationError as error:
        raise Corrupt("what it says of itself is damaged.") from error
