"""Who may enter and confirm that two policyholders are relatives (C23, S12)."""

import pytest

from rules.family_ties import TieRefused, check_decision, check_proposal, pair

DECIDED = ("DECIDED", "此项已有决定", "this is decided already")


def said(refused) -> tuple[str, str, str]:
    assert str(refused.value) == refused.value.en
    return refused.value.code, refused.value.zh, refused.value.en


def test_a_pair_stands_once():
    assert pair(7, 3) == pair(3, 7) == (3, 7)
    with pytest.raises(TieRefused) as refused:
        pair(3, 3)
    assert said(refused) == ("SAME_PERSON", "两张保单属同一投保人", "both policies are of one policyholder")


@pytest.mark.parametrize(
    ("relation", "evidence", "why"),
    [
        ("SPOUSE", "结婚证复印件，档案室 12-3", None),
        ("FRIEND", "x", ("BAD_RELATION", "请选择亲属关系", "choose how they are related")),
        (
            "SIBLINGS",
            "  ",
            ("EVIDENCE_MISSING", "请写明证明材料及其存放处", "say which papers prove it and where they are kept"),
        ),
    ],
)
def test_what_is_entered(relation, evidence, why):
    if why is None:
        return check_proposal(relation, evidence)
    with pytest.raises(TieRefused) as refused:
        check_proposal(relation, evidence)
    assert said(refused) == why
    return None


@pytest.mark.parametrize(
    ("state", "by", "why"),
    [
        ("PROPOSED", "quality", None),
        ("PROPOSED", "lead", ("SECOND_PERSON", "须由另一人确认", "a second person confirms")),
        ("CONFIRMED", "quality", DECIDED),
        ("TAKEN_BACK", "quality", DECIDED),
    ],
)
def test_a_second_person_decides_once(state, by, why):
    if why is None:
        return check_decision(state, "lead", by)
    with pytest.raises(TieRefused) as refused:
        check_decision(state, "lead", by)
    assert said(refused) == why
    return None
