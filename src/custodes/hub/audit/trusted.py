"""What the ledger says, believed no further than the hub's signature and the heads kept beside the database reach.

Whoever can edit the database can write any entry, take one out, and have the hub sign the next head over it. So what
lets footage go counts only when its entry bears the hub's signature over its place and its words; and that nothing was
taken out from in between is read off the leaves, which must give every head that was kept.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet

from custodes.core import merkle
from custodes.core.errors import Corrupt
from custodes.hub import keyring
from custodes.hub.audit import kept_heads, macs
from custodes.hub.audit.leaf import body_hash, canonical_json, leaf_bytes
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, TreeHead
from custodes.hub.audit.rows import StoredEntry, filed_under

SIGNATURE = "entry_signature"
"""The field of a body that bears the hub's signature over the rest of it."""
BATCH = 4096
_LEAF, _BODY = LedgerLeaf._meta.db_table, LedgerBody._meta.db_table


@dataclass(frozen=True, slots=True)
class Told:
    """One entry whose body is the one that was written, and that the hub signed where it signs such."""

    seq: int
    kind: str
    recorded_wall_ns: int
    body: Mapping[str, Any]


def signed_body(body: Mapping[str, object], *, seq: int, kind: str, recorded_wall_ns: int) -> dict[str, object]:
    """Return `body` with the hub's signature over it, its place, kind and time."""
    return {**body, SIGNATURE: keyring.signing_key().sign(_covered(body, seq, kind, recorded_wall_ns)).hex()}


def whole_past(kinds: Collection[str]) -> Iterator[Told]:
    """Yield the entries of `kinds`, in order, once every leaf was held to the heads that were kept.

    Raises Corrupt where the leaves give another root than one of these, and where a body of `kinds` is gone or is not
    what its leaf says. An entry that the hub did not sign is passed over, unless it is older than the first it signed.
    One pass over all leaves: for chores, not for pages.
    """
    wanted = _walk(frozenset(kinds))
    since = _first_signed()
    for told in _told(wanted):
        if told.seq < since or _is_signed(told):
            yield told


def whole_own_past(kinds: Collection[str]) -> Iterator[tuple[Told, bool]]:
    """Yield every entry of `kinds`, in order, each with whether the hub's own code fits it.

    As `whole_past`, for entries that bear a code and no signature of their own: what lets something go by them asks
    for the code; what ends it need not, so that taking a code off ends nothing. Raises Corrupt as `whole_past` does.
    """
    wanted = _walk(frozenset(kinds))
    since = macs.beginning().size
    for start in range(0, len(wanted), BATCH // 8):
        batch = wanted[start : start + BATCH // 8]
        rows = {row.pk: row for row in LedgerBody.objects.filter(pk__in=batch).select_related("leaf")}
        for seq in batch:
            row = rows.get(seq)
            if row is None or body_hash(bytes(row.salt), row.body_json) != bytes(row.leaf.body_hash):
                raise Corrupt(
                    f"entry {seq} does not say what was written: nothing goes by it. Run 'custodes audit verify'."
                )
            leaf = row.leaf
            yield Told(seq, leaf.kind, leaf.recorded_wall_ns, json.loads(row.body_json)), _bears_code(row, since)


def told_of(clip_id: UUID, kinds: Collection[str]) -> list[Told]:
    """Return what entries of `kinds` that are filed under a clip say, in order; those that do not hold are left out.

    Does not see that one was taken out: for what a page shows, and for what only keeps.
    """
    rows = LedgerBody.objects.filter(clip_id=clip_id, leaf__kind__in=kinds).order_by("pk").values_list("pk", flat=True)
    since = _first_signed()
    found = []
    for seq in rows:
        try:
            (told,) = _told([seq])
        except Corrupt:
            continue
        if seq < since or _is_signed(told):
            found.append(told)
    return found


def own_of(clip_id: UUID, kinds: Collection[str], *, holding: str = "") -> list[Told]:
    """Return what entries of `kinds` that are filed under a clip say, in order, where the hub's own code fits them.

    Whoever can write the database can neither change such an entry nor make one up. Does not see that one was taken
    out, nor, in a hub that is older than its codes, that one from before them was edited: `audit verify` does. One
    query; `holding`: only of those whose text has this in it. Raises BadInput when the key of these codes is missing.
    """
    since = macs.beginning().size
    return [
        Told(one.seq, one.kind, one.recorded_wall_ns, json.loads(one.body_json))
        for one in filed_under(clip_id, kinds, holding=holding)
        if one.seq < since or _fits(one, one.salt, one.body_json)
    ]


def with_code(rows: QuerySet[LedgerBody], *, or_older: bool) -> Iterator[Told]:
    """Yield those of `rows`, in order, whose leaf bears the hub's code for what its columns say now.

    `or_older`: also those from before the hub gave codes, which bear none.
    """
    since = macs.beginning().size if or_older else 0
    for row in rows.order_by("pk").select_related("leaf").iterator(chunk_size=BATCH):
        if _bears_code(row, since):
            yield Told(row.leaf.seq, row.leaf.kind, row.leaf.recorded_wall_ns, json.loads(row.body_json))


def is_own(row: LedgerBody) -> bool:
    """Say whether the hub's own code fits what an entry's columns say now; True for one from before codes."""
    return _bears_code(row, macs.beginning().size)


def _bears_code(row: LedgerBody, since: int) -> bool:
    return row.leaf.seq < since or _fits(row.leaf, bytes(row.salt), row.body_json)


def _fits(leaf: LedgerLeaf | StoredEntry, salt: bytes, text: str) -> bool:
    # Hashed anew from its columns: the stored hash is anybody's.
    hashed = body_hash(salt, text)
    written = leaf_bytes(seq=leaf.seq, kind=leaf.kind, recorded_wall_ns=leaf.recorded_wall_ns, body_hash=hashed)
    return macs.fits(merkle.leaf_hash(written), leaf.mac)


def _walk(kinds: frozenset[str]) -> list[int]:
    """Return the places of entries of `kinds`. Raises Corrupt where the leaves do not give the heads."""
    heads = sorted(head for head in _heads() if head[0])
    frontier, at = merkle.Frontier(), 0
    found: list[int] = []
    hashes: list[bytes] = []
    with connection.cursor() as cursor:
        cursor.execute(f'SELECT "seq", "kind", "recorded_wall_ns", "body_hash" FROM "{_LEAF}" ORDER BY "seq"')  # noqa: S608
        for seq, kind, wall_ns, hashed in cursor:
            if kind in kinds:
                found.append(seq)
            # Hashed anew from its columns: a leaf whose kind was edited would otherwise pass unseen.
            leaf = leaf_bytes(seq=seq, kind=kind, recorded_wall_ns=wall_ns, body_hash=bytes(hashed))
            hashes.append(merkle.leaf_hash(leaf))
            if len(hashes) < BATCH and not (at < len(heads) and heads[at][0] == frontier.size + len(hashes)):
                continue
            frontier, hashes = frontier.extended(hashes), []
            while at < len(heads) and heads[at] == (frontier.size, frontier.root()):
                at += 1
    if at < len(heads):
        raise Corrupt(
            f"the ledger is not the one whose head for {heads[at][0]} entries was kept: nothing is erased by what it "
            f"says. Run 'custodes audit verify'. Did you put the database back, move {kept_heads.FILE_NAME} aside."
        )
    return found


def _heads() -> Iterator[tuple[int, bytes]]:
    for head in kept_heads.read(settings.HUB.data_dir / kept_heads.FILE_NAME):
        yield head.size, head.root
    newest = TreeHead.objects.order_by("-size").first()
    if newest is not None:
        yield newest.size, bytes(newest.root)


def _told(places: Collection[int]) -> Iterator[Told]:
    query = (
        f'SELECT l."kind", l."recorded_wall_ns", l."body_hash", b."salt", b."body_json" FROM "{_LEAF}" l '  # noqa: S608
        f'LEFT JOIN "{_BODY}" b ON b."leaf_id" = l."seq" WHERE l."seq" = %s'
    )
    for seq in places:
        with connection.cursor() as cursor:
            cursor.execute(query, [seq])
            kind, wall_ns, hashed, salt, text = cursor.fetchone()
        if text is None or body_hash(bytes(salt), text) != bytes(hashed):
            raise Corrupt(
                f"entry {seq} ({kind}) does not say what was written: nothing goes by it. Run 'custodes audit verify'."
            )
        yield Told(seq, kind, wall_ns, json.loads(text))


def _first_signed() -> float:
    """Return the place of the first entry that the hub signed; none: no place is behind it."""
    rows = LedgerBody.objects.filter(body_json__contains=f'"{SIGNATURE}"').order_by("pk").values_list("pk", flat=True)
    for seq in rows.iterator(chunk_size=100):
        try:
            (told,) = _told([seq])
        except Corrupt:
            continue
        if _is_signed(told):
            return int(seq)
    return float("inf")


def _is_signed(told: Told) -> bool:
    body = dict(told.body)
    try:
        signature = bytes.fromhex(str(body.pop(SIGNATURE)))
        keyring.signing_public_key().verify(signature, _covered(body, told.seq, told.kind, told.recorded_wall_ns))
    except (KeyError, ValueError, InvalidSignature):
        return False
    return True


def _covered(body: Mapping[str, object], seq: int, kind: str, recorded_wall_ns: int) -> bytes:
    parts = (b"custodes.entry/1", str(seq).encode(), kind.encode(), str(recorded_wall_ns).encode())
    return b"\n".join((*parts, canonical_json(body).encode()))
