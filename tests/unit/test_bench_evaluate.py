"""`make eval` without its film: one line that says what to name, and exit 2."""

from pathlib import Path

import pytest

from bench import evaluate, vision_eval


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


def _film(name: str, found: int) -> vision_eval.FilmResult:
    return vision_eval.FilmResult(name, 4, found, found, found, 9.0, 8.0, 0.0, 40, 20)


def test_an_event_missed_for_idling_is_not_made_good_by_another_film() -> None:
    idling, awake = [_film("a", 1), _film("b", 3)], [_film("a", 3), _film("b", 2)]
    assert vision_eval.missed_idling(idling, awake) == 2
    assert vision_eval.missed_idling(awake, awake) == 0
