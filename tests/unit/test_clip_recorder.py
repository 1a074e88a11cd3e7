"""An event cuts a film out of what the lens saw: the right range, no encoding, whole, named and hashed."""

import hashlib
import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import UUID

import av
import pytest

from custodes.core import mp4box
from custodes.core.clock import NS_PER_S, ManualClock
from custodes.core.errors import Permanent
from custodes.core.types import Facing
from custodes.edge.capture import LensSource, StampedPacket, open_source
from custodes.edge.clip import ClipSettings, FinishedFilm, LensRecorder, repair_folder
from filmcraft import Recipe, make_film

CLIP = UUID("11111111-2222-4333-8444-555555555555")
OTHER = UUID("99999999-2222-4333-8444-555555555555")


def packets_of(path: Path) -> list[StampedPacket]:
    return list(open_source(LensSource(source=str(path)), clock=ManualClock()).packets())


@dataclass
class Recording:
    """A recorder being fed one film, with seconds counted from the film's first picture."""

    folder: Path
    packets: list[StampedPacket]
    settings: ClipSettings = field(default_factory=ClipSettings)
    done: list[FinishedFilm] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.recorder = LensRecorder(
            lens="road", facing=Facing.ROAD, folder=self.folder, settings=self.settings, clock=ManualClock()
        )
        self.zero_ns = self.packets[0].wall_ns
        self.left: Iterable[StampedPacket] = iter(self.packets)

    def feed(self, until_s: float = 1e9) -> "Recording":
        for packet in self.left:
            self.done += self.recorder.append(packet)
            if packet.media == "video" and packet.wall_ns >= self.zero_ns + until_s * NS_PER_S:
                break
        return self

    def begin(self, start_s: float, end_s: float, clip_id: UUID = CLIP) -> "Recording":
        self.recorder.begin(clip_id, start_wall_ns=self.at(start_s), end_wall_ns=self.at(end_s))
        return self

    def at(self, seconds: float) -> int:
        return self.zero_ns + round(seconds * NS_PER_S)

    def finish(self) -> list[FinishedFilm]:
        self.done += self.recorder.finish_all()
        return self.done


def assert_true_to_disk(finished: FinishedFilm) -> None:
    """What is said of the film is what any reader of the file finds."""
    film = finished.film
    path = Path(film.path)
    content = path.read_bytes()
    assert film.sha256_hex == hashlib.sha256(content).hexdigest()
    assert film.size_bytes == len(content) == mp4box.whole_length(path)
    with av.open(film.path) as container:
        shown = [frame.pts * frame.time_base for frame in container.decode(video=0)]
        assert bool(container.streams.audio) == film.has_sound
    assert len(shown) == film.frames
    assert all(a < b for a, b in itertools.pairwise(shown))
    assert float(shown[-1]) < film.duration_ns / NS_PER_S <= float(shown[-1]) + 0.25


def shown_walls_s(finished: FinishedFilm, zero_ns: int) -> list[float]:
    """Return when each picture of the film was taken, as the portal computes it."""
    with av.open(finished.film.path) as container:
        return [
            round((finished.film.first_frame_wall_ns - zero_ns) / NS_PER_S + float(frame.pts * frame.time_base), 3)
            for frame in container.decode(video=0)
        ]


@pytest.mark.parametrize("bframes", [0, 2])
def test_film_covers_the_range_from_the_keyframe_before(tmp_path: Path, bframes: int) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=12, bframes=bframes))
    recording = Recording(tmp_path / "films", packets_of(film))
    [finished] = recording.feed(6).begin(2.5, 8.3).feed().finish()
    assert finished.clip_id == CLIP
    assert finished.notes == ()
    assert_true_to_disk(finished)
    shown = shown_walls_s(finished, recording.zero_ns)
    assert shown[0] == 2.0
    assert 8.2 <= shown[-1] <= 8.31 + 0.1 * bframes
    assert [round(b - a, 3) for a, b in itertools.pairwise(shown)] == [0.1] * (len(shown) - 1)


def test_frames_that_build_on_film_before_the_cut_are_left_out(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=8, bframes=3, open_gop=True))
    packets = packets_of(film)
    first = next(i for i, p in enumerate(packets) if p.is_keyframe and i > 15)
    assert packets[first + 1].pts < packets[first].pts  # the GOP is open
    recording = Recording(tmp_path / "films", packets)
    start_s = (packets[first].wall_ns - packets[0].wall_ns) / NS_PER_S
    [finished] = recording.feed(6).begin(start_s, start_s + 2).feed().finish()
    assert_true_to_disk(finished)
    assert shown_walls_s(finished, recording.zero_ns)[0] == pytest.approx(start_s, abs=0.001)


def test_nothing_is_encoded_anew(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=6))
    packets = packets_of(film)
    [finished] = Recording(tmp_path / "films", packets).feed(3).begin(1.0, 4.0).feed().finish()
    with av.open(finished.film.path) as container:
        copied = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert copied == [bytes(packet.packet) for packet in packets[10 : 10 + len(copied)]]


def test_one_fragment_a_gop(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=8, gop=20))
    [finished] = Recording(tmp_path / "films", packets_of(film)).feed(3).begin(0.0, 8.0).feed().finish()
    layout = mp4box.layout(Path(finished.film.path))
    assert [run.samples for fragment in layout.fragments for run in fragment.runs] == [20, 20, 20, 20]


def test_film_that_ended_before_it_was_asked_for(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=12))
    recording = Recording(tmp_path / "films", packets_of(film)).feed(10).begin(2.0, 5.0)
    assert recording.recorder.open_films == 0
    [finished] = recording.feed(10.5).done
    assert_true_to_disk(finished)
    assert shown_walls_s(finished, recording.zero_ns)[-1] == pytest.approx(5.0, abs=0.11)


def test_film_that_is_asked_for_before_any_packet_came(tmp_path: Path) -> None:
    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=4)))
    recording = Recording(tmp_path / "films", packets)
    clock = ManualClock(wall=recording.zero_ns, mono=packets[0].mono_ns)
    recording.recorder = LensRecorder(
        lens="road", facing=Facing.ROAD, folder=tmp_path, settings=ClipSettings(), clock=clock
    )
    [finished] = recording.begin(0.0, 2.0).feed().finish()
    assert shown_walls_s(finished, recording.zero_ns)[0] == 0.0


def test_extend_lets_it_run_on_and_never_shortens(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=12))
    recording = Recording(tmp_path / "films", packets_of(film)).feed(4).begin(2.0, 5.0)
    recording.recorder.extend(CLIP, end_wall_ns=recording.at(9.0))
    recording.recorder.extend(CLIP, end_wall_ns=recording.at(3.0))
    [finished] = recording.feed().finish()
    assert shown_walls_s(finished, recording.zero_ns)[-1] == pytest.approx(9.0, abs=0.11)


def test_two_clips_of_one_time_share_nothing_on_disk(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=12))
    recording = Recording(tmp_path / "films", packets_of(film)).feed(5).begin(2.0, 8.0).begin(4.0, 10.0, OTHER)
    first, second = recording.feed().finish()
    assert (first.clip_id, second.clip_id) == (CLIP, OTHER)
    assert_true_to_disk(first)
    assert_true_to_disk(second)
    assert shown_walls_s(second, recording.zero_ns)[0] == 4.0


def test_start_that_the_ring_no_longer_has_is_said(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=20))
    settings = ClipSettings(pre_roll_s=3, ring_margin_s=1)
    recording = Recording(tmp_path / "films", packets_of(film), settings).feed(15).begin(2.0, 16.0)
    [finished] = recording.feed().finish()
    assert 10.0 <= shown_walls_s(finished, recording.zero_ns)[0] <= 12.0
    assert "begins" in finished.notes[0]
    assert "late" in finished.notes[0]


def test_source_that_ends_in_the_film_is_said(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=5))
    [finished] = Recording(tmp_path / "films", packets_of(film)).feed(3).begin(1.0, 60.0).feed().finish()
    assert finished.notes == ("film of road ends early: the source ended",)
    assert_true_to_disk(finished)


@pytest.mark.parametrize("keep", [True, False])
@pytest.mark.parametrize("name", ["a.mp4", "a.ts"])
def test_sound_is_kept_or_dropped_by_policy(tmp_path: Path, *, keep: bool, name: str) -> None:
    film = make_film(tmp_path / name, Recipe(seconds=8, sound=True, bframes=2))
    settings = ClipSettings(keep_sound=keep)
    [finished] = Recording(tmp_path / "films", packets_of(film), settings).feed(4).begin(2.0, 6.0).feed().finish()
    assert finished.film.has_sound is keep
    assert_true_to_disk(finished)
    if keep:
        with av.open(finished.film.path) as container:
            heard = [frame.pts * frame.time_base for frame in container.decode(audio=0)]
        assert float(heard[0]) == pytest.approx(0.0, abs=0.15)
        assert float(heard[-1]) == pytest.approx(finished.film.duration_ns / NS_PER_S, abs=0.7)


def test_stream_that_was_opened_anew_closes_the_film_cleanly(tmp_path: Path) -> None:
    first = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=5)))
    second = packets_of(make_film(tmp_path / "b.mp4", Recipe(seconds=5, width=128, height=96)))
    for packet in second:
        packet.epoch = 1
    recording = Recording(tmp_path / "films", first + second).feed(3).begin(1.0, 8.0)
    [finished] = recording.feed().finish()
    assert "the camera was lost or changed its picture" in finished.notes[0]
    assert_true_to_disk(finished)
    assert finished.film.width_px == 96
    assert shown_walls_s(finished, recording.zero_ns)[-1] == pytest.approx(4.9, abs=0.01)


def test_wall_clock_that_jumps_does_not_tear_the_film(tmp_path: Path) -> None:
    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=12)))
    for packet in packets[50:]:
        packet.wall_ns += 3600 * NS_PER_S
    recording = Recording(tmp_path / "films", packets).feed(4).begin(2.0, 8.0)
    recording.recorder.clock_jumped(3600 * NS_PER_S)
    [finished] = recording.feed().finish()
    assert_true_to_disk(finished)
    assert shown_walls_s(finished, recording.zero_ns)[-1] == pytest.approx(8.0, abs=0.11)
    assert "clock jumped by +3600.0 s" in finished.notes[0]


def test_clip_ids_are_not_mixed_up(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "films", packets_of(make_film(tmp_path / "a.mp4"))).feed(2).begin(1.0, 3.0)
    with pytest.raises(Permanent, match="already being filmed"):
        recording.begin(1.0, 3.0)
    with pytest.raises(Permanent, match="no open film"):
        recording.recorder.extend(OTHER, end_wall_ns=recording.at(9.0))
    with pytest.raises(Permanent, match="ends before it starts"):
        recording.begin(3.0, 1.0, OTHER)


def test_range_without_a_picture_is_a_loss_and_not_a_film(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "films", packets_of(make_film(tmp_path / "a.mp4"))).feed().begin(60.0, 70.0)
    recording.recorder.append(recording.packets[-1])
    recording.recorder._ring.clear()
    recording.begin(61.0, 70.0, OTHER)
    recording.finish()
    assert OTHER in {lost.clip_id for lost in recording.recorder.take_lost()}
    assert recording.recorder.take_lost() == []


TRANSCODED = {"msmpeg4v2": Recipe(codec="msmpeg4v2", seconds=6), "h264 reordered": Recipe(bframes=2, seconds=6)}


@pytest.mark.parametrize("name", TRANSCODED)
def test_what_mp4_cannot_hold_is_encoded_anew_and_said(tmp_path: Path, name: str) -> None:
    film = make_film(tmp_path / "a.avi", TRANSCODED[name])
    recording = Recording(tmp_path / "films", packets_of(film)).feed(3).begin(1.0, 4.0)
    [finished] = recording.feed().finish()
    assert finished.film.codec == "h264"
    assert "encoded anew as H.264" in finished.notes[0]
    assert_true_to_disk(finished)
    shown = shown_walls_s(finished, recording.zero_ns)
    assert shown[0] == pytest.approx(1.0, abs=0.01)
    assert shown[-1] == pytest.approx(4.0, abs=0.21)
    assert max(b - a for a, b in itertools.pairwise(shown)) == pytest.approx(0.1, abs=0.02)


def test_mpeg4_is_copied_unless_browsers_must_play_it(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(codec="mpeg4", seconds=6))
    codecs = {}
    for index, when in enumerate(("as_needed", "for_browsers")):
        settings = ClipSettings.model_validate({"transcode": when})
        [finished] = (
            Recording(tmp_path / str(index), packets_of(film), settings).feed(3).begin(1.0, 4.0).feed().finish()
        )
        assert_true_to_disk(finished)
        codecs[when] = finished.film.codec
    assert codecs == {"as_needed": "mpeg4", "for_browsers": "h264"}


def test_codec_that_mp4_refuses_without_encoding_is_a_loss_with_a_reason(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.avi", Recipe(codec="msmpeg4v2", seconds=4))
    settings = ClipSettings(transcode="never")
    recording = Recording(tmp_path / "films", packets_of(film), settings).feed(2).begin(1.0, 3.0)
    assert recording.feed().finish() == []
    [lost] = recording.recorder.take_lost()
    assert lost.reason == "MP4 cannot hold film in msmpeg4v2."
    assert list((tmp_path / "films").iterdir()) == []


def missing(packets: list[StampedPacket], from_s: float, to_s: float) -> list[StampedPacket]:
    """Return the packets without those between two times."""
    zero_ns = packets[0].wall_ns
    return [one for one in packets if not from_s * NS_PER_S < one.wall_ns - zero_ns < to_s * NS_PER_S]


def test_film_that_was_asked_for_ahead_of_a_stalled_camera_holds_nothing_of_before(tmp_path: Path) -> None:
    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=40)))
    recording = Recording(tmp_path / "films", packets).feed(3.5).begin(26.4, 30.0)
    [finished] = recording.feed().finish()
    shown = shown_walls_s(finished, recording.zero_ns)
    assert (shown[0], finished.notes) == (26.0, ())
    assert shown[-1] == pytest.approx(30.0, abs=0.11)
    assert_true_to_disk(finished)


def test_film_does_not_begin_before_a_gap(tmp_path: Path) -> None:
    packets = missing(packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=40, gop=400))), 2.0, 25.0)
    later = packets_of(make_film(tmp_path / "b.mp4", Recipe(seconds=40)))
    recording = Recording(tmp_path / "films", packets[:60])
    after = [replace(one, template=packets[0].template) for one in later if one.mono_ns > packets[59].mono_ns]
    recording.left = iter(packets[:60] + after)
    [finished] = recording.feed(27.0).begin(26.0, 33.0).feed().finish()
    assert shown_walls_s(finished, recording.zero_ns)[0] == pytest.approx(29.0, abs=1.1)
    assert "late" in finished.notes[0]


@pytest.mark.parametrize(("gop", "start_s", "first_s", "word"), [(60, 11.0, 12.0, "late"), (60, 14.0, 12.0, "")])
def test_film_begins_within_its_range_where_the_keyframe_before_is_far(
    tmp_path: Path, gop: int, start_s: float, first_s: float, word: str
) -> None:
    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=30, gop=gop)))
    for asked_at_s in (start_s - 3, start_s + 0.5, start_s + 8):
        recording = Recording(tmp_path / f"films{asked_at_s}", packets).feed(asked_at_s)
        [finished] = recording.begin(start_s, start_s + 9).feed().finish()
        assert shown_walls_s(finished, recording.zero_ns)[0] == first_s
        assert " ".join(finished.notes).count(word or "s late") == bool(word)


def test_what_was_asked_for_is_filmed_even_by_a_camera_with_few_keyframes(tmp_path: Path) -> None:
    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=30, gop=200)))
    [finished] = Recording(tmp_path / "films", packets).feed(17).begin(5.0, 19.0).feed().finish()
    assert shown_walls_s(finished, packets[0].wall_ns)[0] == 0.0
    assert finished.notes == ("film of road begins 5.0 s early: the camera has so few keyframes",)


def test_ring_is_bounded_by_bytes(tmp_path: Path) -> None:
    from custodes.edge.clip.ring import PacketRing

    packets = packets_of(make_film(tmp_path / "a.mp4", Recipe(seconds=30)))
    ring = PacketRing(span_ns=3600 * NS_PER_S, limit_bytes=20_000)
    for packet in packets:
        ring.append(packet)
        assert ring.size_bytes <= 20_000
    held = ring.since(packets[-1].mono_ns - 3600 * NS_PER_S, latest_mono_ns=0)
    assert held is not None
    assert held[0].is_keyframe
    assert held[-1] is packets[-1]
    assert sum(p.size_bytes for p in held) == ring.size_bytes


def test_finished_folder_repairs_to_itself(tmp_path: Path) -> None:
    film = make_film(tmp_path / "a.mp4", Recipe(seconds=8, sound=True, bframes=2))
    settings = ClipSettings(keep_sound=True)
    [finished] = Recording(tmp_path / "films", packets_of(film), settings).feed(4).begin(2.0, 6.0).feed().finish()
    [repaired] = repair_folder(tmp_path / "films")
    assert repaired.outcome == "whole"
    assert repaired.film is not None
    assert repaired.film.sha256_hex == finished.film.sha256_hex
    assert repaired.film.first_frame_wall_ns == finished.film.first_frame_wall_ns
    assert repaired.film.frames == finished.film.frames
    assert repaired.film.duration_ns == pytest.approx(finished.film.duration_ns, abs=NS_PER_S // 50)
