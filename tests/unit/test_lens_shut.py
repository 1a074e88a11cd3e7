"""A lens that is shut on purpose leaves nothing of that time in clips, in the ring, or with whoever looks."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import pytest

from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.types import Facing, LensFilm, Observation, Picture
from custodes.edge.capture import LensSource, Source, open_source
from custodes.edge.clip import ClipSettings, LensRecorder
from custodes.edge.clip.disk_ring import DiskRing
from custodes.edge.lens import Lens, LensParts
from filmcraft import Recipe, make_film

CLIPS = [UUID(int=number) for number in (1, 2, 3)]
SHUT_S = (6.0, 14.0)


@dataclass
class Centre:
    """Asks for a film over all 20 s, for one within the shut time and for one after it; keeps what comes back."""

    lens: Lens | None = None
    at_s: float = 0.0
    zero_ns: int = 0
    films: dict[UUID, tuple[LensFilm, list[str]]] = field(default_factory=dict)
    withheld: dict[UUID, str] = field(default_factory=dict)
    looked_s: list[float] = field(default_factory=list)
    states: list[tuple[str, str]] = field(default_factory=list)
    seen: set[bool] = field(default_factory=set)

    def why_shut(self) -> str:
        return "parked" if SHUT_S[0] <= self.at_s < SHUT_S[1] else ""

    def observe(self, observation: Observation, *, decoded_mono_ns: int | None = None) -> None:
        self.looked_s.append((observation.wall_ns - self.zero_ns) / NS_PER_S)

    def tick(self, wall_ns: int) -> None:
        assert self.lens is not None
        state = (self.lens.health.state, self.lens.health.detail)
        if self.states[-1:] != [state]:
            self.states.append(state)

    def closing(self, lens: str) -> None: ...

    def film_done(self, clip_id: UUID, film: LensFilm, notes: Sequence[str] = ()) -> None:
        self.films[clip_id] = (film, list(notes))

    def film_lost(self, clip_id: UUID, lens: str, why: str, *, disk_full: bool = False) -> None:
        raise AssertionError(why)

    def film_withheld(self, clip_id: UUID, lens: str, why: str) -> None:
        self.withheld[clip_id] = why


class Eye:
    """Sees nothing, and wants to."""

    inferences = 0
    wants_all_frames = True

    def look(self, picture: Picture) -> Observation:
        return Observation("driver", picture.wall_ns, picture.mono_ns, 96, 64, (), ())


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_film(tmp_path_factory.mktemp("film") / "driver.mp4", Recipe(seconds=20, gop=10))


def run(film: Path, folder: Path) -> tuple[Centre, DiskRing]:
    clock, centre = ManualClock(), Centre()
    recorder = LensRecorder(
        lens="driver", facing=Facing.DRIVER, folder=folder / "films", settings=ClipSettings(), clock=clock
    )
    ring = DiskRing(lens="driver", facing=Facing.DRIVER, folder=folder / "ring", limit_bytes=1 << 30, segment_s=5.0)

    def open_it(_notice: object) -> Source:
        return Told(open_source(LensSource(source=str(film)), clock=clock), centre)

    parts = LensParts(
        name="driver",
        facing=Facing.DRIVER,
        open_source=open_it,
        recorder=recorder,
        ring=ring,
        make_perceiver=Eye,
        films_dir=folder / "films",
        detect_fps=5.0,
        live=False,
        clock=clock,
        listener=centre,
        why_shut=centre.why_shut,
    )
    centre.lens = Lens(parts, threading.Event())
    centre.lens.run()
    return centre, ring


class Told:
    """A source that tells the centre where the film is, and lets it ask for its films."""

    def __init__(self, source: Source, centre: Centre) -> None:
        self._source, self._centre = source, centre
        self.facts, self.templates = source.facts, source.templates

    def packets(self):
        centre, asked = self._centre, 0
        for packet in self._source.packets():
            centre.zero_ns = centre.zero_ns or packet.wall_ns
            centre.at_s = (packet.wall_ns - centre.zero_ns) / NS_PER_S
            for number, (ask_s, from_s, to_s) in enumerate(((1, 0, 20), (9, 8, 12), (16, 10, 19))):
                if asked == number and centre.at_s >= ask_s:
                    asked += 1
                    centre.lens.begin(CLIPS[number], start_wall_ns=ns(centre, from_s), end_wall_ns=ns(centre, to_s))
            centre.seen.add(centre.lens.sees_people)
            yield packet

    def close(self) -> None:
        self._source.close()


def ns(centre: Centre, at_s: float) -> int:
    return centre.zero_ns + round(at_s * NS_PER_S)


def span_s(centre: Centre, film: LensFilm) -> tuple[float, float]:
    start = (film.first_frame_wall_ns - centre.zero_ns) / NS_PER_S
    return round(start, 1), round(start + film.duration_ns / NS_PER_S, 1)


def test_what_is_filmed_while_shut_is_nowhere(film: Path, tmp_path: Path) -> None:
    centre, ring = run(film, tmp_path)
    whole, notes = centre.films[CLIPS[0]]
    assert span_s(centre, whole) == (0.0, 6.0)
    assert any("ends early: parked" in note for note in notes)
    assert centre.withheld == {CLIPS[1]: "parked"}
    later, _ = centre.films[CLIPS[2]]
    assert span_s(centre, later)[0] >= SHUT_S[1], "no pre-roll out of the shut time"
    assert not [at_s for at_s in centre.looked_s if SHUT_S[0] <= at_s < SHUT_S[1]]
    assert [at_s for at_s in centre.looked_s if at_s >= SHUT_S[1]], "it looks again"
    kept = [
        ((s.zero_wall_ns - centre.zero_ns) / NS_PER_S, (s.end_wall_ns - centre.zero_ns) / NS_PER_S)
        for s in ring.segments
    ]
    assert kept
    assert all(end_s <= SHUT_S[0] + 0.2 or start_s >= SHUT_S[1] for start_s, end_s in kept), kept


def test_its_state_and_its_lamp_say_so(film: Path, tmp_path: Path) -> None:
    centre, _ring = run(film, tmp_path)
    assert ("off", "parked") in centre.states
    assert centre.states[-1][0] == "recording"
    assert centre.seen == {True, False}
