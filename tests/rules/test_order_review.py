"""Head office's review of a handled order (C52, C50) and what follows for the case (C47, R92, C31, R47)."""

import pytest

from rules.cases import CaseState, may_move
from rules.order_review import (
    NOT_NEEDED,
    SIGNED,
    STATEMENTS,
    WAIVED,
    Handled,
    Next,
    Reviewed,
    ReviewRefused,
    after_review,
    asked_after_care,
    review,
    statement_needed,
)
from rules.parameters import DEFAULTS
from rules.reasoning import Step

QUESTION = Handled("QUESTION", "HANDLED", "wen", "A-12/2026")
UNSIGNED = Handled("QUESTION", "HANDLED", "wen")
WITHOUT = DEFAULTS.with_params({"question.customer_signature": "NOT_REQUIRED"})


@pytest.mark.parametrize(
    ("order", "asked", "statement"),
    [
        (QUESTION, {"verdict": "VERIFIED"}, SIGNED),
        (QUESTION, {"verdict": "VERIFIED", "waive": True}, SIGNED),  # what is there needs no waiver
        (UNSIGNED, {"verdict": "VERIFIED", "waive": True, "reason": "客户在国外"}, WAIVED),
        (UNSIGNED, {"verdict": "VERIFIED", "profile": WITHOUT}, NOT_NEEDED),
        (UNSIGNED, {"verdict": "RETURNED", "reason": "没有写明何时联系"}, NOT_NEEDED),
        (Handled("VERIFICATION", "HANDLED", "wen"), {"verdict": "VERIFIED"}, NOT_NEEDED),
        (Handled("LETTER", "HANDLED", None), {"verdict": "VERIFIED"}, NOT_NEEDED),
    ],
)
def test_a_review_says_what_became_of_the_statement(order, asked, statement):
    assert review(order, reviewer="lin", **asked) == statement


SENTENCES = {
    "BAD_VERDICT": ("结论不能是CLOSED", "a verdict is VERIFIED or RETURNED, not CLOSED"),
    "NOT_HANDLED": ("工单尚未处理完", "the order is not handled yet"),
    "SAME_PERSON": ("处理人不得核验自己的工单", "whoever handled an order does not review it"),
    "STATEMENT_MISSING": (
        "问题件须有客户亲笔签字的声明，或写明理由予以豁免",
        "a question closes with the customer's signed statement or a reasoned waiver",
    ),
}


@pytest.mark.parametrize(
    ("order", "asked", "code"),
    [
        (UNSIGNED, {"verdict": "VERIFIED"}, "STATEMENT_MISSING"),
        (Handled("QUESTION", "HANDLED", "wen", "  "), {"verdict": "VERIFIED"}, "STATEMENT_MISSING"),
        (UNSIGNED, {"verdict": "VERIFIED", "waive": True, "reason": " "}, "REASON_MISSING"),
        (QUESTION, {"verdict": "RETURNED"}, "REASON_MISSING"),
        (QUESTION, {"verdict": "VERIFIED", "reviewer": "wen"}, "SAME_PERSON"),
        (QUESTION, {"verdict": "RETURNED", "reviewer": "wen", "reason": "x"}, "SAME_PERSON"),
        (Handled("QUESTION", "ACCEPTED", None), {"verdict": "VERIFIED"}, "NOT_HANDLED"),
        (Handled("QUESTION", "VERIFIED", "wen", "A-1"), {"verdict": "RETURNED", "reason": "x"}, "NOT_HANDLED"),
        (QUESTION, {"verdict": "CLOSED"}, "BAD_VERDICT"),
    ],
)
def test_what_is_refused(order, asked, code):
    with pytest.raises(ReviewRefused) as refused:
        review(order, **{"reviewer": "lin", **asked})
    found = refused.value
    returned = asked["verdict"] == "RETURNED"
    sentences = SENTENCES.get(code) or (
        ("退回须说明理由", "to return an order takes a reason")
        if returned
        else ("豁免须说明理由", "a waiver takes a reason")
    )
    assert (found.code, found.zh, found.en, str(found)) == (code, *sentences, sentences[1])


def test_an_order_without_a_statement_or_reasons_is_the_usual_one():
    assert Handled("VISIT", "HANDLED", "wen") == Handled("VISIT", "HANDLED", "wen", None)
    assert Reviewed("VISIT", "HANDLED") == Reviewed("VISIT", "HANDLED", ())
    assert Next(CaseState.CLOSED, "WHY", STEPS["REFUSED"]) == Next(
        CaseState.CLOSED, "WHY", STEPS["REFUSED"], None, None
    )


def test_what_became_of_the_statement_is_kept_under_these_names():
    assert STATEMENTS == (SIGNED, WAIVED, NOT_NEEDED) == ("SIGNED", "WAIVED", "NOT_NEEDED")


def test_only_questions_need_the_customers_signature():
    kinds = ("QUESTION", "VERIFICATION", "FEEDBACK_ONLY", "LETTER", "VISIT", "QUALITY_CHECK", "AFTER_CARE")
    assert [kind for kind in kinds if statement_needed(kind)] == ["QUESTION"]


def verified(kind, *reasons, state="VERIFIED"):
    return Reviewed(kind, state, reasons)


STEPS = {
    "AFTER_CARE": Step("R92", "问题已处理，再次回访确认", "the question was handled: another callback confirms it"),
    "COMPLETED": Step("R58", "回访已完成，结案", "the callback is completed: closed"),
    "POLICYHOLDER_DECEASED": Step("S6", "投保人身故已核实，不再拨打", "the death is verified: nobody rings again"),
    "REFUSED": Step("C31", "拒访成立，记录原因后结案", "the refusal stands: closed with its reason on record"),
    "RECALL": Step("C47", "核实已处理，总公司再次拨打", "the verification was handled: head office calls again"),
    "NOT_COMPLETED": Step(
        "R47", "各种方式均未完成，记录情况后结案", "no method completed it: closed with its circumstances on record"
    ),
}
BY_BRANCH = {
    True: Step(
        "C47", "语言或听力原因，由分支机构再次回访", "language or hearing: the branch makes the second callback"
    ),
    False: Step(
        "C47", "没有可用号码，由分支机构再次回访", "no usable number was found: the branch makes the second callback"
    ),
}
ORDER_AT = {"AFTER_CARE": "HEAD_OFFICE", "VISIT": "BRANCH", None: None}


@pytest.mark.parametrize(
    ("orders", "asked", "state", "why", "order", "rule"),
    [
        ([verified("QUESTION", "FEES_UNCLEAR")], {"completed": True}, "CALLABLE", "AFTER_CARE", "AFTER_CARE", "R92"),
        ([verified("VERIFICATION", "UNREACHABLE")], {}, "CALLABLE", "RECALL", None, "C47"),
        ([verified("VERIFICATION", "DENIES_PURCHASE")], {}, "CALLABLE", "RECALL", None, "C47"),
        ([verified("VERIFICATION", "LANGUAGE_BARRIER")], {}, "AT_BRANCH", "RECALL_BY_BRANCH", "VISIT", "C47"),
        ([verified("VERIFICATION", "HEARING_OR_AGE")], {}, "AT_BRANCH", "RECALL_BY_BRANCH", "VISIT", "C47"),
        (
            [verified("VERIFICATION", "PHONE_INVALID")],
            {"usable_number": False},
            "AT_BRANCH",
            "RECALL_BY_BRANCH",
            "VISIT",
            "C47",
        ),
        ([verified("VERIFICATION", "PHONE_INVALID")], {}, "CALLABLE", "RECALL", None, "C47"),
        ([verified("VERIFICATION", "REFUSED"), verified("LETTER", "REFUSED")], {}, "CLOSED", "REFUSED", None, "C31"),
        ([verified("VERIFICATION", "POLICYHOLDER_DECEASED")], {}, "CLOSED", "POLICYHOLDER_DECEASED", None, "S6"),
        ([verified("VISIT", "SPECIAL_CALLBACK")], {}, "CLOSED", "NOT_COMPLETED", None, "R47"),
        ([verified("VISIT", "SPECIAL_CALLBACK")], {"completed": True}, "CLOSED", "COMPLETED", None, "R58"),
        (
            [verified("VERIFICATION", "LANGUAGE_BARRIER"), verified("VISIT", "LANGUAGE_BARRIER")],
            {},
            "CLOSED",
            "NOT_COMPLETED",
            None,
            "R47",
        ),
        ([verified("VERIFICATION", "UNREACHABLE", state="CLOSED")], {}, "CALLABLE", "RECALL", None, "C47"),
    ],
)
def test_what_follows(orders, asked, state, why, order, rule):
    found = after_review(orders, **{"completed": False, "usable_number": True, **asked})
    step = STEPS.get(why) or BY_BRANCH["usable_number" not in asked]
    assert found == Next(CaseState(state), why, step, order, ORDER_AT[order])
    assert found.step.rule == rule
    assert may_move(CaseState.IN_REVIEW, found.state)


@pytest.mark.parametrize("state", ["ISSUED", "ACCEPTED", "HANDLED"])
def test_nothing_follows_while_an_order_is_outstanding(state):
    orders = [verified("VERIFICATION", "REFUSED"), verified("LETTER", "REFUSED", state=state)]
    assert after_review(orders, completed=False, usable_number=True) is None


def test_feedback_alone_moves_nothing_and_holds_nothing_up():
    feedback = verified("FEEDBACK_ONLY", "FEES_UNCLEAR", state="ISSUED")
    assert after_review([feedback], completed=True, usable_number=True) is None
    after_care = verified("AFTER_CARE", state="ISSUED")
    assert after_review([after_care, verified("VERIFICATION")], completed=False, usable_number=True).why == "RECALL"
    assert after_review([feedback, verified("QUESTION")], completed=True, usable_number=True).why == "AFTER_CARE"


def test_a_company_may_call_again_after_a_refusal():
    once = DEFAULTS.with_params({"refusal.max_recalls": 1})
    orders = [verified("VERIFICATION", "REFUSED")]
    asked = {"completed": False, "usable_number": True, "profile": once}
    assert after_review(orders, refusals=1, **asked).why == "RECALL"
    assert after_review(orders, refusals=2, **asked).why == "REFUSED"
    assert after_review(orders, **asked).why == "RECALL"  # the first


def test_where_nothing_else_is_told_the_company_rings_again():
    nobody = DEFAULTS.with_params({"after_verification.recall_by": {"LANGUAGE_BARRIER": "HEAD_OFFICE"}})
    asked = {"completed": False, "usable_number": True, "profile": nobody}
    assert after_review([verified("VERIFICATION", "LANGUAGE_BARRIER")], **asked).why == "RECALL"
    assert after_review([verified("VERIFICATION", "HEARING_OR_AGE")], **asked).why == "RECALL_BY_BRANCH"
    assert after_review([], completed=True, usable_number=True) is None


@pytest.mark.parametrize(
    ("doubted", "items"),
    [
        (["M9"], ("M9",)),
        (["M9", "M3", "M9"], ("M9", "M3")),
        (["N1", "K3"], ("N1",)),
        (["M2.receipt_signed"], ("M2.receipt_signed", "M2.received", "M8")),
        (["M8", "M2.receipt_signed"], ("M8", "M2.receipt_signed", "M2.received")),
        # a question left open is no item: then everything is asked
        (["K3"], ()),
        ([], ()),
    ],
)
def test_the_call_after_a_branchs_handling_asks_what_was_in_doubt(doubted, items):
    assert asked_after_care(doubted) == items
