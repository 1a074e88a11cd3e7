"""One lens at work: its source is read, its film recorded, its picture looked at, in one thread."""

import queue
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from uuid import UUID

from custodes.core.clock import NS_PER_S, Clock
from custodes.core.errors import CustodesError, Permanent
from custodes.core.packets import StampedPacket, StreamFacts
from custodes.core.types import Facing, LensFilm, Observation, Picture, TroubleKind
from custodes.core.wire import LensHealth
from custodes.edge.capture import ClockJump, DecodeMode, Decoder, Notice, PacketsSkipped, Source, SourceBack, SourceLost
from custodes.edge.clip import FinishedFilm, LensRecorder
from custodes.edge.clip.disk_ring import DiskRing
from custodes.edge.perceive import Looker
from custodes.edge.shutter import INWARD
from custodes.vision.sight import SightWatch

LATE_NS = NS_PER_S // 2
"""A live picture older than this is not looked at: the alert would come late and the queue would grow."""
BLIND = frozenset({TroubleKind.COVERED, TroubleKind.DARK})
TICK_EVERY_NS = NS_PER_S // 5


class LensListener(Protocol):
    """The centre, seen from a lens. Calls come from the lens's thread."""

    def observe(self, observation: Observation, *, decoded_mono_ns: int | None = None) -> None:
        """Take what was seen in a frame that was decoded at `decoded_mono_ns`."""
        ...

    def tick(self, wall_ns: int) -> None:
        """Take that time reached `wall_ns` on this lens."""
        ...

    def closing(self, lens: str) -> None:
        """Take that this lens will see nothing more; its films are closed next."""
        ...

    def film_done(self, clip_id: UUID, film: LensFilm, notes: Sequence[str] = ()) -> None:
        """Take a finished film."""
        ...

    def film_lost(self, clip_id: UUID, lens: str, why: str, *, disk_full: bool = False) -> None:
        """Take that there is no film for this clip."""
        ...

    def film_withheld(self, clip_id: UUID, lens: str, why: str) -> None:
        """Take that there is no film for this clip on purpose."""
        ...


@dataclass(frozen=True, slots=True)
class _Begin:
    clip_id: UUID
    start_wall_ns: int
    end_wall_ns: int


@dataclass(frozen=True, slots=True)
class _Extend:
    clip_id: UUID
    end_wall_ns: int


@dataclass(frozen=True, slots=True)
class _Recall:
    clip_id: UUID
    start_wall_ns: int
    end_wall_ns: int


@dataclass(slots=True)
class LensParts:
    """What a lens works with. Without a recorder nothing is kept; without a perceiver nothing is looked at.

    `make_perceiver` is called in the lens's thread once its source is open; while it returns None, which says that it
    is not ready, it is called again at each keyframe.
    """

    name: str
    facing: Facing
    open_source: Callable[[Callable[[Notice], None]], Source]
    recorder: LensRecorder | None
    ring: DiskRing | None
    make_perceiver: Callable[[], Looker | None] | None
    films_dir: Path
    detect_fps: float
    live: bool
    clock: Clock
    listener: LensListener
    on_packet: Callable[[StampedPacket], None] = field(default=lambda packet: None)
    on_notice: Callable[[str], None] = field(default=lambda text: None)
    on_up: Callable[[StreamFacts], None] = field(default=lambda facts: None)
    why_shut: Callable[[], str] = field(default=lambda: "")
    """Why the lens sees nothing now, on purpose; empty where it sees."""


class Lens:
    """Reads one source to its end or until stopped."""

    def __init__(self, parts: LensParts, stop: threading.Event) -> None:
        self.parts = parts
        self.health = LensHealth(lens=parts.name, facing=parts.facing, state="connecting")
        self.looked = self.skipped_late = 0
        self.video_ns = 0
        self.facts: StreamFacts | None = None
        self.opened = threading.Event()
        """Set once `facts` are known."""
        self._perceiver: Looker | None = None
        self._stop = stop
        self._orders: queue.SimpleQueue[_Begin | _Extend | _Recall] = queue.SimpleQueue()
        self._decoder: Decoder | None = None
        self._last_look_wall_ns = self._last_tick_wall_ns = 0
        self._first_wall_ns: int | None = None
        self._sight = SightWatch()
        self._ring_refused = False
        self._shut = ""

    def begin(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Ask for a film; answered by the listener's `film_done` or `film_failed`. Any thread may call."""
        self._orders.put(_Begin(clip_id, start_wall_ns, end_wall_ns))

    def extend(self, clip_id: UUID, *, end_wall_ns: int) -> None:
        """Ask that a film runs on. Any thread may call."""
        self._orders.put(_Extend(clip_id, end_wall_ns))

    def recall(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        """Ask for film of the past from the ring on disk; answered like `begin`. Any thread may call."""
        self._orders.put(_Recall(clip_id, start_wall_ns, end_wall_ns))

    @property
    def inferences(self) -> int:
        """Return how often the detector ran for this lens."""
        return self._perceiver.inferences if self._perceiver is not None else 0

    @property
    def sees_people(self) -> bool:
        """Whether it looks at people in a vehicle, and does so now."""
        works = self.health.state in {"recording", "blind"} and not self._shut
        return works and self.parts.facing in INWARD

    @property
    def trouble(self) -> TroubleKind | None:
        """What is wrong with the picture; None also where nobody looks at it."""
        return None if self._shut else self._sight.trouble

    def run(self) -> None:
        """Read packets until the film ends or the unit stops. Raises BadInput when the source cannot be opened."""
        source = self.parts.open_source(self.notice)
        try:
            self.facts = facts = source.facts
            self._set_health("recording", width_px=facts.width_px, height_px=facts.height_px, fps=facts.fps)
            self.opened.set()
            self.parts.on_up(facts)
            for packet in source.packets():
                self._take(packet)
                if self._stop.is_set():
                    break
            self._look_at(self._decoder.flush() if self._decoder is not None else [])
        finally:
            source.close()
            self._finish()

    def _begin_looking(self) -> None:
        if self._perceiver is None and self.parts.make_perceiver is not None:
            self._perceiver = self.parts.make_perceiver()
            self._decoder = Decoder() if self._perceiver is not None else None

    def _take(self, packet: StampedPacket) -> None:
        parts = self.parts
        self._mind_shutter()
        if self._shut:
            self._obey()
            self._tick(packet.wall_ns)
            return
        if packet.is_keyframe and packet.media == "video":
            self._begin_looking()
        parts.on_packet(packet)
        self._obey()
        if parts.recorder is not None:
            self._hand_over(parts.recorder.append(packet))
        self._keep(packet)
        if packet.media != "video":
            return
        self._first_wall_ns = self._first_wall_ns or packet.wall_ns
        self.video_ns = max(self.video_ns, packet.wall_ns - self._first_wall_ns)
        if self._decoder is not None and self._perceiver is not None:
            if not self._perceiver.wants_all_frames and self._decoder.mode is DecodeMode.ALL:
                self._look_at(self._decoder.rest())
            self._look_at(self._decoder.decode(packet))
        else:
            self._set_health("recording", last_frame_wall_ns=packet.wall_ns)
        self._tick(packet.wall_ns)

    def _tick(self, wall_ns: int) -> None:
        if abs(wall_ns - self._last_tick_wall_ns) >= TICK_EVERY_NS:
            self._last_tick_wall_ns = wall_ns
            self.parts.listener.tick(wall_ns)

    def _mind_shutter(self) -> None:
        """Shut or open, as is wanted now. What shuts forgets: nothing from before it is joined to what comes after."""
        why = self.parts.why_shut()
        if why == self._shut:
            return
        if why and not self._shut:
            if self.parts.recorder is not None:
                self._hand_over(self.parts.recorder.forget(why))
            self._close_ring()
        if why:
            self._set_health("off", detail=why)
            self.parts.on_notice(f"{self.parts.name}: sees nothing: {why}")
        else:
            self._decoder = Decoder() if self._decoder is not None else None
            self._set_health("recording", detail="")
            self.parts.on_notice(f"{self.parts.name}: sees again")
        self._shut = why
        self._sight.forget()

    def _look_at(self, pictures: Sequence[Picture]) -> None:
        for picture in pictures:
            self._look(picture)

    def _look(self, picture: Picture) -> None:
        perceiver, decoder = self._perceiver, self._decoder
        if perceiver is None or decoder is None:
            return
        due_ns = self._last_look_wall_ns + round(0.95 * NS_PER_S / self.parts.detect_fps)
        if self._last_look_wall_ns <= picture.wall_ns < due_ns:
            return
        if self.parts.live and self.parts.clock.mono_ns() - picture.mono_ns > LATE_NS:
            self.skipped_late += 1
            return
        self._last_look_wall_ns = picture.wall_ns
        self.looked += 1
        decoded_mono_ns = self.parts.clock.mono_ns()
        self.parts.listener.observe(perceiver.look(picture), decoded_mono_ns=decoded_mono_ns)
        self._watch_sight(picture)
        if perceiver.wants_all_frames and decoder.mode is DecodeMode.KEYFRAMES:
            self._look_at(decoder.wake())

    def _watch_sight(self, picture: Picture) -> None:
        trouble = self._sight.look(picture.luma(), at_ns=picture.wall_ns)
        state = "blind" if trouble in BLIND else "recording"
        self._set_health(state, detail="", last_frame_wall_ns=picture.wall_ns)

    def _keep(self, packet: StampedPacket) -> None:
        if self.parts.ring is None:
            return
        try:
            self.parts.ring.append(packet)
        except CustodesError as error:
            if not self._ring_refused:
                self.parts.on_notice(f"{self.parts.name}: the ring on disk stands still: {error}")
            self._ring_refused = True
        else:
            self._ring_refused = False

    def _obey(self) -> None:
        while self.parts.recorder is not None:
            try:
                order = self._orders.get_nowait()
            except queue.Empty:
                return
            try:
                self._carry_out(order, self.parts.recorder)
            except CustodesError as error:
                if not isinstance(order, _Extend):
                    self.parts.listener.film_lost(order.clip_id, self.parts.name, str(error))

    def _carry_out(self, order: _Begin | _Extend | _Recall, recorder: LensRecorder) -> None:
        match order:
            case _Begin() if self._shut:
                self.parts.listener.film_withheld(order.clip_id, self.parts.name, self._shut)
            case _Begin():
                recorder.begin(order.clip_id, start_wall_ns=order.start_wall_ns, end_wall_ns=order.end_wall_ns)
            case _Extend():
                recorder.extend(order.clip_id, end_wall_ns=order.end_wall_ns)
            case _Recall():
                if self.parts.ring is None:
                    raise Permanent("this unit keeps no ring on disk. Add [ring] to its settings.")
                cut = self.parts.ring.cut_from_disk(
                    order.clip_id,
                    start_wall_ns=order.start_wall_ns,
                    end_wall_ns=order.end_wall_ns,
                    folder=self.parts.films_dir,
                )
                self.parts.listener.film_done(order.clip_id, cut.film, cut.notes)

    def _hand_over(self, finished: list[FinishedFilm]) -> None:
        for one in finished:
            self.parts.listener.film_done(one.clip_id, one.film, one.notes)
        for lost in self.parts.recorder.take_lost() if self.parts.recorder is not None else ():
            self.parts.listener.film_lost(lost.clip_id, lost.lens, lost.reason, disk_full=lost.disk_full)

    def _finish(self) -> None:
        self.parts.listener.closing(self.parts.name)
        self._obey()
        if self.parts.recorder is not None:
            self._hand_over(self.parts.recorder.finish_all())
        self._close_ring()
        self._set_health("off" if self._stop.is_set() else "ended")

    def _close_ring(self) -> None:
        if self.parts.ring is not None:
            try:
                self.parts.ring.close()
            except CustodesError as error:
                self.parts.on_notice(f"{self.parts.name}: the ring's last minute was not finished: {error}")

    def _set_health(self, state: str, **changes: object) -> None:
        self.health = self.health.model_copy(update={"state": state, **changes})

    def notice(self, notice: Notice) -> None:
        """Take what the source has to tell beside its packets."""
        if isinstance(notice, ClockJump) and self.parts.recorder is not None:
            self.parts.recorder.clock_jumped(notice.step_ns)
        if isinstance(notice, SourceLost):
            self._set_health("connecting", detail=notice.reason[:200])
        self.parts.on_notice(describe_notice(notice, self.parts.name))


def describe_notice(notice: Notice, lens: str) -> str:
    """Return a notice in one line for people."""
    match notice:
        case SourceLost():
            return f"{lens}: lost ({notice.reason}); calling again in {notice.wait_s:.1f} s, try {notice.attempt}"
        case SourceBack():
            return f"{lens}: back after {notice.gap_ns / NS_PER_S:.1f} s"
        case ClockJump():
            return f"{lens}: the clock was set by {notice.step_ns / NS_PER_S:+.1f} s; film goes on without a tear"
        case PacketsSkipped():
            return f"{lens}: {notice.count} damaged packets passed over ({notice.reason})"


def films_dir(state_dir: Path, lens: str) -> Path:
    """Return where a lens writes its films until they are sealed."""
    return state_dir / "films" / lens
