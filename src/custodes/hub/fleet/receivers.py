"""What follows from a sign-in and from a change of the ways to sign in."""

from typing import Any

from allauth.account import signals as account
from allauth.account.internal.flows.login import record_authentication
from allauth.mfa import signals as mfa
from allauth.mfa.models import Authenticator
from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.db import transaction
from django.db.models.signals import pre_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest
from django.utils import timezone

from custodes.hub.audit import ledger
from custodes.hub.fleet import (
    account_codes,
    accounts,
    door_entries,
    notices,
    one_time_codes,
    open_sessions,
    second_factor,
)
from custodes.hub.fleet.models import Person
from custodes.hub.fleet.session_rules import session_of
from custodes.hub.fleet.times import wall_ns_of

pre_save.connect(account_codes.give_factor, sender=Authenticator)


@receiver(user_logged_in)
def _begun(request: HttpRequest, user: Person, **_: Any) -> None:
    """No session without an entry."""
    with transaction.atomic():
        open_sessions.begin(request, user, now=timezone.now())
        door_entries.signed_in(request, user)


@receiver(user_login_failed)
def _wrong_password(credentials: dict[str, str], request: HttpRequest | None = None, **_: Any) -> None:
    if request is not None:
        door_entries.failed(request, way="password", typed=accounts.name_tried(request, credentials))


@receiver(user_locked_out)
def _locked_out(request: HttpRequest, username: str, **_: Any) -> None:
    door_entries.locked(request, typed=username or "")


@receiver(account.authentication_step_completed)
def _step_done(request: HttpRequest, user: Person, method: str, **more: Any) -> None:
    """Whoever held this session's cookie before holds nothing: what was proven counts for a new one."""
    if session_of(request) is not None:
        request.session.cycle_key()
    if method == "password" and more.get("reauthenticated"):
        door_entries.proven_anew(request, user, way=method)


@receiver(mfa.authenticator_used)
def _factor_used(request: HttpRequest, user: Person, authenticator: Authenticator, **more: Any) -> None:
    """At a sign-in the entry of the session names it."""
    if more.get("reauthenticated"):
        door_entries.proven_anew(request, user, way=str(authenticator.type))


@receiver(mfa.authenticator_added)
def _factor_added(request: HttpRequest, user: Person, authenticator: Authenticator, **_: Any) -> None:
    """A factor just set up was shown in setting it up. Sessions that began without one end."""
    if authenticator.type not in second_factor.FACTORS:
        door_entries.codes_made(request, user)
        return
    now = timezone.now()
    if authenticator.type == Authenticator.Type.TOTP:
        one_time_codes.spend(authenticator, one_time_codes.step_now())
    # As a fresh proof: the page of recovery codes comes next, and asks for one.
    record_authentication(request, user, "mfa", id=authenticator.pk, type=str(authenticator.type), reauthenticated=True)
    here = session_of(request)
    open_sessions.drop(user, keep=None if here is None else here.pk)
    _write(second_factor.ADDED, user, authenticator)
    notices.tell(user, notices.Kind.FACTOR_ADDED, now=now)


@receiver(mfa.authenticator_removed)
def _factor_removed(request: HttpRequest, user: Person, authenticator: Authenticator, **_: Any) -> None:
    """Once the last one is gone, no session goes on as if it could still be shown."""
    if authenticator.type not in second_factor.FACTORS:
        return
    if not second_factor.has_one(user):
        here = session_of(request)
        open_sessions.drop(user, keep=None if here is None else here.pk)
        second_factor.forget_shown(request)
    _write(second_factor.REMOVED, user, authenticator)
    notices.tell(user, notices.Kind.FACTOR_REMOVED, now=timezone.now())


@receiver(mfa.authenticator_reset)
def _codes_made_anew(request: HttpRequest, user: Person, **_: Any) -> None:
    door_entries.codes_made(request, user)


@receiver([account.password_changed, account.password_reset, account.password_set])
def _password_changed(user: Person, signal: Signal, request: HttpRequest | None = None, **_: Any) -> None:
    way = {account.password_reset: "reset", account.password_set: "set"}.get(signal, "changed")
    door_entries.password_changed(request, user, way=way)
    notices.tell(user, notices.Kind.PASSWORD_CHANGED, now=timezone.now())


def _write(kind: str, person: Person, authenticator: Authenticator) -> None:
    body = {"person": person.pk, "factor": str(authenticator.type), "by": person.pk}
    ledger.append(kind=kind, body=body, now_ns=wall_ns_of(timezone.now()))
