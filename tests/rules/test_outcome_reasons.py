"""Each answer that is not simply yes: its reason with everything that is known of it, and the reason in words."""

import pytest

from rules.answers import Answer
from rules.outcome_marks import doubts_the_sale
from rules.outcome_reasons import (
    ITEM_REASONS,
    REASON_RULES,
    SIGNATURE_REASONS,
    UNCLEAR,
    Reason,
    because,
    doubts_in,
    reasons_to_verify,
    statement_at,
)
from rules.parameters import DEFAULTS


def answer(step, said, **more):
    return Answer(step, said, seller_statement="GUARANTEED", **more)


def last_of(rows):
    return {row.step: row for row in rows}


@pytest.mark.parametrize(
    ("rows", "found"),
    [
        ([answer("P0", "NO")], ("PHONE_INVALID", None, "P0")),
        ([answer("P0", "NO", detail="PHONE_INCOMPLETE")], ("PHONE_INVALID", "PHONE_INCOMPLETE", "P0")),
        ([answer("P0", "NO", detail="PHONE_SHARED")], ("PHONE_SHARED", None, "P0")),
        *[
            ([answer("P1", code)], ("PHONE_INVALID", code, "P1"))
            for code in ("INVALID_NUMBER", "SUSPENDED", "SWITCHBOARD")
        ],
        ([answer("T1", "NO", detail="DECEASED")], ("POLICYHOLDER_DECEASED", None, "T1")),
        ([answer("T1", "NO", detail="NO_SUCH_PERSON")], ("PHONE_INVALID", "NO_SUCH_PERSON", "T1")),
        ([answer("T4", "NO")], ("PHONE_INVALID", "NO_SUCH_PERSON", "T4")),
        ([answer("C3", "NO", detail="LANGUAGE")], ("LANGUAGE_BARRIER", None, "C3")),
        ([answer("C3", "NO", detail="HEARING")], ("HEARING_OR_AGE", "HEARING", "C3")),
        ([answer("C3", "NO", detail="AGE")], ("HEARING_OR_AGE", "AGE", "C3")),
        ([answer("R1", "REFUSE")], ("REFUSED", None, "R1")),
        ([answer("R1", "REFUSE", detail="INFORMED")], ("REFUSED", "INFORMED_REFUSAL", "R1")),
        ([answer("I1", "REFUSE")], ("IDENTITY_NOT_CONFIRMED", None, "I1")),
        ([answer("I1", "NO", detail="TOO_FEW_ELEMENTS")], ("RECORD_MISMATCH", None, "I1")),
        ([answer("I1", "NO")] * 2, ("RECORD_MISMATCH", None, "I1")),
        ([answer("M1", "OBJECT")], ("DENIES_PURCHASE", None, "M1")),
        ([answer("M1", "OBJECT", detail="ALREADY_SURRENDERED")], ("ALREADY_SURRENDERED", None, "M1")),
        ([answer("D2", "NO")], ("ALREADY_SURRENDERED", None, "D2")),
        ([answer("D1", "YES")], ("DENIES_PURCHASE", None, "D1")),
        ([answer("D1", "OBJECT")], ("DENIES_PURCHASE", None, "D1")),
        *[([answer("M2.received", said)], ("CONTRACT_NOT_RECEIVED", None, "M2.received")) for said in sorted(UNCLEAR)],
        # he was understood after all, or said again that he cannot follow
        ([answer("C3", "NO", detail="LANGUAGE"), answer("L1", "YES")], None),
        ([answer("L1", "YES"), answer("C3", "NO", detail="AGE")], ("HEARING_OR_AGE", "AGE", "C3")),
        ([answer("C3", "NO", detail="LANGUAGE"), answer("L1", "NO")], ("LANGUAGE_BARRIER", None, "C3")),
        *[
            ([answer(step, said)], None)
            for step, said in (
                ("P0", "YES"), ("P1", "NO_ANSWER"), ("T1", "NO"), ("C3", "NO"), ("R1", "YES"), ("I1", "NO"), ("I1", "YES"),
                ("M1", "NO"), ("D2", "YES"), ("D1", "NO"), ("M2.received", "YES"),
            )
        ],
    ],
)  # fmt: skip
def test_what_has_to_be_verified(rows, found):
    expected = [] if found is None else [Reason(found[0], None, None, "GUARANTEED", *found[1:])]
    assert reasons_to_verify(rows, last_of(rows), DEFAULTS, 0) == expected


def test_hanging_up_on_purpose_often_enough_is_a_refusal():
    limit = DEFAULTS["refusal.deliberate_hangups"]
    assert reasons_to_verify([], {}, DEFAULTS, limit - 1) == []
    assert reasons_to_verify([], {}, DEFAULTS, limit) == [Reason("REFUSED", None, None, None, "HUNG_UP", None)]
    row = answer("X", "HANGUP")
    assert reasons_to_verify([row], {"X": row}, DEFAULTS, limit)[0] == Reason(
        "REFUSED", None, None, "GUARANTEED", "HUNG_UP", "X"
    )


def test_a_reason_is_given_once_by_the_first_step_that_gives_it():
    rows = [answer("P0", "NO"), answer("P1", "SUSPENDED"), answer("R1", "REFUSE"), answer("D1", "YES")]
    found = reasons_to_verify(rows, last_of(rows), DEFAULTS, 9)
    assert [(reason.code, reason.step) for reason in found] == [
        ("PHONE_INVALID", "P0"), ("REFUSED", "R1"), ("DENIES_PURCHASE", "D1"),
    ]  # fmt: skip


def doubts(*rows):
    return doubts_in(list(rows), list(rows), last_of(rows))


@pytest.mark.parametrize("step", ITEM_REASONS)
def test_an_item_that_was_not_clear(step):
    code = ITEM_REASONS[step]
    unclear = UNCLEAR - {"OBJECT"} if step == "M1" else UNCLEAR
    for said in unclear:
        assert doubts(answer(step, said)) == [Reason(code, False, None, "GUARANTEED", None, step)]
    assert doubts(answer(step, "YES", corrected=True)) == [Reason(code, True, None, "GUARANTEED", None, step)]
    assert doubts(answer(step, "YES", corrected=False)) == [Reason(code, False, None, "GUARANTEED", None, step)]
    assert doubts(answer(step, "YES")) == doubts(answer(step, "SILENT")) == []
    assert doubts(answer(step, "SILENT", corrected=True)) == doubts(answer(step, "SILENT", corrected=False)) == []


def test_a_denied_purchase_is_no_doubt():
    assert doubts(answer("M1", "OBJECT"), answer("M7", "NO")) == [
        Reason("TERMS_UNCLEAR", False, None, "GUARANTEED", None, "M7")
    ]


@pytest.mark.parametrize(
    ("row", "found"),
    [
        (answer("M5", "NO", detail="CLAUSES_NOT_SUPPLIED"), [("CLAUSES_NOT_SUPPLIED", None, None)]),
        (
            answer("M5", "YES", corrected=True, detail="CLAUSES_NOT_SUPPLIED"),
            [("COVERAGE_UNCLEAR", True, None), ("CLAUSES_NOT_SUPPLIED", None, None)],
        ),
        (answer("M2.receipt_signed", "NO"), [("RECEIPT_UNSIGNED", None, None)]),
        (answer("M2.receipt_signed", "OBJECT"), [("RECEIPT_UNSIGNED", None, None)]),
        (answer("M2.receipt_signed", "UNSURE"), [("SIGNATURE_UNSURE", None, None)]),
        (answer("M2.receipt_signed", "YES"), []),
        *[(answer(step, "NO"), [(code, None, "UNKNOWN")]) for step, code in SIGNATURE_REASONS.items()],
        *[(answer(step, "OBJECT", signer="AGENT"), [(code, None, "AGENT")]) for step, code in SIGNATURE_REASONS.items()],
        *[(answer(step, "UNSURE", signer="AGENT"), [("SIGNATURE_UNSURE", None, None)]) for step in SIGNATURE_REASONS],
        (answer("K3", "QUESTION"), [("OPEN_QUESTION", False, None)]),
        (answer("K3", "QUESTION", detail="ANSWERED"), [("OPEN_QUESTION", True, None)]),
        (answer("K3", "NO"), []),
    ],
)  # fmt: skip
def test_papers_signatures_and_questions(row, found):
    assert doubts(row) == [Reason(code, cured, signer, "GUARANTEED", None, row.step) for code, cured, signer in found]


def test_one_question_left_open_keeps_them_open():
    first, second = answer("K3", "QUESTION", detail="ANSWERED"), answer("K3", "QUESTION")
    assert [reason.corrected for reason in doubts(first, second)] == [False]


def test_what_the_seller_said_is_taken_from_any_try_at_the_step():
    rows = [Answer("M8", "NO"), Answer("M8", "NO", seller_statement="A"), Answer("M9", "NO", seller_statement="B")]
    assert (statement_at(rows, "M8"), statement_at(rows, "M9"), statement_at(rows, "M7")) == ("A", "B", None)


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        (Reason("TERMS_UNCLEAR", True, step="M7"), ("R69", "M7：保险期间或缴费期间不清楚，经解释已清楚", "M7: policy or premium term unclear, clear after an explanation")),
        (Reason("TERMS_UNCLEAR", False, step="M7"), ("R70", "M7：保险期间或缴费期间不清楚，解释后仍不清楚", "M7: policy or premium term unclear, still not clear")),
        (Reason("SIGNED_BY_OTHER", None, "AGENT", step="M3"), None),
        (Reason("PHONE_INVALID", subtype="SUSPENDED"), ("R73", "电话有误（停机）", "phone invalid (suspended)")),
        (Reason("REFUSED"), ("C31", "拒访", "refused")),
    ],
)  # fmt: skip
def test_a_reason_in_words(reason, told):
    step = because(reason)
    if told is None:
        assert (
            step.rule == "R72" and step.zh.startswith("M3：代签名（") and step.en.startswith("M3: signed by another (")
        )
    else:
        assert (step.rule, step.zh, step.en) == told


def test_every_reason_has_its_rule_and_its_words():
    for code in REASON_RULES:
        assert because(Reason(code)).rule == ("R70" if REASON_RULES[code] == "R69" else REASON_RULES[code])


@pytest.mark.parametrize("said", sorted(UNCLEAR))
def test_promises_beside_the_contract(said):
    assert doubts_the_sale({"K2": Answer("K2", said)}) == "OTHER"
    assert doubts_the_sale({"K2": Answer("K2", "YES")}) is None
    assert doubts_the_sale({"K1": Answer("K1", said)}) is None
