"""The tree of hashes: the vectors of Certificate Transparency, the definition of RFC 6962 written down once more, and
proofs that hold for what they prove and for nothing else."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.ledger import TreeRoot, leaf
from rules.merkle import (
    WrongProof,
    consistency_ranges,
    consistent,
    grow,
    inclusion_ranges,
    nodes_under,
    root_by_inclusion,
    root_of,
    roots_by_consistency,
)

# The test data of the Certificate Transparency project, used by every implementation of RFC 6962.
DATA = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
# (leaf, size, proof)
INCLUSIONS = [
    (0, 1, []),
    (
        0,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        5,
        8,
        [
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (2, 3, ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (
        1,
        5,
        [
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]
CONSISTENCIES = [
    (1, 1, []),
    (
        1,
        8,
        [
            "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
        ],
    ),
    (
        6,
        8,
        [
            "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
            "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
            "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        ],
    ),
    (
        2,
        5,
        [
            "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
            "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        ],
    ),
]


def leaves(count: int) -> list[bytes]:
    return [leaf(str(number).encode()) for number in range(count)]


def tree(found: list[bytes]) -> dict:
    return dict(grow(0, {}, found))


def by_definition(found: list[bytes]) -> bytes:
    """MTH of RFC 6962, section 2.1, over leaf hashes."""
    if not found:
        return hashlib.sha256(b"").digest()
    if len(found) == 1:
        return found[0]
    k = 1
    while k * 2 < len(found):
        k *= 2
    return hashlib.sha256(b"\x01" + by_definition(found[:k]) + by_definition(found[k:])).digest()


def path_by_definition(m: int, found: list[bytes]) -> list[bytes]:
    """PATH of RFC 6962, section 2.1.1."""
    if len(found) == 1:
        return []
    k = 1
    while k * 2 < len(found):
        k *= 2
    if m < k:
        return [*path_by_definition(m, found[:k]), by_definition(found[k:])]
    return [*path_by_definition(m - k, found[k:]), by_definition(found[:k])]


def proof_by_definition(m: int, found: list[bytes], whole: bool = True) -> list[bytes]:
    """SUBPROOF of RFC 6962, section 2.1.2."""
    if m == len(found):
        return [] if whole else [by_definition(found)]
    k = 1
    while k * 2 < len(found):
        k *= 2
    if m <= k:
        return [*proof_by_definition(m, found[:k], whole), by_definition(found[k:])]
    return [*proof_by_definition(m - k, found[k:], False), by_definition(found[:k])]


def told(ranges, nodes) -> list[bytes]:
    return [root_of(begin, end, nodes) for begin, end in ranges]


def test_roots_of_certificate_transparency():
    nodes = tree([leaf(data) for data in DATA])
    assert [root_of(0, size, nodes).hex() for size in range(1, 9)] == ROOTS
    assert root_of(0, 0, nodes).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize(("index", "size", "proof"), INCLUSIONS)
def test_inclusion_proofs_of_certificate_transparency(index, size, proof):
    hashes = [leaf(data) for data in DATA]
    assert [one.hex() for one in told(inclusion_ranges(index, size), tree(hashes))] == proof
    assert root_by_inclusion(hashes[index], index, size, [bytes.fromhex(p) for p in proof]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("old", "new", "proof"), CONSISTENCIES)
def test_consistency_proofs_of_certificate_transparency(old, new, proof):
    assert [one.hex() for one in told(consistency_ranges(old, new), tree([leaf(data) for data in DATA]))] == proof
    roots = bytes.fromhex(ROOTS[old - 1]), bytes.fromhex(ROOTS[new - 1])
    assert consistent(old, new, *roots, [bytes.fromhex(p) for p in proof])


def test_every_proof_of_small_trees_is_that_of_the_definition():
    for size in range(1, 34):
        hashes = leaves(size)
        nodes, root = tree(hashes), by_definition(hashes)
        assert root_of(0, size, nodes) == root
        for index in range(size):
            proof = told(inclusion_ranges(index, size), nodes)
            assert proof == path_by_definition(index, hashes)
            assert root_by_inclusion(hashes[index], index, size, proof) == root
        for old in range(1, size + 1):
            proof = told(consistency_ranges(old, size), nodes)
            assert proof == proof_by_definition(old, hashes)
            assert consistent(old, size, by_definition(hashes[:old]), root, proof)


@given(st.integers(0, 300), st.lists(st.integers(1, 70), max_size=4))
def test_a_tree_grown_in_pieces_is_the_tree(first, pieces):
    hashes = leaves(first + sum(pieces))
    nodes, size = tree(hashes[:first]), first
    for piece in pieces:
        edge = {place: nodes[place] for place in nodes_under(0, size)}
        added = dict(grow(size, edge, hashes[size : size + piece]))
        assert not added.keys() & nodes.keys()
        nodes |= added
        size += piece
    assert nodes == tree(hashes)
    whole = TreeRoot()
    for one in hashes:
        whole.add(one)
    assert root_of(0, size, nodes) == whole.root()


@given(st.data())
def test_a_proof_holds_for_nothing_else(data):
    size = data.draw(st.integers(2, 200))
    index = data.draw(st.integers(0, size - 1))
    hashes = leaves(size)
    nodes = tree(hashes)
    root, proof = root_of(0, size, nodes), told(inclusion_ranges(index, size), nodes)
    other = data.draw(st.integers(0, size - 1).filter(lambda n: n != index))
    assert root_by_inclusion(hashes[other], index, size, proof) != root
    place = data.draw(st.integers(0, len(proof) - 1))
    bent = [*proof]
    bent[place] = bytes([bent[place][0] ^ 1]) + bent[place][1:]
    assert root_by_inclusion(hashes[index], index, size, bent) != root
    for wrong in (proof[:-1], [*proof, proof[0]]):
        with pytest.raises(WrongProof):
            root_by_inclusion(hashes[index], index, size, wrong)


@given(st.data())
def test_a_changed_past_is_not_consistent(data):
    new = data.draw(st.integers(2, 150))
    old = data.draw(st.integers(1, new - 1))
    hashes = leaves(new)
    nodes = tree(hashes)
    proof = told(consistency_ranges(old, new), nodes)
    changed = [*hashes]
    changed[data.draw(st.integers(0, old - 1))] = leaf(b"forged")
    forged = tree(changed)
    assert not consistent(old, new, root_of(0, old, nodes), root_of(0, new, forged), proof)
    rewritten = told(consistency_ranges(old, new), forged)
    assert not consistent(old, new, root_of(0, old, nodes), root_of(0, new, forged), rewritten)
    assert not consistent(old, new, root_of(0, old, nodes), root_of(0, new, nodes), proof[:-1])


@pytest.mark.parametrize(("index", "size"), [(0, 0), (-1, 4), (4, 4), (9, 4)])
def test_no_proof_for_a_leaf_that_is_not_there(index, size):
    with pytest.raises(ValueError):
        inclusion_ranges(index, size)


@pytest.mark.parametrize(("old", "new"), [(0, 3), (-1, 3), (4, 3)])
def test_no_proof_between_trees_that_are_not_in_order(old, new):
    with pytest.raises(ValueError):
        roots_by_consistency(old, new, b"", [])
    assert not consistent(max(old, 1) + 3, new, b"", b"", [])


def test_every_tree_begins_with_the_empty_one():
    assert consistent(0, 5, by_definition([]), by_definition(leaves(5)), [])
    assert not consistent(0, 5, by_definition([]), by_definition(leaves(5)), [b"x" * 32])


@pytest.mark.parametrize("size", [1, 2, 1000, 999_999, 1_000_000, 2**40 - 1])
def test_a_proof_needs_few_nodes(size):
    for ranges in (inclusion_ranges(size // 2, size), consistency_ranges(max(1, size // 3), size)):
        assert len(ranges) <= size.bit_length() + 1
        assert sum(len(nodes_under(*one)) for one in ranges) <= 2 * size.bit_length() + 1
