"""A driver's score over time, with its band, as a drawing."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from custodes.hub.portal.shown import figures
from custodes.score.formula import Score

WIDTH, HEIGHT = 1000, 260
LEFT, RIGHT, TOP, BOTTOM = 44, 12, 12, 28


@dataclass(frozen=True, slots=True)
class Chart:
    """Points as SVG wants them. `line` is empty while there is no score at all."""

    width: int
    height: int
    line: str
    band: str
    rules: tuple[tuple[int, float], ...]
    """(score, y) of the horizontal lines."""
    left: int
    right: int
    dots: tuple[tuple[float, float, str], ...]
    """(x, y, what a reader is told there)."""


def draw(days: Sequence[tuple[str, Score]]) -> Chart:
    """Return the chart of one score a day, given with the day's name, oldest first; unscored days are left out."""
    step = (WIDTH - LEFT - RIGHT) / max(1, len(days) - 1)
    upper: list[str] = []
    lower: list[str] = []
    line: list[str] = []
    dots: list[tuple[float, float, str]] = []
    for number, (day, score) in enumerate(days):
        if score.value is None:
            continue
        x = round(LEFT + number * step, 1)
        line.append(f"{x},{_y(score.value)}")
        upper.append(f"{x},{_y(min(Fraction(100), score.value + score.half_band))}")
        lower.append(f"{x},{_y(max(Fraction(0), score.value - score.half_band))}")
        dots.append((x, _y(score.value), figures(f"{day}: {float(score.value):.1f} ± {float(score.half_band):.1f}")))
    rules = tuple((value, _y(Fraction(value))) for value in (0, 25, 50, 75, 100))
    return Chart(
        WIDTH, HEIGHT, " ".join(line), " ".join([*upper, *reversed(lower)]), rules, LEFT, WIDTH - RIGHT, tuple(dots)
    )


def _y(value: Fraction) -> float:
    return round(TOP + float(100 - value) / 100 * (HEIGHT - TOP - BOTTOM), 1)
