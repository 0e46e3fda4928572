"""What stands beside a class without changing it: marks for the quality unit, for servicing, for the next call."""

from collections.abc import Mapping

from rules.answers import Answer
from rules.outcome_reasons import MISSELLING_REASONS, UNCLEAR, Reason
from rules.parameters import Profile
from rules.reasoning import Step

# What stands beside a class, and why
MARK_STEPS = {
    "misselling_signal": Step(
        "C18", "计入误导统计，已纠正的也不例外", "counted as a mis-selling signal, corrected or not"
    ),
    "exclude_selling_agent": Step("C14", "销售人员回避，不得处理此件", "the selling agent may not resolve it"),
    "dispute": Step("C15", "按争议件最先处理，通知品质部门", "a dispute: handled first, the quality unit is told"),
    "INFORMED_REFUSAL": Step(
        "C31", "客户表示均已知悉，寄送载明全部事项的信函", "he knows it all: a letter with every item follows"
    ),
    "RECEIPT_DISPUTED": Step("S4", "登记有回执而客户称未收到", "a receipt is on file, yet he says he received nothing"),
    "DISCLOSED_BEFORE_IDENTITY": Step(
        "S10",
        "核实身份前谈及保单内容，属违规，结论不变",
        "a policy fact came before identity: a breach, the class stands",
    ),
    "candidate_number": Step(
        "C25", "新号码先列为待确认，确认前不拨打", "another number was named: a candidate, not rung until confirmed"
    ),
    "answered_by_proxy": Step(
        "S9", "家属代答，签名事项须投保人书面确认", "a proxy answered: signatures are confirmed in writing"
    ),
    "CONTACT_DATA_WRONG": Step(
        "R96", "联系资料登记有误，列为品质事项", "contact data wrong from the start: a quality item"
    ),
    "servicing_request": Step(
        "R64", "联系资料有变，转保全申请，结论不变", "contact data changed: a servicing request, the class stands"
    ),
    "complaint_ticket": Step("R29", "客户投诉，另行登记，由专人答复", "a complaint: on record, somebody answers it"),
    "surrender_intent": Step(
        "R22", "客户要求退保，告知办理途径，不加阻拦", "he wants to leave: told the way, nobody stands in it"
    ),
}


def marks_of(
    rows: list[Answer], last: Mapping[str, Answer], reasons: list[Reason], receipt_on_file: bool
) -> tuple[str, ...]:
    """Marks that the answers themselves give; `reasons` are those to verify, `receipt_on_file` tells S4 apart."""
    codes = {reason.code for reason in reasons}
    marks = []
    if "DENIES_PURCHASE" in codes:
        marks += ["dispute", "exclude_selling_agent"]
    if any(reason.subtype == "INFORMED_REFUSAL" for reason in reasons):
        marks.append("INFORMED_REFUSAL")
    if "CONTRACT_NOT_RECEIVED" in codes and receipt_on_file:
        marks.append("RECEIPT_DISPUTED")
    contact = last.get("K1")
    if contact is not None and contact.answer == "NO":
        marks.append("servicing_request")
        if contact.detail == "WRONG":
            marks.append("CONTACT_DATA_WRONG")
    for row in rows:
        if row.step == "K3" and row.answer == "OBJECT":
            # an objection that says no more is taken as a complaint, so that somebody looks at it
            marks.append("surrender_intent" if row.detail == "WANTS_SURRENDER" else "complaint_ticket")
    return tuple(marks)


def quality_marks(reasons: tuple[Reason, ...], statement: str | None, profile: Profile) -> tuple[str, ...]:
    """Suspected mis-selling is counted also where it was put right on the line (C18)."""
    stated = statement is not None
    uncorrected = any(r.code in MISSELLING_REASONS and r.corrected is False for r in reasons)
    corrected = any(r.code in MISSELLING_REASONS and r.corrected is True for r in reasons)
    marks = []
    if uncorrected or stated or (corrected and profile["quality.signal_on_corrected"]):
        marks.append("misselling_signal")
    excluded = profile["workorder.exclude_selling_agent"]
    if (excluded != "NEVER" and (uncorrected or stated)) or (excluded == "ALWAYS" and reasons):
        marks.append("exclude_selling_agent")
    return tuple(marks)


def doubts_the_sale(last: Mapping[str, Answer]) -> str | None:
    """K2: promises beside the contract, or being told what to answer, without saying what exactly."""
    row = last.get("K2")
    return "OTHER" if row is not None and row.answer in UNCLEAR else None
