"""HTTP byte ranges (RFC 9110, 14): one range of one film."""

import re
from dataclasses import dataclass

_SINGLE = re.compile(r"^bytes=(\d{0,19})-(\d{0,19})$")


@dataclass(frozen=True, slots=True)
class ByteRange:
    """Bytes [start, stop) of a part."""

    start: int
    stop: int


class Unsatisfiable(Exception):
    """The range begins behind the end: answer 416 with the size."""


def parse(header: str, size_bytes: int) -> ByteRange | None:
    """Return the range that `header` asks for; None when the whole part is to be sent.

    A header that is not understood, or that asks for several ranges, is ignored, as RFC 9110 (14.2) allows. Raises
    Unsatisfiable when no byte of the part is asked for.
    """
    match = _SINGLE.match(header.replace(" ", ""))
    if match is None or match.group(1) == match.group(2) == "":
        return None
    first, last = match.groups()
    if first == "":
        wanted = int(last)
        if wanted == 0 or size_bytes == 0:
            raise Unsatisfiable
        return ByteRange(max(0, size_bytes - wanted), size_bytes)
    start = int(first)
    if last and int(last) < start:
        return None
    if start >= size_bytes:
        raise Unsatisfiable
    return ByteRange(start, min(int(last) + 1, size_bytes) if last else size_bytes)
