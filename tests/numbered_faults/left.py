"""What a fault may leave behind of the person who met it: the attempts, the case, its work orders and the recording."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Left:
    """`results`: of each attempt in turn, the carrier's word where it has none of ours. `reasons`: those of the last settlement.
    `recordings`: of the last attempt, each with its problem. `orders`: kind, reasons and working days of each."""

    results: tuple[str, ...]
    state: str = "CALLABLE"
    owner: str = "HEAD_OFFICE"
    class_: str | None = None
    reasons: tuple[str, ...] = ()
    orders: tuple[tuple[str, tuple[str, ...], int], ...] = ()
    recordings: tuple[str, ...] = ("CLEARED",)
    counts: bool = False

    def after(self, *results: str) -> "Left":
        """The same after attempts that came to nothing."""
        return replace(self, results=(*results, *self.results))


# R65: every item with a definite yes, the recording in the archive: nobody has anything left to do
DONE = Left(("COMPLETED",), "CLOSED", "CLOSED", "STANDARD", counts=True)
# R66, R69: what was explained on the line goes to the branch for its information
EXPLAINED = Left(
    ("COMPLETED",), "CLOSED", "CLOSED", "SUB_STANDARD", ("NOT_KNOWN_AS_INSURANCE",), counts=True,
    orders=(("FEEDBACK_ONLY", ("NOT_KNOWN_AS_INSURANCE",), 5),),
)  # fmt: skip
# S1: said that it was he, and put the receiver down before the first item
HUNG_UP = Left(("HANGUP_DELIBERATE",))
# S1, X: answers are kept, the open items are asked in the next call
CUT_OFF = Left(("INCOMPLETE",))
DROPPED = Left(("DROPPED",))
# R73, R87: no number is left that could be rung, so the branch looks for one
NO_NUMBER = Left(
    ("INVALID_NUMBER",), "AT_BRANCH", "BRANCH", "VERIFICATION", ("PHONE_INVALID",), recordings=(),
    orders=(("VERIFICATION", ("PHONE_INVALID",), 3),),
)  # fmt: skip


def nobody(result: str) -> Left:
    """Nobody was spoken to: rung again by the plan of attempts."""
    return Left((result,), recordings=())


def lost(problem: str, *results: str) -> Left:
    """C59: the recording is gone for good, so nothing of the call counts and the person is called again."""
    return Left(results, reasons=("RECORDING_LOST",), recordings=(f"LOST {problem}",))


def handed_over(left: Left) -> Left:
    """C57, R86: that was the last dial there was time for, so the case is UNREACHABLE and its branch's."""
    return replace(
        left, state="AT_BRANCH", owner="BRANCH", class_="VERIFICATION", reasons=("UNREACHABLE",),
        orders=(("VERIFICATION", ("UNREACHABLE",), 1),),
    )  # fmt: skip


def found(seen) -> Left:
    """What is really there."""
    case = seen.case
    return Left(
        tuple(call["result"] or call["carrier_status"] for call in seen.calls),
        case["state"],
        case["owner"],
        case["class"],
        tuple(r["code"] for r in seen.settlements[-1]["decision"]["settlement"]["reasons"]) if seen.settlements else (),
        tuple((order["kind"], tuple(order["reasons"]), order["working_days"]) for order in seen.orders),
        tuple(f"{r['state']} {r['problem'] or ''}".strip() for r in seen.call["recordings"]),
        case["counts"],
    )
