"""CSV: columns whose names carry the unit; the first wrong cell is named by row and column."""

from pathlib import Path

import pytest

from custodes.core.errors import BadInput
from custodes.edge.telemetry import read_telemetry

NOON_NS = 1_767_268_800_000_000_000


def table(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    path = tmp_path / "drive.csv"
    path.write_bytes(text.encode(encoding))
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(BadInput) as caught:
        read_telemetry(table(tmp_path, text))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("column", "value", "mps"),
    [("speed_mps", "10", 10), ("speed_kmh", "36", 10), ("speed_mph", "60", 26.8224), ("speed_knots", "3.6", 1.852)],
)
def test_the_unit_stands_in_the_name(tmp_path: Path, column: str, value: str, mps: float) -> None:
    path = table(tmp_path, f"time,lat,lon,{column}\n2026-01-01T12:00:00Z,48.8,2.3,{value}\n")
    (sample,) = read_telemetry(path, parked_filter=False).samples
    assert sample.speed_mps == pytest.approx(mps)
    assert (sample.wall_ns, sample.lat_deg, sample.lon_deg) == (NOON_NS, 48.8, 2.3)


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("time", "2026-01-01T12:00:00.5"),
        ("time", "2026-01-01 12:00:00.500Z"),
        ("timestamp", "2026-01-01T13:00:00.5+01:00"),
        ("time_unix_s", "1767268800.5"),
        ("time_unix_ms", "1767268800500"),
        ("time_unix_ns", "1767268800500000000"),
    ],
)
def test_times(tmp_path: Path, column: str, value: str) -> None:
    path = table(tmp_path, f"{column},lat,lon\n{value},48.8,2.3\n")
    assert read_telemetry(path).samples[0].wall_ns == NOON_NS + 500_000_000


def test_acceleration_turn_and_the_rest(tmp_path: Path) -> None:
    path = table(
        tmp_path,
        "note,time,latitude,longitude,altitude_m,heading_deg,accuracy_m,accel_x_g,accel_y_g,accel_z_g,"
        "gyro_x_dps,gyro_y_dps,gyro_z_dps\n"
        "start,2026-01-01T12:00:00Z,48.8,2.3,35,361,4,0,0,1,180,0,\n"
        ",2026-01-01T12:00:01Z,48.8,2.3,35,1,4,0,0,1,180,0,90\n",
    )
    first, second = read_telemetry(path).samples
    assert (first.altitude_m, first.horizontal_accuracy_m) == (35, 4)
    assert first.accel_mps2_xyz == (0, 0, 9.80665)
    assert first.gyro_radps_xyz is None, "an empty cell is not a zero"
    assert second.gyro_radps_xyz == pytest.approx((3.14159265, 0, 1.57079633))


@pytest.mark.parametrize(("delimiter", "encoding"), [(";", "utf-8-sig"), ("\t", "utf-16")])
def test_what_a_european_spreadsheet_exports(tmp_path: Path, delimiter: str, encoding: str) -> None:
    rows = [["time", "lat", "lon", "speed_kmh"], ["2026-01-01T12:00:00Z", "48,8", "2,3", "36,0"]]
    path = table(tmp_path, "\r\n".join(delimiter.join(row) for row in rows) + "\r\n", encoding)
    (sample,) = read_telemetry(path, parked_filter=False).samples
    assert sample.lat_deg == 48.8
    assert sample.speed_mps == pytest.approx(10)


def test_empty_cells_and_empty_rows(tmp_path: Path) -> None:
    path = table(tmp_path, "time,lat,lon,speed_mps\n2026-01-01T12:00:00Z,,,3\n,,,\n2026-01-01T12:00:01Z,48.8,2.3,\n")
    first, second = read_telemetry(path, parked_filter=False).samples
    assert (first.lat_deg, first.speed_mps) == (None, 3)
    assert (second.lat_deg, second.speed_mps) == (48.8, None)


@pytest.mark.parametrize(
    ("cell", "column"),
    [
        ("01/01/2026 12:00", "time"),
        ("1.1.26 12:00", "time"),
        ("46023,5", "time"),
        ("00:00.5", "time"),
        ("########", "time"),
        ("1.76727E+12", "time_unix_ms"),
    ],
)
def test_a_time_that_a_spreadsheet_rewrote(tmp_path: Path, cell: str, column: str) -> None:
    says = refusal(tmp_path, f'{column},lat,lon\n"{cell}",48.8,2.3\n')
    assert f"row 2, column {column}: '{cell}' is not" in says
    assert "spreadsheet" in says


@pytest.mark.parametrize("cell", ["48.853.120", "Jan-48", "488.531", "#######", "48853120"])
def test_a_latitude_that_a_spreadsheet_rewrote(tmp_path: Path, cell: str) -> None:
    says = refusal(tmp_path, f"time,lat,lon\n2026-01-01T12:00:00Z,48.8,2.3\n2026-01-01T12:00:01Z,{cell},2.3\n")
    assert f"row 3, column lat: '{cell}' is" in says
    assert "spreadsheet" in says


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("time,lat,lon,speed\n", "column 'speed' does not say its unit. Name it speed_kmh, speed_mph or speed_mps."),
        ("when,lat,lon\n1,2,3\n", "has no time column"),
        ("time,lat\n2026-01-01T12:00:00Z,48.8\n", "needs lat and lon, or a speed"),
        ("time,lat,lon,speed_kmh,speed_mps\n", "columns 'speed_kmh' and 'speed_mps' say the same thing"),
        ("time,lat,lon\n", "has no rows below its header"),
        ("time,lat,lon\n2026-01-01T12:00:00Z,48.8\n", "row 2: 2 cells where the header has 3"),
        ("time,lat,lon\n2026-01-01T12:00:00Z,north,2.3\n", "row 2, column lat: 'north' is not a number"),
        ("time,lat,lon\n2026-01-01T12:00:00Z,nan,2.3\n", "row 2, column lat: 'nan' is out of range"),
        ("time,speed_mps\n2026-01-01T12:00:00Z,-3\n", "row 2, column speed_mps: '-3' is out of range"),
        ('time,lat,lon\n2026-01-01T12:00:00Z,"48.8,2.3\n', "not a CSV table"),
        (f"time_unix_s,lat,lon\n{'9' * 5000},48.8,2.3\n", "row 2, column time_unix_s: '999"),
        (f"time_unix_s,lat,lon\n1.{'9' * 5000},48.8,2.3\n", "row 2, column time_unix_s: '1.999"),
        ("time,lat,lon\n9999-01-01T12:00:00Z,48.8,2.3\n", "row 2, column time: '9999-01-01T12:00:00Z' is not an"),
        ("time,lat,lon\nyesterday,48.8,2.3\n", "row 2, column time: 'yesterday' is not an ISO 8601 time"),
    ],
)
def test_what_is_wrong_and_where(tmp_path: Path, text: str, says: str) -> None:
    assert says in refusal(tmp_path, text)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "is empty"),
        (b"PK\x03\x04rest of a workbook", "is a workbook or an archive. Save it as CSV"),
        (b"\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09", "is no telemetry that is known"),
        (b"Dear diary", "is no telemetry that is known"),
        (b"time,lat,lon\n2026-01-01T12:00:00Z,48.8,2.3\xe9\n", "is not text in UTF-8"),
    ],
)
def test_what_is_no_table_at_all(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "drive.csv"
    path.write_bytes(content)
    with pytest.raises(BadInput, match=says):
        read_telemetry(path)


def test_missing_and_folder(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"cannot read .*none\.csv: No such file"):
        read_telemetry(tmp_path / "none.csv")
    with pytest.raises(BadInput, match="is a folder"):
        read_telemetry(tmp_path)
