"""What the vehicle's bus can be told, and what the unit makes of it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from custodes.core.registry import nearest


class Said(StrEnum):
    """What a bit of a bus's frame says while it is set."""

    BELT_FASTENED = "belt_fastened"
    BELT_OPEN = "belt_open"
    REVERSE = "reverse"
    DOOR_OPEN = "door_open"


class DateOrder(StrEnum):
    """How a date such as 03/04/2026 is meant."""

    DAY_FIRST = "day-first"
    MONTH_FIRST = "month-first"


class BusSignal(BaseModel):
    """Where a vehicle says something that has no standard: a few bits of one frame. Makers' own; no two are alike."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    says: Said = Field(
        description="What it says while it is set: `belt_fastened` or `belt_open` (the driver's), `reverse`, "
        "`door_open`."
    )
    id: int = Field(ge=0, le=0x1FFF_FFFF, description="The frame's arbitration id, such as 0x3B0.")
    extended: bool = Field(default=False, description="Whether that id has 29 bits.")
    byte: int = Field(ge=0, le=63, description="Which byte of the frame, from 0.")
    mask: int = Field(default=0xFF, ge=1, le=0xFF, description="Which bits of that byte.")
    value: int | None = Field(
        default=None, ge=0, le=0xFF, description="It is set while those bits are this; empty: while any of them is 1."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if not self.extended and self.id > 0x7FF:
            raise ValueError(f"id 0x{self.id:X} has more than 11 bits; say extended = true")
        if self.value is not None and self.value & ~self.mask:
            raise ValueError(f"value 0x{self.value:X} has bits that mask 0x{self.mask:X} hides: it could never be so")
        return self

    def is_set(self, frame: bytes) -> bool | None:
        """Return whether it is set in a frame; None where the frame is too short to say."""
        if self.byte >= len(frame):
            return None
        bits = frame[self.byte] & self.mask
        return bits != 0 if self.value is None else bits == self.value


def _known_interface(name: str) -> str:
    from can import VALID_INTERFACES

    if name not in VALID_INTERFACES:
        raise ValueError(f"{name!r} is none that python-can speaks to.{nearest(name, list(VALID_INTERFACES))}")
    return name


class BusSettings(BaseModel):
    """The vehicle's own bus (CAN): speed, engine, and what its maker lets it say."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    channel: str = Field(
        default="", max_length=200, description="The bus itself: `can0`, or the device of a serial adapter."
    )
    interface: Annotated[str, AfterValidator(_known_interface)] = Field(
        default="socketcan",
        description="What speaks to it, by python-can's names: `socketcan`, `slcan`, `pcan`, `udp_multicast` "
        "and others.",
    )
    bitrate: int | None = Field(
        default=None,
        ge=10_000,
        le=1_000_000,
        description="Bits a second, for adapters that set it; SocketCAN's is set by the system. OBD-II has 500000 or "
        "250000.",
    )
    ask: bool = Field(
        default=True,
        description="Ask for speed and engine by OBD-II (ISO 15765-4). `false`: only listen; nothing is ever sent.",
    )
    ids: Literal["11-bit", "29-bit"] = Field(default="11-bit", description="By which ids OBD-II is asked.")
    log: Path | None = Field(
        default=None,
        description="Instead of a channel, a recording: candump, Vector ASC or BLF, PCAN TRC, python-can's CSV, or an "
        "OBD app's CSV; told apart by content.",
    )
    dates: DateOrder | None = Field(
        default=None,
        description="`day-first` or `month-first`: how an app's CSV means 03/04/2026, where it does not show.",
    )
    signal: list[BusSignal] = Field(
        default=[], max_length=64, description="Belt, reverse gear and doors, which have no standard; one table each."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Self:
        if bool(self.channel) == (self.log is not None):
            raise ValueError("give a channel, or a log to play, and not both")
        return self
