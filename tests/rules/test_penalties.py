from datetime import datetime, timedelta

import pytest

from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from rules.penalties import (
    QUALITY_ITEMS,
    DecisionRefused,
    address_proposal,
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


def shown(found):
    return [
        f"{p.offence} {p.on} {p.amount_yuan} {p.measure} {p.needs} | {p.step.rule} {p.step.zh} | {p.step.en}"
        for p in found
    ]


HELD = (
    "RE_SIGNING_OUTSTANDING AGENT None HOLD_COMMISSION INVESTIGATION | R102 补签完成前暂缓发放佣金"
    " | commission is held until the re-signing is done"
)
LOOKED_INTO = (
    "SIGNED_BY_OTHER AGENT None INVESTIGATE INVESTIGATION | C40 尚不知何人代签，先行调查"
    " | who signed is not known yet: to be investigated first"
)
CIRCULAR = (
    "PROBLEM_ITEM UNIT None MONTHLY_CIRCULAR INVESTIGATION | R104 列入月度通报，按问题率处理"
    " | in the channel's monthly circular, dealt with by its rate"
)


def listed(item, zh, en, on="AGENT"):
    return (
        f"{item} {on} None LIST_QUALITY_ITEM INVESTIGATION | R106 品质事项：{zh}，报渠道品质主管"
        f" | quality item: {en}, to the channel's quality supervisor"
    )


@pytest.mark.parametrize(
    ("signer", "left", "proposed"),
    [
        (
            "FAMILY", False,
            [
                "SIGNED_BY_OTHER AGENT 300 FINE INVESTIGATION | R100 客户一方代签，建议扣罚业务员300元"
                " | signed by the customer's side: ¥300 proposed for the agent",
                "SIGNED_BY_OTHER SUPERVISOR 200 FINE INVESTIGATION | R100 客户一方代签，建议扣罚主管200元"
                " | signed by the customer's side: ¥200 proposed for the supervisor",
                "SIGNED_BY_OTHER MANAGER 100 FINE INVESTIGATION | R100 客户一方代签，建议扣罚部门经理100元"
                " | signed by the customer's side: ¥100 proposed for the department manager",
                HELD,
            ],
        ),
        (
            "AGENT", False,
            [
                "SIGNED_BY_OTHER AGENT 1000 FINE INVESTIGATION | R101 业务员代签，建议扣罚业务员1000元"
                " | signed by the agent: ¥1000 proposed for the agent",
                HELD,
            ],
        ),
        (
            None, True,
            [
                "SIGNED_BY_OTHER SUPERVISOR 500 FINE INVESTIGATION | R103 业务员已离职，建议扣罚主管500元"
                " | the agent has left: ¥500 proposed for the supervisor",
                "SIGNED_BY_OTHER MANAGER 500 FINE INVESTIGATION | R103 业务员已离职，建议扣罚部门经理500元"
                " | the agent has left: ¥500 proposed for the department manager",
            ],
        ),
        (None, False, [LOOKED_INTO, HELD]),
        ("UNKNOWN", False, [LOOKED_INTO, HELD]),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_signature_whole(signer, left, proposed):
    assert shown(signature_proposals(signer, agent_left=left)) == proposed


@pytest.mark.parametrize(
    ("given", "more", "proposed"),
    [
        (([], []), {}, []),
        (
            ([("RISK_STATEMENT_COPIED_BY_OTHER", None)], []), {},
            [LOOKED_INTO, HELD, listed("SIGNED_BY_OTHER", "代签字", "signed by another"), CIRCULAR],
        ),
        (
            ([("SIGNED_BY_OTHER", "AGENT"), ("RISK_STATEMENT_COPIED_BY_OTHER", "FAMILY")], []), {},
            [*shown(signature_proposals("AGENT")), listed("SIGNED_BY_OTHER", "代签字", "signed by another"), CIRCULAR],
        ),
        (
            ([("SIGNED_BY_OTHER", "FAMILY"), ("RISK_STATEMENT_COPIED_BY_OTHER", None)], []), {},
            [*shown(signature_proposals("FAMILY")), listed("SIGNED_BY_OTHER", "代签字", "signed by another"), CIRCULAR],
        ),
        (
            ([("SIGNED_BY_OTHER", "FAMILY")], []), {"agent_left": True},
            [
                *shown(signature_proposals(None, agent_left=True)),
                listed("SIGNED_BY_OTHER", "代签字", "signed by another"), CIRCULAR,
            ],
        ),
        # what is listed of the seller, what of the unit
        (
            ([("PHONE_SHARED", None), ("FEES_UNCLEAR", None)], ["misselling_signal"]), {"answer_invalid": True},
            [
                listed("FALSE_INFORMATION", "提供虚假信息", "false information"),
                listed("MISLEADING", "销售误导", "misleading"),
                listed("ORDER_OVERDUE_OR_INVALID", "工单逾期或反馈无效", "order overdue or answered invalidly", "UNIT"),
                CIRCULAR,
            ],
        ),
        (([("FEES_UNCLEAR", None)], []), {}, []),  # no quality item, no circular
        (
            ([], ["impersonation_suspect"]), {},
            [
                listed("FALSE_INFORMATION", "提供虚假信息", "false information"),
                "CALLBACK_FRAUD AGENT None DISCIPLINARY INVESTIGATION | R107 回访弄虚作假，按情节处分"
                " | fraud in a callback: disciplinary, by its gravity",
            ],
        ),
    ],
)  # fmt: skip
def test_what_is_proposed_for_a_case_whole(given, more, proposed):
    assert shown(proposals(*given, **more)) == proposed


@pytest.mark.parametrize(
    ("holder", "zh", "en"),
    [
        ("AGENT", "销售人员", "a salesperson"),
        ("STAFF", "员工", "a member of staff"),
        ("OUTLET", "销售网点", "an outlet"),
    ],
)
def test_an_address_of_somebody_who_sells_is_listed(holder, zh, en):
    assert shown([address_proposal(holder)]) == [
        f"FALSE_INFORMATION AGENT None LIST_QUALITY_ITEM INVESTIGATION | R95 投保人地址与{zh}的地址相同，报渠道品质主管核查销售人员"
        f" | the policyholder's address is that of {en}: to the channel's quality supervisor, against whoever sold"
    ]


WARNED = (
    "LOW_SUCCESS UNIT None WARNING NOTHING | R105 回访成功率偏低，发送警示短信 | low success rate: a warning message"
)
OFFENCES = [
    (lambda: low_success(2), [WARNED]),
    (
        lambda: low_success(3),
        [
            WARNED,
            "LOW_SUCCESS UNIT None CONTRACT_INVESTIGATION INVESTIGATION | R105 持续偏低，进行契约调查"
            " | low for long: the unit's contracts are investigated",
        ],
    ),
    (
        lambda: service_proposals("CLIENT_DATA_PASSED_ON"),
        [
            "CLIENT_DATA_PASSED_ON AGENT None END_OF_CONTRACT INVESTIGATION | R109 客户资料外传，解除合同"
            " | client data passed on: the contract is ended",
            "CLIENT_DATA_PASSED_ON SUPERVISOR 50 FINE INVESTIGATION | R109 主管连带50元 | the supervisor answers with ¥50",
        ],
    ),
    (
        lambda: service_proposals("LEAVER_FORM_MISSING"),
        ["LEAVER_FORM_MISSING AGENT 50 FINE INVESTIGATION | R109 每次50元，共1次 | ¥50 each time, 1 times"],
    ),
    (
        lambda: service_proposals("VISIT_LETTER_RECEIPT_LATE", 3),
        ["VISIT_LETTER_RECEIPT_LATE AGENT 15 FINE INVESTIGATION | R109 每次5元，共3次 | ¥5 each time, 3 times"],
    ),
    (
        lambda: item_proposals(["CLAUSES_NOT_SUPPLIED"]),
        [
            "CLAUSES_NOT_SUPPLIED AGENT None LIST_QUALITY_ITEM INVESTIGATION | R106 录音质检发现：未配条款，报渠道品质主管"
            " | found on the recording: clauses not supplied, to the quality supervisor"
        ],
    ),
]


@pytest.mark.parametrize(("proposed", "whole"), OFFENCES)
def test_what_is_proposed_for_other_offences_whole(proposed, whole):
    assert shown(proposed()) == whole


def test_the_quality_items_in_their_order_and_in_both_languages():
    assert list(QUALITY_ITEMS.items()) == [
        ("INFORMATION_ERROR", ("信息有误", "wrong information")),
        ("FALSE_INFORMATION", ("提供虚假信息", "false information")),
        ("MISLEADING", ("销售误导", "misleading")),
        ("SIGNED_BY_OTHER", ("代签字", "signed by another")),
        ("CLAUSES_NOT_SUPPLIED", ("未配条款", "clauses not supplied")),
        ("ORDER_OVERDUE_OR_INVALID", ("工单逾期或反馈无效", "order overdue or answered invalidly")),
    ]


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
        (["PHONE_INVALID"], [], False, ["INFORMATION_ERROR"]),
        (["RECORD_MISMATCH"], [], False, ["INFORMATION_ERROR"]),
        (["PHONE_SHARED"], [], False, ["FALSE_INFORMATION"]),
        (["RISK_STATEMENT_COPIED_BY_OTHER"], [], False, ["SIGNED_BY_OTHER"]),
        ([], ["impersonation_suspect"], False, ["FALSE_INFORMATION"]),
        ([], [], False, []),
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
    ("months", "measures"), [(0, []), (1, ["WARNING"]), (2, ["WARNING"]), (3, ["WARNING", "CONTRACT_INVESTIGATION"])]
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
    assert months_low(months, DEFAULTS.with_params({"penalty.low_success_below": 0})) == 0


def test_services_of_a_wealth_manager():
    assert fines(service_proposals("VISIT_LETTER_RECEIPT_LATE", 3)) == {"AGENT": 15}
    assert fines(service_proposals("CLIENT_DATA_LOST_OR_LATE")) == {"AGENT": 50}
    assert fines(service_proposals("CLIENT_DATA_PASSED_ON")) == {"SUPERVISOR": 50}
    with pytest.raises(KeyError):
        service_proposals("SINGING")


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ((0,), 20),
        ((1,), 20),
        ((2,), 16),
        ((0, 1), 10),
        ((3, 0, 3, 3), 8),
        ((0, 0, 1), 19),
        ((0, 0, 0, 2), 18),
        ((4, 2), -8),
    ],
)
def test_agent_points(given, points):
    assert agent_points(*given) == points


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ((0, 0, 4), "loss_ratio_points is from 0 to 3, not 4"),
        ((0, 0, -1), "loss_ratio_points is from 0 to 3, not -1"),
        ((0, 0, 0, 4), "persistency_points is from 0 to 3, not 4"),
    ],
)
def test_a_deduction_beyond_the_scale_is_refused(given, message):
    with pytest.raises(ValueError) as refused:
        agent_points(*given)
    assert str(refused.value) == message


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
    assert proposal_key("settlement:1", found[0]) == "settlement:1:SIGNED_BY_OTHER:AGENT:FINE"
    keys = {proposal_key("settlement:1", p) for p in found}
    assert len(keys) == len(found) and not keys & {proposal_key("settlement:2", p) for p in found}


@pytest.mark.parametrize(
    ("state", "decision", "more", "code"),
    [
        ("PROPOSED", "UPHELD", {}, None),
        ("PROPOSED", "DISMISSED", {"measure": "INVESTIGATE"}, None),
        ("PROPOSED", "UPHELD", {"measure": "INVESTIGATE", "finding": "AGENT"}, None),
        ("PROPOSED", "UPHELD", {"measure": "INVESTIGATE", "finding": "FAMILY"}, None),
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
    found = refused.value
    assert (found.code, found.zh, found.en, str(found)) == (code, *SENTENCES[code], SENTENCES[code][1])


SENTENCES = {
    "DECIDED": ("此项已有决定", "this is decided already"),
    "BAD_DECISION": ("没有FORGIVEN这一决定", "a decision is UPHELD or DISMISSED, not FORGIVEN"),
    "REASON_MISSING": ("决定须说明理由", "a decision takes a reason"),
    "FINDING_MISSING": ("请写明查明由谁代签", "say who signed, as the investigation found"),
    "NOT_RECOMMENDED": ("尚无人提出处理意见", "nobody has put a decision forward yet"),
    "SAME_PERSON": ("须由另一人决定", "a second person decides"),
}


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (("PROPOSED", "UPHELD", "anna", "bo"), None),
        (("PROPOSED", "UPHELD", "anna", "anna"), "SAME_PERSON"),
        (("PROPOSED", None, None, "bo"), "NOT_RECOMMENDED"),
        (("PROPOSED", "DISMISSED", None, "bo"), None),
        (("UPHELD", "UPHELD", "anna", "bo"), "DECIDED"),
    ],
)
def test_a_second_person_decides(given, code):
    if code is None:
        check_decision(*given)
        return
    with pytest.raises(DecisionRefused) as refused:
        check_decision(*given)
    found = refused.value
    assert (found.code, found.zh, found.en, str(found)) == (code, *SENTENCES[code], SENTENCES[code][1])
