"""A unit with a driver lens: staged alerts, film through its centre, and no inward frame on disk where none may be."""

import json
import threading
from pathlib import Path
from typing import cast
from uuid import UUID

import av
import numpy as np
import pytest

from custodes.core.clock import NS_PER_S, SystemClock
from custodes.core.errors import Temporary
from custodes.core.packets import StampedPacket
from custodes.core.types import ManualMark, Observation, Severity
from custodes.edge import build
from custodes.edge.alert.sound import waveform
from custodes.edge.build import SiteWork, build_lens, build_unit
from custodes.edge.report import Happening
from custodes.edge.settings import UnitSettings
from custodes.edge.sinks import FolderSink, NoSink
from drawn_face import drawn
from driver_scene import START_NS, face

SLEEPY_S = (1.5, 5.5)


class Told:
    def __init__(self) -> None:
        self.happenings: list[Happening] = []

    def tell(self, happening: Happening) -> None:
        self.happenings.append(happening)

    def texts(self, kind: str) -> list[str]:
        return [one.text for one in self.happenings if one.kind == kind]


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write seven seconds of a drawn driver who closes the eyes for four."""
    path = tmp_path_factory.mktemp("driver") / "driver.mp4"
    awake, asleep = drawn(), drawn(eyes_open=False)
    with av.open(str(path), "w") as output:
        stream = cast(av.VideoStream, output.add_stream("libx264", rate=10))
        stream.width, stream.height, stream.pix_fmt, stream.gop_size = 480, 360, "yuv420p", 10
        stream.options = {"preset": "ultrafast", "crf": "18"}
        for index in range(70):
            shows = asleep if SLEEPY_S[0] <= index / 10 < SLEEPY_S[1] else awake
            output.mux(stream.encode(av.VideoFrame.from_ndarray(np.roll(shows, index % 3, axis=1), format="rgb24")))
        output.mux(stream.encode(None))
    return path


def unit_settings(film: Path, *, kind: str = "eyes_closed", **lens: object) -> UnitSettings:
    return UnitSettings.model_validate(
        {
            "unit": {"name": "Van 12"},
            "lens": [{"name": "driver", "facing": "driver", "source": str(film), **lens}],
            "rule": [{"kind": kind}, {"kind": "mark"}],
            "alert": {"sound": False, "console": False},
            "clip": {"pre_roll_s": 2, "post_roll_s": 1},
        }
    )


def run_lens(settings: UnitSettings, folder: Path, *, record: bool) -> tuple[Told, list[bytes]]:
    """Run the one lens over its film; return what was told, and the packets of the film."""
    told = Told()
    work = SiteWork(settings, folder / "state", SystemClock(), told, threading.Event())
    unit = build_unit(work, FolderSink(folder / "clips") if record else NoSink())
    packets: list[bytes] = []

    def on_packet(packet: StampedPacket) -> None:
        packets.append(bytes(packet.packet))
        if len(packets) == 30:
            unit.mark(ManualMark(packet.wall_ns))

    build_lens(work, settings.lens[0], unit, record=record, on_packet=on_packet).run()
    unit.parts.alerter.close()
    return told, packets


Recorded = tuple[Path, Told, list[bytes]]


@pytest.fixture(scope="module")
def recorded(film: Path, tmp_path_factory: pytest.TempPathFactory) -> Recorded:
    """Run a unit that may record over the film, once."""
    folder = tmp_path_factory.mktemp("recorded")
    return (folder, *run_lens(unit_settings(film), folder, record=True))


def test_the_drawn_driver_falls_asleep_is_woken_and_filmed(recorded: Recorded) -> None:
    folder, told, _ = recorded
    assert "Eyes on the road: stay awake." in told.texts("event")
    assert "Eyes closed: stop and rest." in told.texts("event")
    assert told.texts("driver") == ["driver: getting to know the driver"]
    manifests = [json.loads(path.read_bytes()) for path in (folder / "clips").glob("*/manifest.json")]
    (asleep,) = [one for one in manifests if one["event"]["kind"] == "eyes_closed"]
    assert asleep["event"]["severity"] == "critical"
    assert {model["name"] for model in asleep["models"]} == {"mediapipe-face", "mediapipe-face-mesh", "mediapipe-iris"}


def test_a_lens_that_may_not_be_recorded_leaves_no_frame_on_disk(film: Path, tmp_path: Path) -> None:
    """Every file below the unit's folders is searched for every packet of the film, and for pictures."""
    told, packets = run_lens(unit_settings(film, record=False), tmp_path, record=False)
    assert "Eyes closed: stop and rest." in told.texts("event")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert not any(packet[-64:] in content for packet in packets if len(packet) > 64 for content in files.values())
    assert [path.name for path, content in files.items() if content[:3] in (b"\xff\xd8\xff", b"\x89PN")] == []
    assert [path.name for path in files if path.suffix in {".mp4", ".jpg", ".png"}] == []


def test_that_search_would_find_a_frame(recorded: Recorded) -> None:
    folder, _, packets = recorded
    contents = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert any(packet[-64:] in content for packet in packets if len(packet) > 64 for content in contents)


def test_without_the_networks_the_lens_records_and_says_that_nobody_looks(
    film: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def shut(**options: object) -> None:
        raise Temporary("the registry is shut.")

    monkeypatch.setattr(build, "obtain_networks", shut)
    told, _ = run_lens(unit_settings(film), tmp_path, record=True)
    assert any("nobody looks at the driver" in text and "registry is shut" in text for text in told.texts("note"))
    assert len(told.texts("event")) == 1  # the mark


class Desk:
    """A recorder that only remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    def begin(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        self.asked.append(("begin", end_wall_ns))

    def extend(self, clip_id: UUID, *, end_wall_ns: int) -> None:
        self.asked.append(("extend", end_wall_ns))

    def recall(self, clip_id: UUID, *, start_wall_ns: int, end_wall_ns: int) -> None:
        raise AssertionError


def test_the_centre_alerts_at_each_stage_and_films_the_third_from_before_it_began(film: Path, tmp_path: Path) -> None:
    told = Told()
    settings = unit_settings(film, kind="looking_away")
    unit = build_unit(SiteWork(settings, tmp_path, SystemClock(), told, threading.Event()), NoSink())
    desk = Desk()
    unit.add_desk("driver", desk)
    now_ns = START_NS

    def see(seconds: float, pitch: float) -> None:
        nonlocal now_ns
        for _ in range(round(seconds * 10)):
            now_ns += NS_PER_S // 10
            unit.observe(Observation("driver", now_ns, now_ns, 480, 360, driver=face(pitch=pitch)))

    see(12, 0)
    see(6, -40)
    assert (unit.counts["events"], unit.counts["alerts"], desk.asked) == (1, 2, [])
    see(5.5, -40)
    assert (unit.counts["events"], unit.counts["alerts"]) == (1, 3)
    assert desk.asked[0][0] == "begin"
    assert desk.asked[0][1] >= now_ns  # it runs on although its onset was eleven seconds ago
    unit.parts.alerter.close()
    logged = [json.loads(line) for line in (tmp_path / "alerts.log").read_text().splitlines()]
    assert [row["stage"] for row in logged if row["row"] == "alert"] == [1, 2, 3]


def test_each_stage_has_a_sound_of_its_own_and_grows_more_urgent() -> None:
    sounds = [waveform(Severity.WARNING, stage) for stage in (0, 1, 2, 3)]
    assert len({sound.tobytes() for sound in sounds}) == 4
    lengths = [len(sound) for sound in sounds[1:]]
    assert lengths == sorted(lengths)
    assert abs(int(sounds[3][0])) < 300


def test_a_rule_on_the_driver_needs_a_lens_that_looks_at_one(film: Path) -> None:
    with pytest.raises(ValueError, match='needs a \\[\\[lens\\]\\] with facing = "driver"'):
        unit_settings(film, analyse=False)
