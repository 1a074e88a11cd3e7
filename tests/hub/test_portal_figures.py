"""Figures as the reader's language writes them."""

import pytest
from django.utils import translation

from custodes.hub.portal import shown
from custodes.hub.portal.templatetags.portal import figure


@pytest.mark.parametrize(
    ("size_bytes", "english", "french"),
    [
        (0, "0 B", "0 o"),
        (12_400, "12 kB", "12 ko"),
        (1_400_000, "1.4 MB", "1,4 Mo"),
        (79_500_000_000, "79.5 GB", "79,5 Go"),
    ],
)
def test_sizes(size_bytes: int, english: str, french: str) -> None:
    with translation.override("en"):
        assert shown.size_words(size_bytes) == english
    with translation.override("fr"):
        assert shown.size_words(size_bytes) == french


@pytest.mark.parametrize(("value", "french"), [("0.25", "0,25"), ("1", "1"), ("1.5", "1,5")])
def test_playing_speeds(value: str, french: str) -> None:
    with translation.override("fr"):
        assert figure(value) == french
    with translation.override("en"):
        assert figure(value) == value
