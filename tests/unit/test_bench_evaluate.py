"""`make eval` without its film: one line that says what to name, and exit 2."""

from pathlib import Path

import pytest

from bench import evaluate


@pytest.mark.parametrize("named", [False, True])
def test_no_folder_is_one_line_and_exit_2(
    named: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("CUSTODES_DATA", raising=False)
    missing = tmp_path / "nowhere"
    assert evaluate.main(["--data", str(missing)] if named else []) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "make eval CUSTODES_DATA=FOLDER" in said
    assert (str(missing) in said) is named
