"""Who ended a call that the carrier calls completed: whoever was on the line, or the carrier, because it could not go on."""

from collections.abc import Iterable
from datetime import datetime, timedelta

# What a carrier says before it hangs up takes some seconds, and its clock counts whole ones.
APOLOGY = timedelta(seconds=15)


def gave_up(errors: Iterable[datetime], ended_at: datetime) -> bool:
    """Whether the carrier ended the call because it could not read what to say next (S1: that is nobody's refusal).

    `errors`: when it failed to read a document of ours, by the clock that `ended_at` is told by. A failure that the fallback
    mended lies longer back.
    """
    return any(timedelta() <= ended_at - at <= APOLOGY for at in errors)
