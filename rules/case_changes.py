"""What becomes of a case when a later list says something else of its contract."""

from dataclasses import dataclass
from datetime import date

from rules.calendar import ONE_DAY
from rules.cases import CaseState, opening_state
from rules.contracts import Contract
from rules.deadlines import CaseDates
from rules.parameters import Profile

RECEIPT_DATES = ("receipt_signed_on", "receipt_entered_on", "receipt_written_off_on")


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a case stands. `begun`: it was dialled or settled at least once. `fulfilled`: a callback counts for it."""

    state: CaseState
    callable_on: date | None
    round: int
    begun: bool
    fulfilled: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Where it stands afterwards; `why` is None where it stays, else a rule id."""

    state: CaseState
    callable_on: date | None
    round: int
    why: str | None


def receipt_news(old: Contract, new: Contract) -> bool:
    """Whether a date of the delivery receipt became known, or another one than before."""
    return any(getattr(new, name) is not None and getattr(new, name) != getattr(old, name) for name in RECEIPT_DATES)


def short_script_undone(old: Contract, new: Contract, profile: Profile) -> bool:
    """The sale's record had passed, so four items were enough, and now it no longer holds (AC-34)."""
    passed, invalidated = old.traceability == "PASSED", new.traceability == "INVALIDATED"
    return passed and invalidated and bool(profile["script.simplified"])


def after_update(
    standing: Standing,
    dates: CaseDates,
    *,
    in_scope: bool,
    special_callback: bool,
    news_of_receipt: bool,
    today: date,
    all_items_due: bool = False,
) -> Change:
    """The case after its contract changed.

    Withdrawn, surrendered, terminated or mended out of scope: nothing is asked of it any more, whatever it was. A case
    that nobody worked on begins again by its new dates. One that sleeps wakes the day after its receipt became known
    (S3), as a round of its own, since the round that ended with the missing contract has its outcome. A case that is
    on the way, with a branch or closed keeps its place, unless `all_items_due`: it was closed after the short script,
    and what that left out is asked after all.
    """
    state = standing.state
    if not in_scope:
        return _to(CaseState.NOT_REQUIRED, standing, standing.callable_on, standing.round, "R6")
    if state == CaseState.NOT_REQUIRED:
        if standing.fulfilled:
            return Change(state, standing.callable_on, standing.round, None)
        opened = opening_state(dates, today, True, special_callback)
        return _to(opened, standing, dates.callable_on, standing.round + standing.begun, "R6")
    if not standing.begun and state in (CaseState.WAITING, CaseState.CALLABLE, CaseState.ASLEEP):
        opened = opening_state(dates, today, True, special_callback)
        return _to(opened, standing, dates.callable_on, standing.round, "C3")
    if state == CaseState.ASLEEP and news_of_receipt:
        return _to(CaseState.WAITING, standing, today + ONE_DAY, standing.round + 1, "S3")
    if state == CaseState.CLOSED and standing.fulfilled and all_items_due:
        return _to(CaseState.CALLABLE, standing, today, standing.round + 1, "R30")
    return Change(state, standing.callable_on, standing.round, None)


def _to(state: CaseState, standing: Standing, callable_on: date | None, round_no: int, why: str) -> Change:
    return Change(state, callable_on, round_no, why if state != standing.state else None)
