"""Times of an appointment: permitted ones, booked or offered."""

from datetime import datetime, timedelta

from rules.answers import Said
from rules.conversation.walk import Walk
from rules.script import ScriptStep
from rules.speech import Understood


def permitted(walk: Walk, at: datetime) -> bool:
    return any(span.start <= at < span.end for span in walk.sheet.appointment_times)


def book(walk: Walk, step: ScriptStep, at: datetime, understood: Understood) -> bool:
    walk.at["appointment"] = at
    walk.at["silent_in_a_row"] = 0
    walk.record(understood, final=True, answer=Said.YES, detail="", person=True)
    walk.go(step.on["YES"])
    return True


def book_default(walk: Walk, now: datetime) -> None:
    """The first permitted half hour at least `min_gap_hours` ahead, or none."""
    earliest = now + timedelta(hours=walk.sheet.min_gap_hours)
    for span in walk.sheet.appointment_times:
        at = half_hour(max(span.start + timedelta(hours=1), earliest).astimezone(span.start.tzinfo))
        if at < span.end:
            walk.at["appointment"] = at
            return walk.go("A1.default")
    return walk.go("A1.none")


def slots_near(walk: Walk, meant: datetime) -> tuple[datetime, ...]:
    """Up to two permitted half hours, the nearest to what was wanted first, an hour or more apart."""
    found = []
    for span in walk.sheet.appointment_times:
        at = half_hour(span.start)
        while at < span.end:
            found.append(at)
            at += timedelta(minutes=30)
    found.sort(key=lambda at: (abs(at - meant), at))
    second = next((at for at in found[1:] if abs(at - found[0]) >= timedelta(hours=1)), None)
    return tuple(at for at in (found[0] if found else None, second) if at is not None)


def half_hour(at: datetime) -> datetime:
    """`at` or the next full half hour."""
    rest = (at.minute % 30) * 60 + at.second + at.microsecond / 1_000_000
    return at if rest == 0 else (at + timedelta(seconds=1800 - rest)).replace(second=0, microsecond=0)
