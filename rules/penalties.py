"""What a rulebook provides for an offence, as a proposal with its source. Nothing is ever deducted here (C40)."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from rules.parameters import DEFAULTS, Profile
from rules.reasoning import Step
from rules.refusals import Refused

CUSTOMER_SIDE, AGENT, AGENT_LEFT = "CUSTOMER_SIDE", "AGENT", "AGENT_LEFT"


@dataclass(frozen=True, slots=True)
class Proposal:
    """`amount_yuan` None where the source names no sum. `on`: AGENT, SUPERVISOR, MANAGER or UNIT. `needs` says what a
    person decides before anything follows; four eyes always."""

    offence: str
    on: str
    amount_yuan: int | None
    measure: str
    step: Step
    needs: str = "INVESTIGATION"


# The six quality items that a branch lists for the quality supervisor of the channel (R106), in both languages.
QUALITY_ITEMS: dict[str, tuple[str, str]] = {
    "INFORMATION_ERROR": ("信息有误", "wrong information"),
    "FALSE_INFORMATION": ("提供虚假信息", "false information"),
    "MISLEADING": ("销售误导", "misleading"),
    "SIGNED_BY_OTHER": ("代签字", "signed by another"),
    "CLAUSES_NOT_SUPPLIED": ("未配条款", "clauses not supplied"),
    "ORDER_OVERDUE_OR_INVALID": ("工单逾期或反馈无效", "order overdue or answered invalidly"),
}
_ITEM_OF_REASON = {
    "PHONE_INVALID": "INFORMATION_ERROR",
    "RECORD_MISMATCH": "INFORMATION_ERROR",
    "PHONE_SHARED": "FALSE_INFORMATION",
    "PHONE_IS_AGENTS": "FALSE_INFORMATION",
    "SIGNED_BY_OTHER": "SIGNED_BY_OTHER",
    "RISK_STATEMENT_COPIED_BY_OTHER": "SIGNED_BY_OTHER",
    "CLAUSES_NOT_SUPPLIED": "CLAUSES_NOT_SUPPLIED",
}
_ITEM_OF_MARK = {
    "CONTACT_DATA_WRONG": "INFORMATION_ERROR",
    "impersonation_suspect": "FALSE_INFORMATION",
    "misselling_signal": "MISLEADING",
}
SIGNATURES = frozenset({"SIGNED_BY_OTHER", "RISK_STATEMENT_COPIED_BY_OTHER"})


def quality_items(
    reasons: Iterable[str], marks: Iterable[str] = (), *, order_late: bool = False, answer_invalid: bool = False
) -> tuple[str, ...]:
    """The quality items of a case, each once, in R106's order.

    `order_late`: its own limit passed without a statement filed before (R91, S15); `answer_invalid`: handed in without
    what it had to hold.
    """
    found = {_ITEM_OF_REASON[code] for code in reasons if code in _ITEM_OF_REASON}
    found |= {_ITEM_OF_MARK[mark] for mark in marks if mark in _ITEM_OF_MARK}
    if order_late or answer_invalid:
        found.add("ORDER_OVERDUE_OR_INVALID")
    return tuple(item for item in QUALITY_ITEMS if item in found)


def signature_proposals(
    signer: str | None, profile: Profile = DEFAULTS, *, agent_left: bool = False
) -> tuple[Proposal, ...]:
    """For one signature that is not the policyholder's. `signer` FAMILY or AGENT as investigated; a call only reveals
    "not me", so UNKNOWN proposes no sum."""
    kind = AGENT_LEFT if agent_left else {"FAMILY": CUSTOMER_SIDE, "AGENT": AGENT}.get(signer or "")
    held = Step("R102", "补签完成前暂缓发放佣金", "commission is held until the re-signing is done")
    hold = Proposal("RE_SIGNING_OUTSTANDING", "AGENT", None, "HOLD_COMMISSION", held)
    if kind is None:
        step = Step("C40", "尚不知何人代签，先行调查", "who signed is not known yet: to be investigated first")
        return (Proposal("SIGNED_BY_OTHER", "AGENT", None, "INVESTIGATE", step), *(() if agent_left else (hold,)))
    rule, zh, en = {
        CUSTOMER_SIDE: ("R100", "客户一方代签", "signed by the customer's side"),
        AGENT: ("R101", "业务员代签", "signed by the agent"),
        AGENT_LEFT: ("R103", "业务员已离职", "the agent has left"),
    }[kind]
    fines = tuple(
        Proposal(
            "SIGNED_BY_OTHER",
            on,
            amount,
            "FINE",
            Step(rule, f"{zh}，建议扣罚{_ON[on][0]}{amount}元", f"{en}: ¥{amount} proposed for the {_ON[on][1]}"),
        )
        for on, amount in _amounts(kind, profile["penalty.table"])
    )
    return fines if agent_left else (*fines, hold)


_ON = {
    "AGENT": ("业务员", "agent"),
    "SUPERVISOR": ("主管", "supervisor"),
    "MANAGER": ("部门经理", "department manager"),
}


def _amounts(kind: str, table: Mapping[str, int]) -> Iterable[tuple[str, int]]:
    return ((on, table[f"{kind}.{on}"]) for on in _ON if f"{kind}.{on}" in table)


def address_proposal(holder_kind: str) -> Proposal:
    """The policyholder's address is that of somebody who sells: an AGENT, STAFF or an OUTLET (R95)."""
    zh, en = {"OUTLET": ("销售网点", "an outlet"), "STAFF": ("员工", "a member of staff")}.get(
        holder_kind, ("销售人员", "a salesperson")
    )
    step = Step(
        "R95",
        f"投保人地址与{zh}的地址相同，报渠道品质主管核查销售人员",
        f"the policyholder's address is that of {en}: to the channel's quality supervisor, against whoever sold",
    )
    return Proposal("FALSE_INFORMATION", "AGENT", None, "LIST_QUALITY_ITEM", step)


def proposals(
    reasons: Iterable[tuple[str, str | None]],
    marks: Iterable[str] = (),
    profile: Profile = DEFAULTS,
    *,
    agent_left: bool = False,
    order_late: bool = False,
    answer_invalid: bool = False,
) -> tuple[Proposal, ...]:
    """Everything the rulebooks provide for a case; `reasons` as (code, signer). Two signatures are one offence."""
    reasons, marks = list(reasons), list(marks)
    found: list[Proposal] = []
    signers = [signer for code, signer in reasons if code in SIGNATURES]
    if signers:
        gravest = next((s for s in ("AGENT", "FAMILY") if s in signers), None)
        found += signature_proposals(gravest, profile, agent_left=agent_left)
    items = quality_items((code for code, _ in reasons), marks, order_late=order_late, answer_invalid=answer_invalid)
    for item in items:
        zh, en = QUALITY_ITEMS[item]
        step = Step(
            "R106", f"品质事项：{zh}，报渠道品质主管", f"quality item: {en}, to the channel's quality supervisor"
        )
        # a branch that is late or answers invalidly stands for itself, whoever sold the policy
        on = "UNIT" if item == "ORDER_OVERDUE_OR_INVALID" else "AGENT"
        found.append(Proposal(item, on, None, "LIST_QUALITY_ITEM", step))
    if reasons and items:
        step = Step("R104", "列入月度通报，按问题率处理", "in the channel's monthly circular, dealt with by its rate")
        found.append(Proposal("PROBLEM_ITEM", "UNIT", None, "MONTHLY_CIRCULAR", step))
    if "impersonation_suspect" in marks:
        step = Step("R107", "回访弄虚作假，按情节处分", "fraud in a callback: disciplinary, by its gravity")
        found.append(Proposal("CALLBACK_FRAUD", "AGENT", None, "DISCIPLINARY", step))
    return tuple(found)


# Months of low success in a row from which it counts as persistent
PERSISTENT_MONTHS = 3


def months_low(months: Iterable[tuple[int, int]], profile: Profile = DEFAULTS) -> int:
    """How many months in a row were low, the latest first. Each as (callbacks that succeeded, callbacks due); a month in
    which none was due says nothing and ends the row (R105)."""
    count = 0
    for succeeded, due in months:
        if due == 0 or succeeded * 100 >= due * profile["penalty.low_success_below"]:
            break
        count += 1
    return count


def low_success(months_low: int) -> tuple[Proposal, ...]:
    """A unit whose success rate was low in so many months running: a warning, and from the third an investigation."""
    found = []
    if months_low >= 1:
        step = Step("R105", "回访成功率偏低，发送警示短信", "low success rate: a warning message")
        found.append(Proposal("LOW_SUCCESS", "UNIT", None, "WARNING", step, "NOTHING"))
    if months_low >= PERSISTENT_MONTHS:
        step = Step("R105", "持续偏低，进行契约调查", "low for long: the unit's contracts are investigated")
        found.append(Proposal("LOW_SUCCESS", "UNIT", None, "CONTRACT_INVESTIGATION", step))
    return tuple(found)


# R109: offence of a wealth manager → yuan for each time, and who else answers for it
_SERVICE_FINES = {
    "VISIT_LETTER_RECEIPT_LATE": 5,
    "CLIENT_DATA_LOST_OR_LATE": 50,
    "LEAVER_FORM_MISSING": 50,
}
_SUPERVISOR_FINE = 50


def service_proposals(offence: str, times: int = 1) -> tuple[Proposal, ...]:
    """Offences around service cards and client data (R109). Raises KeyError for an offence that no rule names."""
    if offence == "CLIENT_DATA_PASSED_ON":
        end = Step("R109", "客户资料外传，解除合同", "client data passed on: the contract is ended")
        fine = Step("R109", f"主管连带{_SUPERVISOR_FINE}元", f"the supervisor answers with ¥{_SUPERVISOR_FINE}")
        return (
            Proposal(offence, "AGENT", None, "END_OF_CONTRACT", end),
            Proposal(offence, "SUPERVISOR", _SUPERVISOR_FINE, "FINE", fine),
        )
    each = _SERVICE_FINES[offence]
    step = Step("R109", f"每次{each}元，共{times}次", f"¥{each} each time, {times} times")
    return (Proposal(offence, "AGENT", each * times, "FINE", step),)


def agent_points(
    cooling_off_cancellations: int,
    early_rejected_claims: int = 0,
    loss_ratio_points: int = 0,
    persistency_points: int = 0,
) -> int:
    """The points of an agent's half-year (R108). The last two arguments are deductions from 0 to 3, as rated by hand;
    a single cancellation does not count, from the second on all of them do."""
    for name, points in (("loss_ratio_points", loss_ratio_points), ("persistency_points", persistency_points)):
        if not 0 <= points <= 3:
            raise ValueError(f"{name} is from 0 to 3, not {points}")
    counted = cooling_off_cancellations if cooling_off_cancellations >= 2 else 0
    return 20 - 2 * counted - 10 * early_rejected_claims - loss_ratio_points - persistency_points


def order_late(due_at: datetime, handled_at: datetime | None, statement_at: datetime | None, now: datetime) -> bool:
    """Whether an order was late without an overdue statement filed before its own limit ran out (R90, R91, S15)."""
    late = (handled_at or now) > due_at
    return late and not (statement_at is not None and statement_at <= due_at)


def item_proposals(items: Iterable[str]) -> tuple[Proposal, ...]:
    """What follows from quality items that a checker found on a recording. Raises KeyError for an unknown item."""
    found = []
    for item in items:
        zh, en = QUALITY_ITEMS[item]
        step = Step(
            "R106", f"录音质检发现：{zh}，报渠道品质主管", f"found on the recording: {en}, to the quality supervisor"
        )
        found.append(Proposal(item, "AGENT", None, "LIST_QUALITY_ITEM", step))
    return tuple(found)


def proposal_key(source: str, proposal: Proposal) -> str:
    """One fact proposes one thing once: `source` is its settlement, order, check or finding, such as `order:12`."""
    return ":".join((source, proposal.offence, proposal.on, proposal.measure))


UPHELD, DISMISSED = DECISIONS = ("UPHELD", "DISMISSED")
# who signed, as the quality unit found out
FINDINGS = ("FAMILY", "AGENT")


class DecisionRefused(Refused):
    """A decision about a proposal that may not stand."""


def check_recommendation(state: str, decision: str, *, reason: str, measure: str, finding: str | None = None) -> None:
    """What the first of two persons puts forward (C40). Raises DecisionRefused.

    An investigation is upheld only with what it found: who signed.
    """
    if state != "PROPOSED":
        raise DecisionRefused("DECIDED", "此项已有决定", "this is decided already")
    if decision not in DECISIONS:
        raise DecisionRefused(
            "BAD_DECISION", f"没有{decision}这一决定", f"a decision is UPHELD or DISMISSED, not {decision}"
        )
    if not reason.strip():
        raise DecisionRefused("REASON_MISSING", "决定须说明理由", "a decision takes a reason")
    if measure == "INVESTIGATE" and decision == UPHELD and finding not in FINDINGS:
        raise DecisionRefused("FINDING_MISSING", "请写明查明由谁代签", "say who signed, as the investigation found")


def check_decision(state: str, recommended: str | None, recommended_by: str | None, decided_by: str) -> None:
    """Whether a second person may agree or send back (C40). Raises DecisionRefused."""
    if state != "PROPOSED":
        raise DecisionRefused("DECIDED", "此项已有决定", "this is decided already")
    if recommended is None:
        raise DecisionRefused("NOT_RECOMMENDED", "尚无人提出处理意见", "nobody has put a decision forward yet")
    if recommended_by == decided_by:
        raise DecisionRefused("SAME_PERSON", "须由另一人决定", "a second person decides")
