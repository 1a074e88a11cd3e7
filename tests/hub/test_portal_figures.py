"""Figures as the reader's language writes them."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import translation

from custodes.core.wire import WireEvidence
from custodes.hub.portal import reasons, shown
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


def test_what_is_to_come_stands_in_its_exact_time_alone() -> None:
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert shown.relative(now + timedelta(days=7), now) == ""
    assert shown.relative(now - timedelta(hours=2), now) == "2 h ago"


@pytest.mark.parametrize("limit", [5e-324, -1e9, 0.0])
def test_a_limit_that_is_none_breaks_no_sentence(limit: float) -> None:
    facts = {
        "limit": WireEvidence(name="limit", value=limit, unit="m/s"),
        "speed": WireEvidence(name="speed", value=1e9, threshold=1e9, unit="m/s"),
    }
    assert "% over" not in reasons._too_fast(facts, "mph")
