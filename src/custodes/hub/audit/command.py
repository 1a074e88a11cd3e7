"""What `custodes audit …` does on a data folder, with or without a running hub."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from custodes.core.clock import SystemClock
from custodes.core.errors import BadInput
from custodes.core.fs import write_durably
from custodes.hub import boot

if TYPE_CHECKING:
    from custodes.hub.audit.report import Report


@dataclass(frozen=True, slots=True)
class HeadWanted:
    """Where a signed head goes besides the terminal."""

    out: Path | None = None
    qr: Path | None = None
    mail: str | None = None


def verify_data_dir(data_dir: Path, *, against: Sequence[Path] = ()) -> "Report":
    """Verify the ledger that lies in `data_dir`, also against heads that were kept elsewhere.

    Raises BadInput when no hub lies there, or a file of a head is none.
    """
    with boot.opened(data_dir):
        from custodes.hub.audit.heads import read_heads
        from custodes.hub.audit.verify import verify

        return verify(more_heads=read_heads(against))


def show_head(data_dir: Path, wanted: HeadWanted) -> str:
    """Sign the ledger as it is, put the head where it is wanted, and return it as a line of JSON.

    Files are durable on return. Raises BadInput when a file or the mail cannot be written.
    """
    with boot.opened(data_dir):
        from custodes.hub.audit import heads, ledger

        head = ledger.signed_head(now_ns=SystemClock().wall_ns())
        line = heads.head_json(head)
        if wanted.out is not None:
            write_durably(wanted.out, line.encode() + b"\n", mode=0o644)
        if wanted.qr is not None:
            write_durably(wanted.qr, heads.head_picture(head), mode=0o644)
        if wanted.mail is not None:
            _mail(wanted.mail, heads.mail_text(head), size=head.size)
    return line


def prove_entry(data_dir: Path, seq: int) -> str:
    """Return the proof that entry `seq` stands in the ledger, as JSON. Raises BadInput when there is no such entry."""
    with boot.opened(data_dir):
        from custodes.hub.audit.proofs import inclusion_proof

        return inclusion_proof(seq, now_ns=SystemClock().wall_ns()).as_json()


def prove_erasure(data_dir: Path, clip_id: UUID) -> str:
    """Return the receipt of a clip's erasure, as JSON. Raises BadInput when it was not erased."""
    with boot.opened(data_dir):
        from custodes.hub.audit.proofs import erasure_receipt

        return erasure_receipt(clip_id, now_ns=SystemClock().wall_ns()).as_json()


def prove_growth_since(data_dir: Path, kept: Path) -> str:
    """Return the proof that the ledger of today continues the head in file `kept`, as JSON.

    Raises BadInput when it cannot: the ledger is shorter, or the head is not the hub's.
    """
    with boot.opened(data_dir):
        from custodes.hub import keyring
        from custodes.hub.audit.heads import read_heads
        from custodes.hub.audit.ledger import SignedHead
        from custodes.hub.audit.proofs import growth_proof

        head = max(read_heads([kept]), key=lambda one: one.size)
        if head.key_id != keyring.signing_key_id():
            raise BadInput(f"{kept}: signed by {head.key_id}, not by this hub's key {keyring.signing_key_id()}.")
        old = SignedHead(head.size, head.root, head.signed_wall_ns, head.signature, head.key_id)
        return growth_proof(old, now_ns=SystemClock().wall_ns()).as_json()


def verifier_source() -> str:
    """Return the offline verifier: one file to read and to keep."""
    return (Path(__file__).parent / "offline_verifier.py").read_text(encoding="utf-8")


def _mail(address: str, text: str, *, size: int) -> None:
    from django.conf import settings
    from django.core.mail import send_mail

    if not settings.HUB.mail.host:
        raise BadInput("mail.host: this hub sends no mail. Set it in hub.toml, or take the head with --out or --qr.")
    try:
        send_mail(f"{settings.HUB.name}: the ledger has {size} entries", text, None, [address])
    except OSError as error:
        raise BadInput(f"{settings.HUB.mail.host}: the mail was not taken: {error}.") from error
