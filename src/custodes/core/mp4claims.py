"""Find what an MP4 claims and does not hold, before a parser believes it."""

import os
from pathlib import Path
from typing import BinaryIO

from custodes.core.boxes import (
    MAX_BOXES,
    TOP_LEVEL,
    Box,
    box_name,
    descend,
    opened,
    read_at,
    read_header,
    size_text,
)
from custodes.core.errors import Corrupt


def claim_fault(path: Path) -> str | None:
    """Say in one line what is wrong with the boxes of an MP4 or MOV, or None where nothing is or it is no MP4.

    For use before a parser that would believe the claims. Cut-short film data is no fault: what is there plays.
    Raises BadInput where the file cannot be read.
    """
    with opened(path) as source:
        size = os.fstat(source.fileno()).st_size
        if read_at(source, 0, 8)[4:] not in TOP_LEVEL - {b"udta"}:
            return None
        return _claim_fault(source, size)


def _claim_fault(source: BinaryIO, size: int) -> str | None:
    position, has_index = 0, False
    for _ in range(MAX_BOXES):
        if position >= size:
            break
        box = read_header(source, position, size)
        if box is None:
            break
        if box.end > size:
            if box.kind == b"mdat" and has_index:
                break
            return (
                f"it is cut short: its part {box_name(box.kind)} claims {size_text(box.end - box.start)}, "
                f"but the file has {size_text(size)}. Copy it again."
            )
        if box.kind == b"moov":
            has_index = True
            fault = _nested_fault(source, box)
            if fault:
                return fault
        position = box.end
    return None if has_index else "it is cut short: its index (the part 'moov') is missing. Copy or record it again."


def _nested_fault(source: BinaryIO, moov: Box) -> str | None:
    """Find a table in `moov` that claims more entries than its own box has bytes for."""
    try:
        for box in descend(source, moov):
            rule = _TABLES.get(box.kind)
            if rule is None:
                continue
            count_at, entry_bytes = rule
            head = read_at(source, box.body, min(count_at + 4, box.end - box.body))
            if len(head) < count_at + 4:
                return f"it is damaged: its table {box_name(box.kind)} is cut short. Copy it again."
            count = int.from_bytes(head[count_at : count_at + 4], "big")
            if box.kind == b"stsz" and head[4:8] != b"\0\0\0\0":
                continue  # all samples are of one size: there is no table
            if count * entry_bytes > box.end - box.body - count_at - 4:
                return f"it is damaged: its table {box_name(box.kind)} claims {count} absent entries. Copy it again."
    except Corrupt as error:
        return f"it is damaged: {error} Copy it again."
    return None


# Where the entry count stands in a table's body, and the least bytes of one entry (ISO/IEC 14496-12, clause 8).
_TABLES = {
    b"stsz": (8, 4), b"stts": (4, 8), b"ctts": (4, 8), b"stsc": (4, 12), b"stco": (4, 4), b"co64": (4, 8),
    b"stss": (4, 4), b"elst": (4, 12), b"stsd": (4, 8), b"dref": (4, 8),
}  # fmt: skip
