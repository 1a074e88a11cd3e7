"""What a person reads on the terminal: times that only grow, no news twice, and no word that is not true."""

import io
import json

import pytest
from rich.console import Console

from custodes.edge.report import ConsoleReporter, Happening, HappeningKind, JsonReporter

S = 1_000_000_000


def told(*happenings: Happening) -> list[str]:
    out = io.StringIO()
    reporter = ConsoleReporter(Console(file=out, width=200, color_system=None))
    reporter.film_zero_wall_ns = 1
    for one in happenings:
        reporter.tell(one)
    return out.getvalue().splitlines()


def seen(at_s: float, *, lens: str = "road", what: str = "person") -> Happening:
    return Happening("detection", f"{what} 0.56 on {lens}", round(at_s * S) + 1, lens=lens, object_class=what)


@pytest.mark.parametrize(
    ("at_s", "lines"),
    [
        ((0, 0.4, 3, 9, 12, 20), 1),
        ((0, 9, 18, 27.9), 1),
        ((0, 10.1), 2),
        ((0, 11, 12), 2),
    ],
    ids=["it flickers", "each within ten seconds of the last", "gone for long", "comes back and flickers"],
)
def test_what_is_still_there_is_told_once(at_s: tuple[float, ...], lines: int) -> None:
    assert len(told(*(seen(one) for one in at_s))) == lines


def test_another_lens_or_class_is_news() -> None:
    assert len(told(seen(0), seen(1, lens="driver"), seen(2, what="dog"), seen(3))) == 3


def test_programs_hear_every_detection() -> None:
    out = io.StringIO()
    reporter = JsonReporter(out)
    for at_s in (0, 0.4, 3):
        reporter.tell(seen(at_s))
    assert [json.loads(line)["kind"] for line in out.getvalue().splitlines()] == ["detection"] * 3


def test_the_margin_never_goes_back() -> None:
    """An end is known only some seconds after it was: it says its moment itself."""
    end = Happening("event_end", "presence over", 12 * S + 1)
    lines = told(seen(5), seen(16), end, seen(30))
    assert [line.split(" ")[0] for line in lines] == ["0:05.0", "0:16.0", "", "0:30.0"]
    assert lines[2].endswith("presence over at 0:12.0")


@pytest.mark.parametrize(("kind", "word"), [("sealed", "sealed"), ("kept", "kept")])
def test_only_what_is_sealed_is_called_so(kind: HappeningKind, word: str) -> None:
    (line,) = told(Happening(kind, "in clips/1", 5 * S))
    assert line.split() == [word, "in", "clips/1"]
