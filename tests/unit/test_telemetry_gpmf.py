"""GPMF: positions, acceleration and turn from a film's telemetry track and from bare files made in the test."""

import struct
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput, Corrupt
from custodes.core.types import Sample
from custodes.edge.telemetry import Reading, Reason, read_telemetry
from custodes.edge.telemetry.gpmf import Item, items, moment, streams

NOON_NS = int(datetime(2026, 1, 1, 12, tzinfo=UTC).timestamp()) * NS_PER_S


def klv(key: str, kind: str, size: int, repeat: int, value: bytes) -> bytes:
    head = key.encode() + kind.encode("latin-1") + bytes([size]) + repeat.to_bytes(2, "big")
    return head + value + b"\0" * (-len(value) % 4)


def nest(key: str, *inner: bytes) -> bytes:
    value = b"".join(inner)
    return klv(key, "\0", 1, len(value), value)


def longs(key: str, *rows: tuple[int, ...]) -> bytes:
    width = len(rows[0])
    return klv(key, "l", 4 * width, len(rows), b"".join(struct.pack(f">{width}i", *row) for row in rows))


def shorts(key: str, *rows: tuple[int, ...]) -> bytes:
    width = len(rows[0])
    return klv(key, "s", 2 * width, len(rows), b"".join(struct.pack(f">{width}h", *row) for row in rows))


def gps5(
    second: int, *, count: int = 5, speed_mps: float = 10.0, fix: int = 3, dop: float = 1.4, lat: float = 48.8
) -> bytes:
    """One second of GPS5, driving north."""
    step = speed_mps / 111_195.08 / count
    start = second * count
    rows = [
        (round((lat + step * (start + n)) * 1e7), 23_000_000, 35_000, round(speed_mps * 1000), round(speed_mps * 100))
        for n in range(count)
    ]
    return nest(
        "STRM",
        klv("GPSF", "L", 4, 1, struct.pack(">I", fix)),
        klv("GPSU", "U", 16, 1, f"2601011200{second:02d}.000".encode()),
        klv("GPSP", "S", 2, 1, struct.pack(">H", round(dop * 100))),
        longs("SCAL", (10_000_000,), (10_000_000,), (1000,), (1000,), (100,)),
        longs("GPS5", *rows),
    )


def motion(key: str, rows: list[tuple[int, int, int]], *, scale: int, orin: str = "") -> bytes:
    inner = [klv("ORIN", "c", 1, 3, orin.encode())] if orin else []
    return nest("STRM", *inner, shorts("SCAL", (scale,)), shorts(key, *rows))


def device(*inner: bytes) -> bytes:
    return nest("DEVC", klv("DVID", "L", 4, 1, b"\0\0\0\1"), klv("DVNM", "c", 1, 6, b"Camera"), *inner)


def bare(tmp_path: Path, *payloads: bytes) -> Path:
    path = tmp_path / "drive.raw"
    path.write_bytes(b"".join(payloads))
    return path


def film(tmp_path: Path, payloads: list[bytes]) -> Path:
    """Write a film with a picture and a telemetry track; each payload lasts a second."""
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("mpeg4", rate=5)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        track = container.add_data_stream("bin_data") if payloads else None
        for number in range(5 * max(1, len(payloads))):
            frame = av.VideoFrame.from_ndarray(np.full((72, 64), number % 255, np.uint8), format="yuv420p")
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for number, payload in enumerate(payloads):
            packet = av.Packet(payload)
            packet.stream = track  # type: ignore[assignment]
            packet.time_base = Fraction(1, 1000)
            packet.pts = packet.dts = 1000 * number
            packet.duration = 1000
            container.mux(packet)
    return path


def test_positions_speed_precision_and_times(tmp_path: Path) -> None:
    reading = read_telemetry(bare(tmp_path, *[device(gps5(second)) for second in range(4)]))
    assert reading.kind == "GPMF"
    assert len(reading.samples) == 20
    assert reading.tally.total == 0
    first, sixth = reading.samples[0], reading.samples[5]
    assert (first.wall_ns, sixth.wall_ns) == (NOON_NS, NOON_NS + NS_PER_S)
    assert reading.samples[1].wall_ns == NOON_NS + NS_PER_S // 5
    assert (first.lat_deg, first.lon_deg, first.altitude_m) == (48.8, 2.3, 35)
    assert first.horizontal_accuracy_m == pytest.approx(7.0)
    assert {sample.speed_mps for sample in reading.samples} == {10.0}


def test_in_a_film(tmp_path: Path) -> None:
    """The recording began 3 s before the first fix: the film's first moment is that much earlier."""
    payloads = [*[device(gps5(0, fix=0))] * 3, *[device(gps5(second)) for second in range(3, 6)]]
    reading = read_telemetry(film(tmp_path, payloads))
    assert len(reading.samples) == 15
    assert reading.tally[Reason.NO_FIX] == 15
    assert reading.samples[0].wall_ns == NOON_NS + 3 * NS_PER_S
    assert reading.origin_wall_ns == NOON_NS


def test_acceleration_and_turn_in_the_cameras_frame(tmp_path: Path) -> None:
    """Ten readings for five fixes: each takes the mean of two. Without ORIN the order is up, right, forward."""
    accel = [(4100, -410, 820), (4100, 410, 820)] * 5
    gyro = [(3755, 0, 0)] * 10
    payload = device(gps5(0), motion("ACCL", accel, scale=410), motion("GYRO", gyro, scale=3755))
    for sample in read_telemetry(bare(tmp_path, payload)).samples:
        assert sample.accel_mps2_xyz == pytest.approx((0, 2, 10))
        assert sample.gyro_radps_xyz == pytest.approx((0, 0, 1))


def test_orientation_letters(tmp_path: Path) -> None:
    """YxZ: the first number is forward, the second is left (x turned round), the third up."""
    payload = device(gps5(0), motion("ACCL", [(410, 820, 4100)] * 5, scale=410, orin="YxZ"))
    assert read_telemetry(bare(tmp_path, payload)).samples[0].accel_mps2_xyz == pytest.approx((-2, 1, 10))


def test_gps9_states_each_time(tmp_path: Path) -> None:
    days = (datetime(2026, 1, 1, tzinfo=UTC) - datetime(2000, 1, 1, tzinfo=UTC)).days
    rows = b"".join(
        struct.pack(">7iHH", 488_000_000, 23_000_000, 35_000, 12_500, 1250, days, (43_200 + n) * 1000, 140, 3)
        for n in range(3)
    )
    stream = nest(
        "STRM",
        klv("TYPE", "c", 1, 9, b"lllllllSS"),
        longs("SCAL", (10**7,), (10**7,), (1000,), (1000,), (100,), (1,), (1000,), (100,), (1,)),
        klv("GPS9", "?", 32, 3, rows),
    )
    samples = read_telemetry(bare(tmp_path, device(stream)), parked_filter=False).samples
    assert [sample.wall_ns for sample in samples] == [NOON_NS + n * NS_PER_S for n in range(3)]
    assert (samples[0].lat_deg, samples[0].speed_mps) == (48.8, 12.5)
    assert samples[0].horizontal_accuracy_m == pytest.approx(7.0)


def test_a_drones_position(tmp_path: Path) -> None:
    """GLPI counts from boot; SYST pairs boot time with UTC. Ground speed is north and east together."""
    row = struct.pack(">IiiiihhhH", 5_250, 488_000_000, 23_000_000, 35_000, 1_000, 300, 400, -900, 0)
    position = nest(
        "STRM",
        klv("TYPE", "c", 1, 9, b"LllllsssS"),
        longs("SCAL", (1000,), (10**7,), (10**7,), (1000,), (1000,), (100,), (100,), (100,), (100,)),
        klv("GLPI", "?", 28, 1, row),
    )
    system = nest(
        "STRM",
        klv("TYPE", "c", 1, 2, b"JJ"),
        longs("SCAL", (1_000_000,), (1000,)),
        klv("SYST", "?", 16, 1, struct.pack(">QQ", 5_000_000, NOON_NS // 1_000_000)),
    )
    (sample,) = read_telemetry(bare(tmp_path, device(position, system)), parked_filter=False).samples
    assert sample.wall_ns == pytest.approx(NOON_NS + 250_000_000, abs=1000)
    assert (sample.lat_deg, sample.speed_mps) == (48.8, 5.0)


def test_without_a_fix_or_with_a_poor_one(tmp_path: Path) -> None:
    path = bare(tmp_path, device(gps5(0, fix=0)), device(gps5(1, dop=99.99)), device(gps5(2)))
    reading = read_telemetry(path)
    assert len(reading.samples) == 5
    assert (reading.tally[Reason.NO_FIX], reading.tally[Reason.POOR_FIX]) == (5, 5)


def test_a_torn_end_costs_the_torn_payload_only(tmp_path: Path) -> None:
    whole = b"".join(device(gps5(second)) for second in range(3))
    for cut in (1, 10, 50, 100):
        path = bare(tmp_path, whole[:-cut])
        reading = read_telemetry(path)
        assert len(reading.samples) == 10
        assert reading.tally[Reason.CUT_SHORT] == 1


def test_a_payload_of_nonsense_costs_itself_only(tmp_path: Path) -> None:
    broken = device(nest("STRM", longs("SCAL", (0,)), longs("GPS5", (1, 2, 3, 4, 5))))
    claims = device(nest("STRM", klv("GPS5", "l", 20, 60_000, b"\0" * 40)))
    reading: Reading = read_telemetry(bare(tmp_path, device(gps5(0)), claims, broken, device(gps5(1))))
    assert len(reading.samples) == 10


def test_a_film_without_telemetry(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"film\.mp4 carries no telemetry \(no GPMF track\)"):
        read_telemetry(film(tmp_path, []))


def test_a_film_that_is_cut_off(tmp_path: Path) -> None:
    path = film(tmp_path, [device(gps5(0))])
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(BadInput, match="is not a whole film"):
        read_telemetry(path)


@pytest.mark.parametrize("seed", range(30))
def test_damage_anywhere_is_an_answer_and_no_crash(tmp_path: Path, seed: int) -> None:
    random = np.random.default_rng(seed)
    whole = bytearray(b"".join(device(gps5(s), motion("ACCL", [(1, 2, 3)] * 9, scale=9)) for s in range(3)))
    for _ in range(8):
        whole[int(random.integers(4, len(whole)))] = int(random.integers(0, 256))
    refused = ""
    samples: tuple[Sample, ...] = ()
    try:
        samples = read_telemetry(bare(tmp_path, bytes(whole))).samples
    except BadInput as error:
        refused = str(error)
    assert "\n" not in refused
    assert samples or refused
    assert all(one.lat_deg is not None and -90 <= one.lat_deg <= 90 for one in samples)


def test_nesting_without_end_is_refused() -> None:
    payload = b""
    for _ in range(50):
        payload = nest("DEVC", payload)
    with pytest.raises(Corrupt, match="nests deeper"):
        list(streams(payload))


def test_a_length_beyond_the_end() -> None:
    with pytest.raises(Corrupt, match="cut short at byte 12"):
        list(items(klv("ABCD", "B", 1, 3, b"abc") + klv("EFGH", "l", 4, 9, b"")))


def test_padding_is_not_a_value() -> None:
    found = list(items(klv("ABCD", "B", 1, 5, b"abcde") + klv("EFGH", "c", 1, 2, b"hi")))
    assert [(item.key, item.value) for item in found] == [("ABCD", b"abcde"), ("EFGH", b"hi")]


@pytest.mark.parametrize(
    ("kind", "value", "number"),
    [("b", b"\xff", -1), ("S", b"\x01\x00", 256), ("f", struct.pack(">f", 0.5), 0.5), ("q", b"\0\1\x80\0", 1.5)],
)
def test_types(kind: str, value: bytes, number: float) -> None:
    assert Item("TEST", kind.encode(), len(value), 1, value).rows() == [(number,)]


def test_a_time_that_is_none() -> None:
    assert moment(Item("GPSU", b"U", 16, 1, b"260101120000.500")) == datetime(2026, 1, 1, 12, 0, 0, 500_000, UTC)
    assert moment(Item("GPSU", b"U", 16, 1, b"269901120000.500")) is None
