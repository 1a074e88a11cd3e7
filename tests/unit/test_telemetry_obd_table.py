"""CSV logs of OBD apps: as the apps write them, as spreadsheets leave them."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.edge.telemetry import BusSettings, Reading, Reason, read_telemetry

TORQUE = (
    "GPS Time,Device Time, Longitude, Latitude,GPS Speed (Meters/second), Altitude, Bearing, G(x),"
    "Speed (OBD)(km/h),Engine RPM(rpm)\n"
)
ROW = "Tue Nov 10 17:57:{0:02} GMT+01:00 2026,10-Nov-2026 16:57:{0:02}.250,2.36{0:02},48.85,9.5,35,361,0.1,{1},1800\n"


def read(tmp_path: Path, text: str | bytes, **bus: object) -> Reading:
    path = tmp_path / "trackLog"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    settings = BusSettings.model_validate({"log": path, **bus})
    return read_telemetry(path, parked_filter=False, bus=settings)


def test_an_apps_log_gives_place_and_the_vehicles_own_speed_before_the_phones(tmp_path: Path) -> None:
    text = TORQUE + ROW.format(1, 36) + ROW.format(2, "-") + TORQUE + ROW.format(3, 40)
    samples = read(tmp_path, text).samples
    assert [one.speed_mps for one in samples] == [10.0, 9.5, pytest.approx(40 / 3.6)]
    assert samples[0].wall_ns == round(datetime(2026, 11, 10, 16, 57, 1, 250_000, UTC).timestamp() * 4) * NS_PER_S // 4
    assert (samples[0].lat_deg, samples[0].lon_deg, samples[0].course_deg) == (48.85, 2.3601, 1)
    assert samples[0].vehicle is not None
    assert samples[0].vehicle.engine_rpm == 1800


def test_miles_an_hour_seconds_since_the_start_and_remarks(tmp_path: Path) -> None:
    text = "# StartTime = 11/10/2026 02:15:22\nTime (sec),Vehicle speed (MPH)\n0.00,10\n0.25,20\n2.5,30\n"
    reading = read(tmp_path, text)
    assert [round((one.speed_mps or 0) / 0.44704) for one in reading.samples] == [10, 20, 30]
    assert [one.wall_ns for one in reading.samples] == [0, 250_000_000, 2_500_000_000]


def test_one_value_a_row_with_semicolons_decimal_commas_and_a_byte_order_mark(tmp_path: Path) -> None:
    text = (
        '\ufeff"SECONDS";"PID";"VALUE";"UNITS"\n"63397,5";"Vehicle speed";"36,0";"km/h"\n'
        '"63397,8";"Engine RPM";"1800,5";"rpm"\n"63398,5";"Coolant";"90";"°C"\n'
    )
    samples = read(tmp_path, text).samples
    assert [one.speed_mps for one in samples] == [10.0, None]
    assert samples[1].vehicle is not None
    assert samples[1].vehicle.engine_rpm == 1800.5


def test_rows_that_run_backwards_are_left_out_and_counted(tmp_path: Path) -> None:
    reading = read(tmp_path, TORQUE + "".join(ROW.format(second, 36) for second in (1, 2, 1, 3)))
    assert len(reading.samples) == 3
    assert reading.tally[Reason.BACKWARDS] == 1


def turned(*days: str) -> str:
    rows = "".join(f"{day} 16:57:0{number},36\n" for number, day in enumerate(days))
    return "Device Time,Speed (OBD)(km/h)\n" + rows


def test_turned_dates_are_read_where_the_file_or_the_settings_settle_them(tmp_path: Path) -> None:
    def days(reading: Reading) -> list[str]:
        return [f"{datetime.fromtimestamp(one.wall_ns // NS_PER_S, UTC):%d %b}" for one in reading.samples]

    assert days(read(tmp_path, turned("12/11/2026", "13/11/2026"))) == ["12 Nov", "13 Nov"]
    assert days(read(tmp_path, turned("11/12/2026", "11/13/2026"))) == ["12 Nov", "13 Nov"]
    assert days(read(tmp_path, turned("10.11.2026"))) == ["10 Nov"]
    assert days(read(tmp_path, turned("11/10/2026"), dates="month-first")) == ["10 Nov"]
    with pytest.raises(BadInput, match=r"row 2, column Device Time: day or month first\?"):
        read(tmp_path, turned("10/11/2026"))
    with pytest.raises(BadInput, match=r"row 3, column Device Time: '12/25/2026.*another order"):
        read(tmp_path, turned("25/12/2026", "12/25/2026"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Device Time,Speed (OBD)\n", r"column 'Speed \(OBD\)' does not say its unit"),
        ("Device Time,Vehicle speed (furlongs)\n", "is in 'furlongs', which is not known"),
        ("Longitude,Engine RPM(rpm)\n", "no time column"),
        (turned("10/11/2026").replace(":00,", ","), "row 2, column Device Time.*dropped its seconds"),
        (TORQUE + ROW.format(1, "36,5"), "row 2: 11 cells where the header has 10. Decimal commas"),
        (
            TORQUE + ROW.format(1, 36) + ROW.format(2, "1.234.567"),
            r"row 3, column Speed \(OBD\)\(km/h\): .*spreadsheet",
        ),
        (TORQUE + ROW.format(1, 36) + ROW.format(2, "900"), "out of range"),
        (TORQUE + "Tue,10-Nov\n", "row 2: 2 cells where the header has 10"),
        (TORQUE + ROW.format(1, 36).replace("2.3601", "02. Mrz"), "row 2, column Longitude: '02. Mrz' is not a number"),
        (turned("31/01/2026") + turned("1960-01-01").splitlines()[-1] + "\n", "row 3, column Device Time.*before 1970"),
        (turned("31/01/0001"), "row 2, column Device Time: .* is no time that there is"),
        (TORQUE, "no rows below its header"),
        (TORQUE.encode() + b"\xff\xff\n", "not text in UTF-8"),
    ],
)
def test_what_cannot_be_read_is_named_by_file_row_and_column(tmp_path: Path, text: str | bytes, said: str) -> None:
    with pytest.raises(BadInput, match=said) as refused:
        read(tmp_path, text)
    assert "trackLog" in str(refused.value)
    assert "\n" not in str(refused.value)
