"""Promise 8: one function gives each deadline; what is stored is what it gives."""

from collections.abc import Iterator
from dataclasses import fields
from datetime import date

from rules.calendar import ONE_DAY, business_date
from rules.deadlines import case_dates
from rules.judge.history import Book, Broken, CallRecord, Event, History, day, instant
from rules.judge.settled_contacts import settled_contacts
from rules.list_dates import ContractDates
from rules.recordings import lock_until, retain_until

_TOLD = ("CASE_OPENED", "CASE_UPDATED")
_FIELDS = tuple(field.name for field in fields(ContractDates))
_NOT_DATES = ("channel", "product_type", "cooling_off_days")


def case_dates_agree(history: History, book: Book) -> Iterator[Broken]:
    """The dates of a case are those that its contract's dates, stored in the same event, give under the profile it
    names; a settled contact was judged by such dates; a recording is locked no shorter than from its call on. The
    limits of work orders are held against the same functions with promise 7."""
    for case_id, events in history.cases.items():
        callable_on: set[date | None] = set()
        for event in events:
            if event.kind in _TOLD:
                if wrong := _wrong(event, callable_on, book):
                    yield Broken(8, case_id, None, *wrong, event.at)
                callable_on.add(day(event.data.get("callable_on")))
    for case_id, contacts in settled_contacts(history, book).items():
        for one in contacts:
            if one.date_faults:
                zh, en = ("；".join(f[0] for f in one.date_faults), "; ".join(f[1] for f in one.date_faults))
                yield Broken(8, case_id, one.event.call_id, zh, en, one.event.at)
    for call in history.calls.values():
        yield from _kept_long_enough(call, book)


def _wrong(event: Event, before: set[date | None], book: Book) -> tuple[str, str] | None:
    profile = book.profile(event)
    if profile is None:
        name = event.data.get("profile")
        return f"规则版本不存在：{name}", f"profile {name} is not there"
    stored = event.data
    given = stored.get("dates")
    if not isinstance(given, dict):
        return "没有留存合同日期，无法复算", "the contract's dates are not on record"
    try:
        contract = ContractDates(
            **{name: given.get(name) if name in _NOT_DATES else day(given.get(name)) for name in _FIELDS}
        )
        dates = case_dates(contract, profile, book.calendar_of(event))
    except (TypeError, ValueError) as problem:
        return "合同日期无法复算", f"no dates follow from the contract's: {type(problem).__name__}"
    differing = [
        name
        for name, kept, due in (
            ("nominal_end", day(stored.get("nominal_end")), dates.nominal_end),
            ("surrender_deadline", day(stored.get("surrender_deadline")), dates.surrender_deadline),
            ("handover_at", instant(stored.get("handover_at")), dates.handover_at),
            ("provisional", stored.get("provisional"), dates.provisional),
            ("signature_date_estimated", stored.get("signature_date_estimated"), dates.signature_date_estimated),
        )
        if kept != due
    ]
    first_day = day(stored.get("callable_on"))
    allowed = {dates.callable_on}
    if event.kind == "CASE_UPDATED":
        # a case on its way keeps its first day; one that wakes may be rung from the day after the news (S3)
        allowed |= before | {business_date(event.at) + ONE_DAY}
    if first_day not in allowed:
        differing.append("callable_on")
    if not differing:
        return None
    names = ", ".join(differing)
    return f"{names} 与规则算出的日期不符", f"{names}: not what the rules give from the contract's dates"


def _kept_long_enough(call: CallRecord, book: Book) -> Iterator[Broken]:
    if call.reserved is None or (profile := book.profile(call.reserved)) is None:
        return
    least = None
    for event in call.events:
        if event.kind != "RECORDING_VERIFIED":
            continue
        least = least or lock_until(retain_until(call.reserved.at, profile=profile))
        until = instant(event.data.get("retain_until"))
        if until is None or until < least:
            zh, en = f"录音锁定期短于 {least:%Y-%m-%d}", f"the recording is locked for less than until {least:%Y-%m-%d}"
            yield Broken(8, call.first_case, call.call_id, zh, en, event.at)
