"""Requests to hear recordings: made, signed, granted, ended; every step a row, an event and a line of the ledger in one
transaction, so that none is there without the others."""

import json
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules import retrieval as rule
from rules.calendar import Calendar
from rules.parameters import Profile
from rules.retrieval import Decision, Person, Request
from rules.retrieval_events import Purpose, Signature
from scripts.rule_profiles import load_profile
from storage import ledger
from storage.db import rows
from storage.events import record


class Refused(Exception):
    """The rule does not allow it; `decision` says which and why."""

    def __init__(self, decision: Decision):
        super().__init__(decision.en)
        self.decision = decision


def allowed(decision: Decision) -> None:
    """Raises Refused unless it is."""
    if not decision:
        raise Refused(decision)


async def person(connection: AsyncConnection, login: str) -> Person | None:
    """Somebody who may sign in, with the roles he holds now."""
    found = await people(connection, [login])
    return found[0] if found else None


async def people(connection: AsyncConnection, logins: Sequence[str]) -> list[Person]:
    """Those of the log-ins that exist and are not disabled, in the order in which they were named."""
    found = await rows(
        connection,
        """SELECT u.login, u.roles, u.branch_code, b.parent_code IS NULL AS top
           FROM users u JOIN branches b ON b.code = u.branch_code WHERE u.login = ANY(:logins) AND NOT u.disabled""",
        logins=list(logins),
    )
    by_login = {r["login"]: Person(r["login"], frozenset(r["roles"]), r["branch_code"], r["top"]) for r in found}
    return [by_login[login] for login in dict.fromkeys(logins) if login in by_login]


async def _branches(connection: AsyncConnection, code: str) -> list[str]:
    """The branch and those above it, up to head office."""
    found = await rows(
        connection,
        """WITH RECURSIVE up AS (
             SELECT code, parent_code, 0 AS depth FROM branches WHERE code = :code
             UNION ALL SELECT b.code, b.parent_code, depth + 1 FROM branches b JOIN up ON b.code = up.parent_code
           ) SELECT code FROM up ORDER BY depth""",
        code=code,
    )
    return [row["code"] for row in found]


# A recording can be asked for while it lies in the archive.
RECORDINGS = """
SELECT r.provider_id AS recording, r.call_id, r.state, a.profile FROM recordings r JOIN calls a ON a.id = r.call_id
WHERE r.provider_id = ANY(:names) AND r.state IN ('VERIFIED', 'CLEARED')
"""


async def profile_of(connection: AsyncConnection, recordings: Collection[str]) -> Profile:
    """The rules that these calls were made under; the strictest where they differ in how long may be listened."""
    found = await rows(connection, RECORDINGS, names=list(recordings))
    profiles = [load_profile(name) for name in sorted({row["profile"] for row in found})] or [load_profile("national")]
    return min(profiles, key=lambda p: (p["recording.play_days"], p["recording.decision_working_days"]))


async def ask(
    connection: AsyncConnection,
    login: str,
    *,
    purpose: str,
    recordings: Sequence[str],
    listeners: Sequence[str],
    dispute: str,
    why: str,
    letter: str,
    now: datetime,
    calendar: Calendar,
) -> int:
    """The number of the new request. Raises Refused."""
    applicant = await person(connection, login)
    profile = await profile_of(connection, recordings)
    allowed(rule.may_ask(applicant, profile))
    found = {row["recording"]: row for row in await rows(connection, RECORDINGS, names=list(recordings))}
    named = list(dict.fromkeys(recordings))
    if missing := [name for name in named if name not in found]:
        raise Refused(
            Decision(
                "NO_RECORDING",
                "R114",
                f"档案中没有录音 {'、'.join(missing)}",
                f"no such recording in the archive: {', '.join(missing)}",
            )
        )
    who = await people(connection, listeners)
    if unknown := [one for one in dict.fromkeys(listeners) if one not in {p.login for p in who}]:
        raise Refused(
            Decision(
                "NO_LISTENER", "R114", f"没有用户 {'、'.join(unknown)}", f"nobody is called {', '.join(unknown)} here"
            )
        )
    allowed(
        rule.may_ask_for(
            applicant,
            purpose,
            recordings=named,
            listeners=who,
            dispute=dispute,
            why=why,
            letter=letter,
            profile=profile,
        )
    )
    kept = await rows(
        connection,
        """INSERT INTO retrieval_requests (applicant, branches, purpose, dispute, letter, why, listeners, profile, state,
                                           requested_at, due_at)
           VALUES (:applicant, CAST(:branches AS jsonb), :purpose, :dispute, :letter, :why, CAST(:listeners AS jsonb),
                   :profile, 'PENDING', :now, :due) RETURNING id""",
        applicant=login,
        branches=json.dumps(await _branches(connection, applicant.branch)),
        purpose=purpose,
        dispute=dispute.strip() or None,
        letter=letter.strip() or None,
        why=why.strip(),
        listeners=json.dumps([one.login for one in who]),
        profile=profile.id,
        now=now,
        due=rule.decided_by(now, calendar, profile),
    )
    request_id = kept[0]["id"]
    await rows(
        connection,
        """INSERT INTO retrieval_recordings (request_id, recording, call_id)
           SELECT :id, w.recording, w.call_id FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(recording text, call_id text)
           RETURNING recording""",
        id=request_id,
        wanted=json.dumps([{"recording": name, "call_id": found[name]["call_id"]} for name in named]),
    )
    # neither the reason nor the dispute: somebody may have written a name there
    await ledger.record(
        connection,
        "RETRIEVAL_REQUESTED",
        now,
        actor=login,
        call_id=found[named[0]]["call_id"] if len(named) == 1 else None,
        request_id=request_id,
        user=login,
        recordings=named,
        purpose=purpose,
        listeners=[one.login for one in who],
        department=applicant.branch,
    )
    return request_id


SELECT = """
SELECT q.*,
  coalesce((SELECT jsonb_agg(g.recording ORDER BY g.recording) FROM retrieval_recordings g WHERE g.request_id = q.id), '[]')
    AS recordings,
  coalesce((SELECT jsonb_object_agg(s.function, s.signed_by) FROM retrieval_signatures s WHERE s.request_id = q.id), '{}')
    AS signed,
  coalesce((SELECT jsonb_agg(p.listener) FROM privacy_confirmations p WHERE p.request_id = q.id), '[]') AS reminded
FROM retrieval_requests q
"""


def as_request(row: dict[str, Any]) -> Request:
    return Request(
        id=row["id"],
        applicant=row["applicant"],
        branches=tuple(row["branches"]),
        purpose=Purpose(row["purpose"]),
        recordings=frozenset(row["recordings"]),
        listeners=frozenset(row["listeners"]),
        state=row["state"],
        requested_at=row["requested_at"],
        due_at=row["due_at"],
        signed={Signature(function): who for function, who in row["signed"].items()},
        places=frozenset(row["places"]),
        begins=row["begins"],
        ends=row["ends"],
        reminded=frozenset(row["reminded"]),
    )


async def find(connection: AsyncConnection, request_id: int, *, lock: bool = False) -> tuple[Request, Profile] | None:
    """The request and the rules it stands under. `lock`: nobody else changes it until the transaction ends."""
    if lock:
        await rows(connection, "SELECT id FROM retrieval_requests WHERE id = :id FOR UPDATE", id=request_id)
    found = await rows(connection, f"{SELECT} WHERE q.id = :id", id=request_id)
    return (as_request(found[0]), load_profile(found[0]["profile"])) if found else None


async def _locked(connection: AsyncConnection, request_id: int) -> tuple[Request, Profile]:
    found = await find(connection, request_id, lock=True)
    if found is None:
        raise LookupError(request_id)
    return found


async def sign(connection: AsyncConnection, request_id: int, login: str, now: datetime) -> bool:
    """The consent of the function whose turn it is; with the last one the right begins. Returns whether it does.

    Raises LookupError, Refused.
    """
    request, profile = await _locked(connection, request_id)
    signer = await person(connection, login)
    allowed(rule.may_sign(signer, request))
    function = request.next_signature
    await rows(
        connection,
        """INSERT INTO retrieval_signatures (request_id, function, signed_by, signed_at)
           VALUES (:id, :function, :user, :now) RETURNING request_id""",
        id=request_id,
        function=function.value,
        user=login,
        now=now,
    )
    standing, _ = await _locked(connection, request_id)
    granted = standing.next_signature is None
    if granted:
        listeners = await people(connection, sorted(request.listeners))
        places, ends = sorted(rule.places_of(listeners)), rule.right_ends(now, profile)
        await rows(
            connection,
            """UPDATE retrieval_requests SET state = 'GRANTED', places = CAST(:places AS jsonb), begins = :now, ends = :ends
               WHERE id = :id RETURNING id""",
            id=request_id,
            places=json.dumps(places),
            now=now,
            ends=ends,
        )
    told = {"request_id": request_id, "user": login, "function": function.value}
    await ledger.record(connection, "RETRIEVAL_SIGNED", now, actor=login, **told)
    if granted:
        await ledger.record(
            connection,
            "RETRIEVAL_GRANTED",
            now,
            actor=login,
            request_id=request_id,
            recordings=sorted(request.recordings),
            listeners=[one.login for one in listeners],
            places=places,
            begins=now,
            ends=ends,
        )
    return granted


async def refuse(connection: AsyncConnection, request_id: int, login: str, reason: str, now: datetime) -> None:
    """Raises LookupError, Refused."""
    request, _ = await _locked(connection, request_id)
    allowed(rule.may_refuse(await person(connection, login), request, reason))
    await _end(connection, request_id, rule.REFUSED, login, reason, now)
    # the words stay in the row: they may name people
    await ledger.record(
        connection, "RETRIEVAL_REFUSED", now, actor=login, request_id=request_id, user=login, reason="NOT_AGREED"
    )


async def withdraw(connection: AsyncConnection, request_id: int, login: str, now: datetime) -> None:
    """Raises LookupError, Refused."""
    request, _ = await _locked(connection, request_id)
    allowed(rule.may_withdraw(await person(connection, login), request))
    await _end(connection, request_id, rule.WITHDRAWN, login, "", now)
    await ledger.record(connection, "RETRIEVAL_WITHDRAWN", now, actor=login, request_id=request_id, user=login)


async def revoke(connection: AsyncConnection, request_id: int, login: str, reason: str, now: datetime) -> None:
    """From now on nobody plays under it, not even the rest of what is playing. Raises LookupError, Refused."""
    request, _ = await _locked(connection, request_id)
    allowed(rule.may_revoke(await person(connection, login), request, reason))
    await _end(connection, request_id, rule.REVOKED, login, reason, now)
    await ledger.record(
        connection, "RETRIEVAL_REVOKED", now, actor=login, request_id=request_id, user=login, reason="BY_HEAD_OFFICE"
    )


async def _end(
    connection: AsyncConnection, request_id: int, state: str, login: str, reason: str, now: datetime
) -> None:
    await rows(
        connection,
        """UPDATE retrieval_requests SET state = :state, ended_by = :user, ended_at = :now, ended_why = :why
           WHERE id = :id RETURNING id""",
        id=request_id,
        state=state,
        user=login,
        now=now,
        why=reason.strip() or None,
    )


async def confirm_privacy(connection: AsyncConnection, request_id: int, login: str, now: datetime) -> None:
    """The listener has read the reminder of the customer's privacy (R113). Raises LookupError, Refused."""
    request, profile = await _locked(connection, request_id)
    allowed(rule.may_confirm_privacy(await person(connection, login), request, now, profile))
    if login in request.reminded:
        return
    await rows(
        connection,
        "INSERT INTO privacy_confirmations (request_id, listener, confirmed_at) VALUES (:id, :user, :now) RETURNING listener",
        id=request_id,
        user=login,
        now=now,
    )
    await ledger.record(connection, "PRIVACY_CONFIRMED", now, actor=login, request_id=request_id, user=login)


async def allow_copy(connection: AsyncConnection, request_id: int, login: str, call_id: str, now: datetime) -> None:
    """The sealed copy of a call may leave under this request, handed out by this person (R118). Raises Refused."""
    found = await find(connection, request_id, lock=True)
    if found is None:
        raise Refused(Decision("NO_RIGHT", "R118", f"没有第 {request_id} 号申请", f"there is no request {request_id}"))
    request, profile = found
    who = await person(connection, login)
    if who is None:
        raise Refused(Decision("NOT_CALL_CENTER", "R118", f"没有用户 {login}", f"nobody is called {login} here"))
    allowed(rule.may_export(who, request, now, profile))
    of_the_call = await rows(
        connection, "SELECT provider_id FROM recordings WHERE call_id = :id AND state <> 'LOST'", id=call_id
    )
    if not of_the_call or not {row["provider_id"] for row in of_the_call} <= request.recordings:
        raise Refused(
            Decision("NO_RIGHT", "R118", "准予的不是这通电话的录音", "the grant is for the recordings of another call")
        )


async def remind(connection: AsyncConnection, now: datetime) -> int:
    """Every request that was not decided in its time is marked, once, with whose turn it is (R114). Returns how many."""
    late = await rows(
        connection,
        f"""{SELECT} WHERE q.state = 'PENDING' AND q.due_at <= :now AND q.reminded_at IS NULL
            ORDER BY q.id FOR UPDATE OF q SKIP LOCKED""",
        now=now,
    )
    for row in late:
        request = as_request(row)
        await rows(
            connection,
            "UPDATE retrieval_requests SET reminded_at = :now WHERE id = :id RETURNING id",
            id=request.id,
            now=now,
        )
        await record(
            connection, "RETRIEVAL_REMINDED", now, request_id=request.id, function=request.next_signature.value
        )
    return len(late)


async def refused_at_the_counter(
    connection: AsyncConnection, login: str, recording: str, place: str, now: datetime, calendar: Calendar
) -> tuple[Decision, Iterable[Any]]:
    """The party concerned wants to hear it at once: refused and on record; returns what he is to be told (R116)."""
    found = await rows(connection, "SELECT call_id FROM recordings WHERE provider_id = :name", name=recording)
    profile = await profile_of(connection, [recording])
    refused, steps = rule.at_the_counter(rule.decided_by(now, calendar, profile))
    await ledger.record(
        connection,
        "PLAY_REFUSED",
        now,
        actor=login,
        call_id=found[0]["call_id"] if found else None,
        user=login,
        recording=recording if found else None,
        place=place,
        reason=refused.code,
    )
    return refused, steps
