"""A camera that dies and comes back: the source calls again, an epoch begins, the recorder closes its film."""

import itertools
import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from uuid import UUID

import av
import pytest

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import BadInput, Temporary
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, Notice, Source, SourceBack, SourceLost, StampedPacket, open_source
from custodes.edge.capture.backoff import Backoff
from custodes.edge.capture.timeline import LiveAnchor
from custodes.edge.clip import ClipSettings, FinishedFilm, LensRecorder
from filmcraft import Recipe, make_film
from rtsp_camera import Camera, eventually

CLIP = UUID("11111111-2222-4333-8444-555555555555")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[Camera]:
    folder = tmp_path / "served"
    folder.mkdir()
    make_film(folder / "film.mp4", Recipe(seconds=60, fps=15, gop=8))
    served = Camera(folder, free_port()).up()
    yield served
    served.down()


def lens(address: str) -> LensSource:
    return LensSource(source=address, open_timeout_s=10, read_timeout_s=3, backoff_first_s=0.1, backoff_most_s=0.4)


@dataclass
class Watch:
    """A lens's thread: reads, records, remembers."""

    source: Source
    recorder: LensRecorder
    packets: list[StampedPacket] = field(default_factory=list)
    films: list[FinishedFilm] = field(default_factory=list)

    def start(self) -> "Watch":
        self.thread = threading.Thread(target=self._run)
        self.thread.start()
        return self

    def _run(self) -> None:
        for packet in self.source.packets():
            self.films += self.recorder.append(packet)
            if len(self.packets) == 20:
                start = packet.wall_ns - NS_PER_S
                self.recorder.begin(CLIP, start_wall_ns=start, end_wall_ns=start + 600 * NS_PER_S)
            self.packets.append(packet)


def test_camera_that_dies_in_the_clip_and_comes_back(camera: Camera, tmp_path: Path) -> None:
    stop, notices = threading.Event(), list[Notice]()
    source = open_source(
        lens(camera.address), clock=SystemClock(), stop=stop, random=Random(5), on_notice=notices.append
    )
    recorder = LensRecorder(
        lens="road", facing=Facing.ROAD, folder=tmp_path / "films", settings=ClipSettings(), clock=SystemClock()
    )
    watch = Watch(source, recorder).start()
    try:
        eventually(lambda: len(watch.packets) > 45)
        camera.down()
        eventually(lambda: sum(isinstance(n, SourceLost) for n in notices) >= 3)
        assert watch.thread.is_alive()
        camera.up()
        eventually(lambda: watch.packets[-1].epoch == 1)
        eventually(lambda: len(watch.films) == 1)
    finally:
        stop.set()
        began = time.monotonic()
        watch.thread.join(5)
        assert not watch.thread.is_alive()
        assert time.monotonic() - began < 1
    lost = [n for n in notices if isinstance(n, SourceLost)]
    assert [n.attempt for n in lost] == list(range(1, len(lost) + 1))
    [back] = [n for n in notices if isinstance(n, SourceBack)]
    assert back.epoch == 1
    assert back.gap_ns > 0
    [finished] = watch.films
    assert "the camera was lost" in finished.notes[-1]
    with av.open(finished.film.path) as container:
        assert sum(1 for _ in container.decode(video=0)) == finished.film.frames > 30


def test_packets_carry_the_time_at_which_they_were_taken(camera: Camera) -> None:
    source = open_source(lens(camera.address), clock=SystemClock(), random=Random(5))
    taken, arrived = [], []
    for packet in source.packets():
        taken.append(packet)
        arrived.append((time.time_ns(), time.monotonic_ns()))
        if len(taken) >= 60:
            break
    source.close()
    wall_ns, mono_ns = arrived[-1]
    assert abs(taken[-1].wall_ns - wall_ns) < NS_PER_S
    assert abs(taken[-1].mono_ns - mono_ns) < NS_PER_S
    assert all(a.dts < b.dts for a, b in itertools.pairwise(taken))
    assert taken[0].is_keyframe


def test_stop_ends_a_read_from_a_silent_camera(camera: Camera) -> None:
    import os
    import signal

    stop = threading.Event()
    source = open_source(lens(camera.address), clock=SystemClock(), stop=stop, random=Random(5))
    seen: list[StampedPacket] = []
    thread = threading.Thread(target=lambda: seen.extend(source.packets()))
    thread.start()
    assert camera.process is not None
    os.kill(camera.process.pid, signal.SIGSTOP)  # the connection stands, and nothing comes
    stop.set()
    thread.join(1)
    assert not thread.is_alive()


def test_no_camera_there_is_temporary_and_hides_the_password() -> None:
    address = f"rtsp://porch:secret@127.0.0.1:{free_port()}/film.mp4"
    with pytest.raises(Temporary, match="Is the camera on and its address right") as caught:
        open_source(lens(address), clock=SystemClock(), random=Random(5))
    assert "secret" not in str(caught.value)


def test_no_such_stream_is_said(camera: Camera) -> None:
    with pytest.raises((Temporary, BadInput), match="cannot open rtsp://"):
        open_source(lens(camera.address.replace("film", "none")), clock=SystemClock(), random=Random(5))


def test_no_usb_camera_is_temporary() -> None:
    with pytest.raises(Temporary, match=r"cannot open /dev/video99: .*Is the camera plugged in\?"):
        open_source(LensSource(source="usb:99"), clock=SystemClock(), random=Random(5))


def test_backoff_doubles_up_to_its_bound_and_is_spread() -> None:
    backoff = Backoff(first_s=0.5, most_s=30, random=Random(1))
    waits = [backoff.next_s() for _ in range(12)]
    for attempt, wait_s in enumerate(waits):
        longest = min(30, 0.5 * 2**attempt)
        assert longest / 2 <= wait_s <= longest
    assert waits == [Backoff(first_s=0.5, most_s=30, random=Random(1)).next_s(), *waits[1:]]
    backoff.reset()
    assert backoff.next_s() <= 0.5


def test_anchor_follows_a_camera_whose_clock_drifts() -> None:
    anchor, chance = LiveAnchor(), Random(2)
    worst = 0.0
    for second in range(4 * 3600):
        true_ns = second * NS_PER_S
        dts_ns = round(true_ns * (1 + 150e-6))  # a bad quartz: 13 s a day
        anchor.follow(dts_ns, true_ns + round(chance.uniform(0, 0.2) * NS_PER_S))
        worst = max(worst, abs(dts_ns + anchor.offset_ns - true_ns) / NS_PER_S)
    assert worst < 0.2


def test_anchor_puts_a_burst_of_stored_film_right_at_once() -> None:
    anchor = LiveAnchor()
    for index in range(100):
        anchor.follow(index * NS_PER_S // 10, max(0, index - 30) * NS_PER_S // 10)
    assert abs(anchor.offset_ns + 3 * NS_PER_S) < 0.3 * NS_PER_S + 1
