"""What the rules need to be asked with: the profile, the calendar, the scripts."""

from dataclasses import dataclass
from datetime import datetime

import clock
from rules.branches import Organisation
from rules.calendar import Calendar, business_date
from rules.parameters import Profile
from rules.profile_groups import Chosen, select_by_profile
from rules.routes import Caller
from scripts.house import House
from scripts.rule_profiles import load_profile
from scripts.shelf import Shelf
from settings import settings
from storage import db
from storage.calendar_days import read_calendar
from storage.candidates import Pool
from storage.script_versions import read_shelf


@dataclass(frozen=True, slots=True)
class RuleBook:
    """`profile` is the house's own, for what is nobody's single contract; each case names the one it comes under."""

    profile: Profile
    calendar: Calendar
    shelf: Shelf

    def select(
        self, pool: Pool, now: datetime, limit: int | None = None, caller: Caller | None = None
    ) -> Chosen:
        """Who may be rung now, by `caller` where one is named, each person under the profile of his cases."""
        return select_by_profile(
            pool.candidates,
            pool.attempts,
            now=now,
            calendar=self.calendar,
            profiles=pool.profiles,
            profile_of=load_profile,
            limit=limit,
            caller=caller,
        )


async def rule_book(now: datetime | None = None) -> RuleBook:
    """The profile of the house as of `now` (the clock's, unless told), the calendar table with its overrides, and the scripts
    in force."""
    house = House(Organisation(()), settings().company_profile)
    async with db.transaction() as connection:
        calendar = await read_calendar(connection)
        shelf = await read_shelf(connection)
    return RuleBook(house.own(business_date(now or clock.system().now())), calendar, shelf)
