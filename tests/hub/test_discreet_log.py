"""A link's secret is in no log, whatever Django says of the request."""

import io
import logging
from collections.abc import Iterator

import pytest
from django.conf import settings
from django.test import Client
from django.utils import timezone

from custodes.hub.discreet import WithoutSecrets
from custodes.hub.fleet import setup


@pytest.mark.django_db
def test_a_refused_form_does_not_put_the_setup_link_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    token = setup.make_token(now=timezone.now())
    assert token is not None
    assert settings.LOGGING["handlers"]["stderr"]["filters"] == ["discreet"]
    caplog.handler.addFilter(WithoutSecrets())
    with caplog.at_level(logging.WARNING):
        assert Client().post(f"/setup/{token}", {"email": "x"}).status_code == 400
    assert "/setup/…" in caplog.text
    assert token not in caplog.text


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the hub's own handler writes: with its filter and its formatter, tracebacks too."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.addFilter(WithoutSecrets())
    handler.setFormatter(logging.Formatter(settings.LOGGING["formatters"]["line"]["format"]))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "written",
    ["/setup//{}", "/Setup/{}", "/setup/ {}", '/setup/"{}', "/setup;x/{}", "/setup/%23{}", "/setup/?{}", "/{}"],
)
def test_a_mistyped_link_leaves_no_token_in_the_log(written: str, log: io.StringIO) -> None:
    token = setup.make_token(now=timezone.now())
    assert token is not None
    Client().get(written.format(token))
    logging.getLogger("django.request").warning("Not Found: %s", written.format(token))
    assert "Not Found" in log.getvalue()
    assert token not in log.getvalue()


@pytest.mark.django_db
def test_a_traceback_leaves_no_token_in_the_log(log: io.StringIO) -> None:
    token = setup.make_token(now=timezone.now())
    try:
        int(f"x{token}")
    except ValueError:
        logging.getLogger("django.request").exception("refused")
    assert "Traceback" in log.getvalue()
    assert "invalid literal" in log.getvalue()
    assert str(token) not in log.getvalue()


def test_hashes_and_ids_stay_in_the_log(log: io.StringIO) -> None:
    told = f"part {'0a' * 32} of 12345678-1234-5678-1234-567812345678: a-word-of-less-than-forty-letters"
    logging.getLogger("x").error(told)
    assert told in log.getvalue()
