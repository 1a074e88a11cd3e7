"""The vehicle's own bus, live: asked by OBD-II, listened to for what its maker lets it say."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.types import Sample
from custodes.edge.telemetry.bus_frames import BusFrames
from custodes.edge.telemetry.bus_settings import BusSettings
from custodes.edge.telemetry.obd import ASK_11_BIT, ASK_29_BIT, Pid, question

if TYPE_CHECKING:
    from can import BusABC
    from can.typechecking import CanFilter

REOPEN_NS = 2 * NS_PER_S
"""How long to wait before a bus that went away is opened again."""

ASK_EVERY_NS = 150_000_000
"""One question at a time, and the next not before this: control units answer within 50 ms (ISO 15765-4)."""

TURNS = (Pid.SPEED, Pid.SPEED, Pid.SPEED, Pid.ENGINE_RPM)
SILENT_NS = 10 * NS_PER_S
"""A bus that says nothing to us for so long is told of."""

MAX_FRAMES = 5_000
"""Frames read at once; more wait for the next time."""


class Bus:
    """Ask and read a bus without ever waiting for it; open it again when it went away. One thread reads it.

    Samples are timed by the unit's clock when they are read. `on_notice` is told, in a line, when the bus goes away,
    keeps silent, and is back.
    """

    def __init__(
        self, settings: BusSettings, *, clock: Clock, on_notice: Callable[[str], None] = lambda text: None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._on_notice = on_notice
        self._frames = BusFrames(settings.signal)
        self._bus: BusABC | None = None
        self._retry_ns = self._ask_ns = 0
        self._turn = 0
        self._understood_ns: int | None = None
        self._quiet = ""

    def read_until(self, wall_ns: int) -> list[Sample]:
        """Return what the bus has said since the last call, and ask on; empty while it is absent or silent."""
        from can import CanError

        bus = self._opened()
        if bus is None:
            return []
        try:
            samples = self._heard(bus, wall_ns)
            self._ask(bus)
        except (CanError, OSError) as error:
            self._gone(str(error))
            return []
        self._say_silence()
        return samples

    def close(self) -> None:
        """Let go of the bus."""
        if self._bus is not None:
            self._bus.shutdown()
            self._bus = None

    def _heard(self, bus: "BusABC", wall_ns: int) -> list[Sample]:
        before, samples = self._frames.understood, []
        for _ in range(MAX_FRAMES):
            message = bus.recv(timeout=0)
            if message is None:
                break
            if message.is_error_frame or message.is_remote_frame:
                continue
            content = bytes(message.data or b"")
            sample = self._frames.take(
                message.arbitration_id, content, extended=message.is_extended_id, wall_ns=wall_ns
            )
            if sample is not None:
                samples.append(sample)
        if self._frames.understood > before:
            self._understood_ns = self._clock.mono_ns()
        return samples[-1:]  # all of one moment; the last one knows the most

    def _ask(self, bus: "BusABC") -> None:
        now_ns = self._clock.mono_ns()
        if not self._settings.ask or now_ns < self._ask_ns:
            return
        from can import Message

        wide = self._settings.ids == "29-bit"
        pid = TURNS[self._turn % len(TURNS)]
        self._turn, self._ask_ns = self._turn + 1, now_ns + ASK_EVERY_NS
        asked = Message(
            arbitration_id=ASK_29_BIT if wide else ASK_11_BIT, is_extended_id=wide, data=question(pid), is_rx=False
        )
        bus.send(asked)

    def _opened(self) -> "BusABC | None":
        if self._bus is not None:
            return self._bus
        if self._clock.mono_ns() < self._retry_ns:
            return None
        import can

        settings = self._settings
        rate: dict[str, Any] = {} if settings.bitrate is None else {"bitrate": settings.bitrate}
        try:
            self._bus = can.Bus(
                channel=settings.channel, interface=settings.interface, can_filters=self._filters(), **rate
            )
        except (can.CanError, OSError, ImportError, ValueError) as error:
            self._gone(str(error))
            return None
        self._understood_ns = self._clock.mono_ns()
        if self._quiet == "absent":
            self._on_notice(f"the vehicle's bus {settings.channel} is back")
        self._quiet = ""
        return self._bus

    def _filters(self) -> list["CanFilter"]:
        """Return what is let in: a busy bus has thousands of frames a second, of which a few are read."""
        wanted = [
            (signal.id, 0x1FFF_FFFF if signal.extended else 0x7FF, signal.extended) for signal in self._settings.signal
        ]
        wanted += [(0x7E8, 0x7F8, False), (0x18DA_F100, 0x1FFF_FF00, True)]
        return [{"can_id": one, "can_mask": mask, "extended": wide} for one, mask, wide in dict.fromkeys(wanted)]

    def _say_silence(self) -> None:
        assert self._understood_ns is not None
        silent = self._clock.mono_ns() - self._understood_ns > SILENT_NS
        if silent and not self._quiet:
            self._quiet = "silent"
            self._on_notice(
                f"the vehicle's bus {self._settings.channel} answers nothing: the ignition is off, or telemetry.bus "
                "has another bitrate, ids or signals than this vehicle"
            )
        elif not silent and self._quiet:
            self._quiet = ""
            self._on_notice(f"the vehicle's bus {self._settings.channel} answers again")

    def _gone(self, why: str) -> None:
        if self._bus is not None:
            self.close()
        self._retry_ns = self._clock.mono_ns() + REOPEN_NS
        if self._quiet != "absent":
            self._quiet = "absent"
            self._on_notice(
                f"the vehicle's bus {self._settings.channel} cannot be read: {why or 'it is gone'}. It is tried again "
                "until it is back."
            )
