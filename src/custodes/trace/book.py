"""The code book of a clip as a file: which views there are, and their words. The command without a hub reads it."""

import json
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from custodes.core.errors import BadInput
from custodes.trace.keys import FIRST_WINDOW, CodeWord

FORMAT = "custodes.codebook/1"
MAX_BYTES = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class CodeBook:
    """The clip and the words of its views."""

    clip_id: UUID
    words: tuple[CodeWord, ...]


def write_book(path: Path, book: CodeBook) -> None:
    """Write the book as JSON. Whoever reads it can forge views of this clip: keep it as the variants are kept."""
    words = [{"view_id": str(word.view_id), "letters": word.letters, "window": word.window} for word in book.words]
    body = {"format": FORMAT, "clip_id": str(book.clip_id), "words": words}
    path.write_text(json.dumps(body, indent=1) + "\n", encoding="utf-8")


def read_book(path: Path) -> CodeBook:
    """Read a book. Raises BadInput, naming the file, where it is missing or is no book."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise BadInput(f"{path} is no code book: it is larger than {MAX_BYTES >> 20} MiB.")
        body = json.loads(path.read_text(encoding="utf-8"))
        if body["format"] != FORMAT:
            raise BadInput(f"{path} is no code book: its format is not {FORMAT}.")
        words = tuple(
            CodeWord(UUID(word["view_id"]), _letters(word["letters"]), int(word.get("window", FIRST_WINDOW)))
            for word in body["words"]
        )
        return CodeBook(UUID(body["clip_id"]), words)
    except OSError as error:
        raise BadInput(f"cannot read the code book {path}: {error.strerror}.") from error
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadInput(f"{path} is no code book: {error}.") from error


def _letters(text: object) -> str:
    if not isinstance(text, str) or set(text) - {"A", "B"}:
        raise ValueError("a word holds letters other than A and B")
    return text
