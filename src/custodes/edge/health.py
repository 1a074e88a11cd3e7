"""What is wrong with the unit: its lenses, its clock, its position. Said once, told until it is over."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.types import Sample, TroubleKind
from custodes.core.wire import LensHealth, WireTrouble

NO_PICTURE_AFTER_NS = 30 * NS_PER_S
NO_FIX_AFTER_NS = 45 * NS_PER_S
"""A bridge or a short tunnel is no trouble; a cold receiver finds its satellites in about 30 s."""
CLOCK_OFF_NS = 2 * NS_PER_S
"""Above this the times burnt over the film are visibly wrong."""
CLOCK_WELL_NS = NS_PER_S

SENTENCES: Mapping[TroubleKind, str] = {
    TroubleKind.COVERED: "covered, or the light went out at once. Look whether something hangs or sticks over it.",
    TroubleKind.DARK: "too dark to see anything. Give it light, or a lamp for the night.",
    TroubleKind.BLURRED: "blurred. Wipe it; if that does not help, turn its focus.",
    TroubleKind.MOVED: "turned away from what it used to see. Turn it back.",
    TroubleKind.NO_PICTURE: "no picture. Check its cable and its power.",
    TroubleKind.CLOCK: "this machine's clock is off by {seconds:.1f} s against the hub's. Let it follow a time server.",
    TroubleKind.NO_FIX: "the receiver knows no position. Give its antenna a free view of the sky.",
    TroubleKind.NO_RECEIVER: "the receiver for positions cannot be reached. Check its cable.",
}


@dataclass(frozen=True, slots=True)
class LensSeen:
    """One lens as it is now. `live`: its pictures come at the pace of the clock."""

    health: LensHealth
    trouble: TroubleKind | None
    live: bool


class UnitWatch:
    """Keeps what is wrong now. One thread looks; any may read `troubles` or tell the hub's time."""

    def __init__(self, *, clock: Clock, say: Callable[[str], None], receiver: bool) -> None:
        """`say` is told, in a line, what begins to be wrong and what is well again. `receiver`: one is configured."""
        self._clock = clock
        self._say = say
        self._receiver = receiver
        self._placed_mono_ns = clock.mono_ns()
        self._pictured: dict[str, tuple[int | None, int]] = {}
        self._ahead_ns = 0
        self._since: dict[tuple[TroubleKind, str | None], int] = {}
        self.troubles: tuple[WireTrouble, ...] = ()
        """What is wrong now, for the heartbeat; replaced as a whole."""

    def on_hub_time(self, ahead_ns: int) -> None:
        """Take how far the unit's clock is ahead of the hub's (ns; behind: negative)."""
        self._ahead_ns = ahead_ns

    def on_sample(self, sample: Sample) -> None:
        """Take a reading; one with a position shows that the receiver works."""
        if sample.lat_deg is not None:
            self._placed_mono_ns = self._clock.mono_ns()

    def look(self, lenses: Sequence[LensSeen], *, receiver_absent: bool, place_wanted: bool) -> None:
        """Find out what is wrong now, and say what changed. In personal time no place is wanted."""
        found = {(kind, seen.health.lens): seen for seen in lenses if (kind := self._of_lens(seen)) is not None}
        now: set[tuple[TroubleKind, str | None]] = {(kind, lens) for kind, lens in found}
        if (kind := self._of_clock()) is not None:
            now.add((kind, None))
        if (kind := self._of_place(absent=receiver_absent, wanted=place_wanted)) is not None:
            now.add((kind, None))
        self._settle(now)

    def _of_lens(self, seen: LensSeen) -> TroubleKind | None:
        health, mono_ns = seen.health, self._clock.mono_ns()
        last, since_ns = self._pictured.get(health.lens, (None, mono_ns))
        if health.state in {"off", "ended"} or not seen.live or last != health.last_frame_wall_ns:
            since_ns = mono_ns
        self._pictured[health.lens] = (health.last_frame_wall_ns, since_ns)
        if health.state in {"off", "ended"}:
            return None
        if mono_ns - since_ns >= NO_PICTURE_AFTER_NS:
            return TroubleKind.NO_PICTURE
        return seen.trouble

    def _of_clock(self) -> TroubleKind | None:
        bound_ns = CLOCK_WELL_NS if (TroubleKind.CLOCK, None) in self._since else CLOCK_OFF_NS
        return TroubleKind.CLOCK if abs(self._ahead_ns) > bound_ns else None

    def _of_place(self, *, absent: bool, wanted: bool) -> TroubleKind | None:
        mono_ns = self._clock.mono_ns()
        if not self._receiver or not wanted:
            self._placed_mono_ns = mono_ns
            return None
        if mono_ns - self._placed_mono_ns < NO_FIX_AFTER_NS:
            return None
        return TroubleKind.NO_RECEIVER if absent else TroubleKind.NO_FIX

    def _settle(self, now: set[tuple[TroubleKind, str | None]]) -> None:
        if now == self._since.keys():
            return
        wall_ns = self._clock.wall_ns()
        for kind, lens in sorted(now - self._since.keys(), key=str):
            said = SENTENCES[kind].format(seconds=abs(self._ahead_ns) / NS_PER_S)
            self._say(f"{lens}: {said}" if lens else said)
            self._since[kind, lens] = wall_ns
        for kind, lens in sorted(self._since.keys() - now, key=str):
            self._say(f"{lens or 'the unit'}: well again ({kind.value.replace('_', ' ')} is over)")
            del self._since[kind, lens]
        self.troubles = tuple(
            WireTrouble(kind=kind, lens=lens, since_wall_ns=since_ns) for (kind, lens), since_ns in self._since.items()
        )
