"""A command typed wrong, or a file with a wrong value: one plain line, none of it in a library's words."""

import sys
from pathlib import Path

import pytest

from custodes.cli import main
from custodes.core.errors import BadInput
from custodes.hub import config

UNIT = '[unit]\nname = "Porch"\n[[lens]]\nname = "road"\nsource = "rtsp://127.0.0.1/1"\nfacing = "road"\n'
LIBRARY = ("Input should", "should be", "unable to", "Usage:", "Invalid", "╭", "<class")


def refusal(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *typed: str) -> str:
    """Return the one line that a command ends with."""
    monkeypatch.setattr(sys, "argv", ["custodes", *typed])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert said.startswith("custodes: ")
    assert not [word for word in LIBRARY if word in said]
    return said.removeprefix("custodes: ").rstrip("\n")


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (
            ("unit", "recall", "unit.toml", "2026-11-22T14:32:00", "yesterday"),
            "END 'yesterday' is no time; give one, such as 2026-11-22T14:32:00. See 'custodes unit recall --help'.",
        ),
        (("watch", "a.mp4", "--seconds", "-1"), "--seconds '-1' is too small; give 0.1 or more. See 'custodes watch"),
        (("watch", "a.mp4", "--seconds", "ten"), "--seconds 'ten' is no number; give one, such as 2.5. See"),
        (("audit", "receipt", "xyz"), "CLIP 'xyz' is no id; give one, such as 6f1d2c9e-"),
        (("demo", "--port", "99999"), "--port '99999' is too large; give 65535 or less."),
        (("unit", "personal", "--minutes", "1.5"), "--minutes '1.5' is no whole number; give one, such as 2."),
        (("frob",), "no such command 'frob'. See 'custodes --help'."),
        (("watch",), "missing argument 'FILE|rtsp://…'. See 'custodes watch --help'."),
        (("unit", "run", "--nope"), "no such option: --nope. See 'custodes unit run --help'."),
    ],
)
def test_a_command_typed_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    assert says in refusal(monkeypatch, capsys, *typed)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        (("watch", "films/nofile.mp4"), "cannot open films/nofile.mp4: there is no such file. Check the path."),
        (
            ("score", "drives/nofile.gpx"),
            (
                "there is no drives/nofile.gpx. Give a trip file (JSON) or the GPX, NMEA, CSV or GPMF of a drive; "
                "relative paths begin in "
            ),
        ),
        (("score", "nofile.json"), "there is no nofile.json. Give a trip file (JSON) or the GPX"),
    ],
)
def test_a_file_that_is_not_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    assert refusal(monkeypatch, capsys, *typed).startswith(says)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('[clip]\npre_roll_s = "ten"\n', "clip.pre_roll_s = 'ten' is no number; give one, such as 2.5."),
        ("[clip]\nring_mb = 1.5\n", "clip.ring_mb = '1.5' is no whole number; give one, such as 2."),
        ("[ring]\nmax_gb = 1\nfolder = 3\n", "ring.folder = '3' is no path; give one in quotes."),
    ],
)
def test_a_units_settings(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, line: str, says: str
) -> None:
    path = tmp_path / "unit.toml"
    path.write_text(UNIT + line)
    assert refusal(monkeypatch, capsys, "unit", "run", str(path)) == f"{path}: {says}"


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ('[listen]\nport = "http"\n', "listen.port = 'http' is no whole number; give one, such as 2."),
        ("[sign_in]\nlock_minutes = 0\n", "sign_in.lock_minutes = '0' is too small; give 1 or more."),
        ('log_level = "loud"\n', "log_level = 'loud' is not among what can be given: 'debug', 'info', 'warning'"),
        ('public_url = "hub.example"\n', "public_url: must start with http:// or https://."),
    ],
)
def test_a_hubs_settings(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "hub.toml").write_text(line)
    with pytest.raises(BadInput) as refused:
        config.load(tmp_path, environment={})
    assert f"{tmp_path / 'hub.toml'}: {says}" in str(refused.value)


def test_a_call_that_ends_well_ends_with_nought(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["custodes", "--version"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 0
