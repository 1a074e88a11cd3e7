"""Recompute the whole ledger and name what is wrong with it."""

import json
from collections.abc import Callable, Iterable, Iterator, Set
from dataclasses import dataclass, field
from itertools import islice

from django.conf import settings

from custodes.core import merkle
from custodes.core.clock import NS_PER_S
from custodes.core.errors import BadInput
from custodes.hub import keyring
from custodes.hub.audit import kept_heads, macs, own_heads
from custodes.hub.audit.kept_heads import KeptHead
from custodes.hub.audit.leaf import body_hash
from custodes.hub.audit.ledger import SET_BACK, SET_BACK_NS
from custodes.hub.audit.models import LedgerBody, LedgerLeaf, LedgerNode, LedgerState
from custodes.hub.audit.nodes import NODE_STEP
from custodes.hub.audit.order import Order
from custodes.hub.audit.report import Problem, ProblemKind, Report

MAX_PROBLEMS = 100
"""A ledger in ruins is said to be so; nobody reads ten thousand lines."""
BATCH = 2000


@dataclass(slots=True)
class _Findings:
    problems: list[Problem] = field(default_factory=list)

    def add(self, kind: ProblemKind, seq: int | None, message: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(Problem(kind, seq, message))


def verify(*, more_heads: Iterable[KeptHead] = ()) -> Report:
    """Recompute every hash from the bodies up, and compare with every head that was kept.

    Heads come from the database, from the file beside it, from `keys/`, and from `more_heads` (what units or auditors
    kept). Reads only. Memory does not grow with the ledger. A copy of the data without `keys/` is checked as far as
    that goes; the report says what was not.
    """
    findings = _Findings()
    key = keyring.signing_public_key() if keyring.has(keyring.SIGNING_FILE) else None
    begun = macs.beginning() if keyring.has(keyring.ENTRY_FILE) else None
    outside = tuple(more_heads)
    own = [*own_heads.in_database(), *kept_heads.read(settings.HUB.data_dir / kept_heads.FILE_NAME)]
    if not own:
        own_heads.check_unsigned(findings.add)
    trusted = own_heads.trusted((*own, *outside), key, findings.add)
    if begun is not None:
        trusted += own_heads.at_the_beginning(begun)
    trusted.sort(key=lambda head: head.size)
    walk = _Walk(findings, outside={head.source for head in outside}, begun=begun)
    frontier = walk.through(trusted)
    _check_state(frontier, findings)
    _check_further(findings, with_keys=key is not None)
    kept_size = max((head.size for head in trusted if head.source != own_heads.IN_DATABASE), default=0)
    return Report(
        ok=not findings.problems,
        size=frontier.size,
        root=frontier.root().hex(),
        key_id="" if key is None else keyring.signing_key_id_of(key),
        heads=len(trusted),
        problems=tuple(findings.problems),
        clock_set_back=walk.set_back,
        unkept=max(0, frontier.size - kept_size),
        signatures_checked=key is not None,
        macs_checked=begun is not None,
    )


def _check_further(findings: _Findings, *, with_keys: bool) -> None:
    for check in further_checks:
        try:
            for problem in check():
                findings.add(problem.kind, problem.seq, problem.message)
        except BadInput:
            if with_keys:
                raise
            # What words or signatures in the rows must be can be told with the keys alone: the report says so.


further_checks: list[Callable[[], Iterable[Problem]]] = []
"""What other apps hold to the ledger; an app adds its own when it is loaded."""


class _Walk:
    """One pass over leaves and bodies, in order."""

    def __init__(self, findings: _Findings, *, outside: Set[str], begun: macs.Beginning | None) -> None:
        self.findings = findings
        self.outside = outside
        self.set_back = 0
        self._begun = begun
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
            self._check_hand(leaf)
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
        if head.source == own_heads.IN_DATABASE:
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

    def _check_hand(self, leaf: LedgerLeaf) -> None:
        if self._begun is None or leaf.seq < self._begun.size or macs.fits(bytes(leaf.leaf_hash), leaf.mac):
            return
        message = f"entry {leaf.seq} ({leaf.kind}) was not written by this hub: it lacks the code of the hub's key"
        self.findings.add("foreign", leaf.seq, message)

    def _check_body(self, leaf: LedgerLeaf, body: LedgerBody | None) -> None:
        if body is None:
            message = f"entry {leaf.seq} ({leaf.kind}) has lost its body: what it said was deleted"
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


def _links_fit(body: LedgerBody) -> bool:
    try:
        said = json.loads(body.body_json)
    except ValueError:
        return False
    links = {"clip": body.clip_id, "person": body.person_id}
    return all(said.get(key) == (None if link is None else str(link)) for key, link in links.items())
