"""Promise 2: no two open attempts for one person, no attempt dialled twice, an unknown one resolved first."""

from collections.abc import Iterator

from rules.judge.history import Book, Broken, CallRecord, Event, History


def one_attempt_at_a_time(history: History, book: Book) -> Iterator[Broken]:
    """An attempt is open from its reservation to the carrier's last word on it, in the order of events.

    Dialled twice is: reserved twice, or bound to two calls of the carrier, or one call of the carrier to two attempts.
    """
    for calls in history.by_person.values():
        yield from _one_after_another(calls)
    bound: dict[str, CallRecord] = {}
    for call in history.calls.values():
        for again in call.again:
            yield _broken(call, again, "同一次拨打登记了两次", "one attempt was reserved twice")
        yield from _one_line(call, bound)


def _one_after_another(calls: list[CallRecord]) -> Iterator[Broken]:
    open_call: CallRecord | None = None  # of those so far, the one whose end came last
    for call in sorted(calls, key=lambda call: call.reserved.id):
        dial = call.reserved
        if open_call is not None and (open_call.closed is None or open_call.closed.id > dial.id):
            last = [event.kind for event in open_call.events if event.id < dial.id]
            if "CALL_REJECTED" in last or (last and last[-1] == "CALL_UNKNOWN"):
                zh, en = (
                    "上一次拨打结果不明，尚未查清又再拨打",
                    "rung again before an attempt with unknown outcome was resolved",
                )
            else:
                zh, en = "上一次拨打尚未结束又再拨打同一人", "a second open attempt for this person"
            yield _broken(call, dial, zh, en)
        if open_call is None or (
            open_call.closed is not None and (call.closed is None or call.closed.id > open_call.closed.id)
        ):
            open_call = call


def _one_line(call: CallRecord, bound: dict[str, CallRecord]) -> Iterator[Broken]:
    mine = None
    for event in call.events:
        sid = event.data.get("sid")
        if sid is None:
            continue
        if mine is None:
            mine = sid
            if bound.setdefault(sid, call) is not call:
                yield _broken(
                    call, event, "运营商的一次通话记在两次拨打名下", "one call of the carrier stands for two attempts"
                )
        elif sid != mine:
            yield _broken(
                call, event, "一次拨打对应运营商的两次通话", "one attempt was dialled twice: two calls of the carrier"
            )
            return


def _broken(call: CallRecord, event: Event, zh: str, en: str) -> Broken:
    return Broken(2, call.first_case, call.call_id, zh, en, event.at)
