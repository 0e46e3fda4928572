"""Promise 7: each question or verification outcome has its one work order with its limit; missed limits are marked."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta

from rules.calendar import ONE_DAY, shanghai
from rules.deadlines import shortest_limit, work_order_limit
from rules.judge.history import Book, Broken, Event, History, day, instant
from rules.judge.settled_contacts import SettledContact, settled_contacts
from rules.settlement import OrderDraft
from rules.work_orders import Mark, OrderClock, WorkOrderState, marks_due

# The clock looks once an hour; a whole day without a mark is a limit that nobody saw pass.
MARKED_WITHIN = timedelta(days=1)
# Kinds that exist only because an outcome asked for them.
_OF_AN_OUTCOME = frozenset({"QUESTION", "VERIFICATION", "FEEDBACK_ONLY"})


def orders_and_limits(history: History, book: Book) -> Iterator[Broken]:
    """What each outcome asks for was issued with it, once per case, round and kind, with the limit that
    `rules.deadlines` gives; no order stands without an outcome; a limit that passed unhandled was marked and escalated
    within a day, and none before it passed or after the order was closed. Of an outcome that itself does not hold no
    order is asked: promise 6 or 8 names it."""
    contacts = settled_contacts(history, book)
    for case_id, events in history.cases.items():
        issued = [event for event in events if event.kind == "ORDER_ISSUED"]
        if issued or case_id in contacts:
            yield from _issued(case_id, issued, contacts.get(case_id, []), events, book)
        if issued:
            yield from _limits(case_id, issued, events, book)


def _issued(
    case_id: int, issued: list[Event], contacts: list[SettledContact], events: list[Event], book: Book
) -> Iterator[Broken]:
    at: dict[datetime, list[Event]] = defaultdict(list)
    for order in issued:
        at[order.at].append(order)
    claimed: set[int] = set()
    stands: set[tuple[int, str]] = set()
    for one in contacts:
        here = [order for order in at[one.event.at] if order.id not in claimed]
        if one.faults or one.date_faults:
            claimed |= {order.id for order in here}
            continue
        round_no = one.contact.case.round
        for draft in one.decided.orders if one.applied else ():
            if (round_no, draft.kind) in stands:
                continue  # one of this kind stands already in this round
            order = next((order for order in here if order.data.get("kind") == draft.kind), None)
            if order is None:
                zh, en = f"缺少 {draft.kind} 工单", f"its {draft.kind} order was not issued"
                yield Broken(7, case_id, one.event.call_id, zh, en, one.event.at)
                continue
            stands.add((round_no, draft.kind))
            claimed.add(order.id)
            if wrong := _wrong(order, draft, one):
                zh, en = (
                    f"{draft.kind} 工单的 {wrong} 与规则不符",
                    f"the {draft.kind} order has another {wrong} than the rules give",
                )
                yield Broken(7, case_id, one.event.call_id, zh, en, order.at)
    rounds = _Rounds(events, contacts)
    for order in issued:
        if order.id in claimed:
            continue
        kind = order.data.get("kind")
        key = (rounds.at(order.id), kind)
        if key in stands:
            zh, en = f"同一轮有两张 {kind} 工单", f"a second {kind} order in the same round"
        elif order.data.get("override_id") is not None:
            stands.add(key)
            if (wrong := _wrong_by_override(order, events, book)) is None:
                continue
            zh, en = (
                f"改定类别所派 {kind} 工单的 {wrong} 与规则不符",
                f"the {kind} order of an overridden class has another {wrong} than the rules give",
            )
        elif kind in _OF_AN_OUTCOME:
            zh, en = f"{kind} 工单没有对应的结果", f"a {kind} order without an outcome"
        else:
            stands.add(key)
            continue
        yield Broken(7, case_id, None, zh, en, order.at)


def _wrong(order: Event, draft: OrderDraft, one: SettledContact) -> str | None:
    """The first value of an order that is not what its outcome gives."""
    data = order.data
    if instant(data.get("due_at")) != draft.due_at:
        return "due_at"
    if day(data.get("act_by")) != draft.act_by:
        return "act_by"
    if data.get("working_days") != draft.working_days:
        return "working_days"
    if data.get("escalated") != draft.escalated:
        return "escalated"
    if set(data.get("reasons") or ()) != set(draft.reasons):
        return "reasons"
    owner_branch = one.event.data.get("owner_branch")
    return "branch" if owner_branch and data.get("branch") != owner_branch else None


def _wrong_by_override(order: Event, events: list[Event], book: Book) -> str | None:
    """The first value of an order that does not follow from the class that two people put in place of the derived one."""
    before = [event for event in events if event.id < order.id]
    named = order.data["override_id"]
    if not any(e.kind == "CLASS_OVERRIDDEN" and e.data.get("override_id") == named for e in before):
        return "override_id"
    profile = book.profile(order)
    if profile is None:
        return "profile"
    told = [e for e in before if e.kind in ("CASE_OPENED", "CASE_UPDATED")]
    nominal_end = day(told[-1].data.get("nominal_end")) if told else None
    kind = order.data.get("kind")
    try:
        days = shortest_limit([kind] if kind == "FEEDBACK_ONLY" else order.data.get("reasons") or (), profile)
    except (KeyError, ValueError):
        return "reasons"
    limit = work_order_limit(order.at, days, nominal_end, book.calendar_of(order), profile)
    for name, kept, due in (
        ("working_days", order.data.get("working_days"), days),
        ("due_at", instant(order.data.get("due_at")), limit.due_at),
        ("act_by", day(order.data.get("act_by")), limit.act_by),
        ("escalated", order.data.get("escalated"), limit.escalated),
    ):
        if kept != due:
            return name
    return None


class _Rounds:
    """Which round of callbacks a case was in when an event was written."""

    def __init__(self, events: list[Event], contacts: list[SettledContact]):
        told = [
            (event.id, event.data["round"])
            for event in events
            if event.kind in ("CASE_OPENED", "CASE_UPDATED", "CASE_MOVED") and isinstance(event.data.get("round"), int)
        ]
        told += [(one.event.id, one.contact.case.round) for one in contacts if one.contact is not None]
        told.sort()
        self._ids = [event_id for event_id, _ in told]
        self._rounds = [number for _, number in told]

    def at(self, event_id: int) -> int:
        place = bisect_right(self._ids, event_id)
        return self._rounds[place - 1] if place else 1


def _recomputed(event: Event, book: Book) -> str | None:
    """The first value of a limit computed anew that is not what the rules give under the calendar as changed."""
    data, profile = event.data, book.profile(event)
    pushed_at, days = instant(data.get("pushed_at")), data.get("working_days")
    if profile is None or pushed_at is None or not isinstance(days, int):
        return "profile" if profile is None else "pushed_at"
    limit = work_order_limit(pushed_at, days, day(data.get("nominal_end")), book.calendar_of(event), profile)
    for name, kept, due in (
        ("due_at", instant(data.get("due_at")), limit.due_at),
        ("act_by", day(data.get("act_by")), limit.act_by),
        ("provisional", data.get("provisional"), limit.provisional),
    ):
        if kept != due:
            return name
    return None


def _limits(case_id: int, issued: list[Event], events: list[Event], book: Book) -> Iterator[Broken]:
    handled: dict[int, datetime] = {}
    closed: dict[int, datetime] = {}
    marks: dict[tuple[int, str], Event] = {}
    recomputed: dict[int, Event] = {}
    for event in events:
        order_id = event.data.get("order_id")
        if event.kind == "ORDER_RECOMPUTED":
            recomputed[order_id] = event
            if (mark := marks.get((order_id, "ORDER_OVERDUE"))) is not None and _later(event, mark):
                del marks[order_id, "ORDER_OVERDUE"]  # it was right by the limit that stood then
            if wrong := _recomputed(event, book):
                zh, en = (
                    f"重算的工单时限 {wrong} 与规则不符",
                    f"a limit computed anew has another {wrong} than the rules give",
                )
                yield Broken(7, case_id, None, zh, en, event.at)
        if event.kind == "ORDER_HANDLED":
            handled[order_id] = event.at
        elif event.kind == "ORDER_RETURNED":
            handled.pop(order_id, None)  # as if it had never been handled: its limit goes on running (C50)
        elif event.kind == "ORDER_CLOSED":
            closed.setdefault(order_id, event.at)
        elif event.kind in ("ORDER_OVERDUE", "ORDER_ESCALATED"):
            marks.setdefault((order_id, event.kind), event)
    for order in issued:
        order_id, kind = order.data.get("order_id"), order.data.get("kind")
        stands = recomputed.get(order_id, order)
        due_at, act_by = instant(stands.data.get("due_at")), day(stands.data.get("act_by"))
        if due_at is None:
            continue  # named where it was issued
        overdue, escalated = marks.get((order_id, "ORDER_OVERDUE")), marks.get((order_id, "ORDER_ESCALATED"))
        first_limit = min(due_at, shanghai(act_by + ONE_DAY)) if act_by else due_at
        problems = []
        # closed unhandled: what the clock had to see by then stays asked, and nothing after it
        closed_at = closed.get(order_id) if order_id not in handled else None
        until = min(book.now, closed_at or book.now) - MARKED_WITHIN
        due = _due(due_at, act_by, handled.get(order_id), until)
        if Mark.OVERDUE in due and not _marked(overdue, due_at):
            problems.append(("超过时限一日未标记逾期", "its limit passed and it was not marked overdue within a day"))
        if Mark.ESCALATED in due and not stands.data.get("escalated") and not _marked(escalated, first_limit):
            problems.append(("超过时限一日未升级", "a limit passed and it was not escalated within a day"))
        if overdue is not None and overdue.at <= due_at:
            problems.append(("时限未到即标记逾期", "it was marked overdue before its limit"))
        if closed_at is not None and any(mark is not None and mark.at > closed_at for mark in (overdue, escalated)):
            problems.append(("关闭后仍被催办", "it was chased after it was closed"))
        for zh, en in problems:
            yield Broken(7, case_id, None, f"{kind} 工单{zh}", f"the {kind} order: {en}", due_at)


def _later(event: Event, mark: Event) -> bool:
    """Whether the limit that an event sets lies after a mark that was put before."""
    due_at = instant(event.data.get("due_at"))
    return due_at is not None and mark.at <= due_at


def _due(due_at: datetime, act_by, handled_at: datetime | None, until: datetime) -> tuple[Mark, ...]:
    """The marks that should be borne if the clock had looked at `until`."""
    done = handled_at if handled_at is not None and handled_at <= until else None
    return marks_due(OrderClock(WorkOrderState.ISSUED, due_at, act_by, done), until)


def _marked(mark: Event | None, limit: datetime) -> bool:
    return mark is not None and mark.at <= limit + MARKED_WITHIN
