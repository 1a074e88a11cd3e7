"""A link's secret is in no log, whatever Django says of the request."""

import logging

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
