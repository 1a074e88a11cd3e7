"""Fixtures that every test of the hub uses; the conftest of each folder imports them."""

import os
import shutil
import time
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings as django_settings
from django.test import AsyncClient, Client

from cast import Cast
from custodes.hub import keyring
from custodes.hub.fleet.models import Person
from stored_cast import put_cast


def give_hub(folder: Path, patch: pytest.MonkeyPatch) -> Path:
    """Make `folder` the hub's, with the keys of this run of tests, for as long as `patch` lasts."""
    folder.mkdir(mode=0o700)
    hub = django_settings.HUB.model_copy(update={"data_dir": folder})
    patch.setattr(django_settings, "HUB", hub)
    keys = Path(os.environ["CUSTODES_HUB_DATA_DIR"]) / hub.keys_dir.name
    keyring.make_keys(keys)
    shutil.copytree(keys, hub.keys_dir)
    return folder


def sign_in_with_both(patch: pytest.MonkeyPatch) -> None:
    """Let `force_login` sign in as a person does: with a second factor, or with what `factors` names."""
    plain = Client.force_login

    def force_login(
        client: Client, user: Person, backend: str | None = None, *, factors: tuple[str, ...] = ("password", "mfa")
    ) -> None:
        plain(client, user, backend)
        session = client.session
        session[AUTHENTICATION_METHODS_SESSION_KEY] = [{"method": name, "at": time.time()} for name in factors]
        session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(user.pk)
        session.save()

    patch.setattr(Client, "force_login", force_login)
    plain_async = AsyncClient.aforce_login

    async def aforce_login(client: AsyncClient, user: Person, backend: str | None = None) -> None:
        await plain_async(client, user, backend)
        session = await client.asession()
        shown = [{"method": one, "at": time.time()} for one in ("password", "mfa")]
        await session.aset(AUTHENTICATION_METHODS_SESSION_KEY, shown)
        await session.aset(f"{AUTHENTICATION_METHODS_SESSION_KEY}_user", str(user.pk))
        await session.asave()

    patch.setattr(AsyncClient, "aforce_login", aforce_login)


@pytest.fixture(autouse=True)
def hub_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the hub a data folder of the test's own."""
    return give_hub(tmp_path / "hub", monkeypatch)


@pytest.fixture(autouse=True)
def both_factors(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sign in with a second factor."""
    sign_in_with_both(monkeypatch)


@pytest.fixture
def cast(db: None) -> Cast:
    """Store the cast."""
    return put_cast()
