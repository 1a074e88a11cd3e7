"""Settings of one lens's source."""

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

SourceKind = Literal["film", "rtsp", "usb"]

_USB = re.compile(r"^(usb:\d{1,3}|/dev/video\d{1,3})$")
_SCHEME = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]*://")


class LensSource(BaseModel):
    """Where a lens's film comes from: a file, an RTSP address, or a USB camera (`usb:0`, `/dev/video0`)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, Field(min_length=1, max_length=2048)]
    """A film file, `rtsp://…`, or a USB camera: `usb:0`, `/dev/video0`."""
    sub_source: Annotated[str, Field(min_length=1, max_length=2048)] | None = None
    """A smaller stream of the same camera: perception reads it, and `source` is only recorded."""
    realtime: bool = False
    """Play a film at the pace of the clock; off: as fast as the machine can. Cameras are always real time."""
    loop: bool = False
    """Begin a film again when it ends."""
    start_wall: datetime | None = None
    """When a film began (ISO 8601; without a zone it is UTC). None: now."""
    open_timeout_s: Annotated[float, Field(gt=0, le=120)] = 10.0
    """How long (s) a camera may take to answer."""
    read_timeout_s: Annotated[float, Field(gt=0, le=120)] = 8.0
    """A camera that says nothing for so long is taken for lost, and is called anew."""
    backoff_first_s: Annotated[float, Field(gt=0, le=60)] = 0.5
    """The wait (s) before a lost camera is called anew; it doubles with each try."""
    backoff_most_s: Annotated[float, Field(gt=0, le=600)] = 30.0
    """The wait (s) grows no longer than this."""

    @field_validator("source", "sub_source")
    @classmethod
    def _known_address(cls, value: str | None) -> str | None:
        if value is not None and _SCHEME.match(value) and not value.lower().startswith(("rtsp://", "rtsps://")):
            scheme = value.split("://", 1)[0]
            raise ValueError(f"{scheme}:// is not read. Give a film file, rtsp://…, or usb:0")
        return value

    @field_validator("start_wall")
    @classmethod
    def _utc(cls, value: datetime | None) -> datetime | None:
        return value if value is None or value.tzinfo else value.replace(tzinfo=UTC)

    @property
    def start_wall_ns(self) -> int | None:
        """Return `start_wall` in ns since the epoch, or None."""
        return None if self.start_wall is None else int(self.start_wall.timestamp() * 1_000_000) * 1000


def kind_of(source: str) -> SourceKind:
    """Return what kind of source the address names."""
    if source.lower().startswith(("rtsp://", "rtsps://")):
        return "rtsp"
    return "usb" if _USB.match(source) else "film"


def device_path(source: str) -> str:
    """Return the device file of a USB camera."""
    return f"/dev/video{source[4:]}" if source.startswith("usb:") else source


def shown(source: str) -> str:
    """Return the source as it may be printed: a file's name, or an address without password and query."""
    if _SCHEME.match(source):
        return re.sub(r"//[^/]*@", "//…@", source.split("?", 1)[0])
    return Path(source).name or source
