"""The daily report: the figures of one business day, made once and kept."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from clock import Clock
from rules.calendar import business_date, shanghai
from rules.measures import Measures, measure
from rules.parameters import Profile
from storage import db, figures, order_reviews
from tasks.outages import batch
from tasks.rule_book import rule_book

DAILY = "daily"
# one number each; the others come by label
PLAIN = ("dials", "answered", "recordings_verified", "recordings_lost")
BY_LABEL = ("results", "outcomes", "orders_issued", "orders_overdue")


class DayNotBegun(ValueError):
    """There is nothing to say about a day that has not begun."""


@dataclass(frozen=True, slots=True)
class DailyReport:
    """`final` False: the day is not over, the figures are today's so far and nothing was kept."""

    day: date
    figures: dict[str, Any]
    made_at: datetime
    final: bool


async def make_daily_report(day: date, clock: Clock, again: bool = False) -> DailyReport:
    """The report of `day` as it was made, or made now and kept; `again` makes it anew. Raises DayNotBegun."""
    now = clock.now()
    today = business_date(now)
    if day > today:
        raise DayNotBegun(day.isoformat())
    book = await rule_book()
    async with db.transaction() as connection:
        kept = None if again else await figures.stored_report(connection, DAILY, day.isoformat())
        if kept is None:
            made = await daily_figures(connection, day, now, book.profile)
            if day == today:
                return DailyReport(day, made, now, final=False)
            kept = await figures.store_report(connection, DAILY, day.isoformat(), made, now, again)
    return DailyReport(day, kept["figures"], kept["made_at"], final=True)


keep_daily_report = batch(make_daily_report)


async def daily_figures(connection: AsyncConnection, day: date, now: datetime, profile: Profile) -> dict[str, Any]:
    """{day, profile, whole, by_branch: [...], by_channel: [...], waivers: [...]}; each part holds measures of the cohort
    whose nominal end is `day` (S18), and the work done on it; the waivers of signed statements are those of the day (C52).
    """
    cohort = await figures.callbacks_due(connection, day, day)
    names = await figures.branch_names(connection)
    work = await figures.work_of(connection, day, now)

    of_branch = measure((callback for callback, _ in cohort), day, profile)
    of_channel = measure((replace(callback, branch=channel) for callback, channel in cohort), day, profile)
    whole_work = _gathered(row for row in work if row["branch"] is None and row["channel"] is None)
    branch_work = _grouped(work, "branch")
    channel_work = _grouped(work, "channel")
    nothing = measure((), day, profile, by_branch=False)
    return {
        "day": day.isoformat(),
        "profile": profile.id,
        "whole": {**_figures(of_branch), **whole_work},
        "by_branch": [
            {
                "code": code,
                "name": names.get(code, ""),
                **_figures(of_branch.by_branch.get(code, nothing)),
                **branch_work.get(code, _gathered(())),
            }
            for code in sorted(of_branch.by_branch.keys() | branch_work.keys())
        ],
        "by_channel": [
            {
                "code": code,
                **_figures(of_channel.by_branch.get(code, nothing)),
                **channel_work.get(code, _gathered(())),
            }
            for code in sorted(of_channel.by_branch.keys() | channel_work.keys())
        ],
        "waivers": [
            {
                "order_id": waiver["order_id"],
                "branch": waiver["branch"],
                "channel": waiver["channel"],
                "reason": waiver["reason"],
                "by": waiver["reviewed_by"],
            }
            for waiver in await order_reviews.waivers(connection, shanghai(day), shanghai(day + timedelta(days=1)))
        ],
    }


def _figures(measures: Measures) -> dict[str, Any]:
    found = asdict(measures)
    del found["by_branch"]
    return found


def _gathered(work: Iterable[dict]) -> dict[str, Any]:
    found: dict[str, Any] = {**dict.fromkeys(PLAIN, 0), **{name: {} for name in BY_LABEL}}
    for row in work:
        if row["what"] in PLAIN:
            found[row["what"]] = row["n"]
        else:
            found[row["what"]][row["label"]] = row["n"]
    return found


def _grouped(work: list[dict], by: str) -> dict[str, dict[str, Any]]:
    groups: dict[str, list[dict]] = defaultdict(list)
    for row in work:
        if row[by] is not None:
            groups[row[by]].append(row)
    return {key: _gathered(group) for key, group in groups.items()}
