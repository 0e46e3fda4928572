"""Whether a signed paper or an electronic callback counts at all: the evidence of a callback that nobody recorded."""

from dataclasses import dataclass

from rules.parameters import Profile
from rules.reasoning import Step

PAPER_METHODS = ("LETTER", "VISIT")
METHODS = ("PHONE", *PAPER_METHODS, "E_CALLBACK")


@dataclass(frozen=True, slots=True)
class Evidence:
    """`id_copy`: NONE, POLICYHOLDER or OTHER (a relative's). `authenticated`: the electronic callback's identity check."""

    policyholder_signature: bool = False
    handler_signature: bool = False
    id_copy: str = "NONE"
    authenticated: bool = False


def shortcomings(method: str, evidence: Evidence, profile: Profile) -> tuple[Step, ...]:
    """What makes it void, one step each; nothing where it counts (R58, R59, C51). A telephone call has its recording."""
    missing: list[Step] = []
    if method in PAPER_METHODS:
        if not evidence.policyholder_signature:
            missing.append(Step("R58", "没有投保人亲笔签名，无效", "void: not signed by the policyholder himself"))
        if evidence.id_copy != "POLICYHOLDER" and profile[f"{method.lower()}.require_id_copy"]:
            if evidence.id_copy == "OTHER":
                missing.append(Step("R59", "所附证件不是投保人本人的，无效", "void: the ID copy is somebody else's"))
            else:
                missing.append(Step("R59", "未附投保人证件复印件，无效", "void: no copy of the policyholder's ID"))
        if not evidence.handler_signature:
            missing.append(Step("C51", "没有经办人签名和日期，无效", "void: the handler has not signed and dated it"))
    elif method == "E_CALLBACK" and not evidence.authenticated:
        missing.append(Step("C11", "未经实名认证，无效", "void: the customer's identity was not authenticated"))
    return tuple(missing)
