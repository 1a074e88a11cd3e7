"""Heads on their way out of the hub: a file, a QR code, a mail; and back in, to verify against."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.audit.kept_heads import KeptHead
from custodes.hub.audit.leaf import head_bytes
from custodes.hub.audit.ledger import SignedHead
from custodes.hub.audit.proofs import head_fields

MAX_FILE_BYTES = 1024 * 1024


def head_json(head: SignedHead) -> str:
    """Return a head as one line of JSON with the hub's public key: small enough for a QR code and a mail."""
    fields = {**head_fields(head), "hub_key": keyring.signing_public_key().public_bytes_raw().hex()}
    return json.dumps(fields, separators=(",", ":"))


def head_picture(head: SignedHead) -> bytes:
    """Return an SVG with the head as a QR code: a single-camera site prints it, or a phone photographs it."""
    import qrcode
    import qrcode.image.svg

    code = qrcode.QRCode(error_correction=qrcode.ERROR_CORRECT_M, border=4, box_size=10)
    code.add_data(head_json(head))
    picture: bytes = code.make_image(image_factory=qrcode.image.svg.SvgPathImage).to_string()
    return picture


def mail_text(head: SignedHead) -> str:
    """Return the words of a mail that carries a head."""
    return (
        f"The audit ledger of this hub has {head.size} entries. Its signed head is the line below.\n"
        "Keep this mail where nobody who runs the hub can change it. Save the line as head.json, and later run\n\n"
        "    custodes audit verify --against head.json\n\n"
        f"{head_json(head)}\n"
    )


def read_heads(paths: Iterable[Path]) -> list[KeptHead]:
    """Return the heads in files that somebody kept: heads, and proofs of ours, which contain one or more.

    Raises BadInput for a file that holds none, or one whose signature does not fit its own key.
    """
    return [head for path in paths for head in _in_file(path)]


def _in_file(path: Path) -> Iterator[KeptHead]:
    try:
        with path.open("rb") as file:
            document = json.loads(file.read(MAX_FILE_BYTES))
        key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(document["hub_key"]))
        heads = [_kept(fields, path) for fields in _heads_in(document)]
    except OSError as error:
        raise BadInput(f"{path}: cannot be read: {error.strerror}.") from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadInput(
            f"{path}: holds no head of a ledger. 'custodes audit head --out FILE' and 'custodes unit head' write one."
        ) from None
    for head in heads:
        covered = head_bytes(size=head.size, root=head.root, signed_wall_ns=head.signed_wall_ns, key_id=head.key_id)
        try:
            key.verify(head.signature, covered)
        except InvalidSignature:
            raise BadInput(
                f"{path}: the head does not bear the signature of the key beside it; it was changed."
            ) from None
        if head.key_id != keyring.signing_key_id_of(key):
            raise BadInput(f"{path}: the head names another key than the one beside it; it was changed.")
        yield head


def _heads_in(document: dict[str, Any]) -> list[dict[str, Any]]:
    if "root" in document:
        return [document]
    inner = [document[name] for name in ("head", "old", "new") if name in document]
    inner += [document[name]["head"] for name in ("erased", "received") if document.get(name)]
    if not inner:
        raise KeyError("head")
    return inner


def _kept(fields: dict[str, Any], path: Path) -> KeptHead:
    return KeptHead(
        size=int(fields["size"]),
        root=bytes.fromhex(fields["root"]),
        signed_wall_ns=int(fields["signed_wall_ns"]),
        signature=bytes.fromhex(fields["signature"]),
        key_id=str(fields["key_id"]),
        source=str(path),
    )
