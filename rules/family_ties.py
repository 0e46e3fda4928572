"""Policyholders who are proven relatives may share a number, where the profile allows it (C23, S12)."""

from rules.refusals import Refused

RELATIONS = ("SPOUSE", "PARENT_AND_CHILD", "SIBLINGS", "GRANDPARENT_AND_CHILD", "OTHER_RELATIVES")
PROPOSED, CONFIRMED, DECLINED, TAKEN_BACK = TIE_STATES = ("PROPOSED", "CONFIRMED", "DECLINED", "TAKEN_BACK")


class TieRefused(Refused):
    """A relation that may not be entered, or not by this person."""


def pair(person: int, other: int) -> tuple[int, int]:
    """The two in one order, so that a relation stands once. Raises TieRefused."""
    if person == other:
        raise TieRefused("SAME_PERSON", "两张保单属同一投保人", "both policies are of one policyholder")
    return (person, other) if person < other else (other, person)


def check_proposal(relation: str, evidence: str) -> None:
    """What is entered as proof of a relation: which one, and where the papers lie. Raises TieRefused."""
    if relation not in RELATIONS:
        raise TieRefused("BAD_RELATION", "请选择亲属关系", "choose how they are related")
    if not evidence.strip():
        raise TieRefused(
            "EVIDENCE_MISSING", "请写明证明材料及其存放处", "say which papers prove it and where they are kept"
        )


def check_decision(state: str, proposed_by: str, decided_by: str) -> None:
    """Whether a second person may decide on the proof. Raises TieRefused."""
    if state != PROPOSED:
        raise TieRefused("DECIDED", "此项已有决定", "this is decided already")
    if proposed_by == decided_by:
        raise TieRefused("SECOND_PERSON", "须由另一人确认", "a second person confirms")
