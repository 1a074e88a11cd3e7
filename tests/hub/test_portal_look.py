"""What can be said of the look without a browser: contrast of the tokens, nothing inline, nothing from strangers."""

import re
from pathlib import Path

import pytest

PORTAL = Path(__file__).parents[2] / "src" / "custodes" / "hub" / "portal"
TEMPLATES = sorted((PORTAL.parent).rglob("templates/**/*.html"))
TEXT_AA = 4.5
PART_AA = 3.0
"""WCAG 2.2: 1.4.3 asks 4.5:1 of text, 1.4.11 asks 3:1 of the edges of controls and of focus."""


def tokens() -> dict[str, dict[str, str]]:
    """Read the colours of both schemes from the style sheet itself."""
    text = (PORTAL / "static" / "portal" / "tokens.css").read_text()
    bright, _media, dark = text.partition("@media (prefers-color-scheme: dark)")
    found = {"light": dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", bright))}
    found["dark"] = found["light"] | dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
    return found


def luminance(colour: str) -> float:
    """Return the relative luminance of an sRGB colour (WCAG 2.2, definition of relative luminance)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    brighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (brighter + 0.05) / (darker + 0.05)


TEXTS = [
    *((text, ground) for text in ("text", "muted") for ground in ("bg", "surface", "raised", "sunken", "select")),
    *(
        (text, ground)
        for text in ("blue-text", "red-text", "green-text", "yellow-text")
        for ground in ("bg", "surface", "select", "sunken")
    ),
    *(("on-colour", ground) for ground in ("green", "yellow", "red", "blue")),
    *((text, "film") for text in ("on-film", "on-film-muted", "green", "yellow")),
    ("bg", "text"),
]
PARTS = [
    *(("control-line", ground) for ground in ("bg", "surface")),
    *((part, "film") for part in ("green", "yellow", "red", "blue")),
]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(scheme: str, text: str, ground: str) -> None:
    colours = tokens()[scheme]
    assert contrast(colours[text], colours[ground]) >= TEXT_AA


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("part", "ground"), PARTS)
def test_edges_can_be_seen(scheme: str, part: str, ground: str) -> None:
    colours = tokens()[scheme]
    assert contrast(colours[part], colours[ground]) >= PART_AA


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_focus_can_be_seen(scheme: str) -> None:
    colours = tokens()[scheme]
    assert all(
        contrast(colours["focus"], colours[ground]) >= PART_AA for ground in ("bg", "surface", "raised", "select")
    )


def test_design_colours_are_those_of_the_design() -> None:
    colours = tokens()["light"]
    assert [colours[name] for name in ("green", "yellow", "red", "blue")] == [
        "#3ddc84",
        "#ffd23f",
        "#ff5a52",
        "#4c8dff",
    ]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_template_has_nothing_inline_and_nothing_of_strangers(path: Path) -> None:
    text = path.read_text()
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=\"|javascript:", text), "inline style or script"
    assert all("src=" in tag or 'type="application/json"' in tag for tag in re.findall(r"<script[^>]*>", text))
    assert not re.search(r"(?:src|href|action)=\"(?:https?:)?//", text), "an address of a stranger"


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_a_moment_is_written_in_a_zone_that_the_page_names(path: Path) -> None:
    """Django's filter alone would write the hub's own zone; days and times of a form have none."""
    text = re.sub(r"{% timezone .*?{% endtimezone %}", "", path.read_text(), flags=re.DOTALL)
    moments = re.findall(r"{{ ?([\w.]+)\|(?:date|time):", text)
    assert [one for one in moments if not re.search(r"(^|\.)day$|^one$|\.value$|^period\.", one)] == []


def test_style_sheets_and_scripts_load_nothing_of_strangers() -> None:
    for path in [*PORTAL.rglob("static/**/*.css"), *PORTAL.rglob("static/**/*.js")]:
        addresses = set(re.findall(r"https?://[^\s\"']+", path.read_text()))
        assert addresses <= {"http://www.w3.org/2000/svg"}, path.name
