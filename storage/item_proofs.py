"""The proof of each answer of a call, read from what was stored while it went on."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.item_proofs import Asked, ItemProof, Row, Sound, item_proofs, timeline
from rules.script import Script
from scripts.call_scripts import UnknownScript
from storage.db import rows
from storage.script_versions import script_of

_CALLS = "SELECT id, script, script_digest, answered_at, ended_at FROM calls WHERE id = ANY(:ids)"
# the one that counts where there are several: the one asked for, else one that is kept, then the longest
_SOUNDS = """
SELECT DISTINCT ON (r.call_id) r.call_id, r.provider_id, r.seconds, e.body ->> 'RecordingStartTime' AS started
FROM recordings r
LEFT JOIN LATERAL (SELECT body FROM carrier_events e WHERE e.provider_id = r.provider_id AND e.kind = 'recording'
                   ORDER BY e.body ? 'RecordingStartTime' DESC, e.id LIMIT 1) e ON true
WHERE r.call_id = ANY(:ids) AND r.state <> 'LOST'
ORDER BY r.call_id, r.provider_id IS NOT DISTINCT FROM CAST(:recording AS text) DESC,
         r.state IN ('VERIFIED', 'CLEARED') DESC, r.seconds DESC NULLS LAST, r.id
"""
_TURNS = "SELECT call_id, at, data FROM events WHERE call_id = ANY(:ids) AND kind = 'TURN' ORDER BY id"
_ANSWERS = """
SELECT call_id, case_id, step, try_no, answer, corrected, final, detail, how, answered_at
FROM answers WHERE call_id = ANY(:ids) ORDER BY id
"""


async def of_call(connection: AsyncConnection, call_id: str, recording: str | None = None) -> tuple[ItemProof, ...]:
    """In the order in which they were given; none where there is no such call, or nobody answered anything. `recording`:
    the one to count in, where the call has several."""
    return (await of_calls(connection, [call_id], recording)).get(call_id, ())


async def of_calls(
    connection: AsyncConnection, call_ids: Sequence[str], recording: str | None = None
) -> dict[str, tuple[ItemProof, ...]]:
    """Of each call that is there, by its id."""
    ids = list(call_ids)
    given, turns = defaultdict(list), defaultdict(list)
    for row in await rows(connection, _ANSWERS, ids=ids):
        given[row.pop("call_id")].append(_row(row))
    for turn in await rows(connection, _TURNS, ids=ids):
        turns[turn["call_id"]].append(_asked(turn))
    sounds = {
        kept["call_id"]: Sound(kept["provider_id"], _instant(kept["started"]), kept["seconds"])
        for kept in await rows(connection, _SOUNDS, ids=ids, recording=recording)
    }
    found = {}
    for call in await rows(connection, _CALLS, ids=ids):
        sound = sounds.get(call["id"])
        found[call["id"]] = item_proofs(
            given[call["id"]],
            turns[call["id"]],
            await _script(connection, call),
            script_id=call["script"],
            script_digest=call["script_digest"],
            sound=sound,
            along=timeline(call["answered_at"], call["ended_at"], sound),
        )
    return found


async def _script(connection: AsyncConnection, call: dict) -> Script | None:
    try:
        return await script_of(connection, call["script"], call["script_digest"])
    except UnknownScript:
        return None


def _asked(turn: dict) -> Asked:
    told = turn["data"]
    # a turn that was written before steps were noted says nothing of where an item was asked
    said = tuple((one["step"], one["id"]) for one in told.get("said", ()) if "step" in one and "id" in one)
    return Asked(turn["at"], said, told.get("identity") or "UNPROVEN")


def _row(row: dict) -> Row:
    told = row.pop("detail")
    return Row(**row, detail=told.get("detail"), confidence=told.get("confidence"), by=told.get("by"))


def _instant(text: str | None) -> datetime | None:
    """The carrier's way of writing an instant (RFC 2822); None for anything else."""
    try:
        found = parsedate_to_datetime(text) if text else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found
