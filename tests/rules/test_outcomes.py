"""Answers → class, reasons, marks, open items."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.answers import Answer
from rules.outcome_marks import MARK_STEPS
from rules.outcomes import (
    ITEM_REASONS,
    QUESTION,
    STANDARD,
    SUB_STANDARD,
    VERIFICATION,
    VERIFICATION_REASONS,
    Outcome,
    class_b,
    disclosed_before_identity,
    mandatory_items,
    outcome,
)
from scripts.rule_profiles import load_profile

NATIONAL = load_profile("national")
ITEMS = mandatory_items("PARTICIPATING", "ANNUAL", NATIONAL)
BASIC = ("M1", "M2.received", "M2.receipt_signed", "M3", "M5", "M6.coverage", "M6.exclusions", "M6.term", "M8", "M9")


def rows(**changed):
    """A complete clear callback with some rows changed; a step spelled with __ for the dot; None leaves it out."""
    found = {step: {"step": step, "answer": "YES"} for step in ITEMS}
    for name, row in changed.items():
        step = name.replace("__", ".")
        if row is None:
            found.pop(step, None)
        else:
            found[step] = {"step": step, **({"answer": row} if isinstance(row, str) else row)}
    return list(found.values())


def decide(*more, product="PARTICIPATING", mode="ANNUAL", params=None, **changed):
    return outcome([*rows(**changed), *more], product, mode, NATIONAL.with_params(params or {}))


def codes(found):
    return [(r.code, r.corrected) for r in found.reasons]


@pytest.mark.parametrize(
    ("product", "mode", "beside_basic"),
    [
        ("TRADITIONAL", "ANNUAL", {"M7"}),
        ("TRADITIONAL", "SINGLE", set()),
        ("ACCIDENT", "MONTHLY", {"M7"}),
        ("HEALTH", "ANNUAL", {"M7", "N5"}),
        ("PARTICIPATING", "ANNUAL", {"M7", "M4", "N1", "N3"}),
        ("PARTICIPATING", "SINGLE", {"M4", "N1", "N3"}),
        ("UNIVERSAL", "QUARTERLY", {"M7", "M4", "N2", "N3"}),
        ("UNIT_LINKED", "SINGLE", {"M4", "N3", "N4"}),
    ],
)
def test_item_matrix(product, mode, beside_basic):
    assert set(mandatory_items(product, mode, NATIONAL)) == set(BASIC) | beside_basic


def test_fees_of_every_type_under_such_a_profile():
    strict = NATIONAL.with_params({"matrix.fees_for_all_types": True})
    assert "N3" in mandatory_items("TRADITIONAL", "SINGLE", strict)


def test_all_clear_is_standard():
    assert decide() == Outcome(True, STANDARD, steps=decide().steps)


@pytest.mark.parametrize(("step", "code"), ITEM_REASONS.items())
@pytest.mark.parametrize("answer", ["NO", "UNSURE", "QUESTION", "OBJECT"])
def test_what_stays_unclear_is_a_question_and_what_is_corrected_is_sub_standard(step, code, answer):
    product = {"N2": "UNIVERSAL", "N4": "UNIT_LINKED", "N5": "HEALTH"}.get(step, "PARTICIPATING")
    every = [{"step": item, "answer": "YES"} for item in mandatory_items(product, "ANNUAL", NATIONAL) if item != step]
    stayed = outcome([*every, {"step": step, "answer": answer, "corrected": False}], product, "ANNUAL", NATIONAL)
    if (step, answer) == ("M1", "OBJECT"):
        assert codes(stayed) == [("DENIES_PURCHASE", None)]
    else:
        assert (stayed.class_, codes(stayed)) == (QUESTION, [(code, False)])
        assert set(stayed.marks) == {"misselling_signal", "exclude_selling_agent"}
    corrected = outcome([*every, {"step": step, "answer": "YES", "corrected": True}], product, "ANNUAL", NATIONAL)
    assert (corrected.class_, codes(corrected)) == (SUB_STANDARD, [(code, True)])
    assert corrected.marks == ("misselling_signal",)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"M2__receipt_signed": "NO"}, "RECEIPT_UNSIGNED"),
        ({"M2__receipt_signed": "UNSURE"}, "SIGNATURE_UNSURE"),
        ({"M3": {"answer": "NO", "signer": "FAMILY"}}, "SIGNED_BY_OTHER"),
        ({"M3": "UNSURE"}, "SIGNATURE_UNSURE"),
        ({"M4": {"answer": "NO", "signer": "AGENT"}}, "RISK_STATEMENT_COPIED_BY_OTHER"),
        ({"M4": "UNSURE"}, "SIGNATURE_UNSURE"),
        ({"M3": "QUESTION"}, "SIGNATURE_UNSURE"),
        ({"M3": {"answer": "OBJECT", "signer": "AGENT"}}, "SIGNED_BY_OTHER"),
        ({"M2__receipt_signed": "OBJECT"}, "RECEIPT_UNSIGNED"),
        ({"M3": {"answer": "YES", "corrected": False}}, "SIGNATURE_UNSURE"),
        ({"M2__receipt_signed": {"answer": "YES", "corrected": False}}, "SIGNATURE_UNSURE"),
        ({"M5": {"answer": "NO", "detail": "CLAUSES_NOT_SUPPLIED"}}, "CLAUSES_NOT_SUPPLIED"),
    ],
)
def test_reasons_that_no_explanation_cures(changed, reason):
    found = decide(**changed)
    assert (found.class_, codes(found)) == (QUESTION, [(reason, None)])


def test_papers_that_became_clear_do_not_cover_clauses_that_never_came():
    found = decide(M5={"answer": "YES", "corrected": True, "detail": "CLAUSES_NOT_SUPPLIED"})
    assert (found.class_, codes(found)) == (QUESTION, [("COVERAGE_UNCLEAR", True), ("CLAUSES_NOT_SUPPLIED", None)])


@pytest.mark.parametrize(
    ("row", "reason", "marks"),
    [
        ({"step": "P0", "answer": "NO", "detail": "PHONE_INCOMPLETE"}, "PHONE_INVALID", ()),
        ({"step": "P0", "answer": "NO", "detail": "PHONE_SHARED"}, "PHONE_SHARED", ()),
        ({"step": "P0", "answer": "NO", "detail": "PHONE_IS_AGENTS"}, "PHONE_IS_AGENTS", ()),
        ({"step": "P1", "answer": "SUSPENDED"}, "PHONE_INVALID", ()),
        ({"step": "T1", "answer": "NO", "detail": "DECEASED"}, "POLICYHOLDER_DECEASED", ()),
        ({"step": "C3", "answer": "NO", "detail": "LANGUAGE"}, "LANGUAGE_BARRIER", ()),
        ({"step": "C3", "answer": "NO", "detail": "HEARING"}, "HEARING_OR_AGE", ()),
        ({"step": "C3", "answer": "NO", "detail": "AGE"}, "HEARING_OR_AGE", ()),
        ({"step": "R1", "answer": "REFUSE"}, "REFUSED", ()),
        ({"step": "R1", "answer": "REFUSE", "detail": "INFORMED"}, "REFUSED", ("INFORMED_REFUSAL",)),
        ({"step": "I1", "answer": "REFUSE"}, "IDENTITY_NOT_CONFIRMED", ()),
        ({"step": "M1", "answer": "OBJECT"}, "DENIES_PURCHASE", ("dispute", "exclude_selling_agent")),
        ({"step": "M1", "answer": "OBJECT", "detail": "ALREADY_SURRENDERED"}, "ALREADY_SURRENDERED", ()),
        ({"step": "M2.received", "answer": "NO"}, "CONTRACT_NOT_RECEIVED", ()),
        ({"step": "M2.received", "answer": "UNSURE"}, "CONTRACT_NOT_RECEIVED", ()),
    ],
)
def test_verification_reasons(row, reason, marks):
    found = outcome([row], "PARTICIPATING", "ANNUAL", NATIONAL)
    assert (found.class_, found.completed, codes(found)) == (VERIFICATION, False, [(reason, None)])
    assert found.marks == marks
    assert reason in VERIFICATION_REASONS


@pytest.mark.parametrize(("tries", "reasons"), [(["NO"], []), (["NO", "NO"], ["RECORD_MISMATCH"]), (["NO", "YES"], [])])
def test_ac_21_identity_differs_after_a_retry(tries, reasons):
    found = outcome([{"step": "I1", "answer": answer} for answer in tries], "PARTICIPATING", "ANNUAL", NATIONAL)
    assert [r.code for r in found.reasons] == reasons


def test_a_receipt_on_file_is_disputed():
    found = outcome(rows(M2__received="NO"), "PARTICIPATING", "ANNUAL", NATIONAL, receipt_on_file=True)
    assert "RECEIPT_DISPUTED" in found.marks


@pytest.mark.parametrize("answer", ["SILENT", "NOT_UNDERSTOOD", "BUSY", "HANGUP", "REFUSE", None])
def test_no_definite_answer_leaves_the_item_open(answer):
    found = decide(M8=answer)
    assert (found.completed, found.class_, found.open_items) == (False, None, ("M8",))


def test_reasons_found_so_far_are_kept():
    found = decide(M8=None, M9={"answer": "NO", "corrected": False})
    assert (found.class_, codes(found)) == (None, [("COOLING_OFF_OR_SURRENDER_UNCLEAR", False)])


def test_open_items_when_nobody_rings_again():
    found = outcome(rows(M8=None), "PARTICIPATING", "ANNUAL", NATIONAL, plan_used_up=True)
    assert (found.class_, codes(found)) == (VERIFICATION, [("UNREACHABLE", None)])


@pytest.mark.parametrize(("times", "class_"), [(0, None), (1, None), (2, VERIFICATION), (3, VERIFICATION)])
def test_hanging_up_twice_on_purpose_is_a_refusal(times, class_):
    found = outcome([], "PARTICIPATING", "ANNUAL", NATIONAL, deliberate_hangups=times)
    assert found.class_ == class_


@pytest.mark.parametrize(
    ("row", "class_", "reasons", "marks"),
    [
        ({"step": "K1", "answer": "NO", "detail": "CHANGED"}, STANDARD, [], {"servicing_request"}),
        ({"step": "K1", "answer": "NO", "detail": "WRONG"}, STANDARD, [], {"servicing_request", "CONTACT_DATA_WRONG"}),
        ({"step": "K3", "answer": "NO"}, STANDARD, [], set()),
        ({"step": "K3", "answer": "QUESTION", "detail": "ANSWERED"}, SUB_STANDARD, [("OPEN_QUESTION", True)], set()),
        ({"step": "K3", "answer": "QUESTION", "detail": "NOT_ANSWERABLE"}, QUESTION, [("OPEN_QUESTION", False)], set()),
        ({"step": "K3", "answer": "OBJECT", "detail": "COMPLAINT"}, STANDARD, [], {"complaint_ticket"}),
        ({"step": "K3", "answer": "OBJECT"}, STANDARD, [], {"complaint_ticket"}),
        ({"step": "K3", "answer": "QUESTION"}, QUESTION, [("OPEN_QUESTION", False)], set()),
        ({"step": "K1", "answer": "NO"}, STANDARD, [], {"servicing_request"}),
        ({"step": "K3", "answer": "OBJECT", "detail": "WANTS_SURRENDER"}, STANDARD, [], {"surrender_intent"}),
    ],
)
def test_closing_steps(row, class_, reasons, marks):
    found = decide(row)
    assert (found.class_, codes(found), set(found.marks)) == (class_, reasons, marks)


def test_every_mark_that_an_answer_gives_is_explained():
    rows_of = {
        "servicing_request": {"step": "K1", "answer": "NO", "detail": "CHANGED"},
        "complaint_ticket": {"step": "K3", "answer": "OBJECT", "detail": "COMPLAINT"},
        "surrender_intent": {"step": "K3", "answer": "OBJECT", "detail": "WANTS_SURRENDER"},
    }
    for mark, row in rows_of.items():
        found = decide(row)
        assert found.marks == (mark,) and MARK_STEPS[mark] in found.steps


def test_ac_12_deposit_corrected():
    found = decide(M1={"answer": "YES", "corrected": True})
    assert (found.class_, codes(found)) == (SUB_STANDARD, [("NOT_KNOWN_AS_INSURANCE", True)])
    assert "misselling_signal" in found.marks and class_b(found) is None


def test_ac_12_with_a_statement_about_the_seller():
    first = {"step": "M1", "answer": "NO", "final": False, "seller_statement": "CONFUSED"}
    found = decide(first, M1={"answer": "YES", "corrected": True})
    assert found.reasons[0].seller_statement == "CONFUSED" and class_b(found) == "MISSELLING"


def test_ac_13_deposit_not_corrected():
    found = decide(M1={"answer": "NO", "corrected": False})
    assert found.class_ == QUESTION and "exclude_selling_agent" in found.marks
    assert class_b(found) == "FIRST_LEVEL_EXPLANATION"


def test_ac_17_a_denial_is_a_dispute():
    found = outcome([{"step": "M1", "answer": "OBJECT"}], "PARTICIPATING", "ANNUAL", NATIONAL)
    assert found.marks == ("dispute", "exclude_selling_agent") and class_b(found) == "VERIFICATION"


def test_contract_not_received_is_a_first_level_order_in_the_other_view():
    found = outcome(rows(M2__received="NO"), "PARTICIPATING", "ANNUAL", NATIONAL)
    assert class_b(found) == "FIRST_LEVEL_EXPLANATION"
    assert class_b(found, after_care=True) == "SECOND_LEVEL_EXPLANATION"


def test_what_is_not_final_decides_nothing():
    assert decide({"step": "M8", "answer": "NO", "final": False}).class_ == STANDARD


# from a clear yes down to no answer at all
BETTER_TO_WORSE = [
    {"answer": "YES"},
    {"answer": "YES", "corrected": True},
    {"answer": "NO", "corrected": False},
    {"answer": "SILENT"},
]
# without the contract nothing else can be asked: a no there weighs more than silence (C16)
LADDERS = {"M2.received": [*BETTER_TO_WORSE[:2], BETTER_TO_WORSE[3], BETTER_TO_WORSE[2]]}
# beside the items, from nothing to a reason that ends the call
BESIDE = [
    (),
    ({"step": "K3", "answer": "QUESTION", "detail": "ANSWERED"},),
    ({"step": "K3", "answer": "QUESTION", "detail": "NOT_ANSWERABLE"},),
    ({"step": "K3", "answer": "QUESTION"}, {"step": "R1", "answer": "REFUSE"}),
]
RANK = {STANDARD: 0, SUB_STANDARD: 1, QUESTION: 2, None: 3, VERIFICATION: 4}


@given(
    st.sampled_from(["TRADITIONAL", "PARTICIPATING", "UNIVERSAL", "UNIT_LINKED", "HEALTH", "ACCIDENT"]),
    st.sampled_from(["SINGLE", "ANNUAL"]),
    st.lists(st.integers(0, 3), min_size=20, max_size=20),
    st.integers(0, 3),
    st.integers(0, 20),
)
def test_a_class_never_improves_when_an_answer_gets_worse(product, mode, levels, beside, which):
    items = mandatory_items(product, mode, NATIONAL)

    def found(worse):
        answers = [
            {"step": item, **LADDERS.get(item, BETTER_TO_WORSE)[min(level + (worse and place == which), 3)]}
            for place, (item, level) in enumerate(zip(items, levels, strict=False))
        ]
        extra = BESIDE[min(beside + (worse and which >= len(items)), 3)]
        return outcome([*answers, *extra], product, mode, NATIONAL)

    better, worse = found(False), found(True)
    assert RANK[better.class_] <= RANK[worse.class_]
    assert better.completed or not worse.completed


@given(st.sets(st.sampled_from(ITEMS), min_size=1))
def test_a_missing_answer_never_completes(missing):
    answers = [{"step": item, "answer": "YES"} for item in ITEMS if item not in missing]
    found = outcome(answers, "PARTICIPATING", "ANNUAL", NATIONAL)
    assert not found.completed and set(found.open_items) == missing


@pytest.mark.parametrize("step", ["C1", "C2", "C3", "T1", "T2", "T3", "T4", "T5", "T6", "R1", "L1", "A1"])
def test_s10_after_any_opening_an_item_before_identity_is_a_breach(step):
    for item in ("M1", "N3", "D2"):
        assert disclosed_before_identity([Answer(step, "YES"), Answer(item, "YES")])
        assert not disclosed_before_identity([Answer(step, "YES"), Answer("I1", "YES"), Answer(item, "YES")])


@pytest.mark.parametrize(
    ("rows", "disclosed"),
    [
        ([], False),
        ([("M1", "YES")], False),  # the opening is not on record
        ([("K1", "YES"), ("M1", "YES")], False),
        ([("I1", "NO"), ("M1", "YES")], True),
        ([("M1", "YES"), ("I1", "YES")], True),
        ([("I1", "NO"), ("I1", "YES"), ("M1", "YES")], False),
        ([("C1", "YES"), ("K1", "YES"), ("I1", "NO")], False),
    ],
)
def test_s10_what_came_up_before_identity(rows, disclosed):
    assert disclosed_before_identity([Answer(step, said) for step, said in rows]) is disclosed


def test_an_outcome_after_a_journey_as_json():
    found = decide(M8={"answer": "NO", "corrected": False, "seller_statement": "GUARANTEED"}, M9=None)
    assert found.reasons and found.marks and found.open_items and found.steps and found.seller_statement
    assert Outcome.from_json(found.to_json()) == found
    assert Outcome(True, None) == Outcome(True, None, (), (), (), (), None)
