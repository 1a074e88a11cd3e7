"""The texts that people are shown: files of the package, each with its hash in the catalogue.

A file that is not what the catalogue lists is left out: nobody is shown it, and answers to it count for nothing.
"""

import hashlib
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.hub.consent.topics import Topic

FOLDER = Path(__file__).parent / "wording"
CATALOGUE = "catalogue.toml"
LANGUAGES = ("en", "fr")


@dataclass(frozen=True, slots=True)
class Text:
    """One version of what is asked about one topic, in one language. `sha256` is of the file's bytes, in hex."""

    topic: Topic
    version: int
    language: str
    sha256: str
    title: str
    what: str
    why: str
    who: str
    how_long: str
    if_no: str
    other_way: str
    """The equal way for those who say no; empty where saying no changes nothing."""


class Book:
    """All versions of all texts that are what the catalogue says."""

    def __init__(self, texts: list[Text], *, holds_from: dict[Topic, int], broken: list[str]) -> None:
        self._texts = {text.sha256: text for text in texts}
        self._current: dict[tuple[Topic, str], Text] = {}
        for text in sorted(texts, key=lambda one: one.version):
            self._current[text.topic, text.language] = text
        self._holding = {
            topic: frozenset(one.sha256 for one in texts if one.topic is topic and one.version >= holds_from[topic])
            for topic in Topic
        }
        self.broken = tuple(broken)
        """What is wrong with the files, one line each."""

    def current(self, topic: Topic, language: str) -> Text:
        """Return the newest text about `topic`. Raises BadInput when its file was changed."""
        found = self._current.get((topic, language if language in LANGUAGES else "en"))
        if found is None:
            raise BadInput(f"the text about {topic} is not what the catalogue lists. Reinstall Custodes.")
        return found

    def find(self, sha256: str) -> Text | None:
        """Return the text with this hash, of any version; None: no such text is on file."""
        return self._texts.get(sha256)

    def holding(self, topic: Topic) -> frozenset[str]:
        """Return the hashes of the texts about `topic` to which an answer counts."""
        return self._holding[topic]


def book() -> Book:
    """Return the texts of this installation, read once."""
    return _read_once(FOLDER)


@lru_cache(maxsize=4)
def _read_once(folder: Path) -> Book:
    return load(folder)


def load(folder: Path) -> Book:
    """Read the catalogue and every text it lists, anew. Raises BadInput when there is no catalogue."""
    path = folder / CATALOGUE
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path}: cannot be read: {error}. Reinstall Custodes.") from None
    texts: list[Text] = []
    broken: list[str] = []
    holds_from: dict[Topic, int] = {}
    for topic in Topic:
        entry = listed.get(topic.value, {})
        holds_from[topic] = int(entry.get("holds_from", 1))
        for name, sha256 in sorted(entry.get("files", {}).items()):
            content = _content(folder / name)
            if hashlib.sha256(content).hexdigest() != sha256:
                broken.append(f"{folder / name}: the text was changed: its hash is not the one in {CATALOGUE}.")
            else:
                texts.append(_text(topic, name, content, sha256))
    return Book(texts, holds_from=holds_from, broken=broken)


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _text(topic: Topic, name: str, content: bytes, sha256: str) -> Text:
    _topic, version, language, _ending = name.split(".")
    said = tomllib.loads(content.decode("utf-8"))
    parts = {part: " ".join(str(said.get(part, "")).split()) for part in _PARTS}
    return Text(topic=topic, version=int(version), language=language, sha256=sha256, **parts)


_PARTS = ("title", "what", "why", "who", "how_long", "if_no", "other_way")
