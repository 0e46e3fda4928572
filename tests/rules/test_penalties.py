from datetime import datetime, timedelta

import pytest

from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from rules.penalties import (
    QUALITY_ITEMS,
    DecisionRefused,
    agent_points,
    check_decision,
    check_recommendation,
    item_proposals,
    low_success,
    months_low,
    order_late,
    proposal_key,
    proposals,
    quality_items,
    service_proposals,
    signature_proposals,
)


def fines(found):
    return {p.on: p.amount_yuan for p in found if p.measure == "FINE"}


@pytest.mark.parametrize(
    ("signer", "left", "expected", "rule"),
    [
        ("FAMILY", False, {"AGENT": 300, "SUPERVISOR": 200, "MANAGER": 100}, "R100"),
        ("AGENT", False, {"AGENT": 1000}, "R101"),
        ("FAMILY", True, {"SUPERVISOR": 500, "MANAGER": 500}, "R103"),
        ("AGENT", True, {"SUPERVISOR": 500, "MANAGER": 500}, "R103"),
    ],
)
def test_ac_15_signed_by_another(signer, left, expected, rule):
    found = signature_proposals(signer, agent_left=left)
    assert fines(found) == expected
    assert {p.step.rule for p in found if p.measure == "FINE"} == {rule}
    assert any(p.measure == "HOLD_COMMISSION" for p in found) is not left
    assert all(p.needs == "INVESTIGATION" for p in found)


def test_nobody_is_fined_before_it_is_known_who_signed():
    found = signature_proposals("UNKNOWN")
    assert fines(found) == {} and [p.measure for p in found] == ["INVESTIGATE", "HOLD_COMMISSION"]


def test_amounts_are_the_profile_s():
    profile = DEFAULTS.with_params({"penalty.table": {"AGENT.AGENT": 2000}})
    assert fines(signature_proposals("AGENT", profile)) == {"AGENT": 2000}


@pytest.mark.parametrize(
    ("reasons", "marks", "late", "items"),
    [
        ([], ["CONTACT_DATA_WRONG"], False, ["INFORMATION_ERROR"]),
        (["PHONE_IS_AGENTS"], [], False, ["FALSE_INFORMATION"]),
        (["NOT_KNOWN_AS_INSURANCE"], ["misselling_signal"], False, ["MISLEADING"]),
        (["SIGNED_BY_OTHER"], [], False, ["SIGNED_BY_OTHER"]),
        (["CLAUSES_NOT_SUPPLIED"], [], True, ["CLAUSES_NOT_SUPPLIED", "ORDER_OVERDUE_OR_INVALID"]),
        (["SIGNATURE_UNSURE", "UNREACHABLE"], [], False, []),  # AC-16
    ],
)
def test_the_six_quality_items(reasons, marks, late, items):
    assert list(quality_items(reasons, marks, order_late=late)) == items
    assert ("ORDER_OVERDUE_OR_INVALID" in quality_items(reasons, marks, answer_invalid=True)) is True


def test_everything_about_one_case():
    found = proposals(
        [("SIGNED_BY_OTHER", "FAMILY"), ("RISK_STATEMENT_COPIED_BY_OTHER", "AGENT")], ["misselling_signal"]
    )
    assert fines(found) == {"AGENT": 1000}  # one offence, the graver of the two
    assert [p.offence for p in found if p.measure == "LIST_QUALITY_ITEM"] == ["MISLEADING", "SIGNED_BY_OTHER"]
    assert {"R104", "R106"} <= {p.step.rule for p in found}
    assert proposals([("UNREACHABLE", None)]) == ()


def test_fraud_is_for_people_to_judge():
    found = proposals([], ["impersonation_suspect"])
    assert [(p.step.rule, p.amount_yuan) for p in found] == [("R106", None), ("R107", None)]


@pytest.mark.parametrize(
    ("months", "measures"), [(0, []), (1, ["WARNING"]), (3, ["WARNING", "CONTRACT_INVESTIGATION"])]
)
def test_low_success(months, measures):
    assert [p.measure for p in low_success(months)] == measures


@pytest.mark.parametrize(
    ("months", "low"),
    [
        ([], 0),
        ([(9, 10)], 0),  # ninety per cent is not below ninety
        ([(899, 1000), (9, 10), (0, 10)], 1),
        ([(0, 3), (1, 2), (8, 9), (1, 1)], 3),
        ([(0, 0), (0, 3)], 0),  # nothing was due
        ([(0, 3), (0, 0), (0, 3)], 1),
    ],
)
def test_months_in_a_row_below_the_figure(months, low):
    assert months_low(months) == low


def test_services_of_a_wealth_manager():
    assert fines(service_proposals("VISIT_LETTER_RECEIPT_LATE", 3)) == {"AGENT": 15}
    assert fines(service_proposals("CLIENT_DATA_LOST_OR_LATE")) == {"AGENT": 50}
    assert fines(service_proposals("CLIENT_DATA_PASSED_ON")) == {"SUPERVISOR": 50}
    with pytest.raises(KeyError):
        service_proposals("SINGING")


@pytest.mark.parametrize(("given", "points"), [((0,), 20), ((1,), 20), ((2,), 16), ((0, 1), 10), ((3, 0, 3, 3), 8)])
def test_agent_points(given, points):
    assert agent_points(*given) == points


def test_a_deduction_beyond_the_scale_is_refused():
    with pytest.raises(ValueError):
        agent_points(0, 0, 4)


DUE = datetime(2026, 10, 13, 23, 59, 59, tzinfo=SHANGHAI)  # AC-15: five working days from 09-30
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("handled", "statement", "now", "late"),
    [
        (None, None, DUE, False),
        (None, None, DUE + DAY, True),
        (DUE, None, DUE + DAY, False),
        (DUE + DAY, None, DUE + 2 * DAY, True),
        (None, DUE - DAY, DUE + DAY, False),  # AC-15: filed 10-12, no quality offence
        (None, DUE, DUE + DAY, False),
        (None, DUE + DAY, DUE + DAY, True),  # AC-15: filed 10-14, offence
        (DUE + DAY, DUE + DAY, DUE + 2 * DAY, True),
        (DUE + DAY, DUE - DAY, DUE + 2 * DAY, False),
    ],
)
def test_ac_15_a_statement_filed_before_the_limit_saves_the_branch(handled, statement, now, late):
    assert order_late(DUE, handled, statement, now) is late


def test_lateness_falls_on_the_unit_and_the_rest_on_the_seller():
    late = proposals((), (), order_late=True)
    assert [(p.offence, p.on, p.step.rule) for p in late] == [("ORDER_OVERDUE_OR_INVALID", "UNIT", "R106")]
    assert [p.on for p in proposals([("CLAUSES_NOT_SUPPLIED", None)]) if p.measure == "LIST_QUALITY_ITEM"] == ["AGENT"]


def test_what_a_checker_finds_is_listed():
    found = item_proposals(["MISLEADING", "FALSE_INFORMATION"])
    assert [(p.offence, p.measure, p.amount_yuan) for p in found] == [
        ("MISLEADING", "LIST_QUALITY_ITEM", None),
        ("FALSE_INFORMATION", "LIST_QUALITY_ITEM", None),
    ]
    assert len(item_proposals(QUALITY_ITEMS)) == 6
    with pytest.raises(KeyError):
        item_proposals(["SINGING"])


def test_one_fact_proposes_one_thing_once():
    found = [*signature_proposals("FAMILY"), *item_proposals(["MISLEADING"])]
    keys = {proposal_key("settlement:1", p) for p in found}
    assert len(keys) == len(found) and not keys & {proposal_key("settlement:2", p) for p in found}


@pytest.mark.parametrize(
    ("state", "decision", "more", "code"),
    [
        ("PROPOSED", "UPHELD", {}, None),
        ("PROPOSED", "DISMISSED", {"measure": "INVESTIGATE"}, None),
        ("PROPOSED", "UPHELD", {"measure": "INVESTIGATE", "finding": "AGENT"}, None),
        ("PROPOSED", "UPHELD", {"measure": "INVESTIGATE"}, "FINDING_MISSING"),
        ("PROPOSED", "UPHELD", {"measure": "INVESTIGATE", "finding": "UNKNOWN"}, "FINDING_MISSING"),
        ("PROPOSED", "UPHELD", {"reason": "  "}, "REASON_MISSING"),
        ("PROPOSED", "FORGIVEN", {}, "BAD_DECISION"),
        ("UPHELD", "DISMISSED", {}, "DECIDED"),
        ("DISMISSED", "UPHELD", {}, "DECIDED"),
    ],
)
def test_what_the_first_person_may_put_forward(state, decision, more, code):
    given = {"reason": "已调查", "measure": "FINE", **more}
    if code is None:
        check_recommendation(state, decision, **given)
        return
    with pytest.raises(DecisionRefused) as refused:
        check_recommendation(state, decision, **given)
    assert refused.value.code == code and refused.value.zh


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("PROPOSED", "UPHELD", "anna", "bo"), None),
        (("PROPOSED", "UPHELD", "anna", "anna"), "SAME_PERSON"),
        (("PROPOSED", None, None, "bo"), "NOT_RECOMMENDED"),
        (("UPHELD", "UPHELD", "anna", "bo"), "DECIDED"),
    ],
)
def test_a_second_person_decides(given, code):
    if code is None:
        check_decision(*given)
        return
    with pytest.raises(DecisionRefused) as refused:
        check_decision(*given)
    assert refused.value.code == code
