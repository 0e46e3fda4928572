from datetime import datetime

import pytest

from rules.calendar import SHANGHAI
from rules.class_overrides import (
    CLASSES,
    REASONS_OF_CLASS,
    ClassOverride,
    OverrideRefused,
    check_proposal,
    class_in_force,
    needs_order_choice,
    override_class,
    override_follows,
)
from rules.deadlines import working_days_for
from rules.parameters import DEFAULTS

NOW = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)
GOOD = {"reason": "Heard the recording: he said 清楚", "asked_by": "anna", "agreed_by": "bo", "at": NOW}


def test_both_classes_and_both_persons_stay_on_record():
    found = override_class("QUESTION", True, "SUB_STANDARD", **GOOD)
    assert (found.derived, found.class_, found.asked_by, found.agreed_by) == ("QUESTION", "SUB_STANDARD", "anna", "bo")
    assert ClassOverride.from_json(found.to_json()) == found
    assert class_in_force("QUESTION", (found,)) == "SUB_STANDARD"
    assert class_in_force("QUESTION", ()) == "QUESTION"


@pytest.mark.parametrize(
    ("derived", "completed", "class_", "change", "words"),
    [
        ("QUESTION", True, "STANDARD", {"reason": "  "}, "needs a reason"),
        ("QUESTION", True, "STANDARD", {"agreed_by": "anna"}, "second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": " anna "}, "second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": ""}, "second person"),
        ("QUESTION", True, "STANDARD", {"asked_by": ""}, "second person"),
        ("QUESTION", True, "QUESTION", {}, "already"),
        ("QUESTION", True, "GOOD", {}, "one of STANDARD"),
        (None, False, "STANDARD", {}, "not completed"),
        ("VERIFICATION", False, "QUESTION", {}, "not completed"),
    ],
)
def test_what_is_refused(derived, completed, class_, change, words):
    with pytest.raises(OverrideRefused, match=words):
        override_class(derived, completed, class_, **{**GOOD, **change})


def test_an_unfinished_callback_may_become_a_verification():
    assert override_class(None, False, "VERIFICATION", reasons=["REFUSED"], **GOOD).class_ == "VERIFICATION"


def test_an_override_of_an_override_begins_with_the_class_in_force():
    back = override_class("QUESTION", True, "QUESTION", reasons=["FEES_UNCLEAR"], in_force="STANDARD", **GOOD)
    assert (back.derived, back.class_) == ("QUESTION", "QUESTION")
    with pytest.raises(OverrideRefused, match="already"):
        override_class("QUESTION", True, "STANDARD", in_force="STANDARD", **GOOD)


@pytest.mark.parametrize("who", ["anna", "bo"])
def test_nobody_overrides_the_class_of_his_own_call(who):
    with pytest.raises(OverrideRefused) as refused:
        override_class("QUESTION", True, "STANDARD", callers={who}, **GOOD)
    assert refused.value.code == "OWN_CALL"


@pytest.mark.parametrize(
    ("class_", "change", "code"),
    [
        ("STANDARD", {}, None),
        ("STANDARD", {"reasons": ["FEES_UNCLEAR"]}, "BAD_REASON"),
        ("SUB_STANDARD", {"reasons": ["FEES_UNCLEAR"]}, None),
        ("SUB_STANDARD", {"reasons": ["SIGNED_BY_OTHER"]}, "BAD_REASON"),
        ("VERIFICATION", {"reasons": ["REFUSED"]}, None),
        ("VERIFICATION", {"reasons": ["FEES_UNCLEAR"]}, "BAD_REASON"),
        ("VERIFICATION", {}, "REASONS_MISSING"),
        ("VERIFICATION", {"reasons": ["RECORDING_LOST"]}, "BAD_REASON"),
        ("STANDARD", {"open_orders": ["QUESTION"]}, "ORDERS_MISSING"),
        ("STANDARD", {"open_orders": ["QUESTION"], "orders": "KEEP"}, None),
        ("STANDARD", {"open_orders": ["QUESTION"], "orders": "CLOSE"}, None),
        ("STANDARD", {"open_orders": ["IMPERSONATION_CHECK", "QUALITY_CHECK"]}, None),
        ("VERIFICATION", {"reasons": ["REFUSED"], "open_orders": ["VERIFICATION"]}, None),
        ("STANDARD", {"callers": ["anna"]}, "OWN_CALL"),
        ("STANDARD", {"asked_by": " "}, "PERSON_MISSING"),
    ],
)
def test_what_may_be_proposed(class_, change, code):
    given = {"reason": "重听录音，客户答清楚", "asked_by": "anna", **change}
    if code is None:
        check_proposal("QUESTION", True, class_, **given)
    else:
        with pytest.raises(OverrideRefused) as refused:
            check_proposal("QUESTION", True, class_, **given)
        assert refused.value.code == code and refused.value.zh


@pytest.mark.parametrize(
    ("class_", "orders", "state", "standing", "closes", "issues", "action", "moves"),
    [
        ("STANDARD", "CLOSE", "AT_BRANCH", {"QUESTION"}, "QUESTION", None, None, "CLOSED"),
        ("STANDARD", "CLOSE", "IN_REVIEW", {"QUESTION"}, "QUESTION", None, None, "CLOSED"),
        ("STANDARD", "KEEP", "AT_BRANCH", {"QUESTION"}, None, None, None, None),
        ("SUB_STANDARD", "NONE", "CLOSED", set(), None, "FEEDBACK_ONLY", None, None),
        ("SUB_STANDARD", "NONE", "CLOSED", {"FEEDBACK_ONLY"}, None, None, None, None),
        ("QUESTION", "NONE", "CLOSED", set(), None, "QUESTION", "RE_SIGN", "AT_BRANCH"),
        ("QUESTION", "NONE", "CALLABLE", set(), None, "QUESTION", "RE_SIGN", None),
        ("VERIFICATION", "CLOSE", "AT_BRANCH", {"QUESTION"}, "QUESTION", "VERIFICATION", None, None),
        ("VERIFICATION", "KEEP", "AT_BRANCH", {"VERIFICATION"}, None, None, None, None),
    ],
)
def test_what_an_override_sets_going(class_, orders, state, standing, closes, issues, action, moves):
    found = override_follows(class_, reasons=("SIGNED_BY_OTHER",), orders=orders, case_state=state, standing=standing)
    assert (found.issues, found.action, found.state) == (issues, action, moves)
    assert (closes in found.closes) if closes else not found.closes
    assert not found.closes & {"IMPERSONATION_CHECK", "QUALITY_CHECK", "AFTER_CARE", "DELIVERY_REMINDER"}


def test_every_reason_that_may_be_named_has_a_limit():
    assert list(REASONS_OF_CLASS) == list(CLASSES)
    assert all(working_days_for(reason, DEFAULTS) >= 1 for found in REASONS_OF_CLASS.values() for reason in found)
    assert {"SIGNED_BY_OTHER", "FEES_UNCLEAR", "CLAUSES_NOT_SUPPLIED"} <= set(REASONS_OF_CLASS["QUESTION"])


def test_an_open_order_of_the_same_class_asks_nothing():
    assert not needs_order_choice("QUESTION", "STANDARD", {"QUESTION"})
    assert needs_order_choice("QUESTION", "STANDARD", {"QUESTION", "VERIFICATION"})
    assert not needs_order_choice("STANDARD", "QUESTION", set())
