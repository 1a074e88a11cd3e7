"""Codes for what proves a person: a password or a second factor written into the database by hand is nobody's.

A password's code binds its hash to the person and to their address, a factor's binds all that its row holds to the
person. Rows from before the hub gave codes get theirs once, at the first start that knows codes; that this was done is
noted in `keys/` (`accounts.since`), where whoever writes the database alone cannot take it back.
"""

import json
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction

from custodes.core.errors import BadInput
from custodes.core.fs import write_durably
from custodes.hub.fleet import own_rows

if TYPE_CHECKING:
    from allauth.mfa.models import Authenticator

    from custodes.hub.fleet.people import WithOwnPassword

SINCE_FILE = "accounts.since"
CODE = "code"
"""Where the code lies in a factor's data."""
log = logging.getLogger(__name__)


def of_password(person: "WithOwnPassword") -> str:
    """Return the code of a person's password as it is kept now."""
    return own_rows.code_of("password", person.pk, person.email.lower(), person.password)


def password_fits(person: "WithOwnPassword") -> bool:
    """Say whether the hub set this person's password, or that they have none, at this address."""
    return own_rows.fits(person.password_code, "password", person.pk, person.email.lower(), person.password)


def of_factor(factor: "Authenticator") -> str:
    """Return the code of a second factor as its row is now."""
    return own_rows.code_of("factor", factor.user_id, factor.type, _told(factor.data))


def factor_fits(factor: "Authenticator") -> bool:
    """Say whether the hub wrote this second factor, for this person."""
    code = factor.data.get(CODE) if isinstance(factor.data, dict) else None
    return own_rows.fits(code, "factor", factor.user_id, factor.type, _told(factor.data))


def give_factor(instance: "Authenticator", **_: Any) -> None:
    """Before a factor is stored: give it its code if it is new, or is one of the hub's own that changes."""
    if not isinstance(instance.data, dict):
        return
    is_new = instance._state.adding
    stored = None if is_new else type(instance).objects.filter(pk=instance.pk).first()
    if is_new or (stored is not None and factor_fits(stored)):
        instance.data[CODE] = of_factor(instance)


def begin() -> None:
    """Give codes to what is there, once in a hub's life; for its start. Durable on return.

    Raises BadInput when the note of it is another hub's.
    """
    from custodes.hub.fleet import second_factor
    from custodes.hub.fleet.models import Person

    path = _path()
    if path.is_file():
        if not own_rows.fits(path.read_text(encoding="ascii", errors="replace").strip(), "accounts since"):
            raise BadInput(f"{path}: was changed, or is another hub's. Put the hub's own file back from a backup.")
        return
    with transaction.atomic():
        people = list(Person.objects.all())
        for person in people:
            person.password_code = of_password(person)
        Person.objects.bulk_update(people, ["password_code"], batch_size=500)
        second_factor.accept_all()
    write_durably(path, own_rows.code_of("accounts since").encode() + b"\n", mode=0o600)
    if people:
        log.warning("passwords and second factors bear the hub's code from here on: %d accounts", len(people))


def _path() -> Path:
    folder: Path = settings.HUB.keys_dir
    return folder / SINCE_FILE


def _told(data: object) -> str:
    kept = {key: value for key, value in data.items() if key != CODE} if isinstance(data, dict) else data
    return json.dumps(kept, sort_keys=True, ensure_ascii=True)
