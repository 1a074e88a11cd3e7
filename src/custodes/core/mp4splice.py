"""Move fragments from one film into another without touching what is in them (ISO/IEC 14496-12, clause 8.8)."""

import io
from collections.abc import Mapping

from custodes.core.boxes import Box, read_exact, read_header, walk
from custodes.core.errors import Corrupt


def moved_fragment(content: bytes, *, sequence: int, shift_ticks: Mapping[int, int]) -> bytes:
    """Return one fragment (`moof` with its `mdat`) renumbered and with its decode times moved, by track.

    Good for fragments whose data offsets count from their own `moof` (`default-base-is-moof`), as the recorder
    writes them; a time that would fall before zero becomes zero. Raises Corrupt where it is no such fragment.
    """
    source = io.BytesIO(content)
    moof = read_header(source, 0, len(content))
    if moof is None or moof.kind != b"moof" or moof.end > len(content):
        raise Corrupt("it is no fragment.")
    changed = bytearray(content)
    for box in walk(source, moof.body, moof.end):
        if box.kind == b"mfhd":
            read_exact(source, box, 4, 4)
            changed[box.body + 4 : box.body + 8] = (sequence & 0xFFFF_FFFF).to_bytes(4, "big")
        elif box.kind == b"traf":
            _move_track(source, box, changed, shift_ticks)
    return bytes(changed)


def _move_track(source: io.BytesIO, traf: Box, changed: bytearray, shift_ticks: Mapping[int, int]) -> None:
    shift = 0
    for box in walk(source, traf.body, traf.end):
        if box.kind == b"tfhd":
            flags = int.from_bytes(read_exact(source, box, 1, 3), "big")
            if not flags & 0x2_0000 or flags & 0x1:  # default-base-is-moof, base-data-offset-present
                raise Corrupt("its data offsets do not count from the fragment.")
            shift = shift_ticks.get(int.from_bytes(read_exact(source, box, 4, 4), "big"), 0)
        elif box.kind == b"tfdt":
            width = 8 if read_exact(source, box, 0, 1) == b"\1" else 4
            time = max(int.from_bytes(read_exact(source, box, 4, width), "big") + shift, 0)
            if time >= 1 << 8 * width:
                raise Corrupt("its time does not fit after the move.")
            changed[box.body + 4 : box.body + 4 + width] = time.to_bytes(width, "big")
