"""What the rules need to be asked with: the profile, the calendar, the scripts."""

from dataclasses import dataclass

from rules.calendar import Calendar
from rules.parameters import Profile
from scripts.call_scripts import script_for
from scripts.rule_profiles import load_profile
from storage import db
from storage.calendar_days import read_calendar


@dataclass(frozen=True, slots=True)
class RuleBook:
    profile: Profile
    calendar: Calendar


async def rule_book() -> RuleBook:
    """Today's national profile and the calendar table with its overrides."""
    async with db.transaction() as connection:
        return RuleBook(load_profile("national"), await read_calendar(connection))


def script_name_for(channel: str, product_type: str, premium_mode: str, day) -> str | None:
    script = script_for(channel, product_type, premium_mode, day)
    return script.id if script else None
