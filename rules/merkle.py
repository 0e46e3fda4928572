"""A Merkle tree over leaf hashes that are only ever added (RFC 6962, section 2.1): roots, and the two proofs that need
no more than a few dozen hashes: that a leaf is under a root, and that a later tree holds an earlier one unchanged.

The tree is kept as its complete subtrees, the nodes: node (level, place) stands over the leaves from place * 2**level
to (place + 1) * 2**level, the second excluded. A node never changes once it is there. Leaves are counted from 0.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from rules.ledger import node

Place = tuple[int, int]  # level, place


class WrongProof(ValueError):
    """A proof that does not have the form that its numbers ask for."""


def nodes_under(begin: int, end: int) -> list[Place]:
    """The fewest nodes that cover the leaves from `begin` up to `end`, left to right, where `begin` is such as a split of
    this tree gives (0, or divisible by the largest power of two below the length). About log2(length) at most."""
    places, at = [], begin
    while at < end:
        level = (end - at).bit_length() - 1
        places.append((level, at >> level))
        at += 1 << level
    return places


def root_of(begin: int, end: int, nodes: Mapping[Place, bytes]) -> bytes:
    """The hash over the leaves from `begin` up to `end`, from the nodes that `nodes_under` names. Raises KeyError for one
    that is missing."""
    return _joined([nodes[place] for place in nodes_under(begin, end)])


def _joined(peaks: Sequence[bytes]) -> bytes:
    if not peaks:
        return hashlib.sha256(b"").digest()
    found = peaks[-1]
    for left in reversed(peaks[:-1]):
        found = node(left, found)
    return found


def grow(size: int, edge: Mapping[Place, bytes], leaves: Iterable[bytes]) -> Iterator[tuple[Place, bytes]]:
    """Every node that becomes complete when `leaves` are added to a tree of `size`, the leaves themselves included, each
    after the two below it. `edge` holds the nodes of `nodes_under(0, size)`. Two nodes a leaf on average."""
    peaks = [(place, edge[place]) for place in nodes_under(0, size)]
    for number, found in enumerate(leaves, start=size):
        at = (0, number)
        yield at, found
        while peaks and peaks[-1][0][0] == at[0]:
            found = node(peaks.pop()[1], found)
            at = (at[0] + 1, at[1] >> 1)
            yield at, found
        peaks.append((at, found))


def _split(length: int) -> int:
    """The largest power of two smaller than `length`, which is 2 at least."""
    return 1 << (length - 1).bit_length() - 1


# ---------------------------------------------------------------- a leaf is under a root


def inclusion_ranges(index: int, size: int) -> list[tuple[int, int]]:
    """The stretches of leaves whose hashes prove that leaf `index` is in the tree of `size`, from the leaf upwards.
    Raises ValueError for a leaf that is not in it."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} is not in a tree of {size}")
    begin, end, ranges = 0, size, []
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    return ranges[::-1]


def root_by_inclusion(leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree of `size` that has `leaf_hash` at `index`, by its proof. Raises WrongProof, ValueError."""
    ranges = inclusion_ranges(index, size)
    if len(ranges) != len(proof):
        raise WrongProof(f"{len(proof)} hashes where {len(ranges)} are needed")
    found = leaf_hash
    for (begin, _), other in zip(ranges, proof, strict=True):
        found = node(found, other) if begin > index else node(other, found)
    return found


# ---------------------------------------------------------------- a later tree holds an earlier one


def consistency_ranges(old: int, new: int) -> list[tuple[int, int]]:
    """The stretches of leaves whose hashes prove that the tree of `new` begins with the tree of `old`. None for equal
    sizes. Raises ValueError unless 0 < old <= new."""
    if not 0 < old <= new:
        raise ValueError(f"no proof leads from a tree of {old} to one of {new}")
    begin, end, ranges = 0, new, []
    # down to the smallest subtree that ends where the old tree ended
    while end != old:
        middle = begin + _split(end - begin)
        if old <= middle:
            ranges.append((middle, end))
            end = middle
        else:
            ranges.append((begin, middle))
            begin = middle
    # whoever checks knows the old root: where that is the subtree itself, it is not told again
    if begin != 0:
        ranges.append((begin, end))
    return ranges[::-1]


def roots_by_consistency(old: int, new: int, old_root: bytes, proof: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees by the proof: what `old_root` and the new root must be. Raises WrongProof, ValueError."""
    ranges = consistency_ranges(old, new)
    if len(ranges) != len(proof):
        raise WrongProof(f"{len(proof)} hashes where {len(ranges)} are needed")
    told = list(zip(ranges, proof, strict=True))
    if told and told[0][0][1] == old:
        start = told.pop(0)[1]
    else:
        start = old_root
    first = second = start
    for (begin, _), other in told:
        if begin >= old:
            second = node(second, other)
        else:
            first, second = node(other, first), node(other, second)
    return first, second


def consistent(old: int, new: int, old_root: bytes, new_root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the proof shows that the tree with `new_root` begins with the one with `old_root`. Every tree begins with
    the empty one, which needs no proof. Raises nothing for a proof that does not fit: that is no."""
    if old == 0:
        return not proof
    try:
        return roots_by_consistency(old, new, old_root, proof) == (old_root, new_root)
    except ValueError:
        return False
