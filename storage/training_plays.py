"""Plays of training copies: the right is asked anew for each play, stretch and jump, and the answer is on the ledger before
a byte leaves (R119, C41)."""

import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.retrieval import LONGEST_PLAY, Decision, Person, may_play_copy
from storage import ledger, plays, training_copies
from storage.db import rows
from storage.training_copies import Copy

OVER = Decision("EXPIRED", "C41", "培训副本已停用", "the training copy is no longer in use")
NO_COPY = Decision("NO_RECORDING", "C41", "没有这份培训副本", "no such training copy")


@dataclass(frozen=True, slots=True)
class TrainingPlay:
    id: str
    copy_id: int
    listener: str
    place: str
    began_at: datetime
    next_byte: int


def right(listener: Person, copy: Copy | None, *, here: Collection[str], now: datetime) -> Decision:
    if copy is None or copy.made_at is None:
        return NO_COPY
    decision = may_play_copy(listener, ends=copy.ends, here=here, now=now)
    return OVER if decision and copy.ended_at is not None else decision


async def begin(
    connection: AsyncConnection, listener: Person, copy_id: int, *, here: Collection[str], now: datetime
) -> tuple[Decision, TrainingPlay | None]:
    """A play, or the refusal; either is on record when the transaction commits, so it must commit."""
    copy = await training_copies.find(connection, copy_id, lock=True)
    if not (decision := right(listener, copy, here=here, now=now)):
        await refuse(connection, listener, copy, decision, here=here, now=now)
        return decision, None
    play = TrainingPlay(uuid.uuid4().hex, copy_id, listener.login, listener.place, now, 0)
    await rows(
        connection,
        """INSERT INTO training_plays (id, copy_id, listener, place, began_at, next_byte)
           VALUES (:id, :copy, :listener, :place, :now, 0) RETURNING id""",
        id=play.id,
        copy=copy_id,
        listener=play.listener,
        place=play.place,
        now=now,
    )
    await ledger.record(
        connection, "TRAINING_COPY_PLAYED", now, actor=play.listener, call_id=copy.call_id, copy_id=copy_id,
        user=play.listener, play_id=play.id, place=play.place,
    )  # fmt: skip
    return decision, play


async def find(connection: AsyncConnection, play_id: str) -> tuple[TrainingPlay, Copy] | None:
    found = await rows(connection, "SELECT * FROM training_plays WHERE id = :id FOR UPDATE", id=play_id)
    if not found:
        return None
    play = TrainingPlay(**found[0])
    return play, await training_copies.find(connection, play.copy_id, lock=True)


async def still(
    connection: AsyncConnection,
    play: TrainingPlay,
    copy: Copy,
    listener: Person,
    *,
    here: Collection[str],
    now: datetime,
) -> Decision:
    """Whether this play may go on; a refusal is on record."""
    if play.listener != listener.login:
        decision = plays.OTHERS_PLAY
    elif now - play.began_at >= LONGEST_PLAY:
        decision = plays.PLAY_OVER
    else:
        decision = right(listener, copy, here=here, now=now)
    if not decision:
        await refuse(connection, listener, copy, decision, here=here, now=now)
    return decision


async def go_on(
    connection: AsyncConnection,
    play: TrainingPlay,
    copy: Copy,
    listener: Person,
    first: int,
    end: int,
    *,
    here: Collection[str],
    now: datetime,
) -> Decision:
    """Bytes `first` up to `end` are asked for: where that is not where the sound was left, it is a jump."""
    if not (decision := await still(connection, play, copy, listener, here=here, now=now)):
        return decision
    await rows(
        connection, "UPDATE training_plays SET next_byte = :end WHERE id = :id RETURNING id", id=play.id, end=end
    )
    if first != play.next_byte:
        await jump(connection, play, copy, round(first / copy.plain_bytes * (copy.seconds or 0) * 1000), now)
    return decision


async def jump(connection: AsyncConnection, play: TrainingPlay, copy: Copy, to_ms: int, now: datetime) -> None:
    await ledger.record(
        connection, "TRAINING_COPY_SEEKED", now, actor=play.listener, call_id=copy.call_id, copy_id=copy.id,
        user=play.listener, play_id=play.id, place=play.place, to_ms=to_ms,
    )  # fmt: skip


async def refuse(
    connection: AsyncConnection,
    listener: Person,
    copy: Copy | None,
    decision: Decision,
    *,
    here: Collection[str],
    now: datetime,
) -> None:
    """Put a refusal on record, with the place where he stands: none, where that is none of the registered ones."""
    place = listener.place if listener.place in here else min(here, default=None)
    await ledger.record(
        connection, "PLAY_REFUSED", now, actor=listener.login, call_id=copy and copy.call_id, user=listener.login,
        recording=copy and copy.recording, copy_id=copy and copy.id, place=place, reason=decision.code,
    )  # fmt: skip


async def count(connection: AsyncConnection, copy_ids: Collection[int]) -> dict[int, int]:
    """How often each was heard."""
    found = await rows(
        connection,
        "SELECT copy_id, count(*) AS n FROM training_plays WHERE copy_id = ANY(:ids) GROUP BY copy_id",
        ids=list(copy_ids),
    )
    return {row["copy_id"]: row["n"] for row in found}
