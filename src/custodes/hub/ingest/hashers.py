"""Unfinished SHA-256 states of parts under way."""

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hashlib import _Hash

READ_PIECE_BYTES = 1 << 20
HASHERS_KEPT = 256


class Hashers:
    """SHA-256 states of parts under way, so that a resume need not read again. The file stays the truth."""

    def __init__(self) -> None:
        self._kept: OrderedDict[Path, tuple[int, _Hash]] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, path: Path, offset: int) -> "_Hash":
        """Return the state after `offset` bytes of a file, read anew where it is not remembered."""
        with self._lock:
            kept = self._kept.pop(path, None)
        if kept is not None and kept[0] == offset:
            return kept[1]
        digest = hashlib.sha256()
        if offset:
            with path.open("rb") as file:
                while piece := file.read(READ_PIECE_BYTES):
                    digest.update(piece)
        return digest

    def keep(self, path: Path, offset: int, digest: "_Hash") -> None:
        """Remember the state after `offset` bytes of a file."""
        with self._lock:
            self._kept[path] = (offset, digest)
            while len(self._kept) > HASHERS_KEPT:
                self._kept.popitem(last=False)
