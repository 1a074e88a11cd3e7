"""English and French: every sentence is translated, and the compiled catalogues are those of the sentences."""

import importlib.util
from pathlib import Path

import pytest
from django.test import Client
from django.utils import translation

from custodes.hub.portal import words

ROOT = Path(__file__).parents[2]
_spec = importlib.util.spec_from_file_location("messages_tool", ROOT / "tools" / "messages.py")
assert _spec
assert _spec.loader
messages = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(messages)


@pytest.mark.parametrize("domain", messages.DOMAINS)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_catalogue_is_whole_and_compiled(language: str, domain: str) -> None:
    assert messages.problems(language, domain) == []


def test_tool_finds_what_is_said_in_python_templates_and_scripts() -> None:
    pages = {one.message for one in messages.sentences("django")}
    assert "Who watched" in pages
    assert ("%(n)s passkey", "%(n)s passkeys") in pages
    scripts = {one.message for one in messages.sentences("djangojs")}
    assert "kept range" in scripts
    assert ("%s new clip", "%s new clips") in scripts


def test_tool_sees_a_missing_translation(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*messages.sentences("djangojs"), messages.Found("A sentence that nobody translated")]
    monkeypatch.setattr(messages, "sentences", lambda _domain: found)
    assert "not in the catalogue: 'A sentence that nobody translated'" in messages.problems("fr", "djangojs")


def test_kind_that_nobody_knows_is_made_readable() -> None:
    with translation.override("fr"):
        assert str(words.kind_words("speed")) == "Vitesse trop élevée"
        assert str(words.kind_words("sudden_gust")) == "Sudden gust"


@pytest.mark.django_db
def test_scripts_get_the_words_of_the_reader() -> None:
    answer = Client().get("/jsi18n/", headers={"Accept-Language": "fr"})
    assert "plage gard" in answer.content.decode()


def test_no_line_breaks_before_a_french_question_mark() -> None:
    with translation.override("fr"):
        assert translation.gettext("Was it you?") == "Était-ce vous\N{NO-BREAK SPACE}?"
