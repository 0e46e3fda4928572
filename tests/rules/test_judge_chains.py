"""Promise 10 on small ledgers: every way in which lines, events, seals and checkpoints can fall out, and what is said."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest

from rules.judge import Broken, ChainCheck, Event, Head, Signed, events_told_by
from rules.judge.chains import chains_verify
from rules.ledger import (
    NOTHING,
    Entry,
    Line,
    TreeRoot,
    canonical,
    event_hash,
    line_after,
    plain,
    seal_body,
    sealed_events,
)
from rules.retrieval_events import AUDIT_SEALED, ON_THE_LEDGER, subject_of

NOON = datetime(2026, 9, 24, 4, 0, tzinfo=UTC)
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
CASES = []


def event(number: int, kind: str = "TURN", case: int | None = None, call: str | None = None, **data) -> Event:
    return Event(number, NOON + number * MINUTE, kind, case, call, None, data)


def witness(one: Event, **changed) -> Entry:
    """The line beside an event, with other values where they are named."""
    body = {"event": one.id, "call_id": one.call_id, "case_id": one.case_id, "data": plain(one.data)}
    told = {"kind": one.kind, "at": one.at, "subject": subject_of(one.kind, one.data), "actor": "system"}
    return Entry(**{**told, **{k: v for k, v in changed.items() if k in told}}, body=changed.get("body", body))


def seal(events: list[Event], first: int, last: int, /, **changed) -> Entry:
    root = TreeRoot()
    for one in events:
        if first <= one.id <= last:
            root.add(event_hash(one.id, one.at, one.kind, one.case_id, one.call_id, one.person_id, one.data))
    body = {**seal_body(first, last, root), **changed}
    return Entry(AUDIT_SEALED, NOON + 60 * MINUTE, sealed_events(first, last), "system", body)


def bound(entries: list[Entry]) -> list[Line]:
    lines: list[Line] = []
    for entry in entries:
        lines.append(line_after(entry, len(lines), lines[-1].hash if lines else NOTHING))
    return lines


def root_over(lines: list[Line]) -> str:
    tree = TreeRoot()
    for line in lines:
        tree.add(bytes.fromhex(line.hash))
    return tree.root().hex()


def point(number: int, lines: list[Line], size: int, **changed) -> Signed:
    root = root_over(lines[:size])
    return replace(Signed(number, NOON + DAY, size, root, (size, root)), **changed)


@dataclass
class Book:
    """Six events, of which two stand on the ledger, and two seals over them."""

    def __post_init__(self):
        self.now = NOON + DAY
        self.events = [
            event(1, "CASE_OPENED", 7),
            event(2, "RECORDING_VERIFIED", 7, "c1", recording="RE1", retain_until="2046-09-25T00:00:00+08:00"),
            event(3),
            event(4, "RECORDING_CLEARED", None, "c1", recording="RE1"),
            event(6),
        ]
        self.entries = [
            witness(self.events[1]), seal(self.events, 1, 3), witness(self.events[3]), seal(self.events, 4, 6),
        ]  # fmt: skip
        self.lines = bound(self.entries)
        self.checkpoints: list[Signed] = []

    @property
    def head(self) -> Head:
        return getattr(self, "_head", Head(len(self.lines), self.lines[-1].hash if self.lines else NOTHING, 6))

    @head.setter
    def head(self, head: Head) -> None:
        self._head = head

    def anew(self, place: int, entry: Entry | None = None) -> "Book":
        """The ledger with another entry at a place, or none, bound together again."""
        self.entries[place : place + 1] = [entry] if entry else []
        self.lines = bound(self.entries)
        return self


def found(ledger: Book, size: int = 100) -> list[Broken]:
    """`size`: how many lines or events are given at once."""
    check, by_id = ChainCheck(ledger.now, ledger.checkpoints), {one.id: one for one in ledger.events}
    broken: list[Broken] = []
    for place in range(0, len(ledger.lines), size):
        block = ledger.lines[place : place + size]
        broken += check.lines(block, {n: by_id[n] for n in events_told_by(block) if n in by_id})
    broken += check.head(ledger.head)
    events = sorted(ledger.events, key=lambda one: one.id)
    for place in range(0, len(events), size):
        broken += check.events(events[place : place + size])
    return [*broken, *check.end()]


def told(broken: Broken) -> str:
    assert broken.promise == 10
    minutes = (broken.at - NOON) // MINUTE
    return f"{broken.case_id} {broken.call_id} {minutes} {broken.message_zh} / {broken.message_en}"


def finds(*findings: str) -> Callable:
    def keep(make: Callable[[], Book]) -> Callable[[], Book]:
        CASES.append(pytest.param(make, findings, id=make.__name__))
        return make

    return keep


def asked(make: Callable[[], Book]) -> list[str]:
    return [told(one) for one in found(make())]


@finds()
def a_ledger_as_it_should_be():
    return Book()


@finds()
def a_seal_over_one_event_of_a_person():
    book = Book()
    book.events.append(replace(event(7, "CALL_RESERVED", 7, "c2"), person_id=3))
    book.entries.append(seal(book.events, 7, 7))
    book.lines = bound(book.entries)
    book.head = replace(book.head, sealed_event_id=7)
    return book


@finds(
    "None None 60 事件7–7与封存时不一致（1条，封存时1条） / events 7 to 7 are not those that were sealed (1 now, 1 then)",
)
def a_seal_over_another_persons_event():
    book = a_seal_over_one_event_of_a_person()
    book.events[-1] = replace(book.events[-1], person_id=4)
    return book


@finds()
def an_event_that_is_about_no_recording():
    """Its line is about the event."""
    book = Book()
    book.events.append(event(7, "PLAY_REFUSED", user="amy"))
    book.entries.append(witness(book.events[-1]))
    assert book.entries[-1].subject == "event/PLAY_REFUSED"
    book.lines = bound(book.entries)
    return book


@finds()
def nothing_at_all():
    book = Book()
    book.events, book.lines, book.head = [], [], Head()
    return book


# ---------------------------------------------------------------- the chain itself


@finds(
    "None None 60 台账第4行的序号不连续 / line 4 of the ledger does not follow the number before it",
    "None None 60 台账止于第4行，应至第3行 / the ledger ends with line 4, its head is 3",
    "None c1 4 RECORDING_CLEARED 没有台账记录 / RECORDING_CLEARED has no line in the ledger",
)
def a_line_taken_out():
    book = Book()
    del book.lines[2]
    return book


@finds(
    "None None 4 台账第3行未与上一行相接 / line 3 of the ledger is not bound to the line before it",
    "None None 60 事件1–3与封存时不一致（3条，封存时9条） / events 1 to 3 are not those that were sealed (3 now, 9 then)",
)
def a_line_exchanged_for_another_of_its_own():
    book = Book()
    other = Book().anew(1, seal(book.events, 1, 3, count=9))
    book.lines[1] = other.lines[1]
    return book


@finds(
    "None None 60 台账第2行未与上一行相接 / line 2 of the ledger is not bound to the line before it",
    "None None 4 台账第3行未与上一行相接 / line 3 of the ledger is not bound to the line before it",
)
def a_line_bound_to_another():
    book = Book()
    book.lines[1] = line_after(book.entries[1], 1, "f" * 64)
    return book


@finds(
    "None None 2 台账第1行已被改动 / line 1 of the ledger was altered",
)
def a_line_with_another_actor():
    book = Book()
    book.lines[0] = replace(book.lines[0], actor="somebody")
    return book


@finds(
    "None None 60 台账第4行不合规定格式 / line 4 of the ledger is not in the canonical form",
)
def a_body_written_in_another_way():
    book = Book()
    book.lines[3] = replace(book.lines[3], body=json.dumps(json.loads(book.lines[3].body)))
    return book


@finds(
    "None None 60 台账第4行不合规定格式 / line 4 of the ledger is not in the canonical form",
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
    "None None 60 审计日志的封存记录被删改 / events are sealed up to 3, the head says 6",
)
def a_body_that_is_no_json():
    book = Book()
    book.lines[3] = replace(book.lines[3], body="{")
    return book


@finds(
    "None None 60 台账第4行已被改动 / line 4 of the ledger was altered",
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
    "None None 60 审计日志的封存记录被删改 / events are sealed up to 3, the head says 6",
)
def a_body_that_is_a_list():
    book = Book()
    book.lines[3] = replace(book.lines[3], body="[]")
    return book


# ---------------------------------------------------------------- its end


@finds(
    "None None 4 台账止于第3行，应至第4行 / the ledger ends with line 3, its head is 4",
)
def the_last_line_gone():
    book = Book()
    book.head = book.head
    book.lines.pop()
    return book


@finds(
    "None None 1440 台账止于第0行，应至第4行 / the ledger ends with line 0, its head is 4",
    "7 c1 2 RECORDING_VERIFIED 没有台账记录 / RECORDING_VERIFIED has no line in the ledger",
    "None c1 4 RECORDING_CLEARED 没有台账记录 / RECORDING_CLEARED has no line in the ledger",
)
def every_line_gone():
    book = Book()
    book.head = book.head
    book.lines.clear()
    return book


@finds(
    "None None 60 台账第4行不是登记的末行 / line 4 of the ledger is not the one that its head names",
)
def the_head_names_another_hash():
    book = Book()
    book.head = replace(book.head, hash="f" * 64)
    return book


@finds(
    "None None 60 台账止于第4行，应至第9行 / the ledger ends with line 4, its head is 9",
)
def the_head_names_another_number():
    book = Book()
    book.head = replace(book.head, seq=9)
    return book


@finds(
    "None None 60 审计日志的封存记录被删改 / events are sealed up to 6, the head says 5",
)
def the_head_names_another_seal():
    book = Book()
    book.head = replace(book.head, sealed_event_id=5)
    return book


@finds(
    "None None 1440 审计日志的封存记录被删改 / events are sealed up to 0, the head says 5",
)
def the_head_names_a_seal_of_an_empty_ledger():
    book = Book()
    book.lines, book.events, book.head = [], [], Head(sealed_event_id=5)
    return book


# ---------------------------------------------------------------- the lines beside events


@finds(
    "7 c1 2 RECORDING_VERIFIED 没有台账记录 / RECORDING_VERIFIED has no line in the ledger",
)
def an_event_off_the_ledger():
    book = Book()
    return book.anew(0)


@finds(
    "None None 5 台账第3行所记事件不存在 / line 3 of the ledger tells of an event that is not there",
    "None c1 4 RECORDING_CLEARED 没有台账记录 / RECORDING_CLEARED has no line in the ledger",
)
def a_line_of_an_event_that_is_not_there():
    book = Book()
    return book.anew(2, witness(event(5, "RECORDING_CLEARED", 7, "c1", recording="RE1")))


@finds(
    "None None 4 台账第3行所记事件不存在 / line 3 of the ledger tells of an event that is not there",
    "None c1 4 RECORDING_CLEARED 没有台账记录 / RECORDING_CLEARED has no line in the ledger",
)
def a_line_of_an_event_without_a_number():
    book = Book()
    return book.anew(2, witness(book.events[3], body={"event": [4], "data": {}}))


@finds(
    "None c1 4 台账第5行重复记载同一事件 / line 5 of the ledger tells of an event a second time",
)
def a_line_told_twice():
    book = Book()
    book.entries.append(witness(book.events[3]))
    book.lines = bound(book.entries)
    return book


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "RECORDING_LOST"},
        {"at": NOON},
        {"subject": "recording/RE2"},
        {"body": {"event": 2, "call_id": "c2", "case_id": 7, "data": {}}},
        {"body": {"event": 2, "call_id": "c1", "case_id": 8, "data": {}}},
        {"body": {"event": 2, "call_id": "c1", "case_id": 7, "data": {}}},
        {"body": {"event": 2}},
    ],
)
def test_a_line_that_tells_something_else_than_its_event(changed):
    book = Book()
    data = book.events[1].data
    if changed.get("body", {}).get("call_id") == "c2" or changed.get("body", {}).get("case_id") == 8:
        changed["body"]["data"] = data  # the rest is as it was
    book.anew(0, witness(book.events[1], **changed))
    assert [told(one) for one in found(book)] == [
        f"7 c1 {0 if 'at' in changed else 2} 台账第1行与所记事件不一致 / line 1 of the ledger does not tell what its event tells",
        "7 c1 2 RECORDING_VERIFIED 没有台账记录 / RECORDING_VERIFIED has no line in the ledger",
    ]


@finds()
def a_line_beside_no_event_says_nothing_of_one():
    """Such as a checkpoint that was published."""
    book = Book()
    book.entries.append(Entry("CHECKPOINT", NOON, "ledger", "system", {"size": 4}))
    book.lines = bound(book.entries)
    return book


def test_of_many_events_those_without_a_line():
    ids = (*range(41), 40_000, 2**34, 2**34 + 1, 2**50)
    events = [Event(n, NOON, "RECORDING_LOST", n, None, None, {"recording": f"RE{n}"}) for n in ids]
    without = {0, 3, 8, 9, 15, 16, 31, 32, 40, 2**34 + 1}
    book = Book()
    book.now, book.events = NOON, events
    entries = [witness(one) for one in book.events if one.id not in without]
    book.lines, book.head = bound(entries), Head(len(entries), bound(entries)[-1].hash)
    assert [one.case_id for one in found(book)] == sorted(without)
    book.lines = bound(entries * 2)
    book.head = Head(len(book.lines), book.lines[-1].hash)
    assert [one.case_id for one in found(book) if "second time" in one.message_en] == [
        one.id for one in book.events if one.id not in without
    ]


@pytest.mark.parametrize("kind", sorted(ON_THE_LEDGER))
def test_every_kind_of_custody_and_access_stands_on_the_ledger(kind):
    book = Book()
    book.events, book.lines, book.head = [event(1, kind, 7, "c1")], [], Head()
    assert [told(one) for one in found(book)] == [f"7 c1 1 {kind} 没有台账记录 / {kind} has no line in the ledger"]


# ---------------------------------------------------------------- the seals over events


@finds(
    "None None 60 事件1–3与封存时不一致（3条，封存时3条） / events 1 to 3 are not those that were sealed (3 now, 3 then)",
)
def an_event_altered():
    book = Book()
    book.events[2] = replace(book.events[2], data={"turn": 9})
    return book


@finds(
    "None None 60 事件1–3与封存时不一致（2条，封存时3条） / events 1 to 3 are not those that were sealed (2 now, 3 then)",
)
def an_event_gone():
    book = Book()
    del book.events[2]
    return book


@finds(
    "None None 60 事件4–6与封存时不一致（3条，封存时2条） / events 4 to 6 are not those that were sealed (3 now, 2 then)",
)
def an_event_slipped_in():
    book = Book()
    book.events.append(event(5))
    return book


@finds()
def events_beyond_the_seals():
    book = Book()
    book.events += [event(7), event(8)]
    return book


@finds()
def events_unsealed_for_a_day():
    book = Book()
    book.events += [event(7), event(8)]
    book.now = book.events[-2].at + DAY
    return book


@finds(
    "None None 7 审计事件一日以上未封存 / events from 7 on are unsealed for more than a day",
)
def events_unsealed_for_more_than_a_day():
    book = Book()
    book.events += [event(7), event(8)]
    book.now = book.events[-2].at + DAY + timedelta(seconds=1)
    return book


@finds(
    "None None 60 事件4–6与封存时不一致（0条，封存时2条） / events 4 to 6 are not those that were sealed (0 now, 2 then)",
)
def the_last_seal_is_over_events_that_are_gone():
    book = Book()
    del book.events[3:]
    return book.anew(2)


@finds(
    "None None 60 封存自事件5起，应自4起 / a seal begins with event 5, not with 4",
    "None None 60 事件5–6与封存时不一致（2条，封存时1条） / events 5 to 6 are not those that were sealed (2 now, 1 then)",
)
def a_seal_that_begins_too_late():
    book = Book()
    return book.anew(3, seal(book.events, 5, 6))


@finds(
    "None None 60 封存自事件3起，应自4起 / a seal begins with event 3, not with 4",
    "None None 60 事件3–6与封存时不一致（2条，封存时3条） / events 3 to 6 are not those that were sealed (2 now, 3 then)",
)
def a_seal_that_begins_too_early():
    book = Book()
    return book.anew(3, seal(book.events, 3, 6))


@finds(
    "None None 60 封存自事件2起，应自1起 / a seal begins with event 2, not with 1",
    "None None 60 事件2–3与封存时不一致（3条，封存时2条） / events 2 to 3 are not those that were sealed (3 now, 2 then)",
)
def the_first_seal_begins_too_late():
    book = Book()
    return book.anew(1, seal(book.events, 2, 3))


@finds(
    "None None 60 封存的事件4–3止于起点之前 / a seal over events 4 to 3 ends before it begins",
)
def a_seal_that_ends_before_it_begins():
    book = Book()
    book.head = replace(Book().anew(3, seal(book.events, 4, 3)).head, sealed_event_id=3)
    book.anew(3, seal(book.events, 4, 3))
    return book


@finds(
    "None None 60 事件4–6与封存时不一致（2条，封存时3条） / events 4 to 6 are not those that were sealed (2 now, 3 then)",
)
def a_seal_over_another_number_of_events():
    book = Book()
    return book.anew(3, seal(book.events, 4, 6, count=3))


@finds(
    "None None 60 事件4–6与封存时不一致（2条，封存时2条） / events 4 to 6 are not those that were sealed (2 now, 2 then)",
)
def a_seal_with_another_root():
    book = Book()
    return book.anew(3, seal(book.events, 4, 6, root="0" * 64))


def unreadable(**changed) -> Book:
    book = Book()
    book.anew(3, seal(book.events, 4, 6, **changed))
    book.head = replace(book.head, sealed_event_id=3)
    return book


@finds(
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
)
def a_seal_without_its_first():
    return unreadable(first=None)


@finds(
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
)
def a_seal_without_its_last():
    return unreadable(last="6")


@finds(
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
)
def a_seal_without_its_count():
    return unreadable(count=None)


@finds(
    "None None 60 台账第4行的封存无法读取 / the seal in line 4 cannot be read",
)
def a_seal_about_other_events_than_it_says():
    return unreadable(last=5)


# ---------------------------------------------------------------- what was signed


@finds()
def as_it_was_signed():
    book = Book()
    book.checkpoints = [
        point(1, book.lines, 1),
        point(2, book.lines, 3),
        point(3, book.lines, 3),
        point(4, book.lines, 4),
    ]
    return book


@finds(
    "None None 1440 检查点1的签名无效 / checkpoint 1 over 2 lines is not signed by the ledger's keys",
)
def a_signature_that_does_not_hold():
    book = Book()
    book.checkpoints = [point(1, book.lines, 2, signed=None), point(2, book.lines, 4)]
    return book


@finds(
    "None None 1440 检查点1与所签内容不一致 / checkpoint 1 over 2 lines does not say what was signed",
    "None None 1440 检查点2与所签内容不一致 / checkpoint 2 over 4 lines does not say what was signed",
)
def another_size_or_root_than_was_signed():
    book = Book()
    whole = root_over(book.lines)
    book.checkpoints = [
        point(1, book.lines, 2, signed=(3, root_over(book.lines[:2]))),
        point(2, book.lines, 4, signed=(4, whole[::-1])),
    ]
    return book


@finds(
    "None None 1440 台账前3行与检查点2不一致 / the first 3 lines of the ledger are not those of checkpoint 2",
    "None None 1440 台账前4行与检查点3不一致 / the first 4 lines of the ledger are not those of checkpoint 3",
)
def another_ledger_than_was_signed():
    book = Book()
    signed = [point(1, book.lines, 1), point(2, book.lines, 3), point(3, book.lines, 4)]
    book.anew(2, witness(book.events[3], actor="somebody"))
    book.checkpoints = signed
    return book


@finds(
    "None None 1440 检查点2含9行，台账只有4行 / checkpoint 2 is over 9 lines, the ledger has 4",
)
def a_ledger_shorter_than_was_signed():
    book = Book()
    book.checkpoints = [point(1, book.lines, 3), replace(point(2, book.lines, 4), size=9)]
    return book


@finds(
    "None None 60 台账第4行已被改动 / line 4 of the ledger was altered",
    "None None 1440 台账前4行与检查点1不一致 / the first 4 lines of the ledger are not those of checkpoint 1",
)
def a_hash_that_is_none_of_a_signed_ledger():
    book = Book()
    book.checkpoints = [point(1, book.lines, 4)]
    book.lines[3] = replace(book.lines[3], hash="none")
    return book


# ---------------------------------------------------------------- asked


@pytest.mark.parametrize(("make", "findings"), CASES)
def test_what_is_found(make, findings):
    assert asked(make) == list(findings)


@pytest.mark.parametrize("make", [case.values[0] for case in CASES])
@pytest.mark.parametrize("size", [1, 2])
def test_it_is_the_same_a_block_at_a_time(make, size):
    book = make()
    assert sorted(map(told, found(book, size))) == sorted(map(told, found(book)))


def test_a_block_without_lines_changes_nothing():
    book = Book()
    check, by_id = ChainCheck(book.now), {one.id: one for one in book.events}
    broken = [*check.lines(book.lines[:2], by_id), *check.lines([], {}), *check.lines(book.lines[2:], by_id)]
    assert [*broken, *check.head(book.head)] == []


def test_the_whole_at_once():
    book = Book()
    assert list(chains_verify(book.lines, book.events[::-1], book.head, book.now)) == []
    book.lines.pop()
    assert list(chains_verify(book.lines, book.events, None, book.now)) == []
    [short, *_] = chains_verify(book.lines, book.events, Book().head, book.now)
    assert short.message_en == "the ledger ends with line 3, its head is 4"
    found = list(chains_verify(book.lines, book.events, None, book.events[3].at + DAY + MINUTE))
    assert [one.message_en for one in found] == ["events from 4 on are unsealed for more than a day"]


def test_the_events_that_lines_stand_beside():
    book = Book()
    text = replace(book.lines[0], body=canonical({"event": "2"}))
    assert events_told_by([*book.lines, text, replace(text, body="[]"), replace(text, body="{")]) == [2, 4]
