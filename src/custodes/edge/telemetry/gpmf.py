"""GPMF, the telemetry that GoPro cameras write beside the picture: key, length, value, nested.

Each item: a four-letter key, one letter of type, the size of one structure (1 byte), how many (2 bytes, big-endian),
then the values, padded to 4 bytes. Type 0 nests. Described at https://gopro.github.io/gpmf-parser/.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from custodes.core.errors import Corrupt

MAX_DEPTH = 8
_HEADER = struct.Struct(">4scBH")
_NUMBER = {
    b"b": "b", b"B": "B", b"s": "h", b"S": "H", b"l": "i", b"L": "I", b"f": "f", b"d": "d", b"j": "q", b"J": "Q",
}  # fmt: skip
_FIXED = {b"q": (">i", 65_536.0), b"Q": (">q", 4_294_967_296.0)}  # Q15.16 and Q31.32


@dataclass(frozen=True, slots=True)
class Item:
    """One key with its bytes. `kind` is the letter of type; `size` and `repeat` tell the structures apart."""

    key: str
    kind: bytes
    size: int
    repeat: int
    value: bytes

    @property
    def nests(self) -> bool:
        """Return whether the value is itself a list of items."""
        return self.kind == b"\0"

    def text(self) -> str:
        """Return the value as text, without padding."""
        return self.value.split(b"\0")[0].decode("latin-1").strip()

    def rows(self, *, layout: str = "") -> list[tuple[float, ...]]:
        """Return one tuple of numbers per structure. `layout` is the TYPE of a complex (`?`) structure.

        Raises Corrupt when the sizes do not fit the type.
        """
        letters = layout.encode("latin-1") if self.kind == b"?" else self.kind
        fields = [bytes([letter]) for letter in letters]
        if self.kind != b"?":
            one = _size_of(self.kind, self.key)
            fields = [self.kind] * (self.size // one)
        if not fields or sum(_size_of(field, self.key) for field in fields) != self.size:
            raise Corrupt(f"GPMF {self.key}: {self.size} bytes do not fit type {letters.decode('latin-1')!r}")
        return [self._row(fields, number * self.size) for number in range(self.repeat)]

    def _row(self, fields: list[bytes], start: int) -> tuple[float, ...]:
        row = []
        for field in fields:
            row.append(_number(field, self.value, start))
            start += _size_of(field, self.key)
        return tuple(row)


def _size_of(kind: bytes, key: str) -> int:
    if kind in _NUMBER:
        return struct.calcsize(_NUMBER[kind])
    if kind in _FIXED:
        return struct.calcsize(_FIXED[kind][0])
    raise Corrupt(f"GPMF {key}: type {kind!r} holds no numbers")


def _number(kind: bytes, value: bytes, start: int) -> float:
    if kind in _FIXED:
        code, scale = _FIXED[kind]
        return float(struct.unpack_from(code, value, start)[0]) / scale
    return float(struct.unpack_from(f">{_NUMBER[kind]}", value, start)[0])


def items(content: bytes) -> Iterator[Item]:
    """Yield the items side by side in `content`. Raises Corrupt where a length runs past the end."""
    at = 0
    while at + _HEADER.size <= len(content):
        raw_key, kind, size, repeat = _HEADER.unpack_from(content, at)
        if raw_key == b"\0\0\0\0":
            return
        length = size * repeat
        start = at + _HEADER.size
        if start + length > len(content):
            raise Corrupt(f"GPMF is cut short at byte {at} ({raw_key!r} claims {length} bytes)")
        yield Item(raw_key.decode("latin-1"), kind, size, repeat, content[start : start + length])
        at = start + (length + 3) // 4 * 4


def streams(payload: bytes, *, depth: int = 0) -> Iterator[dict[str, Item]]:
    """Yield each stream (STRM) of a payload as its items by key. Raises Corrupt for damage or absurd nesting."""
    if depth > MAX_DEPTH:
        raise Corrupt(f"GPMF nests deeper than {MAX_DEPTH}")
    for item in items(payload):
        if item.key == "STRM":
            yield {inner.key: inner for inner in items(item.value)}
        elif item.nests:
            yield from streams(item.value, depth=depth + 1)


def moment(item: Item) -> datetime | None:
    """Return a GPSU time (`yymmddhhmmss.sss`, UTC), or None when it is not one."""
    try:
        return datetime.strptime(item.text(), "%y%m%d%H%M%S.%f").replace(tzinfo=UTC)
    except ValueError:
        return None
