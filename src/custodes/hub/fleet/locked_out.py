"""`custodes hub sign-in-link`: let somebody in again who is locked out, and leave a trace that they read."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from custodes.core.errors import BadInput
from custodes.hub import boot, config


@dataclass(frozen=True, slots=True)
class MadeLink:
    """A link that signs one person in once, within an hour."""

    link: str
    expires_at: datetime


def make_link(data_dir: Path, email: str, *, forget_second_factor: bool = False) -> MadeLink:
    """Make a one-time link for the person with this address on the hub in `data_dir`; the hub may run meanwhile.

    Their wrong passwords are forgotten, and with `forget_second_factor` their authenticator apps, passkeys and recovery
    codes, so that they set up new ones. Each is an entry in the ledger and a notice to the person. Raises BadInput.
    """
    if not config.load(data_dir).database_path.exists():
        raise BadInput(f"{data_dir}: no hub here. Give its folder with --data.")
    boot.django_on(data_dir)
    from django.utils import timezone

    return for_person(email, forget_second_factor=forget_second_factor, now=timezone.now())


def sign_out(data_dir: Path, email: str) -> int:
    """End every session of the person with this address on the hub in `data_dir`; return how many. Raises BadInput.

    Counts from their next request on, while the hub runs. An entry in the ledger.
    """
    if not config.load(data_dir).database_path.exists():
        raise BadInput(f"{data_dir}: no hub here. Give its folder with --data.")
    boot.django_on(data_dir)
    from django.utils import timezone

    from custodes.hub.fleet import open_sessions
    from custodes.hub.fleet.models import Person

    person = Person.objects.filter(email__iexact=email.strip()).first()
    if person is None:
        raise BadInput(f"{email}: nobody with this address has an account on this hub.")
    return open_sessions.end_others(person, keep=None, now=timezone.now(), by_command=True)


def for_person(email: str, *, forget_second_factor: bool, now: datetime) -> MadeLink:
    """Do what `make_link` says, in a process that has Django up."""
    from axes.utils import reset
    from django.conf import settings
    from django.db import transaction

    from custodes.hub.fleet import notices, second_factor, signin_links
    from custodes.hub.fleet.models import Person

    person = Person.objects.filter(email__iexact=email.strip(), is_active=True).first()
    if person is None:
        raise BadInput(f"{email}: nobody with this address has an open account on this hub.")
    with transaction.atomic():
        reset(username=person.email)
        if forget_second_factor:
            second_factor.forget(person, now=now)
        path = signin_links.make_signin_link(person, now=now, by_command=True)
        notices.tell(person, notices.Kind.LINK_BY_COMMAND, now=now)
    return MadeLink(link=f"{settings.HUB.base_url}{path}", expires_at=now + signin_links.SIGN_IN_LIVES)
