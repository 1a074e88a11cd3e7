"""The lowest layer under a film: bytes to disk, hashed on the way, durable on demand."""

import hashlib
import os
from pathlib import Path

from custodes.core.fs import sync_folder


class FilmFile:
    """A new file that the muxer writes into, front to back.

    `good_bytes` is what was on disk at the last `keep`: after a full disk, `cut_back` returns there.
    """

    def __init__(self, path: Path) -> None:
        """Create the file. Raises OSError where it exists or the folder refuses."""
        self.path = path
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        self._hash = hashlib.sha256()
        self.written_bytes = 0
        self.good_bytes = 0
        self.failure: OSError | None = None
        self._closed = False

    def write(self, content: "bytes | memoryview") -> int:
        """Write all of `content`. Raises OSError when the disk is full; later writes are then swallowed.

        The muxer writes once more when it is released; a file that already failed must not fail it again.
        """
        if self.failure is not None or self._closed:
            return len(content)
        view = memoryview(content)
        try:
            while view:
                count = os.write(self._fd, view)
                self._hash.update(view[:count])
                self.written_bytes += count
                view = view[count:]
        except OSError as error:
            self.failure = error
            raise
        return len(content)

    def keep(self) -> None:
        """Make everything written so far durable. Raises OSError where the disk refuses."""
        if self.written_bytes == self.good_bytes:
            return
        try:
            os.fdatasync(self._fd)
        except OSError as error:
            self.failure = error
            raise
        self.good_bytes = self.written_bytes

    def give_up(self) -> None:
        """Swallow all further writes: what the muxer still holds is not wanted."""
        self.failure = self.failure or OSError("given up")

    def cut_back(self) -> None:
        """Return to the last durable state, where the file ends with a whole fragment, and close it."""
        os.ftruncate(self._fd, self.good_bytes)
        os.fsync(self._fd)
        self.close()

    def sha256_hex(self) -> str:
        """Return the hash of what is in the file."""
        return self._hash.hexdigest()

    def close_as(self, final: Path) -> None:
        """Close the file and give it its final name. Durable on return."""
        self.close()
        try:
            self.path.rename(final)
            sync_folder(final.parent)
        except OSError as error:
            self.failure = error
            raise
        self.path = final

    def discard(self) -> None:
        """Close and remove the file."""
        self.close()
        self.path.unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file as it is."""
        if not self._closed:
            self._closed = True
            os.close(self._fd)
