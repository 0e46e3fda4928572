"""How long each record must be kept now: contracts end, disputes come and go, and the locks follow. They only ever grow."""

import json
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import ONE_DAY, business_date
from rules.parameters import DEFAULTS, Profile
from rules.recordings import Dispute, Record, RecordKind, Retention, lock_until, retention
from storage import archive_objects, events, ledger
from storage.archive import Archive
from storage.archive_objects import KeptObject
from storage.db import rows

# While there is no end yet (contract in force, open dispute, legal hold) a lock that has less than this left is moved on.
LEAST_LEFT = timedelta(days=400)
MOVED_TO = timedelta(days=800)

# a contract has ended when its status says so; the day is the one delivered, else the day on which we were told
FACTS = """
SELECT o.id, coalesce(jsonb_agg(DISTINCT jsonb_build_object(
         'policy_no', c.policy_no,
         'ended_on', CASE WHEN c.status IN ('WITHDRAWN', 'SURRENDERED', 'TERMINATED')
           THEN coalesce(c.facts ->> 'surrendered_on', to_char(c.updated_at AT TIME ZONE 'Asia/Shanghai', 'YYYY-MM-DD')) END
       )) FILTER (WHERE c.policy_no IS NOT NULL), '[]') AS contracts,
       coalesce(jsonb_agg(DISTINCT jsonb_build_object('id', d.id, 'opened', d.opened_on, 'closed', d.closed_on))
         FILTER (WHERE d.id IS NOT NULL), '[]') AS disputes,
       EXISTS (SELECT 1 FROM legal_holds h WHERE h.call_id = o.call_id AND h.released_at IS NULL) AS held
FROM archive_objects o
LEFT JOIN call_cases l ON l.call_id = o.call_id
LEFT JOIN cases s ON s.id = l.case_id
LEFT JOIN contracts c ON c.policy_no = s.policy_no
LEFT JOIN disputes d ON d.policy_no = c.policy_no
WHERE o.id = ANY(:ids) GROUP BY o.id
"""

CHANGED = """
o.id > :after AND (
  o.retain_until < :soon
  OR EXISTS (SELECT 1 FROM call_cases l JOIN cases s ON s.id = l.case_id JOIN contracts c ON c.policy_no = s.policy_no
             WHERE l.call_id = o.call_id AND c.updated_at > o.retention_at)
  OR EXISTS (SELECT 1 FROM call_cases l JOIN cases s ON s.id = l.case_id JOIN disputes d ON d.policy_no = s.policy_no
             WHERE l.call_id = o.call_id AND d.changed_at > o.retention_at))
"""


@dataclass(frozen=True, slots=True)
class Duty:
    """What the rules ask for one object: `until` is the instant to which its lock must reach now."""

    kept: KeptObject
    retention: Retention
    until: datetime
    policies: tuple[str, ...] = ()

    @property
    def grows(self) -> bool:
        return self.until > self.kept.retain_until


async def changed(connection: AsyncConnection, now: datetime, most: int, after: int = 0) -> list[Duty]:
    """Objects about whose contracts or disputes there is news, or whose lock ends before long."""
    found = await archive_objects.select(
        connection, CHANGED, "ORDER BY o.id LIMIT :most", after=after, soon=now + LEAST_LEFT, most=most
    )
    return await duties(connection, found, now)


async def duties(
    connection: AsyncConnection, found: list[KeptObject], now: datetime, profile: Profile = DEFAULTS
) -> list[Duty]:
    facts = {row["id"]: row for row in await rows(connection, FACTS, ids=[kept.id for kept in found])}
    return [_duty(kept, facts[kept.id], now, profile) for kept in found]


def _duty(kept: KeptObject, facts: dict[str, Any], now: datetime, profile: Profile) -> Duty:
    contracts, disputes = _plain(facts["contracts"]), _plain(facts["disputes"])
    ends = [date.fromisoformat(c["ended_on"]) if c["ended_on"] else None for c in contracts]
    # a call may be about several contracts: the one that ends last counts. A list or scan belongs to none.
    ended = max(ends) if ends and None not in ends else None
    if not contracts and kept.kind != RecordKind.RECORDING:
        ended = kept.began_on
    record = Record(
        RecordKind(kept.kind),
        kept.began_on,
        ended,
        tuple(Dispute(date.fromisoformat(d["opened"]), _date(d["closed"])) for d in disputes),
        facts["held"],
        business_date(kept.retain_until) - ONE_DAY,
    )
    rule = retention(record, profile)
    if rule.retain_until is not None:
        until = lock_until(rule.retain_until)
    else:
        until = lock_until(rule.floor)
        if kept.retain_until < now + LEAST_LEFT:
            until = max(until, now + MOVED_TO)
    return Duty(kept, rule, until, tuple(c["policy_no"] for c in contracts))


def _date(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _plain(value: Any) -> list[dict]:
    return json.loads(value) if isinstance(value, str) else value


def lock_longer(duty: Duty, first: Archive, second: Archive | None) -> datetime:
    """Move the locks of all copies; returns how far they reach. Raises ArchiveError."""
    kept = duty.kept
    lock = first.extend(kept.object_key, kept.version_id, duty.until)
    if second is not None and kept.second_version_id:
        second.extend(kept.object_key, kept.second_version_id, duty.until)
    assert lock.retain_until is not None
    return lock.retain_until


async def written(connection: AsyncConnection, duty: Duty, reached: datetime | None, now: datetime) -> None:
    """`reached` None: it was long enough."""
    await rows(
        connection,
        """UPDATE archive_objects SET retention_at = :now,
                  retain_until = greatest(retain_until, coalesce(CAST(:reached AS timestamptz), retain_until))
           WHERE id = :id RETURNING id""",
        id=duty.kept.id,
        now=now,
        reached=reached,
    )
    if reached is None:
        return
    if duty.kept.kind != RecordKind.RECORDING:
        await events.record(
            connection, "RECORD_KEPT", now, object_key=duty.kept.object_key, sha256=duty.kept.sha256, retain_until=reached
        )  # fmt: skip
        return
    if duty.kept.recording_id is not None:
        await rows(
            connection,
            "UPDATE recordings SET retain_until = greatest(retain_until, :reached) WHERE id = :id RETURNING id",
            id=duty.kept.recording_id,
            reached=reached,
        )
    await ledger.record(
        connection, "RETENTION_EXTENDED", now, actor=ledger.SYSTEM, call_id=duty.kept.call_id, recording=duty.kept.name,
        version_id=duty.kept.version_id, retain_until=reached.isoformat(),
        why="; ".join(step.rule for step in duty.retention.steps),
    )  # fmt: skip
