"""Promise 2: one attempt at a time, each dialled once: every finding whole, on small histories."""

from dataclasses import replace

import pytest

from tests.rules.small_days import (
    Day,
    asked,
    at,
    findings_of,
    two_calls,
)

CASES, finds = findings_of(2)


@finds()
def one_after_the_other():
    return two_calls()


@finds(
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_second_while_the_first_is_open():
    day = two_calls()
    day.change(day.find("CALL_ENDED"), id=901)
    return day


@finds(
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_second_while_the_first_never_ends():
    day = two_calls()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
    "2 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
    "1 call3 09-24 18:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_third_while_the_first_is_open():
    """The second has ended; the first has not."""
    day = two_calls()
    day.change(day.find("CALL_ENDED"), id=901)
    day.unanswered("18:00")
    return day


@finds(
    "1 call3 09-24 18:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def a_third_while_the_second_is_open():
    day = two_calls()
    day.drop(day.find("CALL_ENDED", 1))
    day.unanswered("18:00")
    return day


@finds()
def two_persons_at_once():
    day = Day()
    day.opened(1, person=1)
    day.opened(2, person=2)
    day.reserved(at("9:30"), (1,), 1)
    day.reserved(at("9:30"), (2,), 2)
    return day


@finds(
    "1 call2 09-24 13:00:00 上一次拨打结果不明，尚未查清又再拨打 / rung again before an attempt with unknown outcome was resolved",
)
def before_the_unknown_one_was_resolved():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.unanswered("13:00")
    return day


@finds(
    "1 call2 09-24 13:00:00 上一次拨打尚未结束又再拨打同一人 / a second open attempt for this person",
)
def unknown_then_heard_of_and_still_open():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_UNKNOWN", at("9:31"), call=first, person=1, why="timeout")
    day.news(first, "CALL_RINGING", at("9:32"), status="ringing")
    day.unanswered("13:00")
    return day


@finds(
    "1 call2 09-24 13:00:00 上一次拨打结果不明，尚未查清又再拨打 / rung again before an attempt with unknown outcome was resolved",
)
def refused_then_rung_again_then_heard_of():
    day = Day()
    day.opened()
    first = day.reserved(at("9:30"))
    day.add("CALL_REJECTED", at("9:31"), call=first, person=1, code=20429, why="BUSY")
    day.unanswered("13:00")
    day.news(first, "CALL_ENDED", at("13:05"), status="completed")
    return day


@finds(
    "1 call1 09-24 09:31:00 同一次拨打登记了两次 / one attempt was reserved twice",
)
def reserved_twice():
    day = two_calls()
    first = day.find("CALL_RESERVED")
    day.events.append(replace(first, id=0.5 + first.id, at=at("9:31")))
    return day


@finds(
    "1 call1 09-24 09:30:00 同一次拨打登记了两次 / one attempt was reserved twice",
)
def reserved_twice_for_one_case():
    day = two_calls()
    first = day.find("CALL_RESERVED")
    day.events.append(replace(first, id=0.5 + first.id))
    return day


@finds(
    "1 call1 09-24 09:30:00 一次拨打对应运营商的两次通话 / one attempt was dialled twice: two calls of the carrier",
)
def two_calls_of_the_carrier():
    """Named once, whatever follows."""
    day = two_calls()
    day.news("call1", "CALL_RINGING", at("9:30"), sid="CA-other", status="ringing")
    day.news("call1", "CALL_RINGING", at("9:31"), sid="CA-third", status="ringing")
    return day


@finds(
    "2 call2 09-24 13:00:00 运营商的一次通话记在两次拨打名下 / one call of the carrier stands for two attempts",
)
def one_call_of_the_carrier_for_two():
    day = two_calls()
    for kind in ("CALL_PLACED", "CALL_ENDED"):
        day.change(day.find(kind, 1), data=lambda data: data.update(sid="CA-call1"))
    return day


@finds()
def an_event_that_names_no_call_of_the_carrier():
    day = two_calls()
    for nth in (0, 1):
        day.change(day.find("CALL_PLACED", nth), data=lambda data: data.update(sid=None))
    return day


@finds(
    "1 call1 09-24 09:30:00 一次拨打对应运营商的两次通话 / one attempt was dialled twice: two calls of the carrier",
)
def two_calls_of_the_carrier_after_an_event_that_names_none():
    day = an_event_that_names_no_call_of_the_carrier()
    day.news("call1", "CALL_RINGING", at("9:30"), sid="CA-other", status="ringing")
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(2, make, now) == list(findings)
