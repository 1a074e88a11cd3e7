"""The unit as a witness: it keeps the hub's last signed ledger head and demands proof that the ledger only grew."""

import json
import logging
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custodes.core.merkle import EMPTY_ROOT, verify_consistency
from custodes.core.wire import HeartbeatAnswer
from custodes.edge.ship.store import OutboxStore

FACT = "witnessed_head"
REFUSED_FACT = "disputed_head"
log = logging.getLogger(__name__)


class Witness:
    """Keeps one head. A head that does not prove its growth is kept aside as evidence and said aloud each time."""

    def __init__(self, store: OutboxStore, hub_key: Ed25519PublicKey, *, say: Callable[[str], None]) -> None:
        self._store = store
        self._hub_key = hub_key
        self._say = say

    def size(self) -> int:
        """Return the size of the head that is kept (0: none yet)."""
        return self._kept()[0]

    def head_json(self) -> str | None:
        """Return the head that is kept as a head file, for an auditor or `custodes audit verify --against`."""
        text = self._store.fact(FACT)
        if text is None:
            return None
        kept = HeartbeatAnswer.model_validate_json(text)
        fields = {
            "format": "custodes.head/1",
            "size": kept.ledger_size,
            "root": kept.ledger_root,
            "signed_wall_ns": kept.ledger_signed_wall_ns,
            "signature": kept.ledger_signature,
            "key_id": kept.ledger_key_id,
            "hub_key": self._hub_key.public_bytes_raw().hex(),
        }
        return json.dumps(fields, separators=(",", ":"))

    def see(self, answer: HeartbeatAnswer) -> bool:
        """Take the head in a heartbeat's answer. Returns False, and warns, when it cannot be the same ledger grown.

        The new head is durable on return; a refused one never replaces the good one.
        """
        if answer.ledger_size == 0 and not answer.ledger_root:
            return True
        old_size, old_root = self._kept()
        why = self._fault(answer, old_size, old_root)
        if why is None:
            if answer.ledger_size != old_size:
                self._store.remember(FACT, answer.model_dump_json())
            return True
        self._store.remember(REFUSED_FACT, answer.model_dump_json())
        self._say(
            f"WARNING: the hub's audit ledger may have been altered: {why}. This unit keeps the head it saw before "
            f"({old_size} entries); ask whoever runs the hub, and run 'custodes audit verify' there."
        )
        return False

    def _kept(self) -> tuple[int, bytes]:
        text = self._store.fact(FACT)
        if text is None:
            return 0, EMPTY_ROOT
        stored = json.loads(text)
        return int(stored["ledger_size"]), bytes.fromhex(stored["ledger_root"])

    def _fault(self, answer: HeartbeatAnswer, old_size: int, old_root: bytes) -> str | None:
        try:
            root = bytes.fromhex(answer.ledger_root)
            proof = [bytes.fromhex(step) for step in answer.consistency_proof]
            self._hub_key.verify(bytes.fromhex(answer.ledger_signature), answer.signed_head_bytes())
        except (ValueError, InvalidSignature):
            return "its head is not signed by the hub this unit joined"
        if answer.ledger_size < old_size:
            return f"it shrank from {old_size} to {answer.ledger_size} entries"
        if not verify_consistency(
            old_size=old_size, new_size=answer.ledger_size, old_root=old_root, new_root=root, proof=proof
        ):
            return f"its {answer.ledger_size} entries do not begin with the {old_size} that this unit saw"
        return None
