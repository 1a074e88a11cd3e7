"""Write a segment index (`sidx`, ISO/IEC 14496-12, clause 8.16.3), so that players can seek in a fragmented film."""

import struct
from collections.abc import Sequence

from custodes.core.errors import Permanent

HEADER_BYTES = 32
ENTRY_BYTES = 12
MAX_ENTRIES = 0xFFFF
_STARTS_WITH_SAP_1 = 0x9000_0000  # each fragment starts with a closed IDR picture


def segment_index(*, track_id: int, ticks_per_s: int, start_ticks: int, spans: Sequence[tuple[int, int]]) -> bytes:
    """Return the box for fragments that follow it at once: `spans` are (size in bytes, duration in ticks), in order.

    Raises Permanent for more fragments or larger ones than the box can tell.
    """
    if len(spans) > MAX_ENTRIES or any(not 0 < size < 1 << 31 for size, _ in spans):
        raise Permanent("the film has too many or too large fragments for a segment index.")
    head = struct.pack(
        ">I4sIIIIIHH", HEADER_BYTES + ENTRY_BYTES * len(spans), b"sidx", 0, track_id, ticks_per_s, start_ticks, 0, 0,
        len(spans),
    )  # fmt: skip
    return head + b"".join(struct.pack(">III", size, duration, _STARTS_WITH_SAP_1) for size, duration in spans)
