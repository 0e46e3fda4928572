"""What a proof is refused with: how many hashes it must have, and which leaf or tree there is not."""

import pytest

from rules.merkle import WrongProof, consistency_ranges, inclusion_ranges, root_by_inclusion, roots_by_consistency

H = b"h" * 32


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: root_by_inclusion(H, 0, 8, [H]), "1 hashes where 3 are needed"),
        (lambda: roots_by_consistency(3, 8, H, []), "0 hashes where 4 are needed"),
    ],
)
def test_a_proof_of_another_length(asked, message):
    with pytest.raises(WrongProof) as refused:
        asked()
    assert str(refused.value) == message


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (lambda: inclusion_ranges(8, 8), "leaf 8 is not in a tree of 8"),
        (lambda: inclusion_ranges(-1, 8), "leaf -1 is not in a tree of 8"),
        (lambda: consistency_ranges(0, 8), "no proof leads from a tree of 0 to one of 8"),
        (lambda: consistency_ranges(9, 8), "no proof leads from a tree of 9 to one of 8"),
    ],
)
def test_what_there_is_not(asked, message):
    with pytest.raises(ValueError) as refused:
        asked()
    assert str(refused.value) == message
