"""Fixtures that every test of the hub uses; the conftest of each folder imports them."""

import time
from pathlib import Path

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings as django_settings
from django.test import AsyncClient, Client

from cast import Cast, make_cast
from custodes.hub import keyring
from custodes.hub.fleet.models import Person


@pytest.fixture(autouse=True)
def hub_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the hub a data folder of the test's own, with fresh keys."""
    folder = tmp_path / "hub"
    folder.mkdir(mode=0o700)
    hub = django_settings.HUB.model_copy(update={"data_dir": folder})
    monkeypatch.setattr(django_settings, "HUB", hub)
    keyring.make_keys(hub.keys_dir)
    return folder


@pytest.fixture(autouse=True)
def both_factors(monkeypatch: pytest.MonkeyPatch) -> None:
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

    monkeypatch.setattr(Client, "force_login", force_login)
    plain_async = AsyncClient.aforce_login

    async def aforce_login(client: AsyncClient, user: Person, backend: str | None = None) -> None:
        await plain_async(client, user, backend)
        session = await client.asession()
        shown = [{"method": one, "at": time.time()} for one in ("password", "mfa")]
        await session.aset(AUTHENTICATION_METHODS_SESSION_KEY, shown)
        await session.aset(f"{AUTHENTICATION_METHODS_SESSION_KEY}_user", str(user.pk))
        await session.asave()

    monkeypatch.setattr(AsyncClient, "aforce_login", aforce_login)


@pytest.fixture
def cast(db: None) -> Cast:
    """Store the cast."""
    return make_cast()
