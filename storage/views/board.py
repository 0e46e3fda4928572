"""The day at a glance. Every figure has its rows behind a link, so each is counted as those lists filter."""

from datetime import date, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.calendar import shanghai
from storage.controls import DIALLER, RUN, STOPPED, standing
from storage.db import rows
from storage.views.cases import DUE_SPANS, TO_CALL
from storage.views.inboxes import OPEN


async def tiles(connection: AsyncConnection, now: datetime, today: date) -> dict:
    day = {"begin": shanghai(today), "end": shanghai(today + timedelta(1))}
    [settled] = await rows(
        connection,
        """SELECT count(DISTINCT case_id) FILTER (WHERE counts) AS completed,
                  count(DISTINCT case_id) FILTER (WHERE counts AND in_window) AS in_window
           FROM settlements WHERE "class" IS NOT NULL AND settled_at >= :begin AND settled_at < :end""",
        **day,
    )
    classes = await rows(
        connection,
        """SELECT c."class" AS class, count(*) AS n FROM cases c
           WHERE c."class" IS NOT NULL AND EXISTS (SELECT 1 FROM settlements s WHERE s.case_id = c.id
             AND s."class" IS NOT NULL AND s.settled_at >= :begin AND s.settled_at < :end) GROUP BY c."class" """,
        **day,
    )
    [cases] = await rows(
        connection,
        """SELECT count(*) FILTER (WHERE state = 'IN_CALL') AS in_call,
                  count(*) FILTER (WHERE state = 'CALLABLE') AS callable,
                  count(*) FILTER (WHERE state = 'APPOINTED') AS appointed FROM cases""",
    )
    [recordings] = await rows(
        connection,
        """SELECT count(*) AS answered, count(*) FILTER (WHERE EXISTS (
                    SELECT 1 FROM recordings r WHERE r.call_id = a.id AND r.state IN ('VERIFIED', 'CLEARED'))) AS kept
           FROM calls a WHERE a.answered_at IS NOT NULL AND a.state = 'ENDED'
             AND a.ended_at >= :begin AND a.ended_at < :end""",
        **day,
    )
    [overdue] = await rows(
        connection,
        """SELECT count(*) AS n, count(DISTINCT branch_code) AS branches, min(due_at) AS oldest
           FROM work_orders WHERE state = ANY(:open) AND due_at < :now""",
        open=list(OPEN),
        now=now,
    )
    return {
        **settled,
        "classes": {row["class"]: row["n"] for row in classes},
        **cases,
        **recordings,
        "overdue": overdue["n"],
        "overdue_branches": overdue["branches"],
        "oldest_due": overdue["oldest"],
    }


async def waiting_by_due(connection: AsyncConnection, today: date) -> dict[str, int]:
    """Cases still to be called, by days to their nominal end; the keys of DUE_SPANS in their order."""
    found = await rows(
        connection,
        """SELECT nominal_end - CAST(:today AS date) AS days, count(*) AS n FROM cases
           WHERE state = ANY(:to_call) AND nominal_end IS NOT NULL GROUP BY 1""",
        today=today,
        to_call=list(TO_CALL),
    )
    return {
        key: sum(row["n"] for row in found if (a is None or row["days"] >= a) and (b is None or row["days"] <= b))
        for key, (a, b) in DUE_SPANS.items()
    }


async def branches(connection: AsyncConnection, now: datetime, soon_end: datetime, limit: int = 12) -> list[dict]:
    """Branches with something to do, the most overdue first."""
    return await rows(
        connection,
        """SELECT b.code, b.name, count(*) AS open, count(*) FILTER (WHERE w.due_at < :now) AS overdue,
                  count(*) FILTER (WHERE w.due_at >= :now AND w.due_at <= :soon_end) AS soon
           FROM work_orders w JOIN branches b ON b.code = w.branch_code WHERE w.state = ANY(:open)
           GROUP BY b.code, b.name ORDER BY overdue DESC, soon DESC, open DESC, b.code LIMIT :limit""",
        now=now,
        soon_end=soon_end,
        open=list(OPEN),
        limit=limit,
    )


async def dialler(connection: AsyncConnection, now: datetime, today: date) -> dict:
    """Today's dials, and whether people have paused or stopped them."""
    [calls] = await rows(
        connection,
        """SELECT count(*) AS dials, count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
                  count(*) FILTER (WHERE state NOT IN ('ENDED', 'REJECTED')) AS open,
                  count(*) FILTER (WHERE state = 'UNKNOWN') AS unknown,
                  count(*) FILTER (WHERE state IN ('PLACED', 'RINGING') AND answered_at IS NULL) AS ringing,
                  count(*) FILTER (WHERE reserved_at >= :lately) AS lately
           FROM calls WHERE reserved_at >= :begin AND reserved_at < :end""",
        begin=shanghai(today),
        end=shanghai(today + timedelta(1)),
        lately=now - timedelta(minutes=10),
    )
    switch = await standing(connection, DIALLER)
    return {
        **calls,
        "paused": switch.value != RUN,
        "stopped": switch.value == STOPPED,
        "switch": switch if switch.set_by else None,
    }


async def health(connection: AsyncConnection, now: datetime, today: date) -> dict:
    """The last news of each neighbour, and what waits longer than it should."""
    [news] = await rows(
        connection,
        """SELECT (SELECT max(received_at) FROM carrier_events) AS carrier,
                  (SELECT max(verified_at) FROM recordings) AS archive,
                  (SELECT max(received_at) FROM contract_lists) AS list,
                  (SELECT count(*) FROM calls WHERE state = 'UNKNOWN') AS unknown,
                  (SELECT count(*) FROM calls WHERE ended_at < :late AND settled_at IS NULL) AS unsettled,
                  (SELECT count(*) FROM recordings WHERE state = 'REPORTED' AND reported_at < :late) AS stuck,
                  (SELECT count(*) FROM recordings WHERE state = 'LOST') AS lost,
                  (SELECT count(*) FROM cases WHERE provisional AND owner <> 'CLOSED') AS provisional,
                  (SELECT max(year) FROM calendar_years) AS known_year,
                  (SELECT coalesce(array_agg(name ORDER BY raised_at, name), '{}') FROM alarms) AS alarms""",
        late=now - timedelta(minutes=15),
    )
    return news


async def counts(connection: AsyncConnection, now: datetime) -> dict:
    """What /metrics shows: numbers by state, nothing about anybody."""
    return {
        "cases": await rows(connection, "SELECT state, count(*) AS n FROM cases GROUP BY state"),
        "calls": await rows(connection, "SELECT state, count(*) AS n FROM calls GROUP BY state"),
        "recordings": await rows(connection, "SELECT state, count(*) AS n FROM recordings GROUP BY state"),
        "orders": await rows(connection, "SELECT state, count(*) AS n FROM work_orders GROUP BY state"),
        "overdue": (
            await rows(
                connection,
                "SELECT count(*) AS n FROM work_orders WHERE state = ANY(:open) AND due_at < :now",
                open=list(OPEN),
                now=now,
            )
        )[0]["n"],
    }
