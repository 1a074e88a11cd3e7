"""Recompute the whole ledger and name what is wrong with it."""

import json
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from itertools import islice

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings

from custodes.core import merkle
from custodes.core.clock import NS_PER_S
from custodes.hub import keyring
from custodes.hub.audit import kept_heads
from custodes.hub.audit.kept_heads import KeptHead
from custodes.hub.audit.leaf import body_hash, head_bytes
from custodes.hub.audit.ledger import NODE_STEP, SET_BACK, SET_BACK_NS
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerNode, LedgerState, TreeHead
from custodes.hub.audit.order import Order
from custodes.hub.audit.report import Problem, ProblemKind, Report

MAX_PROBLEMS = 100
"""A ledger in ruins is said to be so; nobody reads ten thousand lines."""
BATCH = 2000
IN_DATABASE = "database"
ONLY_WHEN_SERVED = frozenset({"hub.set_up", "unit.enrolled", "clip.received"})
"""Entries that only a served hub writes, which signed a head before its first request."""


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: ProblemKind, seq: int | None, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(kind, seq, message))


def verify(*, more_heads: Iterable[KeptHead] = ()) -> Report:
    """Recompute every hash from the bodies up, and compare with every head that was kept.

    Heads come from the database, from the file beside it, and from `more_heads` (what units or auditors kept).
    Reads only. Memory does not grow with the ledger.
    """
    findings = _Findings()
    key = keyring.signing_public_key()
    outside = tuple(more_heads)
    own = [*_heads_in_database(), *kept_heads.read(settings.HUB.data_dir / kept_heads.FILE_NAME)]
    if not own:
        _check_unsigned(findings)
    trusted = sorted((head for head in (*own, *outside) if _is_ours(head, key, findings)), key=lambda head: head.size)
    walk = _Walk(findings, outside={head.source for head in outside})
    frontier = walk.through(trusted)
    _check_state(frontier, findings)
    for check in further_checks:
        for problem in check():
            findings.add(problem.kind, problem.seq, problem.message)
    return Report(
        ok=not findings.problems,
        size=frontier.size,
        root=frontier.root().hex(),
        key_id=keyring.signing_key_id(),
        heads=len(trusted),
        erased_bodies=walk.erased,
        problems=tuple(findings.problems),
        clock_set_back=walk.set_back,
        unkept=max(0, frontier.size - max((head.size for head in trusted if head.source != IN_DATABASE), default=0)),
    )


further_checks: list[Callable[[], Iterable[Problem]]] = []
"""What other apps hold to the ledger; an app adds its own when it is loaded."""


class _Walk:
    """One pass over leaves and bodies, in order."""

    def __init__(self, findings: _Findings, *, outside: Set[str]) -> None:
        self.findings = findings
        self.outside = outside
        self.erased = 0
        self.set_back = 0
        self._erasures = _erased_by_rule()
        self._agreed = 0
        self._disagreed: list[tuple[int, KeptHead]] = []
        self._last_wall_ns = 0

    def through(self, heads: list[KeptHead]) -> merkle.Frontier:
        """Return the frontier over all leaves; compare with each head when its size is reached."""
        frontier = merkle.Frontier()
        waiting = list(reversed(heads))
        self._compare(waiting, frontier)
        nodes = _Nodes(self.findings)
        order = Order(self.findings.add)
        expected = 0
        for leaf, body in _rows():
            self._check_place(leaf, expected)
            expected = leaf.seq + 1
            order.see(leaf)
            self._check_body(leaf, body)
            self._check_time(leaf)
            # The stored hash: an edited leaf is named once, above; what it does to the root is the next line's find.
            frontier, completed = frontier.append(bytes(leaf.leaf_hash))
            nodes.check(completed)
            self._compare(waiting, frontier)
        order.end()
        self._name_disagreed()
        for head in reversed(waiting):
            self._name_short(frontier.size, head)
        return frontier

    def _name_short(self, size: int, head: KeptHead) -> None:
        ends = f"the ledger ends at {size} entries, but a head for {head.size} was signed and kept ({head.source})"
        if head.source == IN_DATABASE:
            self.findings.add("truncated", size, f"{ends}: entries were cut off its end")
        else:
            message = f"{ends}, of which the database knows nothing: it was put back to an older day, or cut with care"
            self.findings.add("rolled_back", size, message)

    def _name_disagreed(self) -> None:
        """Tell a past that was edited from two pasts that were both signed."""
        for since, head in self._disagreed:
            begins = f"the first {head.size} entries are not those of the head that was signed for them ({head.source})"
            if head.size <= self._agreed and head.source in self.outside:
                message = f"{begins}, yet the hub's key signed these too: it keeps two ledgers that part after {since}"
                self.findings.add("forked", since, message)
            else:
                message = f"{begins}: something between entries {since} and {head.size - 1} was changed since"
                self.findings.add("rewritten", since, message)

    def _check_time(self, leaf: LedgerLeaf) -> None:
        if leaf.kind == SET_BACK:
            self.set_back += 1
        elif leaf.recorded_wall_ns < self._last_wall_ns - SET_BACK_NS:
            back_s = (self._last_wall_ns - leaf.recorded_wall_ns) // NS_PER_S
            message = (
                f"entry {leaf.seq} ({leaf.kind}) bears a time {back_s} s before the entry before it, and no entry says "
                "that the clock was set back: it was back-dated"
            )
            self.findings.add("back_dated", leaf.seq, message)
        self._last_wall_ns = leaf.recorded_wall_ns

    def _check_place(self, leaf: LedgerLeaf, expected: int) -> None:
        if leaf.seq == expected:
            return
        missing = f"entry {expected} is" if leaf.seq == expected + 1 else f"entries {expected} to {leaf.seq - 1} are"
        self.findings.add("leaf_missing", expected, f"{missing} missing: deleted from the database")

    def _check_body(self, leaf: LedgerLeaf, body: LedgerBody | None) -> None:
        if body is None:
            self.erased += 1
            if leaf.seq not in self._erasures:
                message = f"entry {leaf.seq} ({leaf.kind}) has lost its body, and no entry says that it was erased"
                self.findings.add("body_missing", leaf.seq, message)
            return
        if body_hash(bytes(body.salt), body.body_json) != bytes(leaf.body_hash):
            self.findings.add("body_edited", leaf.seq, f"entry {leaf.seq} ({leaf.kind}): its body was edited")
            return
        if not _links_fit(body):
            message = f"entry {leaf.seq} ({leaf.kind}) was filed under another clip or person than it names"
            self.findings.add("body_relinked", leaf.seq, message)

    def _compare(self, waiting: list[KeptHead], frontier: merkle.Frontier) -> None:
        while waiting and waiting[-1].size <= frontier.size:
            head = waiting.pop()
            if head.size == frontier.size and head.root == frontier.root():
                self._agreed = head.size
                continue
            self._disagreed.append((self._agreed, head))


class _Nodes:
    """Holds the stored inner nodes to those that the leaves give."""

    def __init__(self, findings: _Findings) -> None:
        self._findings = findings

    def check(self, completed: list[merkle.CompleteNode]) -> None:
        for node in completed:
            if node.height % NODE_STEP:
                continue
            row = LedgerNode.objects.filter(height=node.height, index=node.index).first()
            if row is None or bytes(row.node_hash) != node.hash:
                first = node.index << node.height
                message = f"stored node over entries {first} to {first + (1 << node.height) - 1} was edited or deleted"
                self._findings.add("node_edited", first, message)


def _rows() -> Iterator[tuple[LedgerLeaf, LedgerBody | None]]:
    leaves = LedgerLeaf.objects.order_by("seq").iterator(chunk_size=BATCH)
    while batch := list(islice(leaves, BATCH)):
        span = LedgerBody.objects.filter(pk__gte=batch[0].seq, pk__lte=batch[-1].seq)
        bodies = {body.pk: body for body in span}
        for leaf in batch:
            yield leaf, bodies.get(leaf.seq)


def _check_state(frontier: merkle.Frontier, findings: _Findings) -> None:
    """The row from which the next append goes on must be the edge of these leaves."""
    state = LedgerState.objects.filter(only=1).first()
    size, edge = (0, b"") if state is None else (state.size, bytes(state.frontier))
    if size == frontier.size and edge == frontier.to_bytes():
        return
    if size > frontier.size:
        message = f"the ledger counts {size} entries but holds {frontier.size}: entries were deleted at its end"
        findings.add("truncated", frontier.size, message)
    elif size < frontier.size:
        message = f"the ledger counts {size} entries but holds {frontier.size}: entries were put in by hand"
        findings.add("leaf_inserted", size, message)
    else:
        findings.add("edge_edited", None, "the stored edge of the tree is not that of its entries: it was edited")


def _check_unsigned(findings: _Findings) -> None:
    """Name a ledger without any head whose entries tell that there was one.

    A hub signs before its first request, also a ledger without entries: only one that was never served has no head.
    """
    if LedgerLeaf.objects.filter(kind__in=ONLY_WHEN_SERVED).exists():
        message = (
            "the ledger has entries but no signed head, neither in the database nor in the file beside it: a hub signs "
            "one at each start, so they were deleted. Compare with a head that a unit or an auditor kept"
        )
        findings.add("heads_missing", None, message)


def _heads_in_database() -> Iterator[KeptHead]:
    for row in TreeHead.objects.order_by("size").iterator(chunk_size=BATCH):
        yield KeptHead(
            size=row.size,
            root=bytes(row.root),
            signed_wall_ns=row.signed_wall_ns,
            signature=bytes(row.signature),
            key_id=row.key_id,
            source=IN_DATABASE,
        )


def _is_ours(head: KeptHead, key: Ed25519PublicKey, findings: _Findings) -> bool:
    where = f"the head for {head.size} entries ({head.source})"
    if head.key_id != keyring.signing_key_id_of(key):
        findings.add("wrong_key", None, f"{where} was signed by {head.key_id}, not by this hub's key")
        return False
    covered = head_bytes(size=head.size, root=head.root, signed_wall_ns=head.signed_wall_ns, key_id=head.key_id)
    try:
        key.verify(head.signature, covered)
    except InvalidSignature:
        findings.add("bad_signature", None, f"{where} does not bear this hub's signature: it was edited")
        return False
    return True


def _erased_by_rule() -> frozenset[int]:
    bodies = LedgerBody.objects.filter(leaf__kind="ledger.body_erased").values_list("body_json", flat=True)
    erased: set[int] = set()
    for text in bodies:
        try:
            erased.add(int(json.loads(text)["seq"]))
        except (ValueError, KeyError, TypeError):
            continue  # an edited body is named where it stands
    return frozenset(erased)


def _links_fit(body: LedgerBody) -> bool:
    try:
        said = json.loads(body.body_json)
    except ValueError:
        return False
    links = {"clip": body.clip_id, "person": body.person_id}
    return all(said.get(key) == (None if link is None else str(link)) for key, link in links.items())
