"""What the rules need to be asked with: the profile, the calendar, the scripts."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import clock
from rules.branches import Organisation
from rules.calendar import Calendar, business_date
from rules.parameters import Profile
from rules.profile_groups import Chosen, select_by_profile
from rules.routes import Caller
from scripts.call_scripts import broken_scripts
from scripts.house import House
from scripts.rule_profiles import load_profile
from scripts.shelf import Shelf
from settings import settings
from storage import alarms, db
from storage.calendar_days import read_calendar
from storage.candidates import Pool
from storage.script_versions import read_shelf


@dataclass(frozen=True, slots=True)
class RuleBook:
    """`profile` is the house's own, for what is nobody's single contract; each case names the one it comes under."""

    profile: Profile
    calendar: Calendar
    shelf: Shelf

    def select(self, pool: Pool, now: datetime, limit: int | None = None, caller: Caller | None = None) -> Chosen:
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
    in force. A script file that cannot be used raises an alarm; the contracts that no other script fits are held."""
    house = House(Organisation(()), settings().company_profile)
    async with db.transaction() as connection:
        calendar = await read_calendar(connection)
        shelf = await read_shelf(connection)
        if broken := broken_scripts():
            files = [Path(bad.path).name for bad in broken]
            await alarms.sound(connection, alarms.SCRIPT_BROKEN, clock.system().now(), files=files)
        else:
            await alarms.over(connection, alarms.SCRIPT_BROKEN)
    return RuleBook(house.own(business_date(now or clock.system().now())), calendar, shelf)
