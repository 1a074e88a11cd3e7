"""Keep the translations: find every sentence of the hub, merge it into the catalogues, compile them, check them.

`python tools/messages.py update` after a sentence was written; translate what it lists as missing in the `.po`;
`python tools/messages.py compile`. GNU gettext is not needed. `check` is what the test runs.
"""

import ast
import io
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from gettext import GNUTranslations
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

HUB = Path(__file__).parent.parent / "src" / "custodes" / "hub"
LOCALE = HUB / "locale"
LANGUAGES = ("fr",)
DOMAINS = ("django", "djangojs")
PYTHON_WORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
}
SCRIPT_WORDS = {"say": None, "sayCount": (1, 2)}
CALL = re.compile(r"\b(gettext|ngettext|pgettext|npgettext|_)\(")
HOLE = re.compile(r"%\(\w+\)[a-z]|%s|%d")
TYPOGRAPHY = {"fr": (re.compile("(?<=\\S) (?=[:;?!»])|(?<=«) "), "\N{NO-BREAK SPACE}")}
"""Blanks at which no line may break: catalogues have plain ones, which can be typed and searched for."""
STILL = datetime(2026, 1, 1, tzinfo=UTC)
"""The catalogues carry no date of their own: the same sentences give the same bytes."""

Message = str | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """One sentence, with its plural and its context."""

    message: Message
    context: str | None = None


def sentences(domain: str) -> Iterator[Found]:
    """Yield every sentence of the hub's pages (`django`) or scripts (`djangojs`)."""
    if domain == "djangojs":
        for path in sorted(HUB.rglob("static/**/*.js")):
            yield from _extracted("javascript", path, SCRIPT_WORDS)
        return
    for path in sorted(HUB.rglob("*.py")):
        if "migrations" not in path.parts:
            yield from _extracted("python", path, PYTHON_WORDS)
    for path in sorted([*HUB.rglob("templates/**/*.html"), *HUB.rglob("templates/**/*.txt")]):
        yield from _in_template(path)


def template_of(domain: str) -> Catalog:
    """Return a catalogue of all sentences without translations."""
    found = Catalog(project="Custodes", version="", copyright_holder="The Custodes authors", charset="utf-8")
    for one in sentences(domain):
        found.add(one.message, context=one.context)
    return found


def read(language: str, domain: str) -> Catalog:
    """Return the stored catalogue of a language, or an empty one."""
    path = _path(language, domain, "po")
    if not path.exists():
        return Catalog(locale=language)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def update(language: str, domain: str) -> Catalog:
    """Merge the sentences that there are now into a catalogue, and store it."""
    merged = read(language, domain)
    merged.update(template_of(domain), no_fuzzy_matching=True)
    merged.obsolete.clear()
    merged.creation_date = merged.revision_date = STILL
    merged.project, merged.version, merged.header_comment = "Custodes", "", "# French of Custodes."
    merged.msgid_bugs_address, merged.fuzzy = "", False
    merged.last_translator = merged.language_team = "The Custodes authors"
    path = _path(language, domain, "po")
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, merged, no_location=True, sort_output=True, width=116)
    return merged


def compiled(catalogue: Catalog) -> bytes:
    """Return a catalogue as the program reads it, with the blanks of its language."""
    pattern, blank = TYPOGRAPHY[str(catalogue.locale)]
    for one in catalogue:
        if one.id:
            forms = [pattern.sub(blank, form) for form in _all(one.string)]
            one.string = tuple(forms) if isinstance(one.string, tuple | list) else forms[0]
    out = io.BytesIO()
    write_mo(out, catalogue)
    return out.getvalue()


def problems(language: str, domain: str) -> list[str]:
    """Return what is wrong with a catalogue: missing, left over, holes that differ, not compiled."""
    stored, wanted = read(language, domain), template_of(domain)
    known = {(one.context, _first(one.id)): one for one in stored if one.id}
    asked = {(one.context, _first(one.id)) for one in wanted if one.id}
    found = [f"not in the catalogue: {sentence!r}" for _context, sentence in sorted(asked - set(known), key=str)]
    found += [f"nobody says it any more: {sentence!r}" for _context, sentence in sorted(set(known) - asked, key=str)]
    for one in known.values():
        said = one.string if isinstance(one.string, tuple | list) else (one.string,)
        if not all(said) or one.fuzzy:
            found.append(f"not translated: {_first(one.id)!r}")
        elif any(set(HOLE.findall(form or "")) - set(HOLE.findall(" ".join(_all(one.id)))) for form in said):
            found.append(f"holes differ: {_first(one.id)!r}")
    machine = _path(language, domain, "mo")
    if not machine.exists() or _said(machine.read_bytes()) != _said(compiled(stored)):
        found.append(f"{machine.name} is not compiled from {domain}.po: run 'python tools/messages.py compile'")
    return found


def _said(machine: bytes) -> dict[object, str]:
    """Return what a compiled catalogue says, without its header, which names the compiler's version."""
    return {key: said for key, said in GNUTranslations(io.BytesIO(machine))._catalog.items() if key}  # type: ignore[attr-defined]


def _extracted(method: str, path: Path, keywords: Mapping[str, object]) -> Iterator[Found]:
    with path.open("rb") as file:
        options = {"parse_template_string": True} if method == "javascript" else {}
        for _line, message, _comments, context in extract(method, file, keywords, options=options):  # type: ignore[arg-type]
            yield Found(message, context)


def _in_template(path: Path) -> Iterator[Found]:
    source = templatize(path.read_text(encoding="utf-8"), origin=str(path))
    for start in CALL.finditer(source):
        for end in re.finditer(r"\)", source[start.end() :]):
            try:
                call = ast.parse(source[start.start() : start.end() + end.end()], mode="eval").body
            except SyntaxError:
                continue
            if isinstance(call, ast.Call):
                yield _found(start.group(1), [arg.value for arg in call.args if isinstance(arg, ast.Constant)])
            break


def _found(word: str, words: list[object]) -> Found:
    texts = [str(one) for one in words]
    context = texts.pop(0) if word in {"pgettext", "npgettext"} else None
    return Found((texts[0], texts[1]) if word in {"ngettext", "npgettext"} else texts[0], context)


def _first(message: object) -> str:
    return str(message[0]) if isinstance(message, tuple | list) else str(message)


def _all(message: object) -> tuple[str, ...]:
    return tuple(str(one) for one in message) if isinstance(message, tuple | list) else (str(message),)


def _path(language: str, domain: str, ending: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.{ending}"


def main() -> int:
    """Run one of the three verbs."""
    verb = sys.argv[1] if len(sys.argv) > 1 else "check"
    wrong = 0
    for language in LANGUAGES:
        for domain in DOMAINS:
            if verb == "update":
                update(language, domain)
            if verb in {"update", "compile"}:
                _path(language, domain, "mo").write_bytes(compiled(read(language, domain)))
            for problem in problems(language, domain):
                wrong += 1
                print(f"{language}/{domain}: {problem}")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
