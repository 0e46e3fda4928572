"""The states of a case, who owns it in each, and which way it may move."""

from datetime import date
from enum import StrEnum

from rules.deadlines import CaseDates


class CaseState(StrEnum):
    ASLEEP = "ASLEEP"  # the contract has not been received; wakes with its receipt (S3)
    WAITING = "WAITING"  # for its first day
    CALLABLE = "CALLABLE"
    IN_CALL = "IN_CALL"
    APPOINTED = "APPOINTED"
    AT_BRANCH = "AT_BRANCH"
    IN_REVIEW = "IN_REVIEW"  # the branch has handled it, head office verifies
    CLOSED = "CLOSED"
    NOT_REQUIRED = "NOT_REQUIRED"  # withdrawn, surrendered, terminated or out of scope


class Owner(StrEnum):
    HEAD_OFFICE = "HEAD_OFFICE"
    BRANCH = "BRANCH"
    CLOSED = "CLOSED"


_OWNERS = {
    CaseState.ASLEEP: Owner.BRANCH,  # S22: it delivers the contract
    CaseState.WAITING: Owner.HEAD_OFFICE,
    CaseState.CALLABLE: Owner.HEAD_OFFICE,
    CaseState.IN_CALL: Owner.HEAD_OFFICE,
    CaseState.APPOINTED: Owner.HEAD_OFFICE,
    CaseState.AT_BRANCH: Owner.BRANCH,
    CaseState.IN_REVIEW: Owner.HEAD_OFFICE,
    CaseState.CLOSED: Owner.CLOSED,
    CaseState.NOT_REQUIRED: Owner.CLOSED,
}


def owner_of(state: CaseState) -> Owner:
    """Exactly one owner in every state; which branch it is, the branch tree tells."""
    return _OWNERS[CaseState(state)]


_MOVES: dict[CaseState, set[CaseState]] = {
    CaseState.ASLEEP: {CaseState.WAITING, CaseState.CALLABLE, CaseState.AT_BRANCH, CaseState.NOT_REQUIRED},
    CaseState.WAITING: {CaseState.CALLABLE, CaseState.ASLEEP, CaseState.AT_BRANCH, CaseState.NOT_REQUIRED},
    CaseState.CALLABLE: {
        CaseState.IN_CALL,
        CaseState.APPOINTED,
        CaseState.WAITING,  # mended dates may lie later
        CaseState.ASLEEP,
        CaseState.AT_BRANCH,
        CaseState.CLOSED,
        CaseState.NOT_REQUIRED,
    },
    CaseState.IN_CALL: {
        CaseState.WAITING,  # for the supplementary callback (R23), or the one against impersonation (S11)
        CaseState.CALLABLE,
        CaseState.APPOINTED,
        CaseState.ASLEEP,
        CaseState.AT_BRANCH,
        CaseState.CLOSED,
        CaseState.NOT_REQUIRED,
    },
    CaseState.APPOINTED: {
        CaseState.IN_CALL,
        CaseState.CALLABLE,
        CaseState.ASLEEP,
        CaseState.AT_BRANCH,
        CaseState.CLOSED,
        CaseState.NOT_REQUIRED,
    },
    CaseState.AT_BRANCH: {
        CaseState.WAITING,  # what came back on paper was filled in before the signature (R23)
        CaseState.ASLEEP,  # a visit found that the contract has not arrived
        CaseState.IN_REVIEW,
        CaseState.CALLABLE,
        CaseState.APPOINTED,  # the branch books a time with the customer (R64)
        CaseState.CLOSED,
        CaseState.NOT_REQUIRED,
    },
    CaseState.IN_REVIEW: {
        CaseState.AT_BRANCH,
        CaseState.CALLABLE,  # head office rings again (C47), or the after-care call (R92)
        CaseState.APPOINTED,
        CaseState.CLOSED,
        CaseState.NOT_REQUIRED,
    },
    # a lost recording (C59), a supplementary callback (R23) and a work order opened again bring a closed case back
    CaseState.CLOSED: {CaseState.WAITING, CaseState.CALLABLE, CaseState.AT_BRANCH, CaseState.NOT_REQUIRED},
    # a later list may say that the policy is in force after all; the duty covers every policy (R6)
    CaseState.NOT_REQUIRED: {CaseState.WAITING, CaseState.CALLABLE, CaseState.ASLEEP},
}


def may_move(old: CaseState, new: CaseState) -> bool:
    """Staying is not a move and is always allowed."""
    return old == new or CaseState(new) in _MOVES[CaseState(old)]


def opening_state(dates: CaseDates, today: date, in_scope: bool, special_callback: bool) -> CaseState:
    """Where a new case begins, and where one stands that was never called when its contract changes.

    A special callback (S21) waits for its first day like any other, and the check before dialling then hands it to
    the branch; nobody rings, so it does not sleep where a regime has no date to go by.
    """
    if not in_scope:
        return CaseState.NOT_REQUIRED
    if dates.callable_on is None:
        return CaseState.CALLABLE if special_callback else CaseState.ASLEEP
    return CaseState.CALLABLE if dates.callable_on <= today else CaseState.WAITING
