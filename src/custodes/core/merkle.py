"""Merkle tree of RFC 6962: hashes, root, inclusion and consistency proofs, and their verifiers.

A tree is read through its complete subtrees: `node(height, index)` is the root of the `2**height` leaves that start
at `index * 2**height`. A proof needs O(log n) of them, so a store that keeps some of them proves cheaply.
"""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

HASH_BYTES = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()

NodeReader: TypeAlias = Callable[[int, int], bytes]
"""(height, index) -> root of that complete subtree."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf), 32 bytes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right), 32 bytes (RFC 6962, 2.1)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompleteNode:
    """Root of a complete subtree that an append has closed."""

    height: int
    index: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: roots of the complete subtrees of `size` leaves, largest first. O(log n)."""

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size < 0 or len(self.hashes) != self.size.bit_count():
            raise ValueError(f"a tree of {self.size} leaves has {self.size.bit_count()} edge hashes")

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> "Frontier":
        """Return the frontier that `to_bytes` packed. Raises ValueError when the length does not fit `size`."""
        if len(packed) != size.bit_count() * HASH_BYTES:
            raise ValueError(f"{len(packed)} bytes are not the edge of a tree of {size} leaves")
        return cls(size, tuple(packed[i : i + HASH_BYTES] for i in range(0, len(packed), HASH_BYTES)))

    def to_bytes(self) -> bytes:
        """Return the hashes, joined."""
        return b"".join(self.hashes)

    def append(self, hashed_leaf: bytes) -> "tuple[Frontier, list[CompleteNode]]":
        """Return the frontier after one more leaf, and the subtrees of height ≥ 1 that it completed."""
        edge = list(self.hashes)
        completed: list[CompleteNode] = []
        current = hashed_leaf
        height = 0
        while (self.size >> height) & 1:
            current = node_hash(edge.pop(), current)
            height += 1
            completed.append(CompleteNode(height, self.size >> height, current))
        edge.append(current)
        return Frontier(self.size + 1, tuple(edge)), completed

    def extended(self, hashed_leaves: Iterable[bytes]) -> "Frontier":
        """Return the frontier after these leaves: as `append` for each, at half the price."""
        edge, size = list(self.hashes), self.size
        for current in hashed_leaves:
            full = size
            while full & 1:
                current = node_hash(edge.pop(), current)  # noqa: PLW2901  # the subtree that it completes
                full >>= 1
            edge.append(current)
            size += 1
        return Frontier(size, tuple(edge))

    def root(self) -> bytes:
        """Return the tree hash (32 bytes); the hash of nothing for an empty tree."""
        if not self.hashes:
            return EMPTY_ROOT
        current = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            current = node_hash(left, current)
        return current


def reader_of(leaf_hashes: Sequence[bytes]) -> NodeReader:
    """Return a node reader over leaf hashes in memory."""

    def node(height: int, index: int) -> bytes:
        if height == 0:
            return leaf_hashes[index]
        return node_hash(node(height - 1, 2 * index), node(height - 1, 2 * index + 1))

    return node


def root_of(leaf_hashes: Sequence[bytes]) -> bytes:
    """Return the tree hash over leaf hashes in memory."""
    return range_root(0, len(leaf_hashes), reader_of(leaf_hashes)) if leaf_hashes else EMPTY_ROOT


def range_root(start: int, stop: int, node: NodeReader) -> bytes:
    """Return MTH(D[start:stop]), where `start` is a multiple of the largest power of two below `stop - start`."""
    count = stop - start
    if count <= 0:
        raise ValueError(f"no leaves in [{start}, {stop})")
    if count & (count - 1) == 0:
        height = count.bit_length() - 1
        return node(height, start >> height)
    split = _split(count)
    return node_hash(range_root(start, start + split, node), range_root(start + split, stop, node))


def inclusion_proof(index: int, size: int, node: NodeReader) -> list[bytes]:
    """Return PATH(index, D[size]) from the leaf up (RFC 6962, 2.1.1). Raises ValueError for a leaf not in the tree."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    start, stop = 0, size
    path: list[bytes] = []
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
    return path[::-1]


def consistency_proof(old_size: int, new_size: int, node: NodeReader) -> list[bytes]:
    """Return PROOF(old_size, D[new_size]) (RFC 6962, 2.1.2); empty when either tree is empty or both are equal."""
    if not 0 <= old_size <= new_size:
        raise ValueError(f"a tree of {new_size} leaves has no earlier form of {old_size}")
    if old_size in {0, new_size}:
        return []
    start, stop = 0, new_size
    path: list[bytes] = []
    from_start = True
    while old_size != stop:
        middle = start + _split(stop - start)
        if old_size <= middle:
            path.append(range_root(middle, stop, node))
            stop = middle
        else:
            path.append(range_root(start, middle, node))
            start = middle
            from_start = False
    if not from_start:
        path.append(range_root(start, stop, node))
    return path[::-1]


def verify_inclusion(*, leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether `proof` shows that the leaf hash `leaf` stands at `index` under `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    position, last = index, size - 1
    current = leaf
    for sibling in proof:
        if last == 0:
            return False
        if position & 1 or position == last:
            current = node_hash(sibling, current)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            current = node_hash(current, sibling)
        position >>= 1
        last >>= 1
    return last == 0 and current == root


def verify_consistency(
    *, old_size: int, new_size: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Say whether `proof` shows that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if old_size > new_size or old_size < 0:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    steps = list(proof)
    if old_size & (old_size - 1) == 0:
        steps.insert(0, old_root)
    if not steps:
        return False
    position, last = old_size - 1, new_size - 1
    while position & 1:
        position >>= 1
        last >>= 1
    old_current = new_current = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if position & 1 or position == last:
            old_current = node_hash(step, old_current)
            new_current = node_hash(step, new_current)
            while not position & 1 and position:
                position >>= 1
                last >>= 1
        else:
            new_current = node_hash(new_current, step)
        position >>= 1
        last >>= 1
    return last == 0 and old_current == old_root and new_current == new_root


def _split(count: int) -> int:
    """Return the largest power of two smaller than `count` (count ≥ 2)."""
    return 1 << ((count - 1).bit_length() - 1)
