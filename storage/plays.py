"""Plays of recordings. The right is asked anew for each play, each stretch and each jump, and whatever the answer is, it
is on the ledger before a byte leaves."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.retrieval import LONGEST_PLAY, Assignment, Decision, Person, may_play, may_play_assigned
from rules.retrieval_events import RightKind
from storage import ledger, retrieval
from storage.archive_objects import KeptObject
from storage.archive_objects import select as kept_objects
from storage.db import rows

NO_RECORDING = Decision("NO_RECORDING", "R110", "档案中没有这段录音", "no such recording in the archive")
OTHERS_PLAY = Decision("NOT_A_LISTENER", "R117", "这是他人的播放", "this play is another person's")
NOT_THE_PLAYER = Decision(
    "NOT_THE_PLAYER", "R117", "只能在播放页内听取，不得另存", "to be heard in the player only, never saved"
)
PLAY_OVER = Decision("PLAY_OVER", "R117", "本次播放已结束，请重新开始", "this play is over: begin anew")


@dataclass(frozen=True, slots=True)
class Play:
    id: str
    recording: str
    call_id: str
    listener: str
    place: str
    right_kind: str
    right_id: int
    began_at: datetime
    next_byte: int


async def kept(connection: AsyncConnection, recording: str) -> KeptObject | None:
    """What the archive holds of it."""
    found = await kept_objects(connection, "r.provider_id = :name", "ORDER BY o.id DESC LIMIT 1", name=recording)
    return found[0] if found else None


async def right(
    connection: AsyncConnection,
    listener: Person,
    recording: str,
    kind: str,
    right_id: int,
    *,
    here: Collection[str],
    now: datetime,
) -> Decision:
    """Whether this right holds for this person, recording, place and instant. `kind`: RETRIEVAL or QUALITY."""
    if kind == RightKind.QUALITY:
        assignment = await _assignment(connection, right_id)
        return may_play_assigned(listener, recording, assignment, here=here)
    # a revocation waits until this play is written, or this play sees it
    found = await retrieval.find(connection, right_id, lock=True)
    request, profile = found or (None, await retrieval.profile_of(connection, [recording]))
    return may_play(listener, recording, request, here=here, now=now, profile=profile)


async def _assignment(connection: AsyncConnection, assignment_id: int) -> Assignment | None:
    found = await rows(
        connection,
        "SELECT id, checker, recording, place, ended_at FROM quality_assignments WHERE id = :id FOR UPDATE",
        id=assignment_id,
    )
    if not found:
        return None
    [row] = found
    places = frozenset({row["place"]})
    return Assignment(row["id"], row["checker"], row["recording"], places, row["ended_at"] is not None)


async def begin(
    connection: AsyncConnection,
    listener: Person,
    recording: str,
    kind: str,
    right_id: int,
    *,
    here: Collection[str],
    now: datetime,
) -> tuple[Decision, Play | None]:
    """A play, or the refusal; either is on record when the transaction commits, so it must commit."""
    there = await kept(connection, recording)
    decision = await right(connection, listener, recording, kind, right_id, here=here, now=now)
    if decision and there is None:
        decision = NO_RECORDING
    if not decision:
        await refuse(connection, listener, recording, decision, here=here, now=now)
        return decision, None
    play = Play(uuid.uuid4().hex, recording, there.call_id, listener.login, listener.place, kind, right_id, now, 0)
    await rows(
        connection,
        """INSERT INTO plays (id, recording, call_id, listener, place, right_kind, right_id, began_at, next_byte)
           VALUES (:id, :recording, :call, :listener, :place, :kind, :right, :now, 0) RETURNING id""",
        id=play.id,
        recording=recording,
        call=play.call_id,
        listener=play.listener,
        place=play.place,
        kind=kind,
        right=right_id,
        now=now,
    )
    await ledger.record(
        connection,
        "RECORDING_PLAYED",
        now,
        actor=play.listener,
        call_id=play.call_id,
        play_id=play.id,
        user=play.listener,
        recording=recording,
        place=play.place,
        right={"kind": kind, "id": right_id},
    )
    return decision, play


async def find(connection: AsyncConnection, play_id: str) -> Play | None:
    found = await rows(connection, "SELECT * FROM plays WHERE id = :id FOR UPDATE", id=play_id)
    return Play(**found[0]) if found else None


async def go_on(
    connection: AsyncConnection,
    play: Play,
    listener: Person,
    *,
    here: Collection[str],
    now: datetime,
    first: int,
    end: int,
    to_ms: int,
) -> Decision:
    """Bytes `first` up to `end` are asked for: where that is not where the sound was left, it is a jump to `to_ms`."""
    if not (decision := await still(connection, play, listener, here=here, now=now)):
        return decision
    await rows(connection, "UPDATE plays SET next_byte = :end WHERE id = :id RETURNING id", id=play.id, end=end)
    if first != play.next_byte:
        await _jump(connection, play, to_ms, now)
    return decision


async def seek(
    connection: AsyncConnection, play: Play, listener: Person, to_ms: int, *, here: Collection[str], now: datetime
) -> Decision:
    """A jump inside what the listener's machine has already."""
    if decision := await still(connection, play, listener, here=here, now=now):
        await _jump(connection, play, to_ms, now)
    return decision


async def still(
    connection: AsyncConnection, play: Play, listener: Person, *, here: Collection[str], now: datetime
) -> Decision:
    """Whether this play may go on; a refusal is on record."""
    if play.listener != listener.login:
        decision = OTHERS_PLAY
    elif now - play.began_at >= LONGEST_PLAY:
        decision = PLAY_OVER
    else:
        right_of = (play.recording, play.right_kind, play.right_id)
        decision = await right(connection, listener, *right_of, here=here, now=now)
    if not decision:
        await refuse(connection, listener, play.recording, decision, here=here, now=now)
    return decision


async def _jump(connection: AsyncConnection, play: Play, to_ms: int, now: datetime) -> None:
    await ledger.record(
        connection,
        "RECORDING_SEEKED",
        now,
        actor=play.listener,
        call_id=play.call_id,
        play_id=play.id,
        user=play.listener,
        recording=play.recording,
        place=play.place,
        to_ms=to_ms,
    )


async def refuse(
    connection: AsyncConnection,
    listener: Person,
    recording: str,
    decision: Decision,
    *,
    here: Collection[str],
    now: datetime,
) -> None:
    """Put a refusal on record. Its place is where he stands: none, where that is none of the registered ones."""
    found = await rows(connection, "SELECT call_id FROM recordings WHERE provider_id = :name", name=recording)
    place = listener.place if listener.place in here else min(here, default=None)
    await ledger.record(
        connection,
        "PLAY_REFUSED",
        now,
        actor=listener.login,
        call_id=found[0]["call_id"] if found else None,
        user=listener.login,
        recording=recording if found else None,
        place=place,
        reason=decision.code,
    )


async def seconds_of(connection: AsyncConnection, recording: str) -> float:
    """How long it is; 0 where that was never measured."""
    found = await rows(connection, "SELECT seconds FROM recordings WHERE provider_id = :name", name=recording)
    return float(found[0]["seconds"] or 0) if found else 0.0


async def check_of(connection: AsyncConnection, play: Play) -> int | None:
    """The quality check that a play is for."""
    if play.right_kind != RightKind.QUALITY:
        return None
    found = await rows(connection, "SELECT check_id FROM quality_assignments WHERE id = :id", id=play.right_id)
    return found[0]["check_id"] if found else None


async def open_assignment(connection: AsyncConnection, check_id: int, checker: str) -> int | None:
    """The right by which this checker hears what he is to check; none once it has ended."""
    found = await rows(
        connection,
        "SELECT id FROM quality_assignments WHERE check_id = :id AND checker = :checker AND ended_at IS NULL",
        id=check_id,
        checker=checker,
    )
    return found[0]["id"] if found else None
