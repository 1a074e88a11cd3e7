"""GPX: tracks with times; speed from the file or from the way."""

from pathlib import Path

import pytest

from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.edge.telemetry import read_telemetry

HEAD = (
    '<?xml version="1.0"?><gpx version="1.1" creator="t" xmlns="http://www.topografix.com/GPX/1/1" '
    'xmlns:t="http://www.garmin.com/xmlschemas/TrackPointExtension/v2">'
)


def gpx(tmp_path: Path, inside: str, head: str = HEAD) -> Path:
    path = tmp_path / "drive.gpx"
    path.write_text(f"{head}{inside}</gpx>")
    return path


def track(*points: str) -> str:
    return f"<trk><trkseg>{''.join(points)}</trkseg></trk>"


def point(second: int, lat: float, inside: str = "") -> str:
    return f'<trkpt lat="{lat:.7f}" lon="2.3"><ele>35</ele><time>2026-01-01T12:00:{second:02d}Z</time>{inside}</trkpt>'


def test_speed_is_worked_out_from_the_way(tmp_path: Path) -> None:
    """15 m/s north: 0.0001349 degrees a second on a sphere of mean radius."""
    step = 15 / 111_195.08
    path = gpx(tmp_path, track(*[point(second, 48.8 + step * second) for second in range(30)]))
    reading = read_telemetry(path)
    assert reading.kind == "GPX"
    assert len(reading.samples) == 30
    for sample in reading.samples:
        assert sample.speed_mps == pytest.approx(15, abs=0.1)
        assert sample.course_deg == pytest.approx(0, abs=0.5)
    assert reading.samples[1].wall_ns - reading.samples[0].wall_ns == NS_PER_S
    assert reading.samples[0].altitude_m == 35


def test_speed_from_the_extension(tmp_path: Path) -> None:
    inside = "<t:speed>12.5</t:speed><t:course>90</t:course>"
    speed = f"<extensions><t:TrackPointExtension>{inside}</t:TrackPointExtension></extensions>"
    sample = read_telemetry(gpx(tmp_path, track(point(0, 48.8, speed))), parked_filter=False).samples[0]
    assert (sample.speed_mps, sample.course_deg) == (12.5, 90)


def test_speed_of_gpx_1_0(tmp_path: Path) -> None:
    head = '<?xml version="1.0"?><gpx version="1.0" creator="t" xmlns="http://www.topografix.com/GPX/1/0">'
    inside = track(point(0, 48.8, "<speed>7.25</speed>"))
    assert read_telemetry(gpx(tmp_path, inside, head), parked_filter=False).samples[0].speed_mps == 7.25


def test_a_time_with_a_zone(tmp_path: Path) -> None:
    here = point(0, 48.8).replace("12:00:00Z", "14:00:00.250+02:00")
    assert read_telemetry(gpx(tmp_path, track(here))).samples[0].wall_ns == 1_767_268_800_250_000_000


@pytest.mark.parametrize(
    ("inside", "says"),
    [
        ('<wpt lat="1" lon="2"/>', "has no track"),
        (track('<trkpt lat="1" lon="2"/>'), "track point 1 has no <time>"),
        (track(point(0, 91.0)), "is not on earth"),
        ("<trk><trkseg><trkpt", "is not a whole GPX file"),
    ],
)
def test_what_cannot_be_used(tmp_path: Path, inside: str, says: str) -> None:
    with pytest.raises(BadInput, match=says) as caught:
        read_telemetry(gpx(tmp_path, inside))
    assert "drive.gpx" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_that_would_blow_up_is_refused(tmp_path: Path) -> None:
    """Nested entities ("billion laughs") never reach the XML parser."""
    entities = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    path = gpx(tmp_path, track(point(0, 48.8)), head=f'<?xml version="1.0"?>{entities}<gpx version="1.1">')
    with pytest.raises(BadInput, match="no document type or entities"):
        read_telemetry(path)
