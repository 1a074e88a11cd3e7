"""Fixtures that every test of the hub uses; the conftest of each folder imports them."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings

from cast import Cast, make_cast
from custodes.hub import keyring


@pytest.fixture(autouse=True)
def hub_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the hub a data folder of the test's own, with fresh keys."""
    folder = tmp_path / "hub"
    folder.mkdir(mode=0o700)
    hub = django_settings.HUB.model_copy(update={"data_dir": folder})
    monkeypatch.setattr(django_settings, "HUB", hub)
    keyring.make_keys(hub.keys_dir)
    return folder


@pytest.fixture
def cast(db: None) -> Cast:
    """Store the cast."""
    return make_cast()
