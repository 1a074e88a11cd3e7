"""How allauth behaves here: nobody signs up by themselves."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING

from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from custodes.hub.fleet import account_secrets, door_entries, notices
from custodes.hub.fleet.session_rules import session_of

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

    from custodes.hub.fleet.models import Person

DOOR_PROOFS = frozenset({"password", "mfa"})
"""What a sign-in may consist of that is asked for anew before a way of signing in changes. A link is not."""


class InvitedOnly(DefaultAccountAdapter):  # type: ignore[misc]  # allauth has no types
    """People come in by invitation; the sign-up page is closed."""

    error_messages = DefaultAccountAdapter.error_messages | {
        "email_password_mismatch": gettext_lazy("Address or password is wrong."),
    }

    def is_open_for_signup(self, request: "HttpRequest") -> bool:  # allauth's signature
        """Refuse: an account is made by an invitation or by the setup page."""
        return False

    def post_login(self, request: "HttpRequest", user: "Person", **kwargs: object) -> "HttpResponse":  # as above
        """Say what was done to this person's account since they were last here."""
        notices.say_unshown(request, user, now=timezone.now())
        response: HttpResponse = super().post_login(request, user, **kwargs)
        return response

    def logout(self, request: "HttpRequest") -> None:  # as above
        """End the session here and in the list of open ones."""
        row = session_of(request)
        if row is not None:
            with transaction.atomic():
                row.delete()
                door_entries.signed_out(request, row.person)
        super().logout(request)

    def is_reauthentication_required(self, *, app: str) -> bool:  # as above
        """Ask anew before factors and passwords change, but not who proved who they are a moment ago, at the door."""
        records = get_authentication_records(self.request, self.request.user)
        since_s = time.time() - app_settings.REAUTHENTICATION_TIMEOUT
        if any(one.get("method") in DOOR_PROOFS and float(one.get("at", 0)) >= since_s for one in records):
            return False
        return bool(super().is_reauthentication_required(app=app))

    def pre_authenticate(self, request: "HttpRequest", **credentials: object) -> None:
        """Count nothing: axes counts wrong passwords. Wrong codes of a second factor are counted by themselves."""


class NamedHub(DefaultMFAAdapter):  # type: ignore[misc]  # allauth has no types
    """Names the hub in authenticator apps and passkeys, and seals what they are checked with."""

    def encrypt(self, text: str) -> str:
        """Return a secret as it may lie in the database."""
        return account_secrets.seal(text)

    def decrypt(self, encrypted_text: str) -> str:
        """Return a secret that `encrypt` sealed. Raises Corrupt for another."""
        return account_secrets.unseal(encrypted_text)

    def generate_authenticator_name(self, user: "Person", type: str) -> str:  # noqa: A002  # allauth's signature
        """Return a first name for a passkey: `Passkey`, `Passkey 2` …"""
        count = Authenticator.objects.filter(user=user, type=type).count()
        return _("Passkey %(n)d") % {"n": count + 1} if count else _("Passkey")

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Return who asks for the passkey: the hub's name and the host in the address bar."""
        entity: dict[str, str] = super().get_public_key_credential_rp_entity()
        entity["name"] = settings.HUB.name
        return entity


def name_tried(request: "HttpRequest", credentials: Mapping[str, str] | None = None) -> str:
    """Return the address that somebody tries to sign in with, for the count of wrong passwords."""
    # allauth hands credentials over under `email`; before it has, axes asks with the form alone.
    tried = (credentials or {}).get("email") or request.POST.get("login", "")
    return tried.strip().lower()
