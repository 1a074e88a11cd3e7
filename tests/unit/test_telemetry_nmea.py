"""NMEA 0183: sentences joined by time, dated by RMC or ZDA, damaged ones counted and skipped."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.edge.telemetry import Reason, read_telemetry


def sentence(body: str) -> str:
    checksum = 0
    for letter in body.encode():
        checksum ^= letter
    return f"${body}*{checksum:02X}"


def log(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "drive.nmea"
    path.write_text("\r\n".join(lines) + "\r\n")
    return path


def rmc(
    time: str, *, lat: str = "4851.1872,N", lon: str = "00222.1484,E", knots: str = "19.438", day: str = "010126"
) -> str:
    return sentence(f"GPRMC,{time},A,{lat},{lon},{knots},084.4,{day},,,A")


def ns(*when: int) -> int:
    return int(datetime(*when, tzinfo=UTC).timestamp()) * NS_PER_S  # type: ignore[misc,arg-type]


def test_one_moment_from_its_sentences(tmp_path: Path) -> None:
    """GGA before RMC, VTG between: one sample, with the position of the fix and the error that HDOP tells."""
    path = log(
        tmp_path,
        sentence("GPGSV,1,1,01,03,03,074,37"),
        sentence("GPGGA,120000.00,4851.1872,N,00222.1484,E,1,07,1.1,56.1,M,37.0,M,,"),
        sentence("GPVTG,084.4,T,,M,19.438,N,36.0,K,A"),
        rmc("120000.00"),
    )
    (sample,) = read_telemetry(path, parked_filter=False).samples
    assert sample.wall_ns == ns(2026, 1, 1, 12, 0, 0)
    assert sample.lat_deg == pytest.approx(48.85312)
    assert sample.lon_deg == pytest.approx(2.36914)
    assert sample.speed_mps == pytest.approx(10.0, abs=0.001)
    assert (sample.course_deg, sample.altitude_m, sample.source) == (84.4, 56.1, "nmea")
    assert sample.horizontal_accuracy_m == pytest.approx(5.5)


def test_south_and_west(tmp_path: Path) -> None:
    path = log(tmp_path, rmc("120000", lat="3347.0873,S", lon="07018.8938,W"))
    (sample,) = read_telemetry(path, parked_filter=False).samples
    assert sample.lat_deg == pytest.approx(-33.784788, abs=1e-6)
    assert sample.lon_deg == pytest.approx(-70.314897, abs=1e-6)


def test_midnight_between_gga_only_fixes(tmp_path: Path) -> None:
    """The date stands in one RMC; what follows rolls over."""
    gga = "4851.1872,N,00222.1484,E,1,07,1.1,56.1,M,37.0,M,,"
    path = log(
        tmp_path, rmc("235959.00", day="311225"), sentence(f"GPGGA,000000.00,{gga}"), sentence(f"GPGGA,000001.00,{gga}")
    )
    times = [sample.wall_ns for sample in read_telemetry(path, parked_filter=False).samples]
    assert times == [ns(2025, 12, 31, 23, 59, 59), ns(2026, 1, 1, 0, 0, 0), ns(2026, 1, 1, 0, 0, 1)]


def test_the_date_comes_from_zda(tmp_path: Path) -> None:
    path = log(
        tmp_path,
        sentence("GPGGA,115959.00,4851.1872,N,00222.1484,E,1,07,1.1,56.1,M,37.0,M,,"),
        sentence("GPZDA,120000.00,01,01,2026,00,00"),
        sentence("GPGGA,120000.00,4851.1872,N,00222.1484,E,1,07,1.1,56.1,M,37.0,M,,"),
    )
    reading = read_telemetry(path)
    assert [sample.wall_ns for sample in reading.samples] == [ns(2026, 1, 1, 12, 0, 0)]
    assert reading.tally[Reason.NO_DATE] == 1


def test_the_speed_comes_from_vtg_when_rmc_has_none(tmp_path: Path) -> None:
    path = log(tmp_path, rmc("120000", knots=""), sentence("GPVTG,084.4,T,,M,19.438,N,36.0,K,A"))
    assert read_telemetry(path, parked_filter=False).samples[0].speed_mps == pytest.approx(10.0, abs=0.001)


def test_bad_checksums_are_skipped_and_counted(tmp_path: Path) -> None:
    wrong = rmc("120001").replace("4851", "4951")
    path = log(tmp_path, rmc("120000"), wrong, wrong, rmc("120002")[:-3], rmc("120003"))
    reading = read_telemetry(path)
    assert len(reading.samples) == 2
    assert reading.tally[Reason.BAD_CHECKSUM] == 2
    assert reading.tally[Reason.MALFORMED] == 1
    assert reading.tally.sentence() == "skipped: 2 with a wrong checksum, 1 malformed"


def test_without_a_fix_there_is_no_position(tmp_path: Path) -> None:
    """Some receivers go on telling the last place; RMC's V and GGA's 0 say that it is old."""
    path = log(
        tmp_path,
        rmc("120000"),
        sentence("GPRMC,120001,V,4851.1872,N,00222.1484,E,19.4,084.4,010126,,,A"),
        sentence("GPGGA,120002,4851.1872,N,00222.1484,E,0,00,,,M,,M,,"),
    )
    reading = read_telemetry(path)
    assert len(reading.samples) == 1
    assert reading.tally[Reason.NO_FIX] == 2


def test_noise_and_binary_between_the_sentences(tmp_path: Path) -> None:
    path = tmp_path / "drive.log"
    path.write_bytes(
        b"# my log\n\xb5b\x01\x07$\x00\x00" + rmc("120000").encode() + b"\xff\xfe" + rmc("120001").encode()
    )
    assert len(read_telemetry(path).samples) == 2


def test_a_log_without_a_single_fix(tmp_path: Path) -> None:
    path = log(tmp_path, sentence("GPRMC,120001,V,,,,,,,010126,,,N"))
    with pytest.raises(BadInput, match=r"is NMEA, but holds no reading to use \(skipped: 1 without a fix\)"):
        read_telemetry(path)


def test_a_log_without_a_sound_sentence(tmp_path: Path) -> None:
    path = log(tmp_path, rmc("120000")[:-2] + "00")
    with pytest.raises(BadInput, match="has no sound NMEA sentence"):
        read_telemetry(path)


@pytest.mark.parametrize(
    "body",
    [
        "GPRMC,120001,A,4851.1872,N,00222.1484,E",
        "GPGGA,120001,4851.1872,N,00222.1484,E,1",
        "GPZDA,120001",
        "GPRMC,120001,A,9951.1872,N,00222.1484,E,19.438,084.4,010126,,,A",
        "GPRMC,990001,A,4851.1872,N,00222.1484,E,19.438,084.4,010126,,,A",
        "GPRMC,120001,A,48x1.1872,N,00222.1484,E,19.438,084.4,010126,,,A",
    ],
)
def test_a_sentence_with_a_right_checksum_and_wrong_fields(tmp_path: Path, body: str) -> None:
    reading = read_telemetry(log(tmp_path, rmc("120000"), sentence(body), rmc("120002")))
    assert len(reading.samples) == 2
    assert reading.tally.total == 1
