"""The one table of limits: every reason and every kind of order has its working days, and nothing else decides them."""

import json
from datetime import datetime
from itertools import combinations

import pytest

from cli.explain import answer_line
from rules.calendar import SHANGHAI
from rules.contacts import CaseFacts, Contact
from rules.deadlines import UnknownLimit, shortest_limit, working_days_for
from rules.order_drafts import orders_of
from rules.outcomes import (
    ITEM_REASONS,
    QUESTION,
    SIGNATURE_REASONS,
    SUB_STANDARD,
    VERIFICATION,
    VERIFICATION_REASONS,
    Outcome,
    Reason,
)
from rules.work_orders import outer_limit
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

CALENDAR = seeded_calendar()
PROFILES = ("national", "national-10", "local-2g", "company-example", "branch-example")
# as the law of the product has it, reason by reason
DAYS = {
    **dict.fromkeys(
        ("UNREACHABLE", "REFUSED", "IDENTITY_NOT_CONFIRMED", "LANGUAGE_BARRIER", "HEARING_OR_AGE", "DENIES_PURCHASE"), 1
    ),
    **dict.fromkeys(
        ("PHONE_INVALID", "PHONE_SHARED", "PHONE_IS_AGENTS", "RECORD_MISMATCH", "CONTRACT_NOT_RECEIVED",
         "ALREADY_SURRENDERED", "POLICYHOLDER_DECEASED"), 3
    ),
    **dict.fromkeys(
        ("NOT_KNOWN_AS_INSURANCE", "COVERAGE_UNCLEAR", "COOLING_OFF_OR_SURRENDER_UNCLEAR", "TERMS_UNCLEAR",
         "BENEFIT_UNCERTAINTY_UNCLEAR", "FEES_UNCLEAR", "CLAUSES_NOT_SUPPLIED", "OPEN_QUESTION", "SIGNATURE_UNSURE"), 3
    ),
    **dict.fromkeys(("SIGNED_BY_OTHER", "RISK_STATEMENT_COPIED_BY_OTHER", "RECEIPT_UNSIGNED"), 5),
    **dict.fromkeys(("FEEDBACK_ONLY", "QUALITY_CHECK", "IMPERSONATION_CHECK", "VISIT", "LETTER"), 5),
    "DELIVERY_REMINDER": 3,
    "AFTER_CARE": 2,
}  # fmt: skip
REASONS = {
    *VERIFICATION_REASONS, *ITEM_REASONS.values(), *SIGNATURE_REASONS.values(),
    "SIGNATURE_UNSURE", "RECEIPT_UNSIGNED", "CLAUSES_NOT_SUPPLIED", "OPEN_QUESTION",
}  # fmt: skip
KINDS = {
    "FEEDBACK_ONLY", "DELIVERY_REMINDER", "LETTER", "VISIT", "QUALITY_CHECK", "IMPERSONATION_CHECK", "AFTER_CARE"
}  # fmt: skip


@pytest.mark.parametrize("name", sorted(DAYS))
def test_the_table(name):
    assert working_days_for(name, load_profile("national")) == DAYS[name]
    found = answer_line(json.dumps({"explain": "limit", "pushed": "2026-11-02T10:00", "reason": name}))
    assert found["working_days"] == DAYS[name]


@pytest.mark.parametrize("profile", PROFILES)
def test_no_reason_and_no_kind_is_without_an_entry(profile):
    """A reason that is new in the rules fails here until somebody decides its limit."""
    assert set(DAYS) == REASONS | KINDS
    for name in REASONS | KINDS:
        assert 1 <= working_days_for(name, load_profile(profile)) <= DAYS[name]


def test_a_reason_without_an_entry_is_an_error_not_a_default():
    with pytest.raises(UnknownLimit, match="RECORDING_LOST"):
        shortest_limit(["REFUSED", "RECORDING_LOST"], load_profile("national"))


CONTACT = Contact(
    "LETTER",
    datetime(2026, 11, 2, 10, tzinfo=SHANGHAI),
    CaseFacts(1, "P1", "AT_BRANCH", 1, "PARTICIPATING", "ANNUAL", "AGENCY", "B", None, None, None),
)


def order_of(class_, reasons):
    found = Outcome(class_ != VERIFICATION, class_, tuple(reasons))
    return next(iter(orders_of(found, CONTACT, "B", load_profile("national"), CALENDAR)))


@pytest.mark.parametrize(("first", "second"), list(combinations(sorted(VERIFICATION_REASONS), 2)))
def test_several_reasons_of_a_verification_carry_the_shortest(first, second):
    order = order_of(VERIFICATION, [Reason(first), Reason(second)])
    assert (order.kind, order.working_days) == ("VERIFICATION", min(DAYS[first], DAYS[second]))


@pytest.mark.parametrize(("first", "second"), list(combinations(sorted(REASONS - VERIFICATION_REASONS), 2)))
def test_several_reasons_of_a_question_carry_the_shortest_that_is_unsolved(first, second):
    assert order_of(QUESTION, [Reason(first), Reason(second)]).working_days == min(DAYS[first], DAYS[second])
    assert order_of(QUESTION, [Reason(first), Reason(second, True)]).working_days == DAYS[first]
    assert order_of(SUB_STANDARD, [Reason(first, True), Reason(second, True)]).working_days == 5


@pytest.mark.parametrize(("counts_from", "last"), [("2026-09-29", "2026-10-26"), ("2026-11-02", "2026-11-23")])
def test_the_outer_limit(counts_from, last):
    day = datetime.fromisoformat(counts_from).date()
    assert outer_limit(day, CALENDAR, load_profile("national")).isoformat() == last
