"""A day that was really recorded (export_real_day.py): clean as it is, and each promise named once it is altered."""

import copy
import gzip
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from rules.judge import PROMISES, Event, judge
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile
from tests.rules.export_real_day import PERSONAL

RECORDED = gzip.decompress(Path(__file__).with_name("real_day.json.gz").read_bytes()).decode()
DAY = json.loads(RECORDED)
EVENING = datetime.fromisoformat("2026-09-24T22:00:00+08:00")
HOUR = timedelta(hours=1)


class Altered:
    """The recorded day, to be altered. Events are the plain rows."""

    def __init__(self):
        self.rows: list[dict] = copy.deepcopy(DAY)

    def all(self, kind: str, /, **data) -> list[dict]:
        return [
            row for row in self.rows if row["kind"] == kind and all(row["data"].get(k) == v for k, v in data.items())
        ]

    def settled(self, **data) -> dict:
        return self.all("SETTLED", **data)[0]

    def second_dial(self) -> dict:
        """The settlement of somebody's second call that day, which nobody answered either."""
        unanswered = self.all("SETTLED", result="NO_ANSWER")
        return next(b for a in unanswered for b in unanswered if a["id"] < b["id"] and a["case_id"] == b["case_id"])

    def of_call(self, kind: str, call_id: str) -> list[dict]:
        return [row for row in self.all(kind) if row["call_id"] == call_id]

    def move(self, call_id: str, by: timedelta) -> None:
        """The whole call, and what was settled of it, at another time."""
        for row in self.rows:
            if row["call_id"] == call_id:
                row["at"] = (datetime.fromisoformat(row["at"]) + by).isoformat()
                call = row["data"].get("contact")
                if call:
                    call["ended_at"] = (datetime.fromisoformat(call["ended_at"]) + by).isoformat()


def broken(rows: list[dict], now=EVENING) -> list[tuple[int, int | None]]:
    events = [Event(**{**row, "at": datetime.fromisoformat(row["at"])}) for row in rows]
    calendar = seeded_calendar()

    def profile_of(profile_id):
        profile = load_profile(profile_id.split("@")[0])
        if profile.id != profile_id:
            raise LookupError(profile_id)
        return profile

    found = judge(events, profile_of=profile_of, calendar=calendar, now=now)
    return [(b.promise, b.case_id) for b in found]


def test_the_recorded_day_breaks_nothing():
    assert broken(DAY) == []


def test_it_is_a_whole_day():
    kinds = {row["kind"] for row in DAY}
    assert {
        "CASE_OPENED",
        "CALL_RESERVED",
        "TURN",
        "CALL_ENDED",
        "RECORDING_VERIFIED",
        "SETTLED",
        "ORDER_ISSUED",
    } <= kinds
    assert {row["data"].get("class") for row in DAY if row["kind"] == "SETTLED"} >= {
        None, "STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION",
    }  # fmt: skip


def test_it_holds_no_personal_data():
    assert PERSONAL.search(RECORDED) is None
    assert PERSONAL.search('"王"')
    assert PERSONAL.search('"+8613900000001"')
    assert PERSONAL.search('"11010519491231002X"')


# Each alters the day and gives the case that must be named.


def dialled_in_the_night(day: Altered) -> int:
    unanswered = day.second_dial()
    day.move(unanswered["call_id"], 10 * HOUR)
    return unanswered["case_id"]


def a_third_dial(day: Altered) -> int:
    """In the evening: beyond the limit of the day only."""
    unanswered = day.second_dial()
    again = [copy.deepcopy(row) for row in day.rows if row["call_id"] == unanswered["call_id"]]
    for row in again:
        row["call_id"] = "third"
        row["id"] += 10**6
        if "sid" in row["data"]:
            row["data"]["sid"] = "CA-third"
        if contact := row["data"].get("contact"):
            contact["call"]["call_id"] = "third"
    day.rows += again
    day.move("third", 6.5 * HOUR)
    return unanswered["case_id"]


def rung_while_it_rings(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    [reserved] = day.of_call("CALL_RESERVED", standard["call_id"])
    again = copy.deepcopy(reserved)
    first_turn = day.of_call("TURN", standard["call_id"])[0]
    again.update(id=first_turn["id"] + 0.5, call_id="second", at=first_turn["at"])
    day.rows.append(again)
    day.rows.append(
        {
            **again,
            "id": again["id"] + 0.1,
            "kind": "CALL_REJECTED",
            "case_id": None,
            "data": {"code": 20003, "why": "BUSY"},
        }
    )
    return standard["case_id"]


def bound_to_two_calls(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    day.of_call("CALL_ENDED", standard["call_id"])[0]["data"]["sid"] = "CA-another"
    return standard["case_id"]


def told_before_identity(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    day.of_call("TURN", standard["call_id"])[0]["data"]["said"].append(
        {"step": "M1", "id": "M1.ask", "discloses": True}
    )
    return standard["case_id"]


def never_settled(day: Altered) -> int:
    unanswered = day.settled(result="NO_ANSWER")
    day.rows.remove(unanswered)
    return unanswered["case_id"]


def never_verified(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    day.rows.remove(day.of_call("RECORDING_VERIFIED", standard["call_id"])[0])
    return standard["case_id"]


def lost_and_left(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    verified = day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]
    data = {"recording": verified["data"]["recording"], "problem": "GONE"}
    at = (datetime.fromisoformat(standard["at"]) + timedelta(minutes=5)).isoformat()
    day.rows.append({**verified, "id": 10**6, "kind": "RECORDING_LOST", "at": at, "data": data})
    return standard["case_id"]


def owned_by_nobody(day: Altered) -> int:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["owner_branch"] = None
    return question["case_id"]


def begun_by_another_owner(day: Altered) -> int:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["was_owner"] = "CLOSED"
    return question["case_id"]


def another_class(day: Altered) -> int:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["class"] = "STANDARD"
    return question["case_id"]


def another_reason(day: Altered) -> int:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["reasons"] = ["OPEN_QUESTION", "TERMS_UNCLEAR"]
    return question["case_id"]


def another_answer(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    [answer] = [a for a in standard["data"]["contact"]["call"]["answers"] if a["step"] == "M8"]
    answer["answer"] = "NO"
    return standard["case_id"]


def another_answer_in_the_call(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    turns = day.of_call("TURN", standard["call_id"])
    [answer] = [a for turn in turns for a in turn["data"]["answers"] if a["step"] == "M8"]
    answer["answer"] = "NO"
    return standard["case_id"]


def an_order_missing(day: Altered) -> int:
    question = day.all("ORDER_ISSUED", kind="QUESTION")[0]
    day.rows.remove(question)
    return question["case_id"]


def an_order_too_many(day: Altered) -> int:
    order = day.all("ORDER_ISSUED", kind="QUESTION")[0]
    again = copy.deepcopy(order)
    again["id"] = 10**6
    again["data"]["order_id"] = 10**6
    day.rows.append(again)
    return order["case_id"]


def a_longer_limit(day: Altered) -> int:
    order = day.all("ORDER_ISSUED", kind="QUESTION")[0]
    due_at = datetime.fromisoformat(order["data"]["due_at"]) + timedelta(days=1)
    order["data"]["due_at"] = due_at.isoformat()
    return order["case_id"]


def a_later_end(day: Altered) -> int:
    """Of a case that was not rung that day: a contact would repeat the date."""
    touched = {row["case_id"] for row in day.all("SETTLED")}
    opened = next(row for row in day.all("CASE_OPENED") if row["case_id"] not in touched)
    opened["data"]["nominal_end"] = "2026-12-31"
    return opened["case_id"]


def judged_by_a_later_end(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    standard["data"]["contact"]["case"]["nominal_end"] = "2026-12-31"
    return standard["case_id"]


def locked_too_short(day: Altered) -> int:
    standard = day.settled(**{"class": "STANDARD"})
    day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]["data"]["retain_until"] = "2031-09-24T00:00:00+08:00"
    return standard["case_id"]


ALTERATIONS: list[tuple[int, Callable[[Altered], int]]] = [
    (1, dialled_in_the_night),
    (1, a_third_dial),
    (2, rung_while_it_rings),
    (2, bound_to_two_calls),
    (3, told_before_identity),
    (4, never_settled),
    (4, never_verified),
    (4, lost_and_left),
    (5, owned_by_nobody),
    (5, begun_by_another_owner),
    (6, another_class),
    (6, another_reason),
    (6, another_answer),
    (6, another_answer_in_the_call),
    (7, an_order_missing),
    (7, an_order_too_many),
    (7, a_longer_limit),
    (8, a_later_end),
    (8, judged_by_a_later_end),
    (8, locked_too_short),
]


@pytest.mark.parametrize(("promise", "alter"), ALTERATIONS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_exactly_this_promise_and_case_is_named(promise, alter):
    day = Altered()
    case_id = alter(day)
    assert broken(day.rows) == [(promise, case_id)]


def test_every_promise_is_altered():
    assert {promise for promise, _ in ALTERATIONS} == set(PROMISES)


def test_a_limit_of_that_day_that_nobody_chases():
    orders = {row["case_id"] for row in DAY if row["kind"] == "ORDER_ISSUED"}
    found = broken(DAY, EVENING + timedelta(days=60))
    assert {promise for promise, _ in found} == {7}
    assert {case_id for _, case_id in found} == orders
