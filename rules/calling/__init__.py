"""Who may be rung now, earliest deadline first, and why each other may not.

Everything is counted per person, over all his policies and numbers; the daily limit and the gap also per number,
whoever it is rung for. One person is in at most one call, which covers all his policies that are due now.
"""

from rules.calling.facts import Attempt, Candidate, Held, Selection, ToCall, ToSettle
from rules.calling.hours import (
    EARLIEST,
    LATEST,
    Appointment,
    DayPart,
    Hours,
    appointment_horizon,
    day_part,
    first_dialling_day,
    is_dialling_day,
    is_due_now,
    may_dial_now,
    next_permitted,
)
from rules.calling.selection import select

__all__ = [
    "EARLIEST", "LATEST", "Appointment", "Attempt", "Candidate", "DayPart", "Held", "Hours", "Selection", "ToCall",
    "ToSettle", "appointment_horizon", "day_part", "first_dialling_day", "is_dialling_day", "is_due_now", "may_dial_now",
    "next_permitted", "select",
]  # fmt: skip
