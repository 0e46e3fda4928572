"""What stands beside a class: each mark with the answers that give it, and how it is told."""

import pytest

from rules.answers import Answer
from rules.outcome_marks import MARK_STEPS, marks_of, quality_marks
from rules.outcome_reasons import Reason
from rules.outcomes import outcome
from rules.parameters import DEFAULTS

CHANGED = Answer("K1", "NO", detail="CHANGED")


def marks(*rows: Answer, receipt_on_file: bool = False, **more) -> list[tuple[str, str, str, str]]:
    found = outcome(rows, "PARTICIPATING", "ANNUAL", DEFAULTS, receipt_on_file=receipt_on_file, **more)
    steps = [MARK_STEPS[mark] for mark in found.marks]
    assert [step for step in found.steps if step in steps] == steps
    return [(mark, step.rule, step.zh, step.en) for mark, step in zip(found.marks, steps, strict=True)]


DISPUTE = ("dispute", "C15", "按争议件最先处理，通知品质部门", "a dispute: handled first, the quality unit is told")
EXCLUDED = ("exclude_selling_agent", "C14", "销售人员回避，不得处理此件", "the selling agent may not resolve it")
SIGNAL = (
    "misselling_signal",
    "C18",
    "计入误导统计，已纠正的也不例外",
    "counted as a mis-selling signal, corrected or not",
)
SERVICING = ("servicing_request", "R64", "联系资料有变，转保全申请，结论不变", "contact data changed: a servicing request, the class stands")  # fmt: skip
DISCLOSED = ("DISCLOSED_BEFORE_IDENTITY", "S10", "核实身份前谈及保单内容，属违规，结论不变", "a policy fact came before identity: a breach, the class stands")  # fmt: skip


@pytest.mark.parametrize(
    ("rows", "more", "expected"),
    [
        ([Answer("M1", "YES")], {}, []),
        ([Answer("M1", "OBJECT")], {}, [DISPUTE, EXCLUDED]),
        ([Answer("M1", "OBJECT"), CHANGED], {}, [DISPUTE, EXCLUDED, SERVICING]),
        ([Answer("M8", "NO", corrected=False)], {}, [SIGNAL, EXCLUDED]),
        ([Answer("M8", "YES", corrected=True)], {}, [SIGNAL]),
        ([Answer("K2", "NO")], {}, [SIGNAL, EXCLUDED]),
        (
            [Answer("R1", "REFUSE", detail="INFORMED")],
            {},
            [("INFORMED_REFUSAL", "C31", "客户表示均已知悉，寄送载明全部事项的信函", "he knows it all: a letter with every item follows")],
        ),
        ([Answer("R1", "REFUSE")], {}, []),
        (
            [Answer("M2.received", "NO")],
            {"receipt_on_file": True},
            [("RECEIPT_DISPUTED", "S4", "登记有回执而客户称未收到", "a receipt is on file, yet he says he received nothing")],
        ),
        ([Answer("M2.received", "NO")], {}, []),
        ([Answer("M2.received", "YES")], {"receipt_on_file": True}, []),
        ([CHANGED], {}, [SERVICING]),
        ([Answer("K1", "YES")], {}, []),
        ([Answer("K1", "UNSURE", detail="WRONG")], {}, []),
        (
            [Answer("K1", "NO", detail="WRONG")],
            {},
            [SERVICING, ("CONTACT_DATA_WRONG", "R96", "联系资料登记有误，列为品质事项", "contact data wrong from the start: a quality item")],
        ),
        (
            [Answer("K3", "OBJECT", detail="COMPLAINT"), Answer("K3", "OBJECT", detail="WANTS_SURRENDER")],
            {},
            [
                ("complaint_ticket", "R29", "客户投诉，另行登记，由专人答复", "a complaint: on record, somebody answers it"),
                ("surrender_intent", "R22", "客户要求退保，告知办理途径，不加阻拦", "he wants to leave: told the way, nobody stands in it"),
            ],
        ),
        ([Answer("K2", "OBJECT", detail="WANTS_SURRENDER")], {}, [SIGNAL, EXCLUDED]),
        (
            [Answer("M8", "YES")],
            {"by_proxy": True},
            [("answered_by_proxy", "S9", "家属代答，签名事项须投保人书面确认", "a proxy answered: signatures are confirmed in writing")],
        ),
        (
            [Answer("M8", "YES")],
            {"marked": ["candidate_number", "DISCLOSED_BEFORE_IDENTITY", "candidate_number"]},
            [("candidate_number", "C25", "新号码先列为待确认，确认前不拨打", "another number was named: a candidate, not rung until confirmed"), DISCLOSED],
        ),
    ],
)  # fmt: skip
def test_the_marks_of_answers_and_how_they_are_told(rows, more, expected):
    assert marks(*rows, **more) == expected


def test_every_mark_that_can_be_told():
    assert set(MARK_STEPS) == {
        "misselling_signal", "exclude_selling_agent", "dispute", "INFORMED_REFUSAL", "RECEIPT_DISPUTED",
        "DISCLOSED_BEFORE_IDENTITY", "candidate_number", "answered_by_proxy", "CONTACT_DATA_WRONG", "servicing_request",
        "complaint_ticket", "surrender_intent",
    }  # fmt: skip


def test_a_denied_purchase_beside_other_marks():
    reasons = [
        Reason("DENIES_PURCHASE"),
        Reason("REFUSED", subtype="INFORMED_REFUSAL"),
        Reason("CONTRACT_NOT_RECEIVED"),
    ]
    expected = ("dispute", "exclude_selling_agent", "INFORMED_REFUSAL", "RECEIPT_DISPUTED", "servicing_request")
    assert marks_of([CHANGED], {"K1": CHANGED}, reasons, True) == expected


UNCLEAR, CURED, SIGNATURE = Reason("FEES_UNCLEAR", False), Reason("FEES_UNCLEAR", True), Reason("SIGNED_BY_OTHER")


@pytest.mark.parametrize(
    ("reasons", "statement", "excluded", "counted", "expected"),
    [
        ((), None, "MISSELLING_ONLY", True, ()),
        ((UNCLEAR,), None, "MISSELLING_ONLY", True, ("misselling_signal", "exclude_selling_agent")),
        ((UNCLEAR,), None, "NEVER", True, ("misselling_signal",)),
        ((UNCLEAR,), None, "ALWAYS", True, ("misselling_signal", "exclude_selling_agent")),
        ((CURED,), None, "MISSELLING_ONLY", True, ("misselling_signal",)),
        ((CURED,), None, "MISSELLING_ONLY", False, ()),
        ((CURED,), None, "ALWAYS", False, ("exclude_selling_agent",)),
        ((), None, "ALWAYS", True, ()),
        ((), "GUARANTEED", "MISSELLING_ONLY", False, ("misselling_signal", "exclude_selling_agent")),
        ((), "GUARANTEED", "NEVER", True, ("misselling_signal",)),
        ((SIGNATURE,), None, "MISSELLING_ONLY", True, ()),
        ((SIGNATURE,), None, "ALWAYS", True, ("exclude_selling_agent",)),
        ((SIGNATURE, Reason("FEES_UNCLEAR")), None, "MISSELLING_ONLY", True, ()),  # not said whether it was cured
    ],
)
def test_c14_and_c18_what_the_sale_is_suspected_of(reasons, statement, excluded, counted, expected):
    profile = DEFAULTS.with_params(
        {"workorder.exclude_selling_agent": excluded, "quality.signal_on_corrected": counted}
    )
    assert quality_marks(reasons, statement, profile) == expected
