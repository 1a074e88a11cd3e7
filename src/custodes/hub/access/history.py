"""Who watched, by the name that they had then: an account that is renamed later does not change what was."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody


@dataclass(frozen=True, slots=True)
class NameThen:
    """What somebody was called when they opened a view, and the address by which they signed in."""

    name: str
    email: str


def names_then(views: Iterable[View]) -> dict[UUID, NameThen]:
    """Return for each view (by id) its watcher's name at that time, from the ledger entry that came before it.

    An entry from before names were kept, or one whose body was erased, gives the name of today.
    """
    asked = list(views)
    bodies = LedgerBody.objects.filter(pk__in=[view.ledger_seq for view in asked]).values_list("pk", "body_json")
    said = {seq: json.loads(text) for seq, text in bodies}
    return {view.pk: _name(view, said.get(view.ledger_seq, {})) for view in asked}


def _name(view: View, said: dict[str, object]) -> NameThen:
    if isinstance(said.get("name"), str) and isinstance(said.get("email"), str):
        return NameThen(name=str(said["name"]), email=str(said["email"]))
    if view.person is None:
        return NameThen(name="", email="")
    return NameThen(name=view.person.display_name, email=view.person.email)
