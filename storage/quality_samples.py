"""Samples of completed callbacks: drawn so that they can be drawn again, each recording given to a checker."""

import json
import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import business_date, shanghai
from rules.parameters import Profile
from rules.penalties import QUALITY_ITEMS
from rules.refusals import Refused
from rules.sampling import QUESTION, Sampled, population_digest, quality_checks, self_inspection
from scripts.rule_profiles import load_profile
from storage import ledger
from storage.callers import CALLER
from storage.db import rows

SELF_INSPECTION, QUALITY_SHARE = KINDS = ("SELF_INSPECTION", "QUALITY_SHARE")
# Head office's room for hearing recordings, as rights to play name it: the checker's branch and this.
ROOM = "AUDIT"


class SampleRefused(Refused):
    """A draw or a finding that may not stand."""


@dataclass(frozen=True, slots=True)
class Period:
    """A year for the self-inspection, a month for the quality shares. `start` differs from period to period."""

    name: str
    first: date
    last: date
    start: int

    @classmethod
    def of(cls, kind: str, name: str) -> "Period":
        """Raises SampleRefused for a name that is not `2026` (self-inspection) or `2026-09` (quality shares)."""
        form = r"(20\d\d)" if kind == SELF_INSPECTION else r"(20\d\d)-(0[1-9]|1[0-2])"
        if kind not in KINDS or not (match := re.fullmatch(form, name)):
            raise SampleRefused("BAD_PERIOD", f"没有{name}这一期", f"{name!r} is no period of this kind")
        year = int(match[1])
        if kind == SELF_INSPECTION:
            return cls(name, date(year, 1, 1), date(year, 12, 31), year)
        month = int(match[2])
        next_month = date(year + month // 12, month % 12 + 1, 1)
        return cls(name, date(year, month, 1), next_month - timedelta(days=1), year * 12 + month)


# Completed callbacks on a kept recording, as they were known at an instant: settlements are never changed, so the same
# question gives the same rows for ever. Their order is the one in which they were made.
POPULATION = f"""
WITH made AS (
  SELECT a.id, {CALLER} AS caller,
         CASE WHEN {CALLER} IS NOT NULL THEN row_number() OVER (PARTITION BY {CALLER} ORDER BY a.reserved_at, a.id) END AS nth
  FROM calls a WHERE a.ended_at < :end
)
SELECT s.id, s.case_id, s.call_id, k.channel, k.product_type, s."class" AS class, a.script, made.caller, made.nth,
       coalesce(s.decision -> 'settlement' -> 'marks' @> '["answered_by_proxy"]', false) AS by_proxy,
       (SELECT r.provider_id FROM recordings r WHERE r.call_id = a.id AND r.state IN ('VERIFIED', 'CLEARED')
        ORDER BY r.id LIMIT 1) AS recording
FROM settlements s JOIN calls a ON a.id = s.call_id JOIN made ON made.id = a.id
JOIN cases c ON c.id = s.case_id JOIN contracts k ON k.policy_no = c.policy_no
WHERE s.completed AND s.counts AND a.ended_at >= :begin AND a.ended_at < :end AND s.settled_at <= :known
ORDER BY a.ended_at, s.id
"""


async def _population(connection: AsyncConnection, period: Period, known: datetime) -> list[dict]:
    return await rows(
        connection,
        POPULATION,
        begin=shanghai(period.first),
        end=shanghai(period.last + timedelta(days=1)),
        known=known,
    )


def _sampled(row: dict, withdrawn: Collection[str]) -> Sampled:
    return Sampled(
        id=str(row["id"]),
        channel=row["channel"],
        product_type=row["product_type"],
        class_=row["class"] or "",
        by_proxy=row["by_proxy"],
        script_withdrawn=row["script"] in withdrawn,
        agent_call_no=row["nth"],
    )


def _choose(kind: str, population: list[Sampled], start: int, profile: Profile) -> dict[str, str]:
    """Settlement id → why it is looked at."""
    if kind == QUALITY_SHARE:
        return quality_checks(population, profile, start=start)
    drawn = self_inspection(population, profile, start=start)
    questions = {row.id for row in population if row.class_ == QUESTION}
    return {one: "QUESTION" if one in questions else "SAMPLE" for one in drawn}


async def draw(
    connection: AsyncConnection,
    kind: str,
    name: str,
    *,
    user: str,
    now: datetime,
    profile: Profile,
    withdrawn: Collection[str] = (),
) -> int:
    """Draw the sample of a period that is over and give its recordings to the checkers in turn. Returns its id.

    `withdrawn`: the ids of call scripts that are withdrawn by now; every call under one is heard (R129).
    Raises SampleRefused for a period that runs still or was drawn before, and where nobody could check.
    """
    period = Period.of(kind, name)
    if period.last >= business_date(now):
        raise SampleRefused("NOT_OVER", "此期尚未结束", "the period is not over yet")
    found = await _population(connection, period, now)
    population = [_sampled(row, withdrawn) for row in found]
    chosen = _choose(kind, population, period.start, profile)
    checkers = await rows(
        connection,
        """SELECT login, branch_code FROM users WHERE roles @> '["QUALITY"]' AND NOT disabled ORDER BY login""",
    )
    if chosen and not checkers:
        raise SampleRefused("NO_CHECKER", "没有质检人员", "nobody holds the role of a quality checker")
    kept = await rows(
        connection,
        """INSERT INTO quality_samples (kind, period, first, last, start, population, population_digest, profile,
                                        withdrawn, drawn_by, known_at)
           VALUES (:kind, :period, :first, :last, :start, :population, :digest, :profile, CAST(:withdrawn AS jsonb),
                   :user, :now)
           ON CONFLICT DO NOTHING RETURNING id""",
        kind=kind,
        period=period.name,
        first=period.first,
        last=period.last,
        start=period.start,
        population=len(population),
        digest=population_digest(population),
        profile=profile.id,
        withdrawn=json.dumps(sorted(withdrawn)),
        user=user,
        now=now,
    )
    if not kept:
        raise SampleRefused("DRAWN", "此期已经抽取", "the sample of this period is drawn already")
    sample_id = kept[0]["id"]
    given = [row | {"why": chosen[str(row["id"])]} for row in found if str(row["id"]) in chosen]
    await _give(connection, sample_id, given, checkers, user, now)
    return sample_id


async def _give(
    connection: AsyncConnection, sample_id: int, given: list[dict], checkers: list[dict], user: str, now: datetime
) -> None:
    """One check a recording, in turn among the checkers, never to whoever made the call; a right to play with each."""
    wanted = []
    for turn, row in enumerate(given):
        able = [one for one in checkers if one["login"] != row["caller"]]
        checker = able[turn % len(able)] if able else None
        wanted.append(
            {
                "settlement_id": row["id"],
                "case_id": row["case_id"],
                "call_id": row["call_id"],
                "channel": row["channel"],
                "product_type": row["product_type"],
                "why": row["why"],
                "checker": checker and checker["login"],
                "recording": row["recording"],
                "place": checker and f"{checker['branch_code']}/{ROOM}",
            }
        )
    assigned = await rows(
        connection,
        """
        WITH wanted AS (
          SELECT * FROM jsonb_to_recordset(CAST(:wanted AS jsonb)) AS w(
            settlement_id bigint, case_id bigint, call_id text, channel text, product_type text, why text, checker text,
            recording text, place text)
        ), checks AS (
          INSERT INTO quality_checks (sample_id, settlement_id, case_id, call_id, channel, product_type, why, state,
                                      assigned_to, assigned_at, differences, quality_items)
          SELECT :sample, settlement_id, case_id, call_id, channel, product_type, why, 'OPEN', checker,
                 CASE WHEN checker IS NOT NULL THEN CAST(:now AS timestamptz) END, '[]', '[]'
          FROM wanted RETURNING id, settlement_id, case_id, call_id
        )
        INSERT INTO quality_assignments (check_id, call_id, recording, checker, place, assigned_by, assigned_at)
        SELECT k.id, w.call_id, w.recording, w.checker, w.place, :user, :now
        FROM checks k JOIN wanted w USING (settlement_id) WHERE w.checker IS NOT NULL AND w.recording IS NOT NULL
        ORDER BY k.id RETURNING id, check_id, call_id, recording, checker, place
        """,
        wanted=json.dumps(wanted),
        sample=sample_id,
        user=user,
        now=now,
    )
    await _tell_assigned(connection, assigned, user, now)


async def _tell_assigned(connection: AsyncConnection, assigned: list[dict], user: str, now: datetime) -> None:
    """The rights to play, as events and ledger lines. Last in the transaction: it holds the ledger's lock."""
    told = await rows(
        connection,
        """INSERT INTO events (at, kind, case_id, call_id, data)
           SELECT :now, 'QUALITY_ASSIGNED', k.case_id, q.call_id,
                  jsonb_build_object('assignment_id', q.id, 'user', CAST(:user AS text), 'checker', q.checker,
                                     'recording', q.recording, 'places', jsonb_build_array(q.place), 'ends', NULL)
           FROM quality_assignments q JOIN quality_checks k ON k.id = q.check_id WHERE q.id = ANY(:ids) ORDER BY q.id
           RETURNING id, at, kind, case_id, call_id, data""",
        ids=[row["id"] for row in assigned],
        user=user,
        now=now,
    )
    if told:
        await ledger.witness(connection, told, actor=user)


async def draw_again(connection: AsyncConnection, sample_id: int) -> dict | None:
    """The sample drawn once more from the rows as they were known then: `same`, and how many differ."""
    found = await rows(connection, "SELECT * FROM quality_samples WHERE id = :id", id=sample_id)
    if not found:
        return None
    [kept] = found
    period = Period.of(kept["kind"], kept["period"])
    again = await _population(connection, period, kept["known_at"])
    population = [_sampled(row, kept["withdrawn"]) for row in again]
    chosen = _choose(kept["kind"], population, kept["start"], load_profile(kept["profile"]))
    stored = await rows(connection, "SELECT settlement_id, why FROM quality_checks WHERE sample_id = :id", id=sample_id)
    before = {str(row["settlement_id"]): row["why"] for row in stored}
    return {
        "population": len(population),
        "drawn": len(chosen),
        "same": before == chosen and population_digest(population) == kept["population_digest"],
        "different": len(before.items() ^ chosen.items()),
    }


async def take_over(connection: AsyncConnection, check_id: int, *, user: str, branch: str, now: datetime) -> None:
    """`user` checks it instead of whoever had it: that one's right ends, a new one begins. Raises SampleRefused."""
    check = await _open_check(connection, check_id)
    if check["caller"] == user:
        raise SampleRefused("OWN_CALL", "不得质检本人所拨电话", "nobody checks his own call")
    if check["assigned_to"] == user:
        return
    if check["recording"] is None:
        raise SampleRefused("NO_RECORDING", "此次回访没有可听的录音", "there is no recording to be heard")
    ended = await _end_rights(connection, check_id, "REASSIGNED", now)
    await rows(
        connection,
        "UPDATE quality_checks SET assigned_to = :user, assigned_at = :now WHERE id = :id RETURNING id",
        id=check_id,
        user=user,
        now=now,
    )
    given = await rows(
        connection,
        """INSERT INTO quality_assignments (check_id, call_id, recording, checker, place, assigned_by, assigned_at)
           VALUES (:id, :call, :recording, :user, :place, :user, :now) RETURNING id""",
        id=check_id,
        call=check["call_id"],
        recording=check["recording"],
        user=user,
        place=f"{branch}/{ROOM}",
        now=now,
    )
    await _tell_ended(connection, ended, user, now)
    await _tell_assigned(connection, given, user, now)


async def finish(
    connection: AsyncConnection,
    check_id: int,
    *,
    user: str,
    verdict: str,
    now: datetime,
    differences: list[dict[str, str]] = (),
    items: list[str] = (),
    note: str = "",
) -> dict:
    """What the checker found; his right to play the recording ends with it. Returns the check.

    `differences`: [{step, heard}]; a finding that differs says where or why. `items`: quality items of R106 heard on
    the recording, which are proposed for the channel's supervisor. Raises SampleRefused.
    """
    check = await _open_check(connection, check_id)
    if check["assigned_to"] != user:
        raise SampleRefused("NOT_YOURS", "此件未分配给您", "this check is not assigned to you")
    if verdict not in ("AGREES", "DIFFERS"):
        raise SampleRefused("BAD_VERDICT", "请选择相符或不符", "say whether it agrees or differs")
    if verdict == "DIFFERS" and not differences and not note.strip():
        raise SampleRefused("WHERE_MISSING", "请写明何处不符", "say where it differs")
    if unknown := sorted(set(items) - QUALITY_ITEMS.keys()):
        raise SampleRefused(
            "BAD_ITEM", f"没有{'、'.join(unknown)}这一品质事项", f"no quality item {', '.join(unknown)}"
        )
    ended = await _end_rights(connection, check_id, "DONE", now)
    await rows(
        connection,
        """UPDATE quality_checks SET state = 'DONE', verdict = :verdict, differences = CAST(:differences AS jsonb),
                  quality_items = CAST(:items AS jsonb), note = :note, done_by = :user, done_at = :now
           WHERE id = :id RETURNING id""",
        id=check_id,
        verdict=verdict,
        differences=json.dumps(list(differences), ensure_ascii=False),
        items=json.dumps(list(items)),
        note=note.strip() or None,
        user=user,
        now=now,
    )
    await _tell_ended(connection, ended, user, now)
    return check


async def _open_check(connection: AsyncConnection, check_id: int) -> dict:
    found = await rows(
        connection,
        f"""SELECT q.*, {CALLER} AS caller,
                  (SELECT r.provider_id FROM recordings r WHERE r.call_id = a.id AND r.state IN ('VERIFIED', 'CLEARED')
                   ORDER BY r.id LIMIT 1) AS recording
           FROM quality_checks q JOIN calls a ON a.id = q.call_id WHERE q.id = :id FOR UPDATE OF q""",
        id=check_id,
    )
    if not found:
        raise LookupError(check_id)
    if found[0]["state"] != "OPEN":
        raise SampleRefused("DONE", "此件已质检", "this check is done already")
    return found[0]


async def _end_rights(connection: AsyncConnection, check_id: int, why: str, now: datetime) -> list[dict]:
    return await rows(
        connection,
        """UPDATE quality_assignments SET ended_at = :now, ended_why = :why
           WHERE check_id = :id AND ended_at IS NULL RETURNING id, call_id""",
        id=check_id,
        why=why,
        now=now,
    )


async def _tell_ended(connection: AsyncConnection, ended: list[dict], user: str, now: datetime) -> None:
    if not ended:
        return
    told = await rows(
        connection,
        """INSERT INTO events (at, kind, case_id, call_id, data)
           SELECT :now, 'QUALITY_ENDED', k.case_id, q.call_id,
                  jsonb_build_object('assignment_id', q.id, 'user', CAST(:user AS text), 'why', q.ended_why)
           FROM quality_assignments q JOIN quality_checks k ON k.id = q.check_id WHERE q.id = ANY(:ids) ORDER BY q.id
           RETURNING id, at, kind, case_id, call_id, data""",
        ids=[row["id"] for row in ended],
        user=user,
        now=now,
    )
    await ledger.witness(connection, told, actor=user)
