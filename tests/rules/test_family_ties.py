"""Who may enter and confirm that two policyholders are relatives (C23, S12)."""

import pytest

from rules.family_ties import TieRefused, check_decision, check_proposal, pair


def test_a_pair_stands_once():
    assert pair(7, 3) == pair(3, 7) == (3, 7)
    with pytest.raises(TieRefused) as refused:
        pair(3, 3)
    assert (refused.value.code, refused.value.zh) == ("SAME_PERSON", "两张保单属同一投保人")


@pytest.mark.parametrize(
    ("relation", "evidence", "code"),
    [
        ("SPOUSE", "结婚证复印件，档案室 12-3", None),
        ("FRIEND", "x", "BAD_RELATION"),
        ("SIBLINGS", "  ", "EVIDENCE_MISSING"),
    ],
)
def test_what_is_entered(relation, evidence, code):
    if code is None:
        return check_proposal(relation, evidence)
    with pytest.raises(TieRefused) as refused:
        check_proposal(relation, evidence)
    assert refused.value.code == code
    return None


@pytest.mark.parametrize(
    ("state", "by", "code"),
    [
        ("PROPOSED", "quality", None),
        ("PROPOSED", "lead", "SECOND_PERSON"),
        ("CONFIRMED", "quality", "DECIDED"),
        ("TAKEN_BACK", "quality", "DECIDED"),
    ],
)
def test_a_second_person_decides_once(state, by, code):
    if code is None:
        return check_decision(state, "lead", by)
    with pytest.raises(TieRefused) as refused:
        check_decision(state, "lead", by)
    assert refused.value.code == code
    return None
