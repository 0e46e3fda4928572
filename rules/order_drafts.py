"""The work orders that follow from a contact, with their limits."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from rules.calendar import Calendar
from rules.contacts import Contact
from rules.deadlines import shortest_limit, work_order_limit, working_days_for
from rules.outcomes import (
    QUESTION,
    RE_SIGN_REASONS,
    SIGNATURE_ITEMS,
    SUB_STANDARD,
    VERIFICATION,
    Outcome,
    class_of,
)
from rules.parameters import Profile


@dataclass(frozen=True, slots=True)
class OrderDraft:
    """A work order as it is to be issued."""

    kind: str
    class_: str | None
    reasons: tuple[str, ...]
    action: str | None
    branch_code: str
    working_days: int
    due_at: datetime
    act_by: date | None
    escalated: bool
    exclude_selling_agent: bool = False
    marks: tuple[str, ...] = ()
    provisional: bool = False


def only_signatures_open(found: Outcome) -> bool:
    """A proxy has answered all he may; the policyholder confirms the rest in writing (S9)."""
    return "answered_by_proxy" in found.marks and set(found.open_items) <= set(SIGNATURE_ITEMS)


def orders_of(
    found: Outcome, contact: Contact, branch: str, profile: Profile, calendar: Calendar
) -> Iterable[OrderDraft]:
    def draft(kind: str, codes: Iterable[str], action: str | None = None, limits: Iterable[str] = ()) -> OrderDraft:
        return draft_order(kind, found, tuple(codes), contact, branch, profile, calendar, action, tuple(limits))

    codes = tuple(dict.fromkeys(reason.code for reason in found.reasons))
    if found.class_ == SUB_STANDARD:
        yield draft("FEEDBACK_ONLY", codes)
    elif found.class_ in (QUESTION, VERIFICATION):
        unsolved = dict.fromkeys(r.code for r in found.reasons if r.corrected is not True)
        pressing = tuple(
            code for code in unsolved if found.class_ == QUESTION or class_of(code, profile) == VERIFICATION
        )
        yield draft(found.class_, codes, _action(pressing), pressing)
        if "CONTRACT_NOT_RECEIVED" in pressing:
            yield draft("DELIVERY_REMINDER", ("CONTRACT_NOT_RECEIVED",))
        if "REFUSED" in pressing:
            yield draft("LETTER", ("REFUSED",))
    elif only_signatures_open(found):
        yield draft("LETTER", ("SIGNATURE_UNSURE",))
    if "answered_by_proxy" in found.marks:
        yield draft("QUALITY_CHECK", codes)
    if "impersonation_suspect" in found.marks:
        yield draft("IMPERSONATION_CHECK", codes)


def _action(pressing: tuple[str, ...]) -> str | None:
    if "CONTRACT_NOT_RECEIVED" in pressing:
        return "DELIVERY_REMINDER"
    return "RE_SIGN" if RE_SIGN_REASONS & set(pressing) else None


def draft_order(
    kind: str,
    found: Outcome | None,
    codes: tuple[str, ...],
    contact: Contact,
    branch: str,
    profile: Profile,
    calendar: Calendar,
    action: str | None = None,
    limits: tuple[str, ...] = (),
) -> OrderDraft:
    """`limits`: the reasons whose shortest limit holds; none: the limit of the kind itself."""
    days = shortest_limit(limits, profile) if limits else working_days_for(kind, profile)
    limit = work_order_limit(contact.ended_at, days, contact.case.nominal_end, calendar, profile)
    marks = found.marks if found else ()
    return OrderDraft(
        kind=kind,
        class_=found.class_ if found else None,
        reasons=codes,
        action=action,
        branch_code=branch,
        working_days=days,
        due_at=limit.due_at,
        act_by=limit.act_by,
        escalated=limit.escalated,
        exclude_selling_agent="exclude_selling_agent" in marks,
        marks=marks,
        provisional=limit.provisional,
    )
