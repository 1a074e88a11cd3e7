#!/usr/bin/env python3
"""Check a proof from a Custodes ledger without Custodes. Needs Python 3.11 and the package `cryptography`.

    python3 verify.py proof.json --key ed25519:0123456789abcdef --head head-that-I-kept.json

Takes heads, proofs of an entry, of growth, receipts of an erasure, reports on a leak. Exit 0: it holds. 1: it does
not. 2: the file cannot be read. Without --key or --head the proof is checked against the key that it brings along:
compare the key's name with one that you have from elsewhere (a printed head, your unit's enrolment, an earlier proof).
The formats stand in docs/design/audit.md; the tree is that of RFC 6962, its proofs are checked as RFC 9162 says.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refuted(Exception):
    """The proof does not hold; the message says where it breaks."""


def demand(holds: object, message: str) -> None:
    """Go on only if `holds`."""
    if not holds:
        raise Refuted(message)


def key_id_of(key: bytes) -> str:
    """Return the name of a raw Ed25519 public key."""
    return "ed25519:" + hashlib.sha256(key).hexdigest()[:16]


def node(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def check_head(head: Any, key: bytes) -> bytes:
    """Demand that `key` signed the head; return its root."""
    demand(head["key_id"] == key_id_of(key), f"the head names key {head['key_id']}, not {key_id_of(key)}")
    lines = ("custodes.head/1", head["size"], head["root"], head["signed_wall_ns"], head["key_id"])
    signature, signed = bytes.fromhex(head["signature"]), "\n".join(map(str, lines)).encode()
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except InvalidSignature:
        raise Refuted("the head does not bear the hub's signature") from None
    return bytes.fromhex(head["root"])


def fold(index: int, size: int, path: Sequence[bytes]) -> Iterator[tuple[bool, bytes]]:
    """Yield (hash from the left?, step) up a tree of `size` leaves (RFC 9162, 2.1.3.2); demand that the path fits."""
    last = size - 1
    for step in path:
        demand(last > 0, "the path is too long")
        from_left = bool(index & 1) or index == last
        yield from_left, step
        while from_left and not index & 1 and index:
            index, last = index >> 1, last >> 1
        index, last = index >> 1, last >> 1
    demand(last == 0, "the path is too short")


def check_inclusion(proof: Any, key: bytes) -> Any:
    """Demand that the entry stands under the signed head; return what it says (None: erased)."""
    root = check_head(proof["head"], key)
    if proof["body"] is not None:
        said = hashlib.sha256(bytes.fromhex(proof["salt"]) + proof["body"].encode()).hexdigest()
        demand(said == proof["body_hash"], "the body is not the one that was written down")
    lines = ("custodes.leaf/1", proof["seq"], proof["kind"], proof["recorded_wall_ns"], proof["body_hash"])
    current = hashlib.sha256(b"\x00" + "\n".join(map(str, lines)).encode()).digest()
    demand(current.hex() == proof["leaf_hash"], "kind, place or time of the entry was changed")
    demand(0 <= proof["seq"] < proof["head"]["size"], "the entry lies behind the head")
    for from_left, step in fold(proof["seq"], proof["head"]["size"], list(map(bytes.fromhex, proof["path"]))):
        current = node(step, current) if from_left else node(current, step)
    demand(current == root, "the path does not lead to the head's root")
    return None if proof["body"] is None else json.loads(proof["body"])


def check_growth(old: Any, new: Any, path: Sequence[str], key: bytes) -> None:
    """Demand that the ledger under `new` begins with the one under `old` (RFC 9162, 2.1.4.2)."""
    old_root, new_root = check_head(old, key), check_head(new, key)
    size, steps = old["size"], [bytes.fromhex(step) for step in path]
    demand(size <= new["size"], f"the ledger shrank from {size} to {new['size']} entries")
    demand(size < new["size"] or old_root == new_root, f"two different ledgers of {size} entries: it was forked")
    if size in (0, new["size"]):
        return
    if size & (size - 1) == 0:
        steps.insert(0, old_root)
    demand(steps, "the path is too short")
    whole = (size & -size).bit_length() - 1  # levels on which the older tree ends with a whole one
    index, top = size - 1 >> whole, new["size"] - 1 >> whole
    was = now = steps[0]
    for from_left, step in fold(index, top + 1, steps[1:]):
        was, now = (node(step, was), node(step, now)) if from_left else (was, node(now, step))
    demand(was == old_root and now == new_root, "the newer ledger does not begin with the older one: it was rewritten")


def check_erasure(receipt: Any, key: bytes) -> Any:
    """Demand that both entries of a receipt hold and agree; return what was erased."""
    erased = check_inclusion(receipt["erased"], key)
    demand(receipt["erased"]["kind"] == "clip.erased", "the entry does not tell of an erasure")
    demand(erased is not None and erased["clip"] == receipt["clip"], "the entry tells of another clip")
    demand(erased.get("key") in ("destroyed", "none"), "the entry does not say that the key was destroyed")
    if receipt["received"] is not None:
        received = check_inclusion(receipt["received"], key) or {"clip": receipt["clip"], "parts": []}
        demand(receipt["received"]["kind"] == "clip.received", "the earlier entry does not tell of an arrival")
        demand(receipt["received"]["seq"] < receipt["erased"]["seq"], "erased before it came")
        demand(received["clip"] == receipt["clip"], "the earlier entry tells of another clip")
        gone = {part["sealed_sha256"] for part in erased["parts"]}
        left = [part["part"] for part in received["parts"] if part["sealed_sha256"] not in gone]
        demand(not left, f"the entry does not say that these parts were erased: {', '.join(left)}")
    return erased


def check_leak(sent: Any, key: bytes) -> Any:
    """Demand that the ledger holds the report's hash and the opening of each view that it names; return the report."""
    entry, digest = check_inclusion(sent["entry"], key) or {}, hashlib.sha256(sent["report"].encode()).hexdigest()
    demand(sent["entry"]["kind"] == "leak.traced", "the entry does not tell of a traced leak")
    demand(entry.get("report_sha256") == digest, "the report is not the one that was written down")
    opened = [check_inclusion(proof, key) or {} for proof in sent["views"] if proof["kind"] == "view.opened"]
    who = {said.get("view"): (said.get("clip"), said.get("person") or said.get("share")) for said in opened}
    for one in json.loads(sent["report"])["named"]:
        by = {who.get(view, "??") for view in (one["view"], *one.get("views_with_same_word", ()))}
        demand(len(by) == 1 and one["clip"] in by.pop(), f"no entries tell that one account opened view {one['view']}")
    return json.loads(sent["report"])


def check(proof: Any, key: bytes) -> str:
    """Demand that a document of any of our formats holds; return a sentence about what it proves."""
    kind = proof["format"]
    if kind == "custodes.head/1":
        check_head(proof, key)
        return f"The hub signed {proof['size']} entries at {moment(proof['signed_wall_ns'])}, root {proof['root']}."
    if kind == "custodes.growth/1":
        check_growth(proof["old"], proof["new"], proof["path"], key)
        return f"The ledger of {proof['new']['size']} entries begins with the one of {proof['old']['size']}, unchanged."
    if kind == "custodes.erasure/1":
        count, when = len(check_erasure(proof, key)["parts"]), moment(proof["erased"]["recorded_wall_ns"])
        return f"Clip {proof['clip']} was erased at {when}: its key and {count} parts."
    if kind == "custodes.leak/1":
        said = check_leak(proof, key)
        alone = {"views_with_same_word": "it alone", "words_of_same_account": 1}
        told = "view {view} ({verdict}; mark of {views_with_same_word}; marks of its account: {words_of_same_account})"
        named = ", ".join(told.format(**alone | one) for one in said["named"]) or "nobody"
        left = "".join(f" {said[k]} {k[:-10]}(s) were left out." for k in said if k.endswith("s_left_out") and said[k])
        return f"Written down of leak {said['leak']}: {said['verdict']}. It names {named}, and never a person.{left}"
    demand(kind == "custodes.proof/1", f"unknown format {kind!r}")
    said = check_inclusion(proof, key)
    words = "what it said was erased since" if said is None else json.dumps(said, ensure_ascii=False)
    return f"Entry {proof['seq']} ({proof['kind']}, {moment(proof['recorded_wall_ns'])}) is in the ledger: {words}"


def moment(wall_ns: int) -> str:
    """Return a time for people."""
    return datetime.fromtimestamp(wall_ns / 1e9, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def heads_in(proof: Any) -> list[Any]:
    """Return every head that a document holds."""
    inside = proof.values() if isinstance(proof, dict) else proof if isinstance(proof, list) else ()
    is_head = isinstance(proof, dict) and proof.get("format") == "custodes.head/1"
    return [proof] if is_head else [head for each in inside for head in heads_in(each)]


def main() -> int:
    """Read the arguments, check, and say it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", help="head, proof, receipt of an erasure, or report on a leak (JSON)")
    parser.add_argument("--key", help="the hub's key from elsewhere: its name (ed25519:…) or 64 hex digits")
    parser.add_argument("--head", help="a head file that you kept; it must bear the same key")
    wanted = parser.parse_args()
    try:
        proof = json.loads(Path(wanted.file).read_text(encoding="utf-8"))
        key = bytes.fromhex(proof["hub_key"])
        demand(wanted.key in (None, key_id_of(key), key.hex()), f"signed by {key_id_of(key)}, not by {wanted.key}")
        if wanted.head:
            kept = json.loads(Path(wanted.head).read_text(encoding="utf-8"))
            check_head(kept, key)
            forked = any(head["size"] == kept["size"] and head["root"] != kept["root"] for head in heads_in(proof))
            demand(not forked, f"two different ledgers of {kept['size']} entries: it was forked")
        print(f"HOLDS. {check(proof, key)}")
        print(f"Signed by {key_id_of(key)} ({'as you said' if wanted.key or wanted.head else 'compare with yours'}).")
    except Refuted as why:
        print(f"DOES NOT HOLD: {why}.")
        return 1
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as why:
        print(f"cannot be read as a proof: {wanted.file}: {why!r}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
