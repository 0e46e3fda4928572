import pytest

from rules.parameters import DEFAULTS
from rules.penalties import agent_points, low_success, proposals, quality_items, service_proposals, signature_proposals


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
