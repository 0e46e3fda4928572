"""Promise 9, second half: no recording is heard without a right that holds at that very instant."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from rules.judge.history import Book, Broken, Event, instant
from rules.parameters import DEFAULTS
from rules.retrieval_events import Purpose, RightKind, signatures_for

# One play of one recording; a jump that comes later belongs to no play.
LONGEST_PLAY = timedelta(days=1)

Fault = tuple[str, str]


class AccessCheck:
    """Each play and each jump in it needs its right then and there: a retrieval that was granted on every signature, by
    people of whom none signed twice or asked for it, for this recording, person, place and instant, and after the
    reminder of the customer's privacy; or an assignment of this very recording to this checker. A copy leaves only by a
    granted litigation request, or is made at the machine; a training copy is masked and heard until it expires.

    It is given the events of access in the order of their ids, in as many blocks as one likes. Memory grows with the
    rights, not with the plays.
    """

    def __init__(self, book: Book):
        self._book, self._desk = book, _Desk()

    def events(self, block: Iterable[Event]) -> Iterator[Broken]:
        for event in block:
            step = _STEPS.get(event.kind)
            for zh, en in step(self._desk, event, self._book) if step else ():
                yield Broken(9, event.case_id, event.call_id, zh, en, event.at)


@dataclass
class _Request:
    applicant: Any = None
    purpose: Any = None
    signed: dict[str, Any] = field(default_factory=dict)  # function → who
    granted: Event | None = None
    over: datetime | None = None  # refused, withdrawn or revoked
    reminded: set = field(default_factory=set)


@dataclass
class _Desk:
    requests: dict[Any, _Request] = field(default_factory=dict)
    assigned: dict[Any, Event] = field(default_factory=dict)
    copies: dict[Any, Event] = field(default_factory=dict)
    plays: dict[Any, Event] = field(default_factory=dict)

    def request(self, event: Event) -> _Request:
        return self.requests.setdefault(event.data.get("request_id"), _Request())


def _requested(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    request = desk.request(event)
    if request.applicant is not None:
        yield "同一申请提交了两次", "one request was made twice"
    request.applicant, request.purpose = event.data.get("user"), event.data.get("purpose")


def _signed(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    desk.request(event).signed.setdefault(event.data.get("function"), event.data.get("user"))
    return iter(())


def _granted(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    request = desk.request(event)
    needed = signatures_for(request.purpose)
    who = [request.signed.get(function) for function in needed]
    if request.applicant is None or None in who:
        yield "未经全部审批即准予调听", "granted without every signature"
    elif len({request.applicant, *who}) != len(who) + 1:
        yield "申请人与各审批人须为不同的人", "applicant and signatories of a grant are not different people"
    elif request.over is not None:
        yield "已终止的申请又获准予", "granted after the request had ended"
    begins, ends = instant(event.data.get("begins")), instant(event.data.get("ends"))
    if begins is None or ends is None or ends - begins > timedelta(days=_play_days(event, book)):
        yield "调听期限超过规定", "granted for longer than the rules allow"
    request.granted = event


def _play_days(event: Event, book: Book) -> int:
    profile = book.profile(event) if "profile" in event.data else None
    return (profile or DEFAULTS)["recording.play_days"]


def _over(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    request = desk.request(event)
    request.over = request.over or event.at
    return iter(())


def _reminded(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    desk.request(event).reminded.add(event.data.get("user"))
    return iter(())


def _assigned(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    desk.assigned[event.data.get("assignment_id")] = event
    return iter(())


def _ended(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    desk.assigned.pop(event.data.get("assignment_id"), None)
    return iter(())


def _played(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    if fault := _without_right(desk, event, event.data.get("right") or {}):
        yield fault
    if event.data.get("play_id") in desk.plays:
        yield "两次播放用了同一编号", "two plays under one number"
    desk.plays[event.data.get("play_id")] = event
    while desk.plays and event.at - next(iter(desk.plays.values())).at > LONGEST_PLAY:
        del desk.plays[next(iter(desk.plays))]


def _sought(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    play = desk.plays.get(event.data.get("play_id"))
    if play is None or event.at - play.at > LONGEST_PLAY:
        yield "跳转不属于任何播放", "a jump that belongs to no play"
    elif any(play.data.get(name) != event.data.get(name) for name in ("user", "recording")):
        yield "跳转与其播放不符", "a jump by another person, or in another recording, than its play"
    elif fault := _without_right(desk, event, play.data.get("right") or {}):
        yield fault


def _without_right(desk: _Desk, event: Event, right: dict) -> Fault | None:
    if right.get("kind") == RightKind.QUALITY:
        return _not_assigned(desk.assigned.get(right.get("id")), event)
    if right.get("kind") == RightKind.RETRIEVAL:
        return _not_granted(desk.requests.get(right.get("id")), event)
    return "无任何权限即播放", "played with no right named"


def _not_assigned(assigned: Event | None, event: Event) -> Fault | None:
    if assigned is None:
        return "没有此项质检指派，或已结束", "no such assignment to check, or it had ended"
    if assigned.data.get("recording") != event.data.get("recording"):
        return "指派质检的不是这段录音", "the assignment is for another recording"
    if assigned.data.get("checker") != event.data.get("user"):
        return "指派的是另一质检员", "the assignment is another checker's"
    if event.data.get("place") not in (assigned.data.get("places") or ()):
        return "不在规定场所", "not at a place of the assignment"
    ends = instant(assigned.data.get("ends"))
    return ("指派已过期", "the assignment had expired") if ends is not None and event.at >= ends else None


def _not_granted(request: _Request | None, event: Event) -> Fault | None:
    if request is None or request.granted is None:
        return "调听申请未获准予", "no granted request"
    grant = request.granted.data
    begins, ends = instant(grant.get("begins")), instant(grant.get("ends"))
    if begins is None or ends is None or not begins <= event.at < ends:
        return "不在准予的期限内", "outside the time of the grant"
    if request.over is not None:
        return "准予已被收回", "the grant had been revoked"
    if event.data.get("recording") not in (grant.get("recordings") or ()):
        return "准予的不是这段录音", "the grant is for other recordings"
    if event.data.get("user") not in (grant.get("listeners") or ()):
        return "不是准予的听取人", "not a listener of the grant"
    if event.data.get("place") not in (grant.get("places") or ()):
        return "不在准予的场所", "not at a place of the grant"
    if event.data.get("user") not in request.reminded:
        return "未确认保密提示", "the reminder of the customer's privacy was not confirmed"
    return None


def _exported(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    right = event.data.get("right") or {}
    if right.get("kind") == RightKind.OPERATOR:
        return
    request = desk.requests.get(right.get("id")) if right.get("kind") == RightKind.RETRIEVAL else None
    if request is None or request.granted is None or request.purpose != Purpose.LITIGATION or request.over is not None:
        yield "没有准予的诉讼调取即导出", "a copy left without a granted litigation request"
    elif event.data.get("recording") not in (request.granted.data.get("recordings") or ()):
        yield "导出的不是准予的录音", "the copy that left is of a recording that was not granted"


def _copied(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    if event.data.get("masked") is not True:
        yield "培训副本未遮蔽", "a training copy that is not masked"
    request = desk.requests.get(event.data.get("request_id"))
    begins, ends = (
        (instant(request.granted.data.get("begins")), instant(request.granted.data.get("ends")))
        if request is not None and request.granted is not None
        else (None, None)
    )
    if begins is None or ends is None or request.purpose != Purpose.TRAINING or request.over is not None:
        yield "没有准予的培训申请即制作副本", "a training copy made without a granted request for training"
    elif not begins <= event.at < ends:
        yield "不在准予的期限内制作副本", "a training copy made outside the time of the grant"
    elif event.data.get("recording") not in (request.granted.data.get("recordings") or ()):
        yield "副本所录不是准予的录音", "a training copy of a recording that was not granted"
    desk.copies[event.data.get("copy_id")] = event


def _copy_played(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    copy = desk.copies.get(event.data.get("copy_id"))
    ends = instant(copy.data.get("ends")) if copy is not None else None
    if ends is None or event.at >= ends:
        yield "培训副本不存在或已过期", "a training copy that is not there or had expired"


def _copy_ended(desk: _Desk, event: Event, book: Book) -> Iterator[Fault]:
    desk.copies.pop(event.data.get("copy_id"), None)
    return iter(())


_STEPS = {
    "RETRIEVAL_REQUESTED": _requested,
    "RETRIEVAL_SIGNED": _signed,
    "RETRIEVAL_GRANTED": _granted,
    "RETRIEVAL_REFUSED": _over,
    "RETRIEVAL_WITHDRAWN": _over,
    "RETRIEVAL_REVOKED": _over,
    "PRIVACY_CONFIRMED": _reminded,
    "QUALITY_ASSIGNED": _assigned,
    "QUALITY_ENDED": _ended,
    "RECORDING_PLAYED": _played,
    "RECORDING_SEEKED": _sought,
    "RECORDING_EXPORTED": _exported,
    "TRAINING_COPY_MADE": _copied,
    "TRAINING_COPY_PLAYED": _copy_played,
    "TRAINING_COPY_SEEKED": _copy_played,
    "TRAINING_COPY_ENDED": _copy_ended,
}
