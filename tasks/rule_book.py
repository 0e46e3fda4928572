"""What the rules need to be asked with: the profile, the calendar, the scripts."""

from dataclasses import dataclass
from datetime import date, datetime

import clock
from rules.branches import Organisation
from rules.calendar import Calendar, business_date
from rules.parameters import Profile
from rules.profile_groups import Chosen, select_by_profile
from scripts.call_scripts import script_for
from scripts.rule_profiles import load_profile
from storage import db
from storage.calendar_days import read_calendar
from storage.candidates import Pool
from storage.house import read_house


@dataclass(frozen=True, slots=True)
class RuleBook:
    """`profile` is the house's own, for what is nobody's single contract; each case names the one it comes under."""

    profile: Profile
    calendar: Calendar

    def select(self, pool: Pool, now: datetime, limit: int | None = None) -> Chosen:
        """Who may be rung now, each person under the profile of his cases."""
        return select_by_profile(
            pool.candidates,
            pool.attempts,
            now=now,
            calendar=self.calendar,
            profiles=pool.profiles,
            profile_of=load_profile,
            limit=limit,
        )


async def rule_book(now: datetime | None = None) -> RuleBook:
    """The profile of the house as of `now` (the clock's, unless told) and the calendar table with its overrides."""
    on = business_date(now or clock.system().now())
    async with db.transaction() as connection:
        house = await read_house(connection, Organisation(()))
        return RuleBook(house.own(on), await read_calendar(connection))


def script_name_for(
    channel: str, product_type: str, premium_mode: str, day: date, jurisdiction: str | None = None
) -> str | None:
    script = script_for(channel, product_type, premium_mode, day, jurisdiction=jurisdiction)
    return script.id if script else None
