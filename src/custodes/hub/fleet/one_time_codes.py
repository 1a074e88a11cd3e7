"""A code of an authenticator app opens once: the time step of the last one is kept, and nothing up to it counts again.

RFC 6238, 5.2: the verifier must not accept the second attempt of a code. django-allauth remembers used codes in the
memory of one process, for half a minute, and not those that a set-up was confirmed with.
"""

import time
from typing import Any

from allauth.core import context
from allauth.core.internal.cryptokit import compare_user_code
from allauth.mfa import app_settings
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.base.internal.flows import check_rate_limit
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.totp.internal import auth
from allauth.mfa.webauthn.forms import AuthenticateWebAuthnForm, LoginWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.db import transaction

from custodes.hub.fleet import account_codes, account_secrets, door_entries

SPENT = "spent_step"
"""In an authenticator's data: the newest time step of which a code was taken."""


def spend(authenticator: Authenticator, step: int) -> bool:
    """Note that the code of a time step was taken; False when it, or a later one, was taken before. Durable."""
    with transaction.atomic():
        row = Authenticator.objects.select_for_update().get(pk=authenticator.pk)
        if step <= row.data.get(SPENT, -1):
            return False
        row.data[SPENT] = step
        row.save(update_fields=["data"])
    authenticator.data = row.data
    return True


def step_now() -> int:
    """Return the time step that an authenticator app shows now."""
    return int(time.time()) // int(app_settings.TOTP_PERIOD)


def _step_of(app: Authenticator, code: str) -> int | None:
    """Return the time step, of those about now, of which `code` is the code."""
    secret, now = account_secrets.unseal(app.data["secret"]), step_now()
    reach = int(app_settings.TOTP_TOLERANCE) + 1  # a step may end while its code is looked at
    shown = {
        step: auth.format_hotp_value(auth.hotp_value(secret, step)) for step in range(now - reach, now + reach + 1)
    }
    return max((step for step, right in shown.items() if compare_user_code(actual=code, expected=right)), default=None)


class _Once:
    """Of a form that takes a code: each code of an app counts once."""

    user: Any
    authenticator: Authenticator
    cleaned_data: dict[str, Any]

    def clean_code(self) -> str:
        try:
            return self._taken()
        except ValidationError:
            door_entries.failed(context.request, way="code", person=self.user.pk)
            raise

    def _taken(self) -> str:
        code = self.cleaned_data["code"]
        typed = Authenticator.objects.filter(user=self.user).exclude(type=Authenticator.Type.WEBAUTHN)
        if not all(account_codes.factor_fits(one) for one in typed):
            # Before django-allauth looks: a right code of a row made by hand would forget the wrong ones before.
            check_rate_limit(self.user)
            raise _incorrect()
        app = Authenticator.objects.filter(user=self.user, type=Authenticator.Type.TOTP).first()
        step = None if app is None else _step_of(app, code)
        if app is not None and step is not None and step <= app.data.get(SPENT, -1):
            # Before django-allauth looks: it would take the code for a right one and forget the wrong ones before.
            check_rate_limit(self.user)
            raise _incorrect()
        code = super().clean_code()  # type: ignore[misc]  # of the form that this is mixed into
        is_of_app = self.authenticator.type == Authenticator.Type.TOTP
        if is_of_app and not spend(self.authenticator, step_now() if step is None else step):
            raise _incorrect()
        return str(code)


class SignInCode(_Once, AuthenticateForm):  # type: ignore[misc]  # allauth has no types
    """The code at a sign-in."""


class ProofCode(_Once, ReauthenticateForm):  # type: ignore[misc]  # as above
    """The code that proves anew who sits there."""


class _OwnPasskey:
    """Of a form that takes a passkey: one that the hub did not write for this person is as unknown as any other."""

    def clean_credential(self) -> Authenticator:
        try:
            passkey: Authenticator = super().clean_credential()  # type: ignore[misc]  # of the form that this is mixed into
            if not account_codes.factor_fits(passkey):
                raise _incorrect()
        except ValidationError:
            person = getattr(self, "user", None)
            door_entries.failed(context.request, way="passkey", person=getattr(person, "pk", None))
            raise
        return passkey


class SignInPasskey(_OwnPasskey, AuthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """The passkey at a sign-in, after the password."""


class LoginPasskey(_OwnPasskey, LoginWebAuthnForm):  # type: ignore[misc]  # as above
    """The passkey that signs in alone."""


class ProofPasskey(_OwnPasskey, ReauthenticateWebAuthnForm):  # type: ignore[misc]  # as above
    """The passkey that proves anew who sits there."""


class FirstCode(ActivateTOTPForm):  # type: ignore[misc]  # as above
    """The code that a set-up is confirmed with. The secret waits in the session, sealed as it will lie."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.user = kwargs.pop("user")
        forms.Form.__init__(self, *args, **kwargs)
        session = context.request.session
        waiting = session.get(auth.SECRET_SESSION_KEY) if self.is_bound else None
        self.secret = account_secrets.unseal(waiting) if waiting else auth.generate_totp_secret()
        if not waiting:
            session[auth.SECRET_SESSION_KEY] = account_secrets.seal(self.secret)


def _incorrect() -> ValidationError:
    error: ValidationError = get_adapter().validation_error("incorrect_code")
    return error
