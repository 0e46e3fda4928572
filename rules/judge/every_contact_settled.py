"""Promise 4: every ended contact is settled, and counts as completed only while its recording is verified."""

from collections.abc import Iterator
from datetime import timedelta

from rules.judge.history import Book, Broken, CallRecord, Event, History

# A recording may be an hour on its way when the archive or the carrier is away; nothing is given up before.
GRACE = timedelta(hours=1)
# With one of these a case is asked again after its recording was lost.
_REOPENS = frozenset({"CASE_MOVED", "CALL_RESERVED", "SETTLED"})


def every_contact_settled(history: History, book: Book) -> Iterator[Broken]:
    """A call that ended GRACE ago is settled for each of its cases, once, and after its end.

    A settlement counts only with a recording that was verified before it and is not lost; an answered call always
    waits for its recording. Where the last verified recording is lost afterwards, the case is opened again within
    GRACE. Nobody is completed without counting.
    """
    settled: dict[tuple[int, str], list[Event]] = {}
    for case_id, events in history.cases.items():
        for event in events:
            if event.kind == "SETTLED" and event.call_id is not None:
                settled.setdefault((case_id, event.call_id), []).append(event)
    for call in history.calls.values():
        for case_id in call.case_ids:
            yield from _once(call, case_id, settled.get((case_id, call.call_id), []), book)
    for (case_id, call_id), found in settled.items():
        for event in found:
            yield from _recorded(history.calls[call_id], event, history.cases[case_id], book)


def _once(call: CallRecord, case_id: int, found: list[Event], book: Book) -> Iterator[Broken]:
    ended = call.ended
    if not found:
        if ended is not None and book.now - ended.at > GRACE:
            zh, en = "通话已结束，未定性", "the call ended and was never settled"
            yield Broken(4, case_id, call.call_id, zh, en, ended.at)
        return
    if ended is None or found[0].id < ended.id:
        zh, en = "通话尚未结束即定性", "settled before the call ended"
        yield Broken(4, case_id, call.call_id, zh, en, found[0].at)
    if len(found) > 1:
        zh, en = "同一次通话定性了两次", "one call was settled twice"
        yield Broken(4, case_id, call.call_id, zh, en, found[1].at)


def _recorded(call: CallRecord, event: Event, case_events: list[Event], book: Book) -> Iterator[Broken]:
    counts, completed = event.data.get("counts"), event.data.get("completed")
    before, after = _verified(call, event)
    problem = None
    if counts and not before:
        problem = "计入完成，但录音未核验入库", "it counts, but no recording of it had been verified"
    elif completed and not counts:
        problem = "录音未核验入库，不得算作完成", "completed without a verified recording"
    elif _contact_recording(event) == "NOT_EXPECTED" and call.answered:
        problem = "已接通的通话未等录音即定性", "an answered call was settled without waiting for its recording"
    if problem:
        yield Broken(4, event.case_id, call.call_id, *problem, event.at)
    elif counts and completed and after is not None:
        reopened = any(e.id > after.id and e.kind in _REOPENS for e in case_events)
        if not reopened and book.now - after.at > GRACE:
            zh, en = "录音其后丢失，未重新回访", "its recording was lost afterwards and the case was not opened again"
            yield Broken(4, event.case_id, call.call_id, zh, en, after.at)


def _verified(call: CallRecord, settled: Event) -> tuple[set[str], Event | None]:
    """The recordings that stood verified when the call was settled, and the event that lost the last of them."""
    before: set[str] = set()
    lost = None
    standing: set[str] = set()
    for event in call.events:
        recording = event.data.get("recording")
        if event.kind == "RECORDING_VERIFIED":
            standing.add(recording)
            lost = None
        elif event.kind == "RECORDING_LOST" and recording in standing:
            standing.remove(recording)
            if not standing and event.id > settled.id:
                lost = event
        if event.id < settled.id:
            before = set(standing)
    return before, lost


def _contact_recording(event: Event) -> str | None:
    return ((event.data.get("contact") or {}).get("call") or {}).get("recording")
