"""Promise 1: nobody is dialled outside the permitted hours, or over the caps, counted per person."""

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from rules.calendar import SHANGHAI, business_date
from rules.calling import Appointment, day_part, is_due_now, may_dial_now
from rules.judge.history import Book, Broken, CallRecord, Event, History, instant
from rules.parameters import Profile

# So soon after the calendar was changed a dialler may not have heard of it.
HEARD_WITHIN = timedelta(minutes=1)


def hours_and_caps(history: History, book: Book) -> Iterator[Broken]:
    """Each dial at its own instant, under the profile it names, after the dials that came before it.

    A dial that rang nobody counts for nothing. One at an agreed time needs that agreement on record, may leave the
    ordinary hours and the daily limit, counts in the total, and is never made in the quiet hours.
    """
    plans = {case_id: _rounds(events) for case_id, events in history.cases.items()}
    agreed = _agreed_times(history)
    dials: list[CallRecord] = []
    for person_id, calls in history.by_person.items():
        mine = [call for call in calls if not call.given_back]
        dials += mine
        yield from _person(mine, agreed.get(person_id, []), plans, book)
    yield from _numbers(dials, book)


@dataclass
class _Tally:
    """Dials so far, of a person or of a number."""

    ids: list[int] = field(default_factory=list)
    last: datetime | None = None
    ordinary: Counter[date] = field(default_factory=Counter)
    parts: set[tuple[date, str]] = field(default_factory=set)

    def add(self, event: Event) -> None:
        today = business_date(event.at)
        self.ids.append(event.id)
        self.last = event.at if self.last is None else max(self.last, event.at)
        self.ordinary[today] += not event.data.get("at_appointment")
        self.parts.add((today, day_part(event.at)))


def _rounds(events: list[Event]) -> list[int]:
    """The ids of the events with which rounds of a case began, the first one aside; the plan of attempts starts afresh
    with each."""
    began, round_no = [], 1
    for event in events:
        number = event.data.get("round") if event.kind in ("CASE_OPENED", "CASE_UPDATED", "CASE_MOVED") else None
        if event.kind == "SETTLED" and event.data.get("state") == "WAITING" and event.data.get("counts"):
            # completed before its time: the supplementary callback is another round (R23)
            number = round_no + bool(event.data.get("completed"))
        if isinstance(number, int) and number > round_no:
            began.append(event.id)
            round_no = number
    return began


def _agreed_times(history: History) -> dict[int, list[tuple[int, Appointment]]]:
    """The times that each person agreed to, with the id of the event that says so."""
    agreed: dict[int, dict[datetime, int]] = defaultdict(dict)
    for events in history.cases.values():
        for event in events:
            if event.kind != "SETTLED" or event.data.get("state") != "APPOINTED":
                continue
            call = (event.data.get("contact") or {}).get("call") or {}
            if (at := instant(call.get("appointment"))) is not None:
                agreed[event.person_id].setdefault(at, event.id)
    return {person: [(told, Appointment(at)) for at, told in times.items()] for person, times in agreed.items()}


def _person(
    calls: list[CallRecord], agreed: list[tuple[int, Appointment]], plans: dict[int, list[int]], book: Book
) -> Iterator[Broken]:
    so_far = _Tally()
    kept: set[datetime] = set()
    for call in calls:
        dial = call.reserved
        profile = book.profile(dial)
        if profile is None:
            yield _broken(
                call,
                f"拨打所依的规则版本不存在：{dial.data.get('profile')}",
                "dialled under a profile that is not there",
            )
        else:
            yield from _at_its_instant(call, so_far, agreed, kept, plans, profile, book)
        so_far.add(dial)


def _at_its_instant(
    call: CallRecord,
    so_far: _Tally,
    agreed: list[tuple[int, Appointment]],
    kept: set[datetime],
    plans: dict[int, list[int]],
    profile: Profile,
    book: Book,
) -> Iterator[Broken]:
    dial, booked = call.reserved, None
    if dial.data.get("at_appointment"):
        booked = _booked(dial, agreed, kept, profile)
        if booked is None:
            yield _broken(call, "按预约拨打，但没有此时的预约", "dialled as agreed, but no such time was agreed")
            return
        kept.add(booked.at)
    hold = may_dial_now(dial.at, book.calendar_of(dial), profile, booked)
    if hold and may_dial_now(dial.at, book.calendar_of(dial, HEARD_WITHIN), profile, booked):
        at = f"{dial.at.astimezone(SHANGHAI):%Y-%m-%d %H:%M:%S}"
        yield _broken(call, f"{at} 不允许拨打（{hold}）", f"dialled at {at}: {hold}")
    elif booked is None:
        for zh, en in _over(dial, so_far, call.case_ids, plans, profile):
            yield _broken(call, zh, en)


def _booked(
    dial: Event, agreed: list[tuple[int, Appointment]], kept: set[datetime], profile: Profile
) -> Appointment | None:
    """The agreed time that this dial keeps; each is kept once."""
    for told, appointment in agreed:
        if told < dial.id and appointment.at not in kept and is_due_now(appointment, dial.at, profile):
            return appointment
    return None


def _over(
    dial: Event, so_far: _Tally, case_ids: list[int], plans: dict[int, list[int]], profile: Profile
) -> Iterator[tuple[str, str]]:
    """What an ordinary dial is over: the limit a day, the gap, the part of the day, the total."""
    today = business_date(dial.at)
    per_day, gap = profile["attempts.max_attempts_per_day"], timedelta(hours=profile["attempts.min_gap_hours"])
    if so_far.ordinary[today] >= per_day:
        yield f"同一人一日第{so_far.ordinary[today] + 1}次拨打，上限{per_day}次", f"dial {so_far.ordinary[today] + 1} of the day to this person, {per_day} are allowed"  # fmt: skip
    elif so_far.last is not None and dial.at - so_far.last < gap:
        yield f"距上次拨打此人{dial.at - so_far.last}，少于{gap}", f"{dial.at - so_far.last} after the last dial to this person, less than {gap}"  # fmt: skip
    elif profile["attempts.different_day_parts"] and (today, day_part(dial.at)) in so_far.parts:
        yield "同日同一时段再次拨打此人", "a second dial to this person in the same part of the day"
    most = profile["attempts.max_total"]
    for case_id in case_ids:
        starts = plans.get(case_id, [])
        place = bisect_left(starts, dial.id)
        made = len(so_far.ids) - (bisect_left(so_far.ids, starts[place - 1]) if place else 0)
        if made >= most:
            yield (
                f"本轮第{made + 1}次拨打此人，上限{most}次",
                f"dial {made + 1} of the plan to this person, {most} are allowed",
            )
            return


def _numbers(dials: list[CallRecord], book: Book) -> Iterator[Broken]:
    """The limit a day and the gap hold for a number too, whoever it is rung for."""
    so_far: dict[str, _Tally] = defaultdict(_Tally)
    whose: dict[str, set[int]] = defaultdict(set)
    for call in sorted(dials, key=lambda call: call.reserved.id):
        dial = call.reserved
        number = dial.data.get("number")
        if number is None:
            continue
        tally = so_far[number]
        shared = bool(whose[number] - {dial.person_id})  # one person's own dials are counted above
        if shared and not dial.data.get("at_appointment") and (profile := book.profile(dial)) is not None:
            today = business_date(dial.at)
            gap = timedelta(hours=profile["attempts.min_gap_hours"])
            if tally.ordinary[today] >= profile["attempts.max_attempts_per_day"]:
                yield _broken(
                    call, "同一号码当日拨打超过上限", "the number was rung too often that day, for several persons"
                )
            elif dial.at - tally.last < gap:
                yield _broken(
                    call,
                    f"距上次拨打此号码少于{gap}",
                    f"the number was rung less than {gap} before, for another person",
                )
        whose[number].add(dial.person_id)
        tally.add(dial)


def _broken(call: CallRecord, zh: str, en: str) -> Broken:
    return Broken(1, call.first_case, call.call_id, zh, en, call.reserved.at)
