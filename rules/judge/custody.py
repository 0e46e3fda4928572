"""Promise 9, first half: no recording leaves before its time."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from rules.judge.history import Book, Broken, Event, History, instant

# A copy that a pass found damaged is mended from the second one within a day, or it is gone.
MENDED_WITHIN = timedelta(days=1)

Fault = tuple[str, str]


def kept_for_its_time(history: History, book: Book) -> Iterator[Broken]:
    """The carrier's copy of a recording goes only after ours is verified. Ours is never unlocked, lost or destroyed
    before the latest date it was ever locked to, nor under a hold; a date is never moved back; who destroys or lifts a
    hold are two. A copy found damaged is mended."""
    kept: dict[str, _Kept] = {}
    for event in history.events:
        recording = event.data.get("recording")
        if event.kind not in _STEPS or recording is None:
            continue
        one = kept.setdefault(recording, _Kept())
        one.call_id = one.call_id or event.call_id
        if event.kind == "RECORDING_VERIFIED" and (original := event.data.get("redacts")) in kept:
            kept[original].redacted = True
        for fault in _STEPS[event.kind](one, event):
            yield _broken(fault, one, event, history)
    for one in kept.values():
        if one.damaged is not None and book.now - one.damaged.at > MENDED_WITHIN:
            fault = "损坏的录音一日内未修复", "a damaged recording was not mended within a day"
            yield _broken(fault, one, one.damaged, history)


@dataclass
class _Kept:
    """One recording so far. `until`: the latest instant it was locked to; None before it is in the archive."""

    call_id: str | None = None
    until: datetime | None = None
    holds: set = field(default_factory=set)
    damaged: Event | None = None
    redacted: bool = False  # a copy without the stretch of payment data was archived


def _broken(fault: Fault, one: _Kept, event: Event, history: History) -> Broken:
    """An event that names no call is about the call that its recording is of."""
    call = history.calls.get(one.call_id) if one.call_id is not None else None
    return Broken(9, call.first_case if call else event.case_id, one.call_id, *fault, event.at)


def _verified(one: _Kept, event: Event) -> Iterator[Fault]:
    until = instant(event.data.get("retain_until"))
    if one.until is not None and (until is None or until < one.until):
        yield _SHORTENED
    if until is not None:
        one.until = max(until, one.until or until)


def _extended(one: _Kept, event: Event) -> Iterator[Fault]:
    until = instant(event.data.get("retain_until"))
    if one.until is None or until is None or until < one.until:
        yield _SHORTENED
    else:
        one.until = until


def _cleared(one: _Kept, event: Event) -> Iterator[Fault]:
    if one.until is None:
        yield "录音未核验入库即删除运营商副本", "the carrier's copy was deleted before ours was verified"


def _lost(one: _Kept, event: Event) -> Iterator[Fault]:
    if one.until is not None and event.at < one.until:
        yield "已入库的录音在保存期内丢失", "a recording was lost from the archive before its retain-until"
    one.damaged = None  # the loss is told


def _held(one: _Kept, event: Event) -> Iterator[Fault]:
    one.holds.add(event.data.get("hold_id"))
    return iter(())


def _released(one: _Kept, event: Event) -> Iterator[Fault]:
    if not _two(event):
        yield "解除冻结须由两人办理", "a hold is released by two"
    if event.data.get("hold_id") not in one.holds:
        yield "解除了不存在的冻结", "a hold was released that was not set"
    one.holds.discard(event.data.get("hold_id"))


def _destroyed(one: _Kept, event: Event) -> Iterator[Fault]:
    if event.data.get("why") == "REDACTED":
        if not one.redacted:
            yield "未先存入遮蔽后的副本即销毁密钥", "a key was destroyed with no redacted copy archived before"
    elif one.until is None or event.at < one.until:
        yield "录音在保存期满前被销毁", "a recording was destroyed before its retain-until"
    if one.holds:
        yield "依法冻结期间销毁录音", "a recording was destroyed under a legal hold"
    if not _two(event):
        yield "销毁录音须由两人办理", "a recording is destroyed by two"
    one.damaged = None


def _damaged(one: _Kept, event: Event) -> Iterator[Fault]:
    if _is_the_first(event):
        one.damaged = one.damaged or event
    return iter(())


def _mended(one: _Kept, event: Event) -> Iterator[Fault]:
    if _is_the_first(event) and one.damaged is not None and event.at - one.damaged.at <= MENDED_WITHIN:
        one.damaged = None
    return iter(())


def _is_the_first(event: Event) -> bool:
    """The second copy is for mending the first: while it alone is damaged, nothing is lost."""
    return event.data.get("copy") in (None, "FIRST")


def _two(event: Event) -> bool:
    first, second = event.data.get("user"), event.data.get("second")
    return bool(first) and bool(second) and first != second


_SHORTENED = ("保存期被缩短", "the time for which it is kept was shortened")
_STEPS = {
    "RECORDING_VERIFIED": _verified,
    "RETENTION_EXTENDED": _extended,
    "RECORDING_CLEARED": _cleared,
    "RECORDING_LOST": _lost,
    "HOLD_SET": _held,
    "HOLD_RELEASED": _released,
    "RECORDING_DISPOSED": _destroyed,
    "DATA_KEY_DESTROYED": _destroyed,
    "FIXITY_FAILED": _damaged,
    "RECORDING_REPAIRED": _mended,
}
