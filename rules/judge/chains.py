"""Promise 10: the chains of ledger and audit log verify from the first line to the last."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from rules.judge.history import Broken, Event
from rules.ledger import NOTHING, Line, TreeRoot, check_chain, event_hash, sealed_events
from rules.retrieval_events import AUDIT_SEALED, ON_THE_LEDGER, subject_of

# Events are sealed every few minutes. What nobody sealed for a day is not protected.
SEALED_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Head:
    """What the ledger says of its own end."""

    seq: int = 0
    hash: str = NOTHING
    sealed_event_id: int = 0


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint as it is kept: the root over the first `size` lines in hex, and what its signed text says: None where
    the signatures of the ledger's keys do not hold, or the text is no checkpoint of this ledger."""

    id: int
    at: datetime
    size: int
    root: str
    signed: tuple[int, str] | None


class ChainCheck:
    """The ledger and the events, given a block at a time: lines first, in their order, then the events, in theirs.
    `checkpoints`: all that were ever signed, the smallest first; the ledger must begin with what each of them is over.

    Every line follows from the one before and the last is the head; every event of custody and access has exactly one
    line that tells the same, and no such line is without its event; the seals cover the ids from 1 on without a gap,
    and each has the very events it was made over. Memory: one bit an event and a few words a seal.
    """

    def __init__(self, now: datetime, checkpoints: Sequence[Signed] = ()):
        self._now = now
        self._checkpoints = list(checkpoints)
        self._tree = TreeRoot()
        self._last: Line | None = None
        self._witnessed = _Bits()
        self._seals: list[tuple[int, int, int, str, int, datetime]] = []  # first, last, count, root, line, at
        self._seal = 0
        self._root = TreeRoot()
        self._unsealed: Event | None = None

    def lines(self, block: Sequence[Line], events: Mapping[int, Event]) -> Iterator[Broken]:
        """The next lines; `events` are those that `events_told_by(block)` names and that are there."""
        after, previous = (self._last.seq, self._last.hash) if self._last else (0, NOTHING)
        at = {line.seq: line.at for line in block}
        for broken in check_chain(block, after=after, previous=previous):
            zh, en = _CHAIN[broken.problem]
            yield _broken(f"台账第{broken.seq}行{zh}", f"line {broken.seq} of the ledger {en}", at[broken.seq])
        for line in block:
            if line.kind == AUDIT_SEALED:
                yield from self._take_seal(line)
            else:
                yield from self._take_witness(line, events)
            if self._checkpoints:
                yield from self._hold_against_checkpoints(line)
        self._last = block[-1] if block else self._last

    def _hold_against_checkpoints(self, line: Line) -> Iterator[Broken]:
        self._tree.add(_bytes_of(line.hash))
        while self._checkpoints and self._checkpoints[0].size <= self._tree.count:
            point = self._checkpoints.pop(0)
            where = f"checkpoint {point.id} over {point.size} lines"
            if point.signed is None:
                zh, en = f"检查点{point.id}的签名无效", f"{where} is not signed by the ledger's keys"
            elif point.signed != (point.size, point.root):
                zh, en = f"检查点{point.id}与所签内容不一致", f"{where} does not say what was signed"
            elif self._tree.root().hex() != point.root:
                zh = f"台账前{point.size}行与检查点{point.id}不一致"
                en = f"the first {point.size} lines of the ledger are not those of checkpoint {point.id}"
            else:
                continue
            yield _broken(zh, en, point.at)

    def head(self, head: Head) -> Iterator[Broken]:
        """After the last line."""
        for point in self._checkpoints:
            zh = f"检查点{point.id}含{point.size}行，台账只有{self._tree.count}行"
            en = f"checkpoint {point.id} is over {point.size} lines, the ledger has {self._tree.count}"
            yield _broken(zh, en, point.at)
        seq, found = (self._last.seq, self._last.hash) if self._last else (0, NOTHING)
        sealed = self._seals[-1][1] if self._seals else 0
        if head.seq != seq:
            zh, en = (
                f"台账止于第{seq}行，应至第{head.seq}行",
                f"the ledger ends with line {seq}, its head is {head.seq}",
            )
        elif head.hash != found:
            zh, en = f"台账第{seq}行不是登记的末行", f"line {seq} of the ledger is not the one that its head names"
        elif head.sealed_event_id != sealed:
            zh, en = (
                "审计日志的封存记录被删改",
                f"events are sealed up to {sealed}, the head says {head.sealed_event_id}",
            )
        else:
            return
        yield _broken(zh, en, self._last.at if self._last else self._now)

    def _take_seal(self, line: Line) -> Iterator[Broken]:
        body = _body(line)
        first, last, count, root = (body.get(name) for name in ("first", "last", "count", "root"))
        if not all(isinstance(number, int) for number in (first, last, count)) or line.subject != sealed_events(
            first, last
        ):
            yield _broken(f"台账第{line.seq}行的封存无法读取", f"the seal in line {line.seq} cannot be read", line.at)
            return
        expected = self._seals[-1][1] + 1 if self._seals else 1
        if first != expected:
            zh, en = f"封存自事件{first}起，应自{expected}起", f"a seal begins with event {first}, not with {expected}"
            yield _broken(zh, en, line.at)
        elif last < first:
            zh, en = (
                f"封存的事件{first}–{last}止于起点之前",
                f"a seal over events {first} to {last} ends before it begins",
            )
            yield _broken(zh, en, line.at)
        self._seals.append((first, last, count, root, line.seq, line.at))

    def _take_witness(self, line: Line, events: Mapping[int, Event]) -> Iterator[Broken]:
        event_id = _body(line).get("event")
        if event_id is None:
            return
        event = events.get(event_id) if isinstance(event_id, int) else None
        where = event.case_id if event else None, event.call_id if event else None
        if event is None:
            zh, en = "所记事件不存在", "tells of an event that is not there"
        elif not _tells(line, event):
            zh, en = "与所记事件不一致", "does not tell what its event tells"
        elif event_id in self._witnessed:
            zh, en = "重复记载同一事件", "tells of an event a second time"
        else:
            self._witnessed.add(event_id)
            return
        yield _broken(f"台账第{line.seq}行{zh}", f"line {line.seq} of the ledger {en}", line.at, *where)

    def events(self, block: Iterable[Event]) -> Iterator[Broken]:
        """The next events in the order of their ids, after every line."""
        for event in block:
            if event.kind in ON_THE_LEDGER and event.id not in self._witnessed:
                zh, en = f"{event.kind} 没有台账记录", f"{event.kind} has no line in the ledger"
                yield _broken(zh, en, event.at, event.case_id, event.call_id)
            yield from self._close_seals(event.id)
            if self._seal < len(self._seals):
                self._root.add(_hash(event))
            elif self._unsealed is None:
                self._unsealed = event

    def end(self) -> Iterator[Broken]:
        """After the last event."""
        yield from self._close_seals(None)
        if self._unsealed is not None and self._now - self._unsealed.at > SEALED_WITHIN:
            zh, en = "审计事件一日以上未封存", f"events from {self._unsealed.id} on are unsealed for more than a day"
            yield _broken(zh, en, self._unsealed.at)

    def _close_seals(self, next_id: int | None) -> Iterator[Broken]:
        """Hold every seal that ends before `next_id` against the events that were given; None: all that are left."""
        while self._seal < len(self._seals) and (next_id is None or next_id > self._seals[self._seal][1]):
            first, last, count, root, _, at = self._seals[self._seal]
            found = self._root.count
            if (found, self._root.root().hex()) != (count, root):
                zh = f"事件{first}–{last}与封存时不一致（{found}条，封存时{count}条）"
                en = f"events {first} to {last} are not those that were sealed ({found} now, {count} then)"
                yield _broken(zh, en, at)
            self._seal, self._root = self._seal + 1, TreeRoot()


def chains_verify(lines: Sequence[Line], events: Sequence[Event], head: Head | None, now: datetime) -> Iterator[Broken]:
    """The whole ledger and all events at once. `head` None: that of the last line."""
    check, by_id = ChainCheck(now), {event.id: event for event in events}
    yield from check.lines(lines, by_id)
    if head is not None:
        yield from check.head(head)
    yield from check.events(sorted(events, key=lambda event: event.id))
    yield from check.end()


def events_told_by(lines: Iterable[Line]) -> list[int]:
    """The ids of the events beside which these lines stand."""
    found = (_body(line).get("event") for line in lines if line.kind != AUDIT_SEALED)
    return [event_id for event_id in found if isinstance(event_id, int)]


_CHAIN = {
    "GAP": ("的序号不连续", "does not follow the number before it"),
    "CUT": ("未与上一行相接", "is not bound to the line before it"),
    "ALTERED": ("已被改动", "was altered"),
    "FORM": ("不合规定格式", "is not in the canonical form"),
}


def _broken(zh: str, en: str, at: datetime, case_id: int | None = None, call_id: str | None = None) -> Broken:
    return Broken(10, case_id, call_id, zh, en, at)


def _body(line: Line) -> dict:
    try:
        found = json.loads(line.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _bytes_of(hash: str) -> bytes:
    """A hash that is none is found by the chain; here it only must not be taken for another."""
    try:
        return bytes.fromhex(hash)
    except ValueError:
        return hash.encode()


def _tells(line: Line, event: Event) -> bool:
    body = _body(line)
    return (
        (line.kind, line.at, line.subject) == (event.kind, event.at, subject_of(event.kind, event.data))
        and body.get("call_id") == event.call_id
        and body.get("case_id") == event.case_id
        and body.get("data") == event.data
    )


def _hash(event: Event) -> bytes:
    return event_hash(event.id, event.at, event.kind, event.case_id, event.call_id, event.person_id, event.data)


class _Bits:
    """A set of positive numbers, one bit each as long as they are such as a sequence gives."""

    _MOST = 1 << 34

    def __init__(self) -> None:
        self._bits, self._others = bytearray(), set()

    def add(self, number: int) -> None:
        if not 0 <= number < self._MOST:
            self._others.add(number)
            return
        place = number >> 3
        if place >= len(self._bits):
            self._bits.extend(bytes(place + 1 - len(self._bits) + 4096))
        self._bits[place] |= 1 << (number & 7)

    def __contains__(self, number: int) -> bool:
        if not 0 <= number < self._MOST:
            return number in self._others
        place = number >> 3
        return place < len(self._bits) and bool(self._bits[place] >> (number & 7) & 1)
