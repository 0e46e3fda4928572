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
    assert found == ClassOverride("QUESTION", "SUB_STANDARD", GOOD["reason"], "anna", "bo", NOW)
    spaced = {**GOOD, "reason": f" {GOOD['reason']} ", "asked_by": " anna ", "agreed_by": " bo "}
    assert override_class("QUESTION", True, "SUB_STANDARD", **spaced) == found
    assert ClassOverride.from_json(found.to_json()) == found
    assert class_in_force("QUESTION", (found,)) == "SUB_STANDARD"
    assert class_in_force("QUESTION", ()) == "QUESTION"
    back = override_class("QUESTION", True, "STANDARD", in_force="SUB_STANDARD", **GOOD)
    assert class_in_force("QUESTION", (found, back)) == "STANDARD"
    assert class_in_force(None, ()) is None


@pytest.mark.parametrize(
    ("derived", "completed", "class_", "change", "code", "zh", "en"),
    [
        ("QUESTION", True, "STANDARD", {"reason": "  "},
         "REASON_MISSING", "更改结论须说明理由", "an override needs a reason"),
        ("QUESTION", True, "STANDARD", {"agreed_by": "anna"},
         "SAME_PERSON", "须由另一人确认", "an override needs a second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": " anna "},
         "SAME_PERSON", "须由另一人确认", "an override needs a second person"),
        ("QUESTION", True, "STANDARD", {"agreed_by": " "},
         "SAME_PERSON", "须由另一人确认", "an override needs a second person"),
        ("QUESTION", True, "STANDARD", {"asked_by": " "},
         "PERSON_MISSING", "更改结论须由两人完成", "an override needs a second person"),
        ("QUESTION", True, "QUESTION", {}, "SAME_CLASS", "结论已经是这一类", "the class is QUESTION already"),
        ("QUESTION", True, "GOOD", {}, "BAD_CLASS", "没有GOOD这一类",
         "a class is one of STANDARD, SUB_STANDARD, QUESTION, VERIFICATION, not 'GOOD'"),
        (None, False, "STANDARD", {}, "NOT_COMPLETED", "回访未完成，不能改为该类",
         "the callback was not completed, so it cannot be STANDARD"),
        ("VERIFICATION", False, "QUESTION", {}, "NOT_COMPLETED", "回访未完成，不能改为该类",
         "the callback was not completed, so it cannot be QUESTION"),
        ("QUESTION", True, "STANDARD", {"callers": {"anna"}},
         "OWN_CALL", "不得更改本人所拨电话的结论", "nobody overrides the class of his own call"),
        ("QUESTION", True, "STANDARD", {"callers": {"bo"}},
         "OWN_CALL", "不得确认本人所拨电话的结论", "nobody overrides the class of his own call"),
        ("STANDARD", True, "QUESTION", {},
         "REASONS_MISSING", "请选出该类的原因", "QUESTION rests on at least one reason"),
        ("STANDARD", True, "QUESTION", {"reasons": ["UNREACHABLE", "REFUSED", "FEES_UNCLEAR"]},
         "BAD_REASON", "该类没有REFUSED、UNREACHABLE这一原因", "QUESTION does not rest on REFUSED, UNREACHABLE"),
    ],
)  # fmt: skip
def test_what_is_refused(derived, completed, class_, change, code, zh, en):
    with pytest.raises(OverrideRefused) as refused:
        override_class(derived, completed, class_, **{**GOOD, **change})
    found = refused.value
    assert (found.code, found.zh, found.en, str(found)) == (code, zh, en, en)


def test_an_open_order_needs_a_word_on_what_becomes_of_it():
    with pytest.raises(OverrideRefused) as refused:
        check_proposal("QUESTION", True, "STANDARD", reason="听过录音", asked_by="anna", open_orders=["VISIT"])
    said = refused.value.code, refused.value.zh, refused.value.en
    assert said == ("ORDERS_MISSING", "尚有未结工单，请说明如何处理", "an order is open: say what becomes of it")


def test_the_reasons_of_each_class():
    """R69 to R79 and C15 to C17, in the order of the letters; a lost recording is no finding about the customer."""
    either = ["CONTRACT_NOT_RECEIVED", "DENIES_PURCHASE", "RECEIPT_UNSIGNED", "SIGNED_BY_OTHER"]
    unclear = [
        "BENEFIT_UNCERTAINTY_UNCLEAR", "COOLING_OFF_OR_SURRENDER_UNCLEAR", "COVERAGE_UNCLEAR", "FEES_UNCLEAR",
        "NOT_KNOWN_AS_INSURANCE", "OPEN_QUESTION", "TERMS_UNCLEAR",
    ]  # fmt: skip
    assert {name: list(reasons) for name, reasons in REASONS_OF_CLASS.items()} == {
        "STANDARD": [],
        "SUB_STANDARD": unclear,
        "QUESTION": sorted(
            [*unclear, *either, "CLAUSES_NOT_SUPPLIED", "RISK_STATEMENT_COPIED_BY_OTHER", "SIGNATURE_UNSURE"]
        ),
        "VERIFICATION": sorted([
            *either, "ALREADY_SURRENDERED", "HEARING_OR_AGE", "IDENTITY_NOT_CONFIRMED", "LANGUAGE_BARRIER",
            "PHONE_INVALID", "PHONE_IS_AGENTS", "PHONE_SHARED", "POLICYHOLDER_DECEASED", "RECORD_MISMATCH", "REFUSED",
            "UNREACHABLE",
        ]),
    }  # fmt: skip


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
        ("STANDARD", "NONE", "AT_BRANCH", {"QUESTION"}, None, None, None, "CLOSED"),
        ("SUB_STANDARD", "CLOSE", "IN_REVIEW", {"QUESTION"}, "QUESTION", "FEEDBACK_ONLY", None, "CLOSED"),
        ("STANDARD", "CLOSE", "CALLABLE", {"QUESTION"}, "QUESTION", None, None, None),
        ("VERIFICATION", "NONE", "IN_REVIEW", set(), None, "VERIFICATION", None, "AT_BRANCH"),
        ("VERIFICATION", "NONE", "CLOSED", {"VERIFICATION"}, None, None, None, None),
    ],
)
def test_what_an_override_sets_going(class_, orders, state, standing, closes, issues, action, moves):
    found = override_follows(class_, reasons=("SIGNED_BY_OTHER",), orders=orders, case_state=state, standing=standing)
    assert (found.issues, found.action, found.state) == (issues, action, moves)
    own = {"SUB_STANDARD": "FEEDBACK_ONLY", "QUESTION": "QUESTION", "VERIFICATION": "VERIFICATION"}.get(class_)
    # what rests on the class itself, and no check of quality, after-care call or reminder
    idle = {"QUESTION", "VERIFICATION", "LETTER", "VISIT", "FEEDBACK_ONLY"} - {own}
    assert found.closes == (idle if closes else set())


def test_only_signatures_are_signed_again():
    asked = {"orders": "NONE", "case_state": "CLOSED", "standing": set()}
    assert override_follows("QUESTION", reasons=["FEES_UNCLEAR"], **asked).action is None
    assert override_follows("QUESTION", reasons=["FEES_UNCLEAR", "RECEIPT_UNSIGNED"], **asked).action == "RE_SIGN"
    assert override_follows("VERIFICATION", reasons=["SIGNED_BY_OTHER"], **asked).action is None


def test_every_reason_that_may_be_named_has_a_limit():
    assert list(REASONS_OF_CLASS) == list(CLASSES)
    assert all(working_days_for(reason, DEFAULTS) >= 1 for found in REASONS_OF_CLASS.values() for reason in found)
    assert {"SIGNED_BY_OTHER", "FEES_UNCLEAR", "CLAUSES_NOT_SUPPLIED"} <= set(REASONS_OF_CLASS["QUESTION"])


def test_an_open_order_of_the_same_class_asks_nothing():
    assert not needs_order_choice("QUESTION", "STANDARD", {"QUESTION"})
    assert needs_order_choice("QUESTION", "STANDARD", {"QUESTION", "VERIFICATION"})
    assert not needs_order_choice("STANDARD", "QUESTION", set())
    kinds = ("QUESTION", "VERIFICATION", "LETTER", "VISIT", "FEEDBACK_ONLY", "QUALITY_CHECK", "AFTER_CARE")
    assert [kind for kind in kinds if needs_order_choice("STANDARD", "QUESTION", {kind})] == list(kinds[:5])
    assert [kind for kind in kinds if needs_order_choice("SUB_STANDARD", "QUESTION", {kind})] == list(kinds[:4])
