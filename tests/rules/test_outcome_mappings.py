"""Reasons that the sources put into different classes: the profile says which (C15–C17)."""

from datetime import date, datetime

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.cases import CaseState
from rules.contacts import CallFacts, CaseFacts, Contact
from rules.outcomes import mandatory_items
from rules.parameters import Profile
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

NATIONAL, CALENDAR = load_profile("national"), seeded_calendar()
PROVEN = [Answer("C1", "YES"), Answer("C3", "YES"), Answer("I1", "YES")]
ITEMS = [Answer(item, "YES") for item in mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)]


def settled(answers: list[Answer], profile: Profile):
    case = CaseFacts(
        1, "P1", "IN_CALL", 1, "PARTICIPATING", "ANNUAL", "BANCASSURANCE", "4401", "A1", date(2026, 9, 14),
        date(2026, 9, 29), None,
    )  # fmt: skip
    call = CallFacts("c1", "completed", None, True, None, None, "us", tuple(answers), None, "VERIFIED")
    contact = Contact(kind="CALL", ended_at=datetime(2026, 9, 22, 10, tzinfo=SHANGHAI), case=case, call=call)
    return settle(contact, profile=profile, calendar=CALENDAR, inbox_branch="4401")


def but(*instead: Answer) -> list[Answer]:
    steps = {answer.step for answer in instead}
    return [*PROVEN, *(answer for answer in ITEMS if answer.step not in steps), *instead]


@pytest.mark.parametrize(
    ("answers", "reason", "parameter", "usual", "completed", "state"),
    [
        ([*PROVEN, Answer("M1", "OBJECT")], "DENIES_PURCHASE", "mapping.denies_purchase", "VERIFICATION", False, CaseState.AT_BRANCH),
        ([*PROVEN, Answer("M1", "YES"), Answer("M2.received", "NO")], "CONTRACT_NOT_RECEIVED", "mapping.contract_not_received", "VERIFICATION", False, CaseState.ASLEEP),
        (but(Answer("M3", "NO", signer="FAMILY")), "SIGNED_BY_OTHER", "mapping.signed_by_other", "QUESTION", True, CaseState.AT_BRANCH),
        (but(Answer("M2.receipt_signed", "NO")), "RECEIPT_UNSIGNED", "mapping.receipt_unsigned", "QUESTION", True, CaseState.AT_BRANCH),
    ],
)  # fmt: skip
def test_the_profile_says_the_class(answers, reason, parameter, usual, completed, state):
    """Whatever its class: the same limit, the same owner, completed or not as before, one order of its kind."""
    other = {"VERIFICATION": "QUESTION", "QUESTION": "VERIFICATION"}[usual]
    for class_, profile in ((usual, NATIONAL), (other, NATIONAL.with_params({parameter: other}))):
        found = settled(answers, profile)
        [order, *beside] = found.orders
        assert (found.class_, found.completed, found.case_state) == (class_, completed, state)
        assert (order.kind, order.class_, order.reasons) == (class_, class_, (reason,))
        assert order.working_days == NATIONAL["workorder.sla"][reason]
        assert order.action == {"CONTRACT_NOT_RECEIVED": "DELIVERY_REMINDER", "DENIES_PURCHASE": None}.get(
            reason, "RE_SIGN"
        )
        assert [one.kind for one in beside] == (["DELIVERY_REMINDER"] if reason == "CONTRACT_NOT_RECEIVED" else [])


def test_a_mapped_reason_beside_others():
    """A verification reason among questions makes the whole a verification; a corrected doubt never presses."""
    profile = NATIONAL.with_params({"mapping.signed_by_other": "VERIFICATION"})
    found = settled(
        but(
            Answer("M3", "NO", signer="FAMILY"),
            Answer("M8", "NO", corrected=False),
            Answer("M1", "YES", corrected=True),
        ),
        profile,
    )
    assert found.class_ == "VERIFICATION" and found.completed
    [order] = found.orders
    assert set(order.reasons) == {"SIGNED_BY_OTHER", "COOLING_OFF_OR_SURRENDER_UNCLEAR", "NOT_KNOWN_AS_INSURANCE"}
    assert order.working_days == NATIONAL["workorder.sla"]["SIGNED_BY_OTHER"]
