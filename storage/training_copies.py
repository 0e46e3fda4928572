"""Masked copies for teaching: made of what the archive holds, heard in the house until they end, then destroyed with their
keys (R119, C41). Every step is on the ledger."""

import asyncio
import contextlib
import hashlib
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules import retrieval as rule
from rules.calendar import business_date
from rules.call_sheet import CallSheet
from rules.parameters import Profile
from rules.recordings import Record, RecordKind, lock_until, retention
from rules.retrieval import Decision
from rules.training import NotMaskable, Stretch, Turn, stretches_to_silence
from scripts.call_scripts import UnknownScript
from storage import data_keys, db, ledger, plays, retrieval
from storage.archive_objects import KeptObject
from storage.data_keys import unwrapped
from storage.db import rows
from storage.encryption import opened, seal
from storage.key_keepers import KeyKeeper, key_keeper
from storage.recording_reader import reader_of
from storage.retrieval import Refused, allowed
from storage.script_versions import script_of
from storage.sound import keep, scratch, silenced
from storage.training_bucket import TrainingBucket, training_bucket
from storage.vault import vault

EXPIRED, IDENTIFIES, WITHDRAWN, NOT_MADE = "EXPIRED", "IDENTIFIES", "WITHDRAWN", "NOT_MADE"
# A copy that was begun so long ago and is not there was cut off.
CUT_OFF_AFTER = timedelta(hours=1)

_NOT_MASKABLE = {
    "NO_TURNS": ("没有逐句记录，无法确定应遮蔽之处", "nobody wrote down where what is said, so it cannot be masked"),
    "NOTHING_LEFT": ("遮蔽后没有可供学习的内容", "nothing worth hearing is left of it after masking"),
}


@dataclass(frozen=True, slots=True)
class Copy:
    """One copy as it stands. `made_at` None: not stored yet; `ended_at`: nobody hears it any more; `gone_at`: destroyed."""

    id: int
    request_id: int
    recording: str
    call_id: str
    made_by: str
    made_at: datetime | None
    ends: datetime
    data_key_id: str
    wrapped: bytes | None
    kek: str
    object_key: str
    content_type: str | None
    bytes: int | None
    plain_bytes: int | None
    seconds: float | None
    silenced: list
    marked: list
    ended_by: str | None
    ended_why: str | None
    ended_at: datetime | None
    gone_at: datetime | None


_SELECT = """
SELECT c.id, c.request_id, c.recording, c.call_id, c.made_by, c.made_at, c.ends, c.data_key_id, k.wrapped, k.kek,
       c.object_key, c.content_type, c.bytes, c.plain_bytes, c.seconds, c.silenced, c.marked, c.ended_by, c.ended_why,
       c.ended_at, c.gone_at
FROM training_copies c JOIN data_keys k ON k.id = c.data_key_id
"""


async def find(connection: AsyncConnection, copy_id: int, *, lock: bool = False) -> Copy | None:
    """`lock`: nobody ends it until the transaction does."""
    found = await rows(connection, f"{_SELECT} WHERE c.id = :id{' FOR UPDATE OF c' if lock else ''}", id=copy_id)
    return Copy(**found[0]) if found else None


async def listed(connection: AsyncConnection, *, request_id: int | None = None, most: int = 200) -> list[Copy]:
    """Those that can be heard first, by their end; then the newest. Of one request, or of all."""
    found = await rows(
        connection,
        f"""{_SELECT} WHERE c.made_at IS NOT NULL AND (CAST(:request AS bigint) IS NULL OR c.request_id = :request)
            ORDER BY c.ended_at IS NOT NULL, CASE WHEN c.ended_at IS NULL THEN c.ends END, c.id DESC LIMIT :most""",
        request=request_id,
        most=most,
    )
    return [Copy(**row) for row in found]


# ---------------------------------------------------------------- making


@dataclass(frozen=True, slots=True)
class _Begun:
    id: int
    key_id: str
    key: bytes
    object_key: str
    whole: KeptObject
    stretches: Sequence[Stretch]
    ends: datetime


async def make(request_id: int, recording: str, login: str, now: datetime) -> int:
    """Make the copy of one recording of a granted request; returns its number, that of the present one where there is one.

    Raises LookupError (no such request), Refused, and what reading and storing raise; then nothing can be heard.
    """
    async with db.transaction() as connection:
        begun = await _begin(connection, request_id, recording, login, now)
    if isinstance(begun, int):
        return begun
    made = await asyncio.to_thread(_masked, begun)
    await asyncio.to_thread(training_bucket().put, begun.object_key, made["sealed"])
    async with db.transaction() as connection:
        await _finish(connection, begun, made, request_id, recording, login, now)
    return begun.id


async def _begin(
    connection: AsyncConnection, request_id: int, recording: str, login: str, now: datetime
) -> _Begun | int:
    found = await retrieval.find(connection, request_id, lock=True)
    if found is None:
        raise LookupError(request_id)
    request, profile = found
    who = await retrieval.person(connection, login)
    if who is None:
        raise Refused(Decision("NOT_CALL_CENTER", "R119", f"没有用户 {login}", f"nobody is called {login} here"))
    allowed(rule.may_make_copy(who, request, now))
    if recording not in request.recordings:
        raise Refused(Decision("NO_RIGHT", "R117", "准予的不是这段录音", "the grant is for other recordings"))
    if (whole := await plays.kept(connection, recording)) is None:
        raise Refused(plays.NO_RECORDING)
    there = await rows(
        connection,
        "SELECT id, made_at FROM training_copies WHERE request_id = :id AND recording = :name AND gone_at IS NULL",
        id=request_id,
        name=recording,
    )
    if there and there[0]["made_at"] is not None:
        return there[0]["id"]
    stretches = await _stretches(connection, whole, recording)
    ends = lock_until(_last_day(now, profile))
    if there:
        copy_id = there[0]["id"]
    else:
        copy_id = await _place(connection, request_id, recording, whole, login, ends, now)
    [row] = await rows(
        connection,
        """SELECT c.object_key, c.data_key_id, k.wrapped, k.kek FROM training_copies c JOIN data_keys k ON k.id = c.data_key_id
           WHERE c.id = :id""",
        id=copy_id,
    )
    key = await asyncio.to_thread(unwrapped, row["data_key_id"], row, key_keeper())
    return _Begun(copy_id, row["data_key_id"], key, row["object_key"], whole, stretches, ends)


async def _place(
    connection: AsyncConnection,
    request_id: int,
    recording: str,
    whole: KeptObject,
    login: str,
    ends: datetime,
    now: datetime,
) -> int:
    """The row of a copy to be, with a key of its own."""
    [number] = await rows(connection, "SELECT nextval(pg_get_serial_sequence('training_copies', 'id')) AS id")
    subject = f"training:{number['id']}"
    keys = await data_keys.ensure(connection, [subject], key_keeper(), now)
    await rows(
        connection,
        """INSERT INTO training_copies (id, request_id, recording, call_id, made_by, begun_at, ends, data_key_id, bucket,
                                        object_key)
           VALUES (:id, :request, :recording, :call, :user, :now, :ends, :key, :bucket, :name) RETURNING id""",
        id=number["id"],
        request=request_id,
        recording=recording,
        call=whole.call_id,
        user=login,
        now=now,
        ends=ends,
        key=keys[subject][0],
        bucket=training_bucket().bucket,
        name=f"training/{number['id']}.sealed",
    )
    return number["id"]


def _last_day(now: datetime, profile: Profile) -> Any:
    return retention(Record(RecordKind.TRAINING_COPY, business_date(now)), profile).retain_until


async def _stretches(connection: AsyncConnection, whole: KeptObject, recording: str) -> tuple[Stretch, ...]:
    """Where the recording is to be silenced. Raises Refused where nobody can say."""
    [call] = await rows(
        connection,
        """SELECT k.script, k.script_digest, k.sheet_sealed, k.answered_at, r.seconds
           FROM calls k JOIN recordings r ON r.call_id = k.id AND r.provider_id = :name WHERE k.id = :id""",
        id=whole.call_id,
        name=recording,
    )
    marked = await rows(connection, "SELECT marked FROM training_copies WHERE recording = :name", name=recording)
    try:
        script = await script_of(connection, call["script"], call["script_digest"])
        return stretches_to_silence(
            await _turns(connection, whole.call_id, call["answered_at"]),
            script,
            await _names(connection, whole.call_id, call["sheet_sealed"]),
            float(call["seconds"] or 0),
            [tuple(one) for row in marked for one in row["marked"]],
        )
    except UnknownScript:
        refusal = _NOT_MASKABLE["NO_TURNS"]
    except NotMaskable as problem:
        refusal = _NOT_MASKABLE[str(problem)]
    raise Refused(Decision("NOT_MASKABLE", "C41", *refusal))


async def _turns(connection: AsyncConnection, call_id: str, answered_at: datetime | None) -> list[Turn]:
    """The turns of a call: what we said in each, and the words that answered it, which came with the turn after."""
    if answered_at is None:
        return []
    told = await rows(
        connection, "SELECT at, data FROM events WHERE call_id = :id AND kind = 'TURN' ORDER BY id", id=call_id
    )
    words = {}
    for row in await rows(
        connection, "SELECT case_id, step, try_no, heard_sealed FROM answers WHERE call_id = :id", id=call_id
    ):
        sealed = row["heard_sealed"]
        words[row["case_id"], row["step"], row["try_no"]] = vault().open(bytes(sealed)) if sealed else ""
    turns = []
    for number, row in enumerate(told):
        after = told[number + 1]["data"].get("answers") if number + 1 < len(told) else None
        heard = tuple(words.get((a.get("case_id"), a["step"], a["try_no"]), "") for a in after) if after else None
        said = tuple(one["id"] for one in row["data"].get("said", ()))
        turns.append(Turn((row["at"] - answered_at).total_seconds(), said, heard))
    return turns


async def _names(connection: AsyncConnection, call_id: str, sheet_sealed: bytes) -> set[str]:
    """Everybody whom the papers of the call name."""
    names = set()
    # the sheet of an old call may have another form: the contracts below name the policyholder too
    with contextlib.suppress(KeyError, TypeError, ValueError):
        names.add(CallSheet.from_json(json.loads(vault().open(bytes(sheet_sealed)))).person.name)
    found = await rows(
        connection,
        """SELECT p.name_sealed, k.personal_sealed, a.name AS agent FROM call_cases l JOIN cases c ON c.id = l.case_id
           JOIN persons p ON p.id = c.person_id JOIN contracts k ON k.policy_no = c.policy_no
           LEFT JOIN agents a ON a.code = k.agent_code WHERE l.call_id = :id""",
        id=call_id,
    )
    for row in found:
        names |= {vault().open(bytes(row["name_sealed"])), row["agent"] or ""}
        personal = json.loads(vault().open(bytes(row["personal_sealed"])) or "{}")
        names |= {str(value) for field, value in personal.items() if field.endswith("_name") and value}
    return {name.strip() for name in names if name and name.strip()}


def _masked(begun: _Begun) -> dict[str, Any]:
    with scratch() as plain:
        reader_of(begun.whole).copy_out(plain)
        cut = silenced(plain, [(one.begin, one.end) for one in begun.stretches], tone=True)
    kept = keep(cut)
    with kept.file:
        sealed = io.BytesIO()
        seal(kept.file, sealed, begun.key, begun.object_key, kept.size, bytes.fromhex(kept.sha256))
    return {"sealed": sealed.getvalue(), "plain_bytes": kept.size, "content_type": kept.content_type}


async def _finish(
    connection: AsyncConnection,
    begun: _Begun,
    made: dict[str, Any],
    request_id: int,
    recording: str,
    login: str,
    now: datetime,
) -> None:
    # the grant may have ended while the sound was worked on: then there is no copy
    request, _ = await retrieval.find(connection, request_id, lock=True)
    allowed(rule.may_make_copy(await retrieval.person(connection, login), request, now))
    stretches = [[round(one.begin, 2), round(one.end, 2), one.why] for one in begun.stretches]
    stored = await rows(
        connection,
        """UPDATE training_copies SET made_at = :now, made_by = :user, ends = :ends, content_type = :type, bytes = :bytes,
                  sha256 = :sha256, plain_bytes = :plain, silenced = CAST(:silenced AS jsonb),
                  seconds = (SELECT seconds FROM recordings WHERE provider_id = :recording)
           WHERE id = :id AND made_at IS NULL AND ended_at IS NULL RETURNING id""",
        id=begun.id,
        now=now,
        user=login,
        ends=begun.ends,
        type=made["content_type"],
        bytes=len(made["sealed"]),
        sha256=hashlib.sha256(made["sealed"]).hexdigest(),
        plain=made["plain_bytes"],
        silenced=json.dumps(stretches),
        recording=recording,
    )
    if not stored:
        return  # somebody else has finished the same one: the same bytes under the same name
    await ledger.record(
        connection, "TRAINING_COPY_MADE", now, actor=login, call_id=begun.whole.call_id, copy_id=begun.id, user=login,
        recording=recording, masked=True, ends=begun.ends, request_id=request_id,
    )  # fmt: skip


# ---------------------------------------------------------------- hearing it


class CopyReader:
    """The plain bytes of a copy. Calls block. Raises ArchiveError, NotOpened, KeyDestroyed, KeysAway, KeysWrong."""

    def __init__(self, copy: Copy, bucket: TrainingBucket, keeper: KeyKeeper):
        self._copy, self._bucket = copy, bucket
        self._key = unwrapped(copy.data_key_id, {"wrapped": copy.wrapped, "kek": copy.kek}, keeper)

    def stream(self, begin: int = 0, end: int | None = None):
        """In pieces of at most 64 KiB, each proven before it is given out."""
        return opened(self._read, self._copy.bytes, self._key, self._copy.object_key, begin, end)

    def _read(self, offset: int, length: int) -> bytes:
        return self._bucket.read(self._copy.object_key, offset, length)


# ---------------------------------------------------------------- its end


async def end(connection: AsyncConnection, copy: Copy, login: str, why: str, now: datetime) -> bool:
    """Nobody hears it from here on; what is left of it goes with the next `destroy_ended`. False: it had ended already."""
    done = await rows(
        connection,
        """UPDATE training_copies SET ended_at = :now, ended_by = :user, ended_why = :why
           WHERE id = :id AND ended_at IS NULL RETURNING id""",
        id=copy.id,
        now=now,
        user=login,
        why=why,
    )
    if done and copy.made_at is not None:
        await ledger.record(
            connection, "TRAINING_COPY_ENDED", now, actor=login, call_id=copy.call_id, copy_id=copy.id, user=login, why=why
        )  # fmt: skip
    return bool(done)


async def identifies(
    connection: AsyncConnection, copy: Copy, begin: float, end_: float, login: str, now: datetime
) -> bool:
    """A listener says that between these seconds the person can still be told: the copy ends at once, and no later one has
    that stretch. False: it had ended already."""
    if not 0 <= begin < end_:
        raise Refused(Decision("NO_STRETCH", "C41", "起止秒数有误", "from and to are no stretch"))
    await rows(
        connection,
        "UPDATE training_copies SET marked = marked || CAST(:one AS jsonb) WHERE id = :id RETURNING id",
        id=copy.id,
        one=json.dumps([[begin, end_]]),
    )
    return await end(connection, copy, login, IDENTIFIES, now)


async def end_of_request(connection: AsyncConnection, request_id: int, login: str, now: datetime) -> None:
    """With a grant that is revoked its copies end too, those in the making among them."""
    for row in await rows(
        connection, f"{_SELECT} WHERE c.request_id = :id AND c.ended_at IS NULL FOR UPDATE OF c", id=request_id
    ):
        await end(connection, Copy(**row), login, WITHDRAWN, now)


async def end_expired(connection: AsyncConnection, now: datetime) -> int:
    """Those whose time is over by our clock and the database's, so that no jump of one destroys them, and those whose making
    was cut off. Returns how many."""
    found = await rows(
        connection,
        f"""{_SELECT} WHERE c.ended_at IS NULL
              AND (c.ends <= least(now(), CAST(:now AS timestamptz)) OR c.made_at IS NULL AND c.begun_at < :cut_off) ORDER BY c.id LIMIT 500 FOR UPDATE OF c SKIP LOCKED""",
        now=now,
        cut_off=now - CUT_OFF_AFTER,
    )
    for row in found:
        await end(connection, Copy(**row), ledger.SYSTEM, EXPIRED if row["made_at"] else NOT_MADE, now)
    return len(found)


async def destroy_ended(now: datetime) -> int:
    """The object and the key of each copy that has ended. Returns how many went. Raises ArchiveError: the rest waits."""
    async with db.transaction() as connection:
        found = await rows(connection, f"{_SELECT} WHERE c.ended_at IS NOT NULL AND c.gone_at IS NULL ORDER BY c.id")
    for row in found:
        copy = Copy(**row)
        await asyncio.to_thread(training_bucket().remove, copy.object_key)
        async with db.transaction() as connection:
            await data_keys.destroy(
                connection, copy.data_key_id, EXPIRED if copy.ended_why == EXPIRED else "ENDED", now
            )
            await rows(
                connection, "UPDATE training_copies SET gone_at = :now WHERE id = :id RETURNING id", id=copy.id, now=now
            )
            if copy.made_at is not None:
                await ledger.record(
                    connection, "TRAINING_COPY_GONE", now, actor=ledger.SYSTEM, call_id=copy.call_id, copy_id=copy.id
                )
    return len(found)
