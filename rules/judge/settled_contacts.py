"""The settled contacts, each read once, decided again and held against what was recorded of the call."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rules.calendar import Calendar
from rules.judge.history import Book, CallRecord, Event, History, day, instant
from rules.parameters import Profile
from rules.settlement import Contact, Settlement, settle

Fault = tuple[str, str]  # what is wrong, in both languages
# What an answer says of one try at one step; what was said to prove identity is not among it.
AnswerKey = tuple[str, int, bool]

# Fields of the event that the decision gives, under their names in both.
_DECIDED = {
    "class": "class_",
    "result": "result",
    "marks": "marks",
    "completed": "completed",
    "counts": "counts",
    "state": "case_state",
}
# Facts of the case in a contact that a list told, under the same names: what is asked, and what dates follow.
_FACTS = ("product_type", "premium_mode", "channel")
_DATES = ("receipt_signed_on", "nominal_end", "handover_at", "provisional", "signature_date_estimated")


@dataclass(frozen=True, slots=True)
class SettledContact:
    """`decided` is what the stored contact gives today, None where it cannot be decided again. `faults` name every
    difference between the stored outcome, the stored contact and the record of the call, `date_faults` the dates in it
    that no list ever gave."""

    event: Event
    contact: Contact | None
    decided: Settlement | None
    faults: tuple[Fault, ...]
    date_faults: tuple[Fault, ...] = ()

    @property
    def applied(self) -> bool:
        """Of a case that was withdrawn meanwhile nothing is asked any more: the contact is kept and changes nothing."""
        return self.event.data.get("was") != "NOT_REQUIRED"


def settled_contacts(history: History, book: Book) -> dict[int, list[SettledContact]]:
    """By case, in the order in which they were settled. Read once for all promises."""
    if history.contacts is None:
        history.contacts = {}
        for case_id, events in history.cases.items():
            if found := _of_case(events, history, book):
                history.contacts[case_id] = found
    return history.contacts


def _of_case(events: list[Event], history: History, book: Book) -> list[SettledContact]:
    found: list[SettledContact] = []
    told: dict[str, set] = defaultdict(set)  # every value that a list gave so far
    for event in events:
        if event.kind in ("CASE_OPENED", "CASE_UPDATED"):
            for name in _FACTS + _DATES:
                told[name].add(_plain(name, event.data.get(name)))
        elif event.kind == "SETTLED":
            found.append(_settled(event, found, told, history, book))
    return found


def _plain(name: str, value: object) -> object:
    if name == "handover_at":
        return instant(value)
    return day(value) if name in ("receipt_signed_on", "nominal_end") else value


def _settled(
    event: Event, before: list[SettledContact], told: Mapping[str, set], history: History, book: Book
) -> SettledContact:
    profile = book.profile(event)
    if profile is None:
        return SettledContact(event, None, None, ((f"规则版本不存在：{event.data.get('profile')}", f"profile {event.data.get('profile')} is not there"),))  # fmt: skip
    try:
        contact = Contact.from_json(event.data["contact"])
        decided = _decided(contact, profile, book.calendar_of(event))
    except (KeyError, TypeError, ValueError, AttributeError) as problem:
        return SettledContact(event, None, None, ((f"留存的接触记录无法重新定性（{type(problem).__name__}）", f"the stored contact cannot be decided again ({type(problem).__name__})"),))  # fmt: skip
    faults = [*_differences(event, decided)]
    if contact.case.case_id != event.case_id:
        faults.append(("接触记录属于另一件", "the stored contact is of another case"))
    if contact.call is not None:
        call = history.calls.get(contact.call.call_id)
        if call is None or contact.call.call_id != event.call_id:
            faults.append(("没有这次拨打的记录", "there is no record of this call"))
        else:
            faults += _against_call(contact, call, event)
    faults += _against_earlier(contact, before, history)
    faults += _never_told(contact, told, _FACTS)
    return SettledContact(event, contact, decided, tuple(faults), tuple(_never_told(contact, told, _DATES)))


def _never_told(contact: Contact, told: Mapping[str, set], names: tuple[str, ...]) -> Iterator[Fault]:
    """A list may change a contract while it is rung, so any value told up to then is a true one."""
    for name in names:
        value = getattr(contact.case, name)
        if told and value not in told[name]:
            yield f"{name} 为 {_word(value)}，与名单所载不符", f"{name} is {_word(value)}, which no list gave"


def _decided(contact: Contact, profile: Profile, calendar: Calendar) -> Settlement:
    """Which branch it goes to is the branch tree's to say; everything else follows from the contact."""
    return settle(contact, profile=profile, calendar=calendar, inbox_branch=contact.case.branch_code)


def _differences(event: Event, decided: Settlement) -> Iterator[Fault]:
    for name, attribute in _DECIDED.items():
        stored, given = event.data.get(name), getattr(decided, attribute)
        if isinstance(given, tuple):
            stored, given = set(stored or ()), set(given)
        if stored != given:
            yield f"{name} 留存为 {_word(stored)}，按答案应为 {_word(given)}", f"{name} is stored as {_word(stored)}, the answers give {_word(given)}"  # fmt: skip
    reasons = [reason.code for reason in decided.reasons]
    if Counter(event.data.get("reasons") or ()) != Counter(reasons):
        stored = event.data.get("reasons") or []
        yield f"原因留存为 {_word(stored)}，按答案应为 {_word(reasons)}", f"the reasons are stored as {_word(stored)}, the answers give {_word(reasons)}"  # fmt: skip


def _word(value: object) -> str:
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(sorted(map(str, value))) or "–"
    return "–" if value is None else str(value)


def _against_call(contact: Contact, call: CallRecord, event: Event) -> Iterator[Fault]:
    """The facts and answers of the stored contact are those of the call."""
    facts = contact.call
    if call.ended is not None:
        if facts.carrier_status != call.ended.data.get("status"):
            yield "通话状态与运营商所报不符", "the carrier's status is not the one reported"
        if contact.ended_at != call.ended.at:
            yield "通话结束时刻与记录不符", "the end of the call is not the instant on record"
    if facts.answered != call.answered:
        yield "是否接通与记录不符", "whether it was answered is not as on record"
    said = _answers_of_turns(call, event)
    kept = {
        (a.step, a.try_no, a.policy_no is not None): (
            a.answer,
            a.corrected,
            a.final,
            a.detail,
            a.signer,
            a.seller_statement,
        )
        for a in facts.answers
    }
    for key in sorted(said.keys() | kept.keys()):
        if said.get(key) != kept.get(key):
            yield f"{key[0]} 的答案与通话记录不符", f"the answer to {key[0]} is not the one given in the call"


def _answers_of_turns(call: CallRecord, settled: Event) -> dict[AnswerKey, tuple]:
    """What was answered in this call about the case or the person; of a row stored twice the first stands."""
    said: dict[AnswerKey, tuple] = {}
    for turn in call.turns:
        if turn.id > settled.id:
            break
        for row in turn.data.get("answers") or ():
            if row.get("case_id") in (None, settled.case_id):
                key = (row.get("step", ""), row.get("try_no", 0), row.get("case_id") is not None)
                said.setdefault(key, _said(row))
    return said


def _said(row: Mapping[str, Any]) -> tuple:
    detail = row.get("detail") or {}
    return (
        row.get("answer"),
        row.get("corrected"),
        row.get("final"),
        detail.get("detail"),
        detail.get("signer"),
        detail.get("seller_statement"),
    )


def _against_earlier(contact: Contact, before: list[SettledContact], history: History) -> Iterator[Fault]:
    """What is taken over from earlier calls was really answered there, and hang-ups are counted as they were."""
    if contact.kind == "CALL":
        hangups = sum(one.event.data.get("result") == "HANGUP_DELIBERATE" for one in before)
        if contact.deliberate_hangups != hangups:
            yield "先前故意挂断的次数不符", "the number of earlier hang-ups is not as on record"
    if not contact.earlier_answers:
        return
    given = set()
    for one in before:
        call = history.calls.get(one.event.call_id or "")
        if call is not None and one.event.data.get("counts"):
            given |= {(key[0], *said) for key, said in _answers_of_turns(call, one.event).items()}
    for a in contact.earlier_answers:
        if (a.step, a.answer, a.corrected, a.final, a.detail, a.signer, a.seller_statement) not in given:
            yield f"{a.step} 沿用的答案在先前通话中找不到", f"the answer to {a.step} taken over from an earlier call was not given there"  # fmt: skip
