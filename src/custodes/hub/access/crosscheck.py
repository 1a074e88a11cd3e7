"""Hold the views that people are shown ("who watched") to the ledger: nobody's watching is hidden, added or changed."""

import json
from collections.abc import Iterator

from custodes.hub.access.models import View
from custodes.hub.audit.models import LedgerBody
from custodes.hub.audit.verify import Problem

BATCH = 2000
OPENED = "view.opened"


def views_against_ledger() -> Iterator[Problem]:
    """Yield a problem for each view that its ledger entry does not bear out, and for each entry without its view."""
    for view in View.objects.order_by("ledger_seq").iterator(chunk_size=BATCH):
        body = LedgerBody.objects.select_related("leaf").filter(pk=view.ledger_seq).first()
        if body is None:
            continue  # erased, or missing: the ledger's own check tells these apart
        if body.leaf.kind != OPENED or _said(body.body_json) != _shown(view):
            message = f"view {view.pk} is not what entry {view.ledger_seq} says: it was added or edited by hand"
            yield Problem("view_edited", view.ledger_seq, message)
    bodies = LedgerBody.objects.filter(leaf__kind=OPENED).order_by("pk")
    for seq, text in bodies.values_list("pk", "body_json").iterator(chunk_size=BATCH):
        if not View.objects.filter(ledger_seq=seq).exists():
            message = f"entry {seq} says that somebody watched ({_said(text).get('person')}), but the view was removed"
            yield Problem("view_missing", seq, message)


def _shown(view: View) -> dict[str, str]:
    return {
        "view": str(view.pk),
        "clip": str(view.clip_id),
        "person": str(view.person_id),
        "role": view.role,
        "purpose": view.purpose,
        "policy": view.policy,
        "reason": view.reason,
    }


def _said(text: str) -> dict[str, str]:
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
