"""docs/errors.md: one part a lens, each written by its own verb; the others stay as they are."""

from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "errors.md"
PARTS = ("# Errors of the driver lens\n", "# Errors of the road lens\n")


def put(part: str, *, page: Path = PAGE) -> str:
    """Put a part, which begins with its heading, in the place of the one that is there; return the whole page."""
    there = page.read_text(encoding="utf-8") if page.is_file() else ""
    found = {heading: text for heading in PARTS if (text := _part(there, heading))}
    found[next(heading for heading in PARTS if part.startswith(heading))] = part
    text = "\n".join(found[heading].rstrip("\n") + "\n" for heading in PARTS if heading in found)
    page.write_text(text, encoding="utf-8")
    return text


def _part(text: str, heading: str) -> str:
    start = text.find(heading)
    if start < 0:
        return ""
    ends = [end for other in PARTS if (end := text.find(other, start + 1)) > start]
    return text[start : min(ends, default=len(text))]
