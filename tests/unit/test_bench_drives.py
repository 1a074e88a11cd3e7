"""`make eval-drive` on any folder in the two layouts: read as they are, judged apart, wrong files named."""

from pathlib import Path
from random import Random

import pytest

from bench import drive_eval, drive_model
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.edge.telemetry.layouts import Label, Manoeuvre, labelled_folders, read_labelled


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two short modelled trips in the layout of events, two in that of behaviours."""
    root, chance = tmp_path_factory.mktemp("drives"), Random(5)
    for number in range(2):
        model = drive_model.drive(1.5, chance, drive_model.Manners(harsh_0_1=0.5), rate_hz=20)
        drive_model.write_events_trip(root / "events" / str(16 + number), model, chance)
    for name, share in (("NORMAL1", 0.0), ("AGGRESSIVE", 0.9)):
        model = drive_model.drive(7, chance, drive_model.Manners(harsh_0_1=share), rate_hz=10)
        drive_model.write_behaviour_trip(root / "behaviours", model, chance, f"20151110175712-9km-D1-{name}-SECONDARY")
    return root


def test_the_page_has_both_layouts_floor_and_ours(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drive_eval, "FLOORS", [2.0, 3.0])
    monkeypatch.setattr(drive_eval, "PEAKS", dict.fromkeys(drive_eval.JUDGED, (2.5,)))
    page = tmp_path / "drives.md"
    assert drive_eval.main(["--drives", str(folder), "--no-model", "--page", str(page)]) == 0
    text = page.read_text()
    assert "2 trips, " in text
    for kind in ("harsh_brake", "harsh_cornering", "harsh_acceleration"):
        for detector in ("floor", "shipped", "tuned"):
            assert f"| {kind} | {detector} |" in text
    assert "- D1: normal " in text
    assert text.rstrip().endswith("in order")
    assert "not in order" not in text


def test_labels_and_times_are_those_of_the_files(folder: Path) -> None:
    first = next(one for one in labelled_folders(folder) if one.name == "16")
    drive = read_labelled(first)
    rows = (first / "groundTruth.csv").read_text().splitlines()[1:]
    assert len(drive.labels) == len(rows)
    start_s = float(rows[0].split(",")[1])
    assert (drive.labels[0].start_wall_ns - drive.samples[0].wall_ns) / NS_PER_S == pytest.approx(start_s, abs=0.01)
    assert drive.samples[0].source == "phone:earth"
    trip = read_labelled(next(one for one in labelled_folders(folder) if "AGGRESSIVE" in one.name))
    assert (trip.driver, trip.behaviour, trip.road) == ("D1", "aggressive", "secondary")


def test_each_label_is_found_once_and_the_second_half_is_no_claim() -> None:
    brake = Label(Manoeuvre.BRAKE, 10 * NS_PER_S, 12 * NS_PER_S)
    calm = Label(Manoeuvre.CALM, 30 * NS_PER_S, 33 * NS_PER_S)
    drive = drive_eval.Moved(
        drive_eval.LabelledDrive("a", (drive_eval.Sample(0), drive_eval.Sample(3600 * NS_PER_S)), (brake, calm)), []
    )
    told = [(at * NS_PER_S, (at + 1) * NS_PER_S) for at in (10, 11, 31, 50)]
    result = drive_eval.tally(told, drive, Manoeuvre.BRAKE)
    assert (result.labels, result.found, result.told, result.right) == (1, 1, 3, 1)
    assert result.wrong_on == {"calm": 1, "nothing said": 1}
    assert result.false_an_hour == 2


def test_what_was_set_on_a_trip_is_not_judged_on_it() -> None:
    good, bad = drive_eval.Tally(labels=1, found=1), drive_eval.Tally(labels=9)
    assert drive_eval.pooled([good, bad], 1).recall == 1


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("groundTruth.csv", "evento, inicio, fim\nbrake,1,2\n", "no label that is known"),
        ("groundTruth.csv", "evento, inicio, fim\nfreada_agressiva,1:20,2\n", "seconds since the start"),
        ("acelerometro_terra.csv", "timestamp,x,y,z\n1,2,3,4\n", "needs the columns"),
        ("acelerometro_terra.csv", "timestamp,uptimeNanos,x,y,z\nnow,1,2,3,1.234.567\n", "row 2"),
    ],
)
def test_a_mangled_file_is_named(tmp_path: Path, name: str, content: str, says: str) -> None:
    (tmp_path / "groundTruth.csv").write_text("evento, inicio, fim\n")
    (tmp_path / "acelerometro_terra.csv").write_text("timestamp,uptimeNanos,x,y,z\nnow,1,2,3,9.8\n")
    (tmp_path / name).write_text(content)
    with pytest.raises(BadInput, match=says):
        read_labelled(tmp_path)


def test_a_folder_without_drives_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert drive_eval.main(["--drives", str(tmp_path), "--page", str(tmp_path / "page.md")]) == 2
    assert "holds no labelled drive" in capsys.readouterr().err
