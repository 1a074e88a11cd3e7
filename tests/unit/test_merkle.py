"""The tree hash of RFC 6962, held to the vectors of the Certificate Transparency log and to its own properties."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from custodes.core.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    reader_of,
    root_of,
    verify_consistency,
    verify_inclusion,
)

# Leaves and roots of the vectors that the Certificate Transparency implementations share.
CT_LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CT_CONSISTENCY = {
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}

sizes = st.integers(min_value=1, max_value=300)


def hashes_of(count: int) -> list[bytes]:
    return [leaf_hash(number.to_bytes(4)) for number in range(count)]


def test_empty_tree_hashes_nothing() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == root_of([]) == EMPTY_ROOT


@pytest.mark.parametrize("count", range(1, 9))
def test_roots_are_those_of_the_certificate_log(count: int) -> None:
    leaves = [leaf_hash(leaf) for leaf in CT_LEAVES[:count]]
    assert root_of(leaves).hex() == CT_ROOTS[count - 1]


@pytest.mark.parametrize(("place", "expected"), CT_INCLUSION.items())
def test_inclusion_paths_are_those_of_the_certificate_log(place: tuple[int, int], expected: list[str]) -> None:
    index, size = place
    leaves = [leaf_hash(leaf) for leaf in CT_LEAVES[:size]]
    assert [step.hex() for step in inclusion_proof(index, size, reader_of(leaves))] == expected


@pytest.mark.parametrize(("place", "expected"), CT_CONSISTENCY.items())
def test_consistency_proofs_are_those_of_the_certificate_log(place: tuple[int, int], expected: list[str]) -> None:
    old, new = place
    leaves = [leaf_hash(leaf) for leaf in CT_LEAVES[:new]]
    assert [step.hex() for step in consistency_proof(old, new, reader_of(leaves))] == expected


@given(count=sizes)
def test_appending_one_by_one_gives_the_same_root(count: int) -> None:
    leaves = hashes_of(count)
    node = reader_of(leaves)
    frontier = Frontier()
    for leaf in leaves:
        frontier, completed = frontier.append(leaf)
        assert all(closed.hash == node(closed.height, closed.index) for closed in completed)
    assert frontier.root() == root_of(leaves)
    assert Frontier.from_bytes(count, frontier.to_bytes()) == frontier


@given(size=sizes, draw=st.data())
def test_a_leaf_proves_its_place_and_no_other(size: int, draw: st.DataObject) -> None:
    leaves = hashes_of(size)
    index = draw.draw(st.integers(0, size - 1))
    other = draw.draw(st.integers(0, size - 1))
    proof = inclusion_proof(index, size, reader_of(leaves))
    root = root_of(leaves)
    assert verify_inclusion(leaf=leaves[index], index=index, size=size, proof=proof, root=root)
    assert verify_inclusion(leaf=leaves[other], index=index, size=size, proof=proof, root=root) == (other == index)
    assert not verify_inclusion(leaf=leaves[index], index=index, size=size, proof=[*proof, root], root=root)
    assert not verify_inclusion(leaf=leaves[index], index=size, size=size, proof=proof, root=root)
    if proof:
        assert not verify_inclusion(leaf=leaves[index], index=index, size=size, proof=proof[:-1], root=root)


@given(new=sizes, draw=st.data())
def test_growth_is_proven_and_rewriting_is_not(new: int, draw: st.DataObject) -> None:
    leaves = hashes_of(new)
    old = draw.draw(st.integers(0, new))
    changed = draw.draw(st.integers(0, new - 1))
    proof = consistency_proof(old, new, reader_of(leaves))
    facts = {"old_size": old, "new_size": new, "proof": proof}
    assert verify_consistency(old_root=root_of(leaves[:old]), new_root=root_of(leaves), **facts)
    rewritten = [*leaves[:changed], leaf_hash(b"another"), *leaves[changed + 1 :]]
    again = consistency_proof(old, new, reader_of(rewritten))
    accepted = verify_consistency(
        old_size=old, new_size=new, old_root=root_of(leaves[:old]), new_root=root_of(rewritten), proof=again
    )
    assert accepted == (changed >= old)


@given(new=st.integers(2, 200), draw=st.data())
def test_a_shortened_tree_is_never_consistent(new: int, draw: st.DataObject) -> None:
    leaves = hashes_of(new)
    old = draw.draw(st.integers(1, new - 1))
    proof = consistency_proof(old, new, reader_of(leaves))
    assert not verify_consistency(
        old_size=new, new_size=old, old_root=root_of(leaves), new_root=root_of(leaves[:old]), proof=proof
    )


@pytest.mark.parametrize(("index", "size"), [(-1, 4), (4, 4), (0, 0)])
def test_a_leaf_outside_of_the_tree_has_no_proof(index: int, size: int) -> None:
    with pytest.raises(ValueError, match="is not in a tree"):
        inclusion_proof(index, size, reader_of(hashes_of(8)))


def test_a_torn_frontier_is_refused() -> None:
    with pytest.raises(ValueError, match="edge of a tree of 3"):
        Frontier.from_bytes(3, bytes(63))
