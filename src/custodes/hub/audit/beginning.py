"""Where the codes of entries begin, on a hub whose ledger is older than its key for them."""

import logging

from django.db import transaction

from custodes.hub.audit import ledger, macs, rows

BEGUN = "ledger.macs_begun"
log = logging.getLogger(__name__)


def begin(*, now_ns: int, put_back: bool = False) -> None:
    """Note from which entry on codes are demanded, unless that is noted. Durable on return; for a hub's start.

    What stands in the ledger then is accepted as it stands, under its root; the ledger itself says so, so that nobody
    does this unseen. `put_back`: the ledger was put back from a backup, which may be older than the note.
    """
    with transaction.atomic():
        edge = rows.locked_edge().frontier
        if macs.is_noted() and not (put_back and macs.beginning().size > edge.size):
            return
        macs.note(macs.Beginning(edge.size, edge.root()))
        if edge.size:
            body = {"size": edge.size, "root": edge.root().hex()}
            ledger.append(kind=BEGUN, body=body, now_ns=now_ns)
            log.warning("each entry of the ledger bears the hub's code from here on: %d entries bear none", edge.size)
