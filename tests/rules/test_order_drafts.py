"""Which work orders follow from a callback's outcome, each whole; a month without holidays, two policies' worth of limits."""

from datetime import date, datetime, timedelta

import pytest

from rules.calendar import SHANGHAI, Calendar
from rules.contacts import CaseFacts, Contact
from rules.order_drafts import OrderDraft, draft_order, only_signatures_open, orders_of
from rules.outcome_reasons import Reason
from rules.outcomes import Outcome
from rules.parameters import DEFAULTS

NOVEMBER = Calendar({}, frozenset({2026}))
MONDAY = datetime(2026, 11, 2, 10, tzinfo=SHANGHAI)
END = date(2026, 11, 6)  # of the cooling-off period, a Friday
CASE = CaseFacts(1, "P1", "AT_BRANCH", 1, "PARTICIPATING", "ANNUAL", "AGENCY", "8601", None, None, END)
CONTACT = Contact("CALL", MONDAY, CASE)


def orders(class_, reasons, marks=(), open_items=(), profile=DEFAULTS):
    given = tuple(Reason(*reason) if isinstance(reason, tuple) else Reason(reason) for reason in reasons)
    found = Outcome(class_ not in (None, "VERIFICATION"), class_, given, marks, open_items)
    return tuple(orders_of(found, CONTACT, "8601", profile, NOVEMBER))


def shown(order):
    return order.kind, " ".join(order.reasons), order.action, order.working_days


@pytest.mark.parametrize(
    ("class_", "reasons", "expected"),
    [
        ("STANDARD", [], []),
        (None, [], []),
        (
            "SUB_STANDARD", [("FEES_UNCLEAR", True), ("FEES_UNCLEAR", True), ("TERMS_UNCLEAR", True)],
            [("FEEDBACK_ONLY", "FEES_UNCLEAR TERMS_UNCLEAR", None, 5)],
        ),
        ("QUESTION", ["FEES_UNCLEAR"], [("QUESTION", "FEES_UNCLEAR", None, 3)]),
        # what was cured is told, and does not press
        (
            "QUESTION", [("FEES_UNCLEAR", True), "SIGNED_BY_OTHER"],
            [("QUESTION", "FEES_UNCLEAR SIGNED_BY_OTHER", "RE_SIGN", 5)],
        ),
        ("QUESTION", [("FEES_UNCLEAR", False)], [("QUESTION", "FEES_UNCLEAR", None, 3)]),
        (
            "QUESTION", [("SIGNED_BY_OTHER", True), "FEES_UNCLEAR"],
            [("QUESTION", "SIGNED_BY_OTHER FEES_UNCLEAR", None, 3)],
        ),
        ("VERIFICATION", ["UNREACHABLE"], [("VERIFICATION", "UNREACHABLE", None, 1)]),
        # beside a reason of verification those of a question wait
        (
            "VERIFICATION", ["FEES_UNCLEAR", "PHONE_SHARED", "SIGNED_BY_OTHER"],
            [("VERIFICATION", "FEES_UNCLEAR PHONE_SHARED SIGNED_BY_OTHER", None, 3)],
        ),
        (
            "VERIFICATION", ["REFUSED"],
            [("VERIFICATION", "REFUSED", None, 1), ("LETTER", "REFUSED", None, 5)],
        ),
        (
            "VERIFICATION", ["CONTRACT_NOT_RECEIVED"],
            [
                ("VERIFICATION", "CONTRACT_NOT_RECEIVED", "DELIVERY_REMINDER", 3),
                ("DELIVERY_REMINDER", "CONTRACT_NOT_RECEIVED", None, 3),
            ],
        ),
        (
            "VERIFICATION", ["CONTRACT_NOT_RECEIVED", "REFUSED"],
            [
                ("VERIFICATION", "CONTRACT_NOT_RECEIVED REFUSED", "DELIVERY_REMINDER", 1),
                ("DELIVERY_REMINDER", "CONTRACT_NOT_RECEIVED", None, 3),
                ("LETTER", "REFUSED", None, 5),
            ],
        ),
    ],
)  # fmt: skip
def test_the_orders_of_an_outcome(class_, reasons, expected):
    assert [shown(order) for order in orders(class_, reasons)] == expected


@pytest.mark.parametrize(
    ("class_", "marks", "open_items", "expected"),
    [
        (None, ("answered_by_proxy",), ("M3", "M4"), [("LETTER", "SIGNATURE_UNSURE"), ("QUALITY_CHECK", "")]),
        (None, ("answered_by_proxy",), ("M4",), [("LETTER", "SIGNATURE_UNSURE"), ("QUALITY_CHECK", "")]),
        (None, ("answered_by_proxy",), ("M3", "M8"), [("QUALITY_CHECK", "")]),
        (None, (), ("M3",), []),
        ("STANDARD", ("impersonation_suspect",), (), [("IMPERSONATION_CHECK", "")]),
        ("STANDARD", ("dispute",), (), []),
    ],
)
def test_what_a_mark_brings_with_it(class_, marks, open_items, expected):
    found = orders(class_, [], marks, open_items)
    assert [(order.kind, " ".join(order.reasons)) for order in found] == expected
    assert {order.working_days for order in found} <= {5}


def test_the_checks_tell_what_was_found():
    found = orders("QUESTION", ["FEES_UNCLEAR"], ("answered_by_proxy", "impersonation_suspect"))
    assert [shown(order) for order in found] == [
        ("QUESTION", "FEES_UNCLEAR", None, 3),
        ("QUALITY_CHECK", "FEES_UNCLEAR", None, 5),
        ("IMPERSONATION_CHECK", "FEES_UNCLEAR", None, 5),
    ]


def test_where_a_company_takes_a_reason_for_a_question_it_presses_no_verification():
    question = DEFAULTS.with_params({"mapping.contract_not_received": "QUESTION"})
    found = orders("VERIFICATION", ["CONTRACT_NOT_RECEIVED", "PHONE_INVALID"], profile=question)
    assert [shown(order) for order in found] == [("VERIFICATION", "CONTRACT_NOT_RECEIVED PHONE_INVALID", None, 3)]


def test_an_order_whole():
    marks = ("exclude_selling_agent", "misselling_signal")
    assert orders("QUESTION", ["SIGNED_BY_OTHER"], marks) == (
        OrderDraft(
            kind="QUESTION",
            class_="QUESTION",
            reasons=("SIGNED_BY_OTHER",),
            action="RE_SIGN",
            branch_code="8601",
            working_days=5,
            due_at=datetime(2026, 11, 9, 23, 59, 59, tzinfo=SHANGHAI),
            act_by=END,  # inside the cooling-off period, which ends before the limit
            escalated=True,
            exclude_selling_agent=True,
            marks=marks,
            provisional=False,
        ),
    )


def test_an_order_without_an_outcome_whole():
    drafted = draft_order("VISIT", None, ("SPECIAL_CALLBACK",), CONTACT, "8602", DEFAULTS, NOVEMBER)
    due = datetime(2026, 11, 9, 23, 59, 59, tzinfo=SHANGHAI)
    assert drafted == OrderDraft(
        "VISIT", None, ("SPECIAL_CALLBACK",), None, "8602", 5, due, END, True, False, (), False
    )
    assert drafted == OrderDraft("VISIT", None, ("SPECIAL_CALLBACK",), None, "8602", 5, due, END, True)


def test_an_order_in_a_year_without_holidays_on_record_is_provisional():
    later = Contact("CALL", MONDAY + timedelta(days=365), CASE)
    assert draft_order("VISIT", None, (), later, "8602", DEFAULTS, NOVEMBER).provisional is True


@pytest.mark.parametrize(
    ("marks", "open_items", "only"),
    [
        (("answered_by_proxy",), ("M3", "M4"), True),
        (("answered_by_proxy",), (), True),
        (("answered_by_proxy",), ("M3", "M1"), False),
        (("provisional",), ("M3",), False),
    ],
)
def test_when_only_signatures_are_open(marks, open_items, only):
    assert only_signatures_open(Outcome(False, None, (), marks, open_items)) is only
