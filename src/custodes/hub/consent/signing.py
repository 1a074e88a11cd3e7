"""What the hub signs when somebody has answered, in exact bytes."""

from cryptography.exceptions import InvalidSignature

from custodes.hub import keyring
from custodes.hub.audit.leaf import canonical_json
from custodes.hub.consent.models import Answer

FORMAT = b"custodes.consent/1\n"


def statement(answer: Answer) -> dict[str, object]:
    """Return what an answer says: everything but the signature and where it stands in the ledger."""
    return {
        "answer_id": answer.pk,
        "person": answer.person_id,
        "organisation": answer.organisation_id,
        "topic": answer.topic,
        "version": answer.version,
        "language": answer.language,
        "text_sha256": answer.text_sha256,
        "says": answer.says,
        "signed_name": answer.signed_name,
        "way": answer.way,
        "wall_ns": answer.wall_ns,
        "clock_behind": answer.clock_behind,
        "key_id": answer.key_id,
    }


def sign(answer: Answer) -> None:
    """Put the hub's signature on an answer that is not stored yet."""
    answer.key_id = keyring.signing_key_id()
    answer.signature = keyring.signing_key().sign(_bytes(answer))


def holds(answer: Answer) -> bool:
    """Say whether an answer is what the hub signed."""
    if answer.key_id != keyring.signing_key_id():
        return False
    try:
        keyring.signing_public_key().verify(bytes(answer.signature), _bytes(answer))
    except InvalidSignature:
        return False
    return True


def _bytes(answer: Answer) -> bytes:
    return FORMAT + canonical_json(statement(answer)).encode()
