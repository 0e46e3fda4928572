"""Who may order what about kept records: every cell of roles × acts (C21, R119)."""

import itertools

import pytest

from rules.keeping import MAY, RULE_OF, Act, may
from rules.retrieval import Person

ROLES = (
    "BRANCH_STAFF", "BRANCH_SUPERVISOR", "CALLBACK_AGENT", "CALLBACK_AGENT_LEAD", "DEPARTMENT_HEAD",
    "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD", "LEADER_IN_CHARGE", "AUDITOR", "COMPLIANCE", "QUALITY", "OPERATOR",
    "ADMIN", "AGENT", "CUSTOMER",
)  # fmt: skip
TABLE = {
    "SEE": "LEAD SERVICE CENTER LEADER AUDITOR COMPLIANCE QUALITY",
    "HOLD": "SERVICE CENTER LEADER COMPLIANCE",
    "ASK_RELEASE": "SERVICE CENTER LEADER COMPLIANCE",
    "RELEASE": "LEADER COMPLIANCE",
    "DISPUTE": "SERVICE CENTER COMPLIANCE",
    "LIST_EXPIRED": "CENTER COMPLIANCE",
    "APPROVE_DISPOSAL": "SERVICE CENTER LEADER COMPLIANCE",
    "DISPOSE": "CENTER COMPLIANCE",
    "ASK_REDACTION": "LEAD CENTER COMPLIANCE QUALITY",
    "REDACT": "CENTER COMPLIANCE",
}
SHORT = {
    "LEAD": "CALLBACK_AGENT_LEAD", "SERVICE": "CUSTOMER_SERVICE_HEAD", "CENTER": "CALL_CENTER_HEAD",
    "LEADER": "LEADER_IN_CHARGE",
}  # fmt: skip


def person(role: str, head_office: bool = True) -> Person:
    return Person("x", frozenset({role}), "00" if head_office else "4401", head_office)


@pytest.mark.parametrize(("role", "act"), list(itertools.product(ROLES, Act)))
def test_every_cell(role, act):
    allowed = {SHORT.get(name, name) for name in TABLE[act].split()}
    assert bool(may(person(role), act)) is (role in allowed)
    refused = may(person(role, head_office=False), act)
    assert (refused.code, refused.rule) == ("NOT_HEAD_OFFICE", RULE_OF[act])


def test_the_table_names_every_act_and_nobody_outside():
    assert TABLE.keys() == set(Act) == MAY.keys()
    assert may(Person("x", frozenset(), "00", True), Act.SEE).code == "NOT_YOURS"


@pytest.mark.parametrize("act", [a for a in Act if a not in (Act.SEE, Act.DISPUTE)])
def test_what_takes_two_can_be_done_by_people_of_two_functions(act):
    assert len(MAY[act]) >= 2
