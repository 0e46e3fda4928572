"""What the rules need to be asked with: the profile, the calendar, the scripts."""

from dataclasses import dataclass
from datetime import date, datetime

import clock
from rules.branches import Organisation
from rules.calendar import Calendar, business_date
from rules.parameters import Profile
from rules.profile_groups import Chosen, select_by_profile
from scripts.call_scripts import script_for
from scripts.house import House
from scripts.rule_profiles import load_profile
from settings import settings
from storage import db
from storage.calendar_days import read_calendar
from storage.candidates import Pool


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
    house = House(Organisation(()), settings().company_profile)
    async with db.transaction() as connection:
        calendar = await read_calendar(connection)
    return RuleBook(house.own(business_date(now or clock.system().now())), calendar)


def script_name_for(
    channel: str, product_type: str, premium_mode: str, day: date, jurisdiction: str | None = None
) -> str | None:
    script = script_for(channel, product_type, premium_mode, day, jurisdiction=jurisdiction)
    return script.id if script else None
