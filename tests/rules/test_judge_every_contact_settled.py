"""Promise 4: every ended contact is settled and counts only with its recording: every finding whole, on small histories."""

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.rules.small_days import (
    EVENING,
    Day,
    asked,
    at,
    findings_of,
    lost_afterwards,
    quiet_day,
)

CASES, finds = findings_of(4)


@finds()
def all_is_settled():
    return quiet_day()


@finds(now=at("10:30") + timedelta(seconds=30))
def an_hour_after_its_end():
    day = Day()
    day.opened()
    day.unanswered("9:30")
    day.drop(day.find("SETTLED"))
    return day


@finds(
    "1 call1 09-24 09:30:30 通话已结束，未定性 / the call ended and was never settled",
    now=at("10:30") + timedelta(seconds=31),
)
def more_than_an_hour_after_its_end():
    return an_hour_after_its_end()


@finds()
def never_ended_and_never_settled():
    day = Day()
    day.opened()
    day.reserved(at("9:30"))
    return day


@finds(
    "1 call1 09-24 09:30:32 通话尚未结束即定性 / settled before the call ended",
)
def settled_and_never_ended():
    day = quiet_day()
    day.drop(day.find("CALL_ENDED"))
    return day


@finds(
    "1 call1 09-24 09:30:32 通话尚未结束即定性 / settled before the call ended",
)
def settled_before_its_end():
    day = quiet_day()
    day.change(day.find("CALL_ENDED"), id=900)
    return day


@finds(
    "1 call1 09-24 11:00:00 同一次通话定性了两次 / one call was settled twice",
)
def settled_three_times():
    day = quiet_day()
    first = day.find("SETTLED", case=1)
    day.events += [replace(first, id=900, at=at("11:00")), replace(first, id=901, at=at("12:00"))]
    return day


@finds(
    "2 call1 09-24 09:31:00 通话已结束，未定性 / the call ended and was never settled",
)
def one_of_two_policies_is_left():
    day = Day()
    day.opened(1)
    day.opened(2)
    call = day.reserved(at("9:30"), (1, 2))
    day.news(call, "CALL_ENDED", at("9:31"), status="no-answer")
    day.settled(at("9:31"), day.contact(call, at("9:31"), case=1))
    return day


@finds(
    "1 call1 09-24 09:30:30 通话已结束，未定性 / the call ended and was never settled",
)
def a_contact_without_a_call():
    day = quiet_day()
    day.change(day.find("SETTLED", case=1), call_id=None)
    return day


@finds(
    "1 nobody 09-24 11:00:00 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
    "2 call2 09-24 10:04:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def a_contact_of_a_call_that_nobody_knows():
    day = quiet_day()
    day.add("SETTLED", at("11:00"), case=1, call="nobody", person=1, counts=True, completed=True)
    day.drop(*[e for e in day.events if e.kind != "SETTLED"])
    return day


@finds(
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def it_counts_without_a_recording():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    return day


@finds(
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def verified_too_late():
    day = quiet_day()
    day.change(day.find("RECORDING_VERIFIED", 1), id=900)
    return day


@finds(
    "3 call3 09-24 10:34:25 录音未核验入库，不得算作完成 / completed without a verified recording",
)
def completed_without_counting():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(counts=False))
    return day


@finds()
def neither_completed_nor_counted():
    day = quiet_day()
    day.drop(day.find("RECORDING_VERIFIED", 1))
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(counts=False, completed=False))
    return day


@finds(
    "1 call1 09-24 09:30:32 已接通的通话未等录音即定性 / an answered call was settled without waiting for its recording",
)
def answered_and_not_waited_for():
    day = quiet_day()
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    return day


@finds()
def answered_and_of_no_stored_contact():
    day = quiet_day()
    day.add("CALL_ANSWERED", at("9:30"), call="call1", person=1, sid="CA-call1")
    day.change(day.find("SETTLED", case=1), data=lambda data: data.update(contact=None))
    return day


@finds(
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def lost_and_left():
    return lost_afterwards()


@finds(now=at("13:00"))
def lost_an_hour_ago():
    return lost_afterwards()


@finds(
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
    now=at("13:01"),
)
def lost_more_than_an_hour_ago():
    return lost_afterwards()


@pytest.mark.parametrize("kind", ["CASE_MOVED", "CALL_RESERVED", "SETTLED", "CASE_UPDATED"])
def test_what_opens_a_case_again(kind):
    def make() -> Day:
        day = lost_afterwards()
        day.add(kind, at("12:10"), case=3, call="call9" if kind == "CALL_RESERVED" else None, person=3)
        return day

    assert bool(asked(4, make, EVENING)) == (kind == "CASE_UPDATED")


@finds(
    "3 call3 09-24 12:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def moved_before_it_was_lost():
    day = lost_afterwards()
    moved = day.moved(3, "CLOSED", "CALLABLE", at("11:00"), "HEAD_OFFICE", person=3)
    day.change(moved, id=day.find("RECORDING_LOST").id - 0.5)
    return day


@finds()
def one_of_two_recordings_is_lost():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    day.events.append(replace(verified, id=verified.id + 0.5, data={**verified.data, "recording": "RE-second"}))
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-call3", problem="DIGEST")
    return day


@finds(
    "3 call3 09-24 13:00:00 录音其后丢失，未重新回访 / its recording was lost afterwards and the case was not opened again",
)
def one_recording_after_the_other_is_lost():
    day = one_of_two_recordings_is_lost()
    day.add("RECORDING_LOST", at("13:00"), call="call3", recording="RE-second", problem="DIGEST")
    return day


@finds()
def lost_and_found_again():
    day = lost_afterwards()
    day.add("RECORDING_VERIFIED", at("12:30"), call="call3", recording="RE-call3")
    return day


@finds()
def another_recording_is_lost():
    day = quiet_day()
    day.add("RECORDING_LOST", at("12:00"), call="call3", recording="RE-unknown", problem="GONE")
    return day


@finds(
    "3 call3 09-24 10:34:25 计入完成，但录音未核验入库 / it counts, but no recording of it had been verified",
)
def lost_before_it_was_settled():
    day = quiet_day()
    verified = day.find("RECORDING_VERIFIED", 1)
    lost = day.add("RECORDING_LOST", at("10:34"), call="call3", recording="RE-call3", problem="DIGEST")
    day.change(lost, id=verified.id + 0.5)
    return day


@finds()
def lost_of_a_callback_that_was_not_completed():
    day = lost_afterwards()
    day.change(day.find("SETTLED", case=3), data=lambda data: data.update(completed=False))
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(4, make, now) == list(findings)
