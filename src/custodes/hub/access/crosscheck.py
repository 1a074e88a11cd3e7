"""Hold views ("who watched") to the ledger: nobody's watching is hidden, added or changed."""

import ipaddress
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerLeaf
from custodes.hub.audit.report import Problem
from custodes.hub.clips import marked
from custodes.hub.fleet.times import moment_of

BATCH = 2000
OPENED = "view.opened"
SAME_ACT = timedelta(seconds=5)
"""How far a row's time may lie from its entry's: both are taken in one act."""


def views_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each view that its ledger entry does not bear out, and for each entry without its view."""
    for view in View.objects.select_related("clip").order_by("ledger_seq").iterator(chunk_size=BATCH):
        leaf = LedgerLeaf.objects.select_related("body").filter(pk=view.ledger_seq).first()
        if leaf is None or not _bears_out_view(leaf, view):
            message = f"view {view.pk} is not what entry {view.ledger_seq} says: it was added or edited by hand"
            yield Problem("view_edited", view.ledger_seq, message)
    # By the leaves: an entry whose body was deleted asks for its view as well.
    opened = LedgerLeaf.objects.filter(kind=OPENED).order_by("seq")
    for seq, text in opened.values_list("seq", "body__body_json").iterator(chunk_size=BATCH):
        if not View.objects.filter(ledger_seq=seq).exists():
            message = f"entry {seq} says that somebody watched ({_who(_said(text))}), but the view was removed"
            yield Problem("view_missing", seq, message)


def _bears_out_view(leaf: LedgerLeaf, view: View) -> bool:
    if leaf.kind != OPENED or abs(_recorded_at(leaf) - view.opened_at) > SAME_ACT:
        return False
    if not hasattr(leaf, "body"):
        return False
    said = dict(_said(leaf.body.body_json))
    # Entries of early versions do not name the address.
    if "address" in said and _address(said.pop("address")) != _address(view.address):
        return False
    told = said.pop("word", "")
    if told != _word(view) and view.clip.erased_at is None:
        return False  # an erased clip's words went with it
    for key in ("name", "email"):
        said.pop(key, None)  # what the person was called then: the view keeps no copy, and today's may be another
    return said == _shown(view)


def _recorded_at(leaf: LedgerLeaf) -> datetime:
    return moment_of(leaf.recorded_wall_ns)


def _address(text: str | None) -> str | None:
    """Return an address in its one spelling: the database writes IPv6 its own way."""
    try:
        return str(ipaddress.ip_address(text or ""))
    except ValueError:
        return text or None


def _shown(view: View) -> dict[str, str]:
    who = {"person": str(view.person_id)} if view.person_id else {"share": str(view.share_id)}
    return {
        "view": str(view.pk),
        "clip": str(view.clip_id),
        **who,
        "role": view.role,
        "purpose": view.purpose,
        "policy": view.policy,
        "reason": view.reason,
    }


def _who(said: dict[str, Any]) -> str:
    return str(said.get("person") or said.get("email"))


def _word(view: View) -> str:
    """Return what the ledger must say of a view's code words."""
    words = marked.words_of_view(view.clip_id, view.pk)
    return marked.commitment(view.clip_id, view.pk, words) if words else ""


def _said(text: str | None) -> dict[str, Any]:
    try:
        said = json.loads(text or "")
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
