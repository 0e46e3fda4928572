"""Who may order what about records that are kept: holding and releasing, disputes, disposal, making payment data unhearable.

All of it is head office's. Nothing final is done by one person; that the two are different people is kept where the first
is known (storage/legal_holds.py, disposals.py, redactions.py).
"""

from collections.abc import Mapping
from enum import StrEnum

from rules.retrieval import OK, Decision, Person


class Act(StrEnum):
    SEE = "SEE"
    HOLD = "HOLD"  # put a call under legal hold
    ASK_RELEASE = "ASK_RELEASE"  # the first of the two who release it
    RELEASE = "RELEASE"  # the second
    DISPUTE = "DISPUTE"  # open a dispute over a contract, which keeps its records, or close it
    LIST_EXPIRED = "LIST_EXPIRED"
    APPROVE_DISPOSAL = "APPROVE_DISPOSAL"  # each of the two; also to say no
    DISPOSE = "DISPOSE"  # have an approved list carried out at once
    ASK_REDACTION = "ASK_REDACTION"
    REDACT = "REDACT"


_COMPLIANCE, _LEADER = "COMPLIANCE", "LEADER_IN_CHARGE"
_SERVICE, _CENTER, _LEAD = "CUSTOMER_SERVICE_HEAD", "CALL_CENTER_HEAD", "CALLBACK_AGENT_LEAD"

MAY: Mapping[Act, frozenset[str]] = {
    Act.SEE: frozenset({_COMPLIANCE, _LEADER, _SERVICE, _CENTER, _LEAD, "AUDITOR", "QUALITY"}),
    Act.HOLD: frozenset({_COMPLIANCE, _LEADER, _SERVICE, _CENTER}),
    Act.ASK_RELEASE: frozenset({_COMPLIANCE, _LEADER, _SERVICE, _CENTER}),
    Act.RELEASE: frozenset({_COMPLIANCE, _LEADER}),
    Act.DISPUTE: frozenset({_COMPLIANCE, _SERVICE, _CENTER}),
    Act.LIST_EXPIRED: frozenset({_COMPLIANCE, _CENTER}),
    Act.APPROVE_DISPOSAL: frozenset({_COMPLIANCE, _LEADER, _SERVICE, _CENTER}),
    Act.DISPOSE: frozenset({_COMPLIANCE, _CENTER}),
    Act.ASK_REDACTION: frozenset({_COMPLIANCE, "QUALITY", _LEAD, _CENTER}),
    Act.REDACT: frozenset({_COMPLIANCE, _CENTER}),
}
# The rule that each rests on: how long records are kept and why longer (C21), that what is heard stays in the house (R119).
RULE_OF: Mapping[Act, str] = {act: "R119" if act in (Act.ASK_REDACTION, Act.REDACT) else "C21" for act in Act}


def may(person: Person, act: Act) -> Decision:
    if not person.head_office:
        return Decision("NOT_HEAD_OFFICE", RULE_OF[act], "由总公司办理", "head office does this")
    if not MAY[act] & person.roles:
        return Decision("NOT_YOURS", RULE_OF[act], "您的岗位不得办理此事", "this is not for your function to do")
    return OK


class OrderRefused(Exception):
    """Why an order is refused that this person might give: one of REFUSALS."""


# Why an order that somebody may give is refused all the same.
REFUSALS: Mapping[str, tuple[str, str]] = {
    "HELD_ALREADY": ("该通话已在冻结中", "this call is under hold already"),
    "NOT_HELD": ("该通话未被冻结", "this call is not under hold"),
    "NOT_ASKED": ("须先由一人提出解除，再由另一人确认", "one person asks for the release first, another confirms it"),
    "ASKED_ALREADY": ("已有人提出解除，待另一人确认", "somebody has asked for the release; another person confirms it"),
    "NO_REASON": ("请写明理由", "a reason is needed"),
    "SAME_PERSON": ("须由另一人办理", "another person must do this"),
    "NOTHING_EXPIRED": ("没有期满可销毁的记录", "nothing has expired"),
    "NO_SUCH_LIST": ("没有这份销毁清单", "there is no such list"),
    "APPROVED_ALREADY": ("该清单已有两人批准", "two persons have approved this list already"),
    "NOT_APPROVED": ("该清单尚未由两人批准", "two persons have not approved this list yet"),
    "REFUSED": ("该清单未获同意，已终止", "this list was not agreed to and is over"),
    "DONE": ("该清单已执行", "this list has been carried out"),
    "NO_STRETCH": ("起止秒数有误", "from and to are no stretch"),
    "NOTHING_KEPT": ("该通话没有已归档的录音", "no recording of this call is archived"),
    "NO_SUCH_REQUEST": ("没有这项待办的遮蔽申请", "there is no such open request"),
    "HELD": ("该通话在依法冻结中，须保持原样", "this call is under a legal hold and stays whole"),
    "NO_SUCH_CALL": ("没有这通电话", "there is no such call"),
    "NO_SUCH_POLICY": ("没有这份保单", "there is no such policy"),
    "NO_SUCH_DISPUTE": ("没有这项未了结的争议，或了结日早于发生日", "there is no such open dispute, or the day lies before its beginning"),
    "NOT_A_DAY": ("日期有误，或在今天之后", "no such day, or one after today"),
}  # fmt: skip
