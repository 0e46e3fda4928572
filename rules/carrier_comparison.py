"""What the carrier says of a day's calls and recordings, held against what we know of them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

# both round to whole seconds, each from its own clock
LENGTHS_DIFFER = 2
# A call that is still open on either side so soon is under way, not different.
UNDER_WAY = timedelta(hours=1)
ENDED = frozenset({"completed", "busy", "failed", "no-answer", "canceled"})
# what the carrier still has of a recording that it deleted, or that never came about
NOT_KEPT = frozenset({"deleted", "absent", "failed"})

MESSAGES: dict[str, tuple[str, str]] = {
    "CALL_NOT_OURS": ("运营商有此通话，我方没有", "the carrier has this call, we do not"),
    "CALL_NOT_THERE": ("我方有此通话，运营商没有", "we have this call, the carrier does not"),
    "CALL_OPEN_HERE": ("运营商称通话已结束，我方仍未结束", "over at the carrier, open here"),
    "CALL_OPEN_THERE": ("我方通话已结束，运营商仍未结束", "over here, open at the carrier"),
    "CALL_ENDED_OTHERWISE": ("双方的结束状态不同", "the two say that it ended in different ways"),
    "CALL_LENGTH_DIFFERS": ("双方的通话时长不同", "the two say that it lasted for different times"),
    "CALL_GIVEN_BACK_HERE": (
        "我方认定未拨出，运营商称已拨出",
        "given back here as never placed, placed at the carrier",
    ),
    "RECORDING_NOT_OURS": ("运营商有此录音，我方没有", "the carrier has this recording, we do not"),
    "RECORDING_NOT_THERE": ("我方等待归档，运营商已无此录音", "waited for here, and the carrier does not have it"),
    "RECORDING_STILL_THERE": (
        "我方已归档并要求删除，运营商仍保留",
        "archived and deleted here, still kept at the carrier",
    ),
    "RECORDING_LENGTH_DIFFERS": ("双方的录音时长不同", "the two say that it lasts for different times"),
}


@dataclass(frozen=True, slots=True)
class CallHere:
    """One of our attempts that the carrier took, or may have taken. `placed_at` is when; `duration` whole seconds."""

    call_id: str
    sid: str | None
    state: str
    status: str | None
    duration: int | None
    reserved_at: datetime


@dataclass(frozen=True, slots=True)
class CallThere:
    sid: str
    status: str
    duration: int | None
    created_at: datetime | None


@dataclass(frozen=True, slots=True)
class RecordingHere:
    sid: str
    call_id: str
    state: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class RecordingThere:
    sid: str
    call_sid: str
    status: str
    seconds: int | None


@dataclass(frozen=True, slots=True)
class Difference:
    """`sid` of the call or recording at the carrier; `call_id` ours, where there is one."""

    code: str
    sid: str | None
    call_id: str | None = None
    here: str | None = None
    there: str | None = None


def compare_calls(
    here: Iterable[CallHere], there: Iterable[CallThere], now: datetime, others: Iterable[str] = ()
) -> list[Difference]:
    """`others`: sids of calls of ours that are no attempts (the legs of agents)."""
    by_sid = {call.sid: call for call in here if call.sid is not None}
    theirs = {call.sid: call for call in there}
    known = set(others)
    found = []
    for sid, call in theirs.items():
        own = by_sid.get(sid)
        if own is None:
            if sid not in known:
                found.append(Difference("CALL_NOT_OURS", sid, None, None, call.status))
        elif difference := _call(own, call, now):
            found.append(difference)
    for sid, own in by_sid.items():
        if sid not in theirs and now - own.reserved_at > UNDER_WAY:
            found.append(Difference("CALL_NOT_THERE", sid, own.call_id, own.status or own.state))
    return found


def _call(here: CallHere, there: CallThere, now: datetime) -> Difference | None:
    def differs(code: str, mine: object, theirs: object) -> Difference:
        return Difference(code, there.sid, here.call_id, None if mine is None else str(mine), str(theirs))

    if here.state == "REJECTED":
        return differs("CALL_GIVEN_BACK_HERE", here.status, there.status)
    if (here.state == "ENDED") != (there.status in ENDED):
        if now - here.reserved_at <= UNDER_WAY:
            return None
        open_here = here.state != "ENDED"
        return differs("CALL_OPEN_HERE" if open_here else "CALL_OPEN_THERE", here.status or here.state, there.status)
    if here.state != "ENDED":
        return None
    if here.status != there.status:
        return differs("CALL_ENDED_OTHERWISE", here.status, there.status)
    if here.duration is None or there.duration is None or abs(here.duration - there.duration) <= LENGTHS_DIFFER:
        return None
    return differs("CALL_LENGTH_DIFFERS", here.duration, there.duration)


def compare_recordings(
    here: Iterable[RecordingHere], there: Iterable[RecordingThere], calls: Mapping[str, str]
) -> list[Difference]:
    """`calls`: our call id by the carrier's sid, for naming what we have no row of."""
    by_sid = {recording.sid: recording for recording in here}
    told = {recording.sid: recording for recording in there}
    theirs = {sid: recording for sid, recording in told.items() if recording.status not in NOT_KEPT}
    found = []
    for sid, recording in theirs.items():
        own = by_sid.get(sid)
        if own is None:
            if recording.status == "completed":
                found.append(
                    Difference("RECORDING_NOT_OURS", sid, calls.get(recording.call_sid), None, str(recording.seconds))
                )
        elif own.state == "CLEARED":
            found.append(Difference("RECORDING_STILL_THERE", sid, own.call_id, own.state, recording.status))
        elif (
            own.seconds is not None
            and recording.seconds is not None
            and abs(own.seconds - recording.seconds) > LENGTHS_DIFFER
        ):
            found.append(
                Difference("RECORDING_LENGTH_DIFFERS", sid, own.call_id, str(own.seconds), str(recording.seconds))
            )
    for sid, own in by_sid.items():
        if own.state == "REPORTED" and sid not in theirs:
            status = told[sid].status if sid in told else None
            found.append(Difference("RECORDING_NOT_THERE", sid, own.call_id, own.state, status))
    return found
