"""Days that were really recorded (record_real_days.py): clean as they are, and each promise named once one is altered.

Each fault alters the stored events of a real day and says which promise of which case must be found. What it drags along
is said too: of a call whose recording was never verified, the carrier's copy was also deleted too early. The plays and
requests of those days were written by the functions of storage that the desk uses, not by clicks on its pages.
"""

import copy
import json
from collections.abc import Callable
from datetime import timedelta

import pytest

from rules.calendar import SHANGHAI
from rules.judge import PROMISES
from tests.rules.export_real_day import PERSONAL
from tests.rules.recorded_days import NAMES, Day, Planted, instant, text_of

DAY = timedelta(days=1)
EVERY = NAMES
BRANCH_WORK = ("with_branch_work", "make_up_sunday")


def planted(promise: int, row: dict, *with_it: int, case_id: int | None = None) -> Planted:
    return Planted(promise, case_id if case_id is not None else row["case_id"], frozenset(with_it))


def later(row: dict, name: str, by: timedelta) -> None:
    """An instant in the data of an event, moved."""
    row["data"][name] = (instant(row["data"][name]) + by).isoformat()


def until(row: dict, hour: int, minute: int) -> timedelta:
    """From an event to that time of the same day in Shanghai."""
    at = instant(row["at"]).astimezone(SHANGHAI)
    return at.replace(hour=hour, minute=minute) - at


@pytest.mark.parametrize("name", EVERY)
def test_the_recorded_day_breaks_nothing(name):
    assert Day(name).broken(with_ledger=True) == []


@pytest.mark.parametrize("name", EVERY)
def test_it_holds_no_personal_data(name):
    assert PERSONAL.search(text_of(name)) is None


def test_what_would_be_personal_data_is_seen():
    assert PERSONAL.search('"王"')
    assert PERSONAL.search('"+8613900000001"')
    assert PERSONAL.search('"11010519491231002X"')


def test_the_days_hold_what_happens():
    rows = [row for name in EVERY for row in Day(name).rows]
    assert {row["kind"] for row in rows} >= {
        "CASE_OPENED", "CASE_MOVED", "CALL_RESERVED", "TURN", "CALL_ENDED", "RECORDING_VERIFIED", "RECORDING_CLEARED",
        "RECORDING_LOST", "SETTLED", "ORDER_ISSUED", "ORDER_ACCEPTED", "ORDER_HANDLED", "ORDER_VERIFIED",
        "ORDER_RETURNED", "RECORDING_PLAYED", "RECORDING_SEEKED", "PLAY_REFUSED", "RETENTION_EXTENDED",
    }  # fmt: skip
    assert {row["data"].get("class") for row in rows if row["kind"] == "SETTLED"} >= {
        None, "STANDARD", "SUB_STANDARD", "QUESTION", "VERIFICATION",
    }  # fmt: skip
    assert any(row["data"].get("at_appointment") for row in rows if row["kind"] == "CALL_RESERVED")


# ---------------------------------------------------------------- 1: hours and caps


def dialled_in_the_night(day: Day) -> Planted:
    last = day.all("SETTLED", result="NO_ANSWER")[-1]
    day.move(last["call_id"], until(last, 23, 15))
    return planted(1, last)


def dialled_on_a_holiday(day: Day) -> Planted:
    last = day.all("SETTLED", result="NO_ANSWER")[-1]
    day.move(last["call_id"], (instant("2026-09-26T12:00:00+08:00") - instant(last["at"])))
    return planted(1, last)


def again_at_once(day: Day) -> Planted:
    """A call as the first one, twenty minutes after it."""
    return _once_more(day, timedelta(minutes=20))


def a_third_dial(day: Day) -> Planted:
    """In the evening: beyond the limit of the day only."""
    second = day.second_dial()
    return _once_more(day, until(second, 19, 45), second)


def _once_more(day: Day, by: timedelta, like: dict | None = None) -> Planted:
    like = like or day.all("SETTLED", result="NO_ANSWER")[-1]
    again = [copy.deepcopy(row) for row in day.rows if row["call_id"] == like["call_id"]]
    for row in again:
        row["call_id"] = "again"
        row["id"] += 10**6
        if "sid" in row["data"]:
            row["data"]["sid"] = "CA-again"
        if contact := row["data"].get("contact"):
            contact["call"]["call_id"] = "again"
    day.rows += again
    day.move("again", by)
    return planted(1, like)


def as_agreed_though_nothing_was(day: Day) -> Planted:
    last = day.all("SETTLED", result="NO_ANSWER")[-1]
    day.of_call("CALL_RESERVED", last["call_id"])[0]["data"]["at_appointment"] = True
    return planted(1, last)


# ---------------------------------------------------------------- 2: one attempt at a time


def rung_while_it_rings(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    [reserved] = day.of_call("CALL_RESERVED", standard["call_id"])
    first_turn = day.of_call("TURN", standard["call_id"])[0]
    again = day.add(reserved, id=first_turn["id"] + 0.5, call_id="second", at=first_turn["at"])
    day.add(again, id=again["id"] + 0.1, kind="CALL_REJECTED", case_id=None, data={"code": 20003, "why": "BUSY"})
    return planted(2, standard)


def bound_to_two_calls(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    day.of_call("CALL_ENDED", standard["call_id"])[0]["data"]["sid"] = "CA-another"
    return planted(2, standard)


def reserved_twice(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    [reserved] = day.of_call("CALL_RESERVED", standard["call_id"])
    day.add(reserved, id=reserved["id"] + 0.5, at=(instant(reserved["at"]) + timedelta(seconds=5)).isoformat())
    return planted(2, standard)


def one_call_of_the_carrier_for_two(day: Day) -> Planted:
    placed = {row["call_id"]: row for row in day.all("CALL_PLACED")}
    first, second = [placed[row["call_id"]] for row in day.all("CALL_RESERVED") if row["call_id"] in placed][:2]
    for row in day.rows:
        if row["call_id"] == second["call_id"] and "sid" in row["data"]:
            row["data"]["sid"] = first["data"]["sid"]
    return planted(2, second, case_id=day.case_of(second["call_id"]))


def unknown_and_rung_again(day: Day) -> Planted:
    """An attempt of which nothing is known stands open when the same person is rung the next time."""
    second = day.second_dial()
    dial = day.of_call("CALL_RESERVED", second["call_id"])[0]
    before = day.add(dial, id=0.5, call_id="unknown", at=(instant(dial["at"]) - DAY).isoformat())
    day.add(before, id=0.6, kind="CALL_UNKNOWN", case_id=None, data={"why": "TIMEOUT"})
    opened = next(row for row in day.all("CASE_OPENED") if row["case_id"] == second["case_id"])
    opened["id"] = 0.1
    return planted(2, second, 1)


# ---------------------------------------------------------------- 3: identity first


def told_before_identity(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    turn = day.of_call("TURN", standard["call_id"])[0]
    turn["data"]["said"].append({"step": "M1", "id": "M1.ask", "discloses": True})
    return planted(3, standard)


def told_and_denied(day: Day) -> Planted:
    """What was said is an item of the contract, whatever is noted beside it."""
    standard = day.settled(**{"class": "STANDARD"})
    turn = day.of_call("TURN", standard["call_id"])[0]
    turn["data"]["said"].append({"step": "M8", "id": "M8.ask", "discloses": False})
    return planted(3, standard)


def told_after_identity_failed(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    turn = next(
        turn for turn in day.of_call("TURN", standard["call_id"]) if any(s["discloses"] for s in turn["data"]["said"])
    )
    turn["data"]["identity"] = "FAILED"
    return planted(3, standard)


def proven_by_nothing(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    for turn in day.of_call("TURN", standard["call_id"]):
        turn["data"]["answers"] = [a for a in turn["data"]["answers"] if a["step"] != "I1"]
    return planted(3, standard, 6)  # and the outcome names an answer that nobody gave


# ---------------------------------------------------------------- 4: every contact is settled


def never_settled(day: Day) -> Planted:
    unanswered = day.all("SETTLED", result="NO_ANSWER")[-1]
    day.rows.remove(unanswered)
    return planted(4, unanswered)


def never_verified(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    day.rows.remove(day.of_call("RECORDING_VERIFIED", standard["call_id"])[0])
    return planted(4, standard, 9)  # and the carrier's copy went


def lost_and_left(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    verified = day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]
    at = (instant(standard["at"]) + timedelta(minutes=5)).isoformat()
    data = {"recording": verified["data"]["recording"], "problem": "GONE"}
    day.add(verified, id=10**6, kind="RECORDING_LOST", at=at, data=data)
    return planted(4, standard, 9)


def settled_twice(day: Day) -> Planted:
    unanswered = day.all("SETTLED", result="NO_ANSWER")[-1]
    day.add(unanswered, id=unanswered["id"] + 0.5)
    return planted(4, unanswered)


def counts_without_its_recording(day: Day) -> Planted:
    """A recording that the carrier lost; its callback is made to count."""
    lost = next(
        row for row in day.all("SETTLED") if ((row["data"].get("contact") or {}).get("call") or {}).get("recording") == "LOST"
    )  # fmt: skip
    lost["data"]["counts"] = True
    return planted(4, lost, 6)


# ---------------------------------------------------------------- 5: one owner


def at_a_branch(day: Day) -> dict:
    return next(row for row in day.all("SETTLED") if row["data"]["owner"] == "BRANCH")


def owned_by_nobody(day: Day) -> Planted:
    settled = at_a_branch(day)
    settled["data"]["owner_branch"] = None
    return planted(5, settled)


def owned_by_another(day: Day) -> Planted:
    settled = at_a_branch(day)
    settled["data"]["owner"] = "HEAD_OFFICE"
    return planted(5, settled)


def begun_by_another_owner(day: Day) -> Planted:
    settled = at_a_branch(day)
    settled["data"]["was_owner"] = "CLOSED"
    return planted(5, settled)


def opened_twice(day: Day) -> Planted:
    opened = day.one("CASE_OPENED")
    day.add(opened, id=opened["id"] + 0.5)
    return planted(5, opened)


def taken_back_in_secret(day: Day) -> Planted:
    """What lies at the branch is rung by head office."""
    settled = at_a_branch(day)
    at = instant(settled["at"]) + DAY
    again = day.add(day.one("CALL_RESERVED"), call_id="secret", at=at.isoformat(), case_id=settled["case_id"])
    again["person_id"], again["data"]["number"] = settled["person_id"], "secret"
    day.add(again, kind="CALL_REJECTED", case_id=None, data={"why": "BUSY"})
    return planted(5, settled)


# ---------------------------------------------------------------- 6: outcomes follow from answers


def another_class(day: Day) -> Planted:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["class"] = "STANDARD"
    return planted(6, question)


def another_reason(day: Day) -> Planted:
    question = day.settled(**{"class": "QUESTION"})
    question["data"]["reasons"] = ["OPEN_QUESTION", "TERMS_UNCLEAR"]
    return planted(6, question)


def another_answer(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    [answer] = [a for a in standard["data"]["contact"]["call"]["answers"] if a["step"] == "M8"]
    answer["answer"] = "NO"
    return planted(6, standard)


def another_answer_in_the_call(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    turns = day.of_call("TURN", standard["call_id"])
    [answer] = [a for turn in turns for a in turn["data"]["answers"] if a["step"] == "M8"]
    answer["answer"] = "NO"
    return planted(6, standard)


def under_rules_that_never_were(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    standard["data"]["profile"] = "national@99"
    return planted(6, standard)


# ---------------------------------------------------------------- 7: orders and their limits


def an_order_missing(day: Day) -> Planted:
    question = next(row for row in day.all("ORDER_ISSUED") if row["data"]["kind"] in ("QUESTION", "VERIFICATION"))
    day.rows.remove(question)
    return planted(7, question)


def an_order_too_many(day: Day) -> Planted:
    order = next(row for row in day.all("ORDER_ISSUED") if row["data"]["kind"] in ("QUESTION", "VERIFICATION"))
    day.add(order, id=10**6)["data"]["order_id"] = 10**6
    return planted(7, order)


def a_longer_limit(day: Day) -> Planted:
    order = next(row for row in day.all("ORDER_ISSUED") if row["data"]["kind"] in ("QUESTION", "VERIFICATION"))
    later(order, "due_at", DAY)
    return planted(7, order)


def an_order_of_nothing(day: Day) -> Planted:
    order = next(row for row in day.all("ORDER_ISSUED") if row["data"]["kind"] in ("QUESTION", "VERIFICATION"))
    touched = {row["case_id"] for row in day.all("SETTLED")}
    alone = next(row for row in day.all("CASE_OPENED") if row["case_id"] not in touched)
    day.add(order, case_id=alone["case_id"])["data"]["order_id"] = 10**6
    return planted(7, alone)


def overdue_before_its_limit(day: Day) -> Planted:
    order = next(row for row in day.all("ORDER_ISSUED") if row["data"]["kind"] in ("QUESTION", "VERIFICATION"))
    day.add(order, kind="ORDER_OVERDUE", at=day.now.isoformat())
    return planted(7, order)


# ---------------------------------------------------------------- 8: one function gives each deadline


def untouched(day: Day) -> dict:
    """The opening of a case that was not rung that day: a contact would repeat its dates."""
    touched = {row["case_id"] for row in day.all("SETTLED")}
    return next(row for row in day.all("CASE_OPENED") if row["case_id"] not in touched)


def a_later_end(day: Day) -> Planted:
    opened = untouched(day)
    opened["data"]["nominal_end"] = "2026-12-31"
    return planted(8, opened)


def another_last_day_to_surrender(day: Day) -> Planted:
    opened = untouched(day)
    opened["data"]["surrender_deadline"] = "2026-12-31"
    return planted(8, opened)


def judged_by_a_later_end(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    standard["data"]["contact"]["case"]["nominal_end"] = "2026-12-31"
    return planted(8, standard)


def locked_too_short(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    verified = day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]
    verified["data"]["retain_until"] = "2031-09-24T00:00:00+08:00"
    return planted(8, standard)


# ---------------------------------------------------------------- 9: kept, and heard by right


def cleared_before_it_was_ours(day: Day) -> Planted:
    standard = day.settled(**{"class": "STANDARD"})
    cleared = day.of_call("RECORDING_CLEARED", standard["call_id"])[0]
    cleared["id"] = day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]["id"] - 0.5
    return planted(9, standard)


def kept(day: Day) -> tuple[dict, dict]:
    standard = day.settled(**{"class": "STANDARD"})
    return standard, day.of_call("RECORDING_VERIFIED", standard["call_id"])[0]


def destroyed_early(day: Day) -> Planted:
    standard, verified = kept(day)
    told = {
        "recording": verified["data"]["recording"],
        "version_id": "v",
        "user": "a",
        "second": "b",
        "certificate": "c",
    }
    day.add(verified, kind="RECORDING_DISPOSED", at=day.now.isoformat(), data=told)
    return planted(9, standard)


def lock_moved_back(day: Day) -> Planted:
    standard, verified = kept(day)
    told = dict(verified["data"], why="CONTRACT_ENDED", retain_until="2046-01-01T00:00:00+08:00")
    day.add(verified, kind="RETENTION_EXTENDED", at=day.now.isoformat(), data=told)
    return planted(9, standard)


def found_gone_and_left(day: Day) -> Planted:
    standard, verified = kept(day)
    told = {"recording": verified["data"]["recording"], "version_id": "v", "problem": "MISSING"}
    day.add(verified, kind="FIXITY_FAILED", at=(day.now - 2 * DAY).isoformat(), data=told)
    return planted(9, standard)


def its_key_destroyed(day: Day) -> Planted:
    standard, verified = kept(day)
    told = {"recording": verified["data"]["recording"], "user": "a", "second": "b", "why": "REDACTED"}
    day.add(verified, kind="DATA_KEY_DESTROYED", at=day.now.isoformat(), data=told)
    return planted(9, standard)


def hold_lifted_by_one(day: Day) -> Planted:
    held = day.one("HOLD_SET")
    told = {"recording": held["data"]["recording"], "hold_id": held["data"]["hold_id"], "user": "a", "second": "a"}
    day.add(held, kind="HOLD_RELEASED", data=told)
    return planted(9, held)


def granted_play(day: Day) -> dict:
    return next(row for row in day.all("RECORDING_PLAYED") if row["data"]["right"]["kind"] == "RETRIEVAL")


def heard_too_late(day: Day) -> Planted:
    play = granted_play(day)
    for row in (play, *day.all("RECORDING_SEEKED", play_id=play["data"]["play_id"])):
        row["at"] = (instant(row["at"]) + 8 * DAY).isoformat()
    return planted(9, play)


def heard_by_another(day: Day) -> Planted:
    play = granted_play(day)
    for row in (play, *day.all("RECORDING_SEEKED", play_id=play["data"]["play_id"])):
        row["data"]["user"] = "branch1"
    return planted(9, play)


def heard_elsewhere(day: Day) -> Planted:
    play = granted_play(day)
    play["data"]["place"] = "4402/LOBBY"
    return planted(9, play)


def heard_with_no_right(day: Day) -> Planted:
    play = granted_play(day)
    play["data"]["right"] = {}
    return planted(9, play)


def another_recording_heard(day: Day) -> Planted:
    play = granted_play(day)
    other = day.all("RECORDING_VERIFIED")[-1]
    assert other["data"]["recording"] != play["data"]["recording"]
    for row in (play, *day.all("RECORDING_SEEKED", play_id=play["data"]["play_id"])):
        row["data"]["recording"] = other["data"]["recording"]
    return planted(9, play)


def a_signature_short(day: Day) -> Planted:
    day.rows.remove(day.one("RETRIEVAL_SIGNED", function="CALL_CENTER"))
    return Planted(9, None)


def approved_by_the_applicant(day: Day) -> Planted:
    day.one("RETRIEVAL_SIGNED", function="CUSTOMER_SERVICE")["data"]["user"] = day.one("RETRIEVAL_REQUESTED")["data"][
        "user"
    ]
    return Planted(9, None)


def never_reminded(day: Day) -> Planted:
    play = granted_play(day)
    day.rows.remove(day.one("PRIVACY_CONFIRMED"))
    return planted(9, play)


def revoked_and_heard(day: Day) -> Planted:
    play = granted_play(day)
    told = {"request_id": play["data"]["right"]["id"], "user": "head", "reason": "MISUSE"}
    day.add(day.one("RETRIEVAL_GRANTED"), id=play["id"] - 0.5, kind="RETRIEVAL_REVOKED", data=told)
    return planted(9, play)


def checked_after_the_check(day: Day) -> Planted:
    play = next(row for row in day.all("RECORDING_PLAYED") if row["data"]["right"]["kind"] == "QUALITY")
    day.one("QUALITY_ENDED")["id"] = play["id"] - 0.5
    return planted(9, play)


def a_copy_without_a_court(day: Day) -> Planted:
    exported = day.one("RECORDING_EXPORTED")
    exported["data"]["right"] = {"kind": "RETRIEVAL", "id": 1}  # granted for a dispute
    return planted(9, exported)


# ---------------------------------------------------------------- 10: the chains


def an_event_altered(day: Day) -> Planted:
    day.one("TURN")["data"]["turn"] = 99
    return Planted(10, None)


def an_event_gone(day: Day) -> Planted:
    day.rows.remove(day.all("CALL_RINGING")[0] if day.all("CALL_RINGING") else day.all("CALL_PLACED")[0])
    return Planted(10, None)


def an_event_slipped_in(day: Day) -> Planted:
    """Under an id that was drawn and given up."""
    rows = sorted(day.rows, key=lambda row: row["id"])
    ids = {row["id"] for row in rows}
    free = next((number for number in range(1, rows[-1]["id"]) if number not in ids), None)
    if free is None:  # no id was given up: another event's is taken, and that event moved behind the rest
        free = rows[5]["id"]
        rows[5]["id"] = rows[-1]["id"] + 1
    day.add(rows[4], id=free)
    return Planted(10, None)


def a_line_altered(day: Day) -> Planted:
    line = day.line_of(day.one("RECORDING_VERIFIED"))
    body = json.loads(line["body"])
    body["data"]["retain_until"] = "2031-01-01T00:00:00+08:00"
    line["body"] = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return Planted(10, None)


def a_line_gone(day: Day) -> Planted:
    day.lines.remove(day.line_of(day.all("RECORDING_CLEARED")[1]))
    return Planted(10, None)


def the_last_lines_gone(day: Day) -> Planted:
    del day.lines[-2:]
    return Planted(10, None)


def two_lines_exchanged(day: Day) -> Planted:
    day.lines[2], day.lines[3] = day.lines[3], day.lines[2]
    return Planted(10, None)


def a_play_off_the_record(day: Day) -> Planted:
    """The play is gone from the log; its line tells of it still."""
    day.rows.remove(granted_play(day))
    return Planted(10, None)


def a_refusal_off_the_ledger(day: Day) -> Planted:
    """The whole ledger made anew, without one line."""
    refused = day.one("PLAY_REFUSED")
    day.lines.remove(day.line_of(refused))
    made_anew(day)
    return Planted(10, refused["case_id"])


def a_record_made_longer_with_its_line(day: Day) -> Planted:
    """An event and its line altered alike, and the ledger made anew: the seal tells."""
    row = day.one("RECORDING_VERIFIED")
    line = day.line_of(row)
    row["data"]["retain_until"] = "2096-01-01T00:00:00+08:00"
    body = json.loads(line["body"])
    body["data"]["retain_until"] = row["data"]["retain_until"]
    line["body"] = json.dumps(body, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    made_anew(day)
    return Planted(10, None)


def made_anew(day: Day) -> None:
    """A ledger that is bound together again, as a forger would who can write everything but the hashes he forgot."""
    from rules.ledger import NOTHING, Entry, line_after

    seq, previous = 0, NOTHING
    for line in day.lines:
        entry = Entry(line["kind"], instant(line["at"]), line["subject"], line["actor"], json.loads(line["body"]))
        new = line_after(entry, seq, previous)
        line.update(seq=new.seq, previous=new.previous, hash=new.hash)
        seq, previous = new.seq, new.hash
    day.head.update(seq=seq, hash=previous)


ALTERATIONS: list[tuple[Callable[[Day], Planted], tuple[str, ...]]] = [
    (dialled_in_the_night, EVERY),
    (dialled_on_a_holiday, EVERY),
    (again_at_once, EVERY),
    (a_third_dial, EVERY),
    (as_agreed_though_nothing_was, EVERY),
    (rung_while_it_rings, EVERY),
    (bound_to_two_calls, EVERY),
    (reserved_twice, EVERY),
    (one_call_of_the_carrier_for_two, EVERY),
    (unknown_and_rung_again, EVERY),
    (told_before_identity, EVERY),
    (told_and_denied, EVERY),
    (told_after_identity_failed, EVERY),
    (proven_by_nothing, EVERY),
    (never_settled, EVERY),
    (never_verified, EVERY),
    (lost_and_left, EVERY),
    (settled_twice, EVERY),
    (counts_without_its_recording, ("with_lost_recordings",)),
    (owned_by_nobody, EVERY),
    (owned_by_another, EVERY),
    (begun_by_another_owner, EVERY),
    (opened_twice, EVERY),
    (taken_back_in_secret, EVERY),
    (another_class, EVERY),
    (another_reason, EVERY),
    (another_answer, EVERY),
    (another_answer_in_the_call, EVERY),
    (under_rules_that_never_were, EVERY),
    (an_order_missing, EVERY),
    (an_order_too_many, EVERY),
    (a_longer_limit, EVERY),
    (an_order_of_nothing, EVERY),
    (overdue_before_its_limit, EVERY),
    (a_later_end, EVERY),
    (another_last_day_to_surrender, EVERY),
    (judged_by_a_later_end, EVERY),
    (locked_too_short, EVERY),
    (cleared_before_it_was_ours, EVERY),
    (destroyed_early, EVERY),
    (lock_moved_back, EVERY),
    (found_gone_and_left, EVERY),
    (its_key_destroyed, EVERY),
    (hold_lifted_by_one, BRANCH_WORK),
    (heard_too_late, BRANCH_WORK),
    (heard_by_another, BRANCH_WORK),
    (heard_elsewhere, BRANCH_WORK),
    (heard_with_no_right, BRANCH_WORK),
    (another_recording_heard, BRANCH_WORK),
    (a_signature_short, BRANCH_WORK),
    (approved_by_the_applicant, BRANCH_WORK),
    (never_reminded, BRANCH_WORK),
    (revoked_and_heard, BRANCH_WORK),
    (checked_after_the_check, BRANCH_WORK),
    (a_copy_without_a_court, BRANCH_WORK),
    (an_event_altered, EVERY),
    (an_event_gone, EVERY),
    (an_event_slipped_in, EVERY),
    (a_line_altered, EVERY),
    (a_line_gone, EVERY),
    (the_last_lines_gone, EVERY),
    (two_lines_exchanged, EVERY),
    (a_play_off_the_record, BRANCH_WORK),
    (a_refusal_off_the_ledger, BRANCH_WORK),
    (a_record_made_longer_with_its_line, EVERY),
]
CASES = [pytest.param(alter, name, id=f"{alter.__name__}-{name}") for alter, names in ALTERATIONS for name in names]


@pytest.mark.parametrize(("alter", "name"), CASES)
def test_the_promise_and_the_case_are_named(alter, name):
    day = Day(name)
    expected = alter(day)
    found = day.broken(with_ledger=expected.promise == 10)
    assert (expected.promise, expected.case_id) in found
    if expected.promise != 10:  # what breaks a chain breaks whatever else rests on the event
        assert {promise for promise, _ in found} <= {expected.promise, *expected.with_it}
        assert {case for _, case in found} <= {expected.case_id, None} or expected.case_id is None


def sealed(day: Day) -> list[dict]:
    return [row for row in day.rows if row["id"] <= day.head["sealed_event_id"]]


@pytest.mark.parametrize("name", EVERY)
def test_whatever_is_altered_of_what_was_sealed_is_named_by_the_chains_too(name):
    altered, silent = 0, []
    for alter, names in ALTERATIONS:
        if name in names:
            day = Day(name)
            alter(day)
            for place, row in enumerate(day.rows):  # ids as a database holds them
                row["id"] = row["id"] if isinstance(row["id"], int) else 10**7 + place
            if sealed(day) != sealed(Day(name)):
                altered += 1
                if day.chains_hold():
                    silent.append(alter.__name__)
    assert silent == []
    assert altered > 20


def test_every_promise_is_altered_in_three_ways_and_more():
    ways = dict.fromkeys(PROMISES, 0)
    for alter, names in ALTERATIONS:
        ways[alter(Day(names[0])).promise] += 1
    assert min(ways.values()) >= 3, ways


@pytest.mark.parametrize("name", EVERY)
def test_a_limit_of_that_day_that_nobody_chases(name):
    day = Day(name)
    orders = {row["case_id"] for row in day.all("ORDER_ISSUED")}
    found = day.broken(now=day.now + timedelta(days=60))
    assert {promise for promise, _ in found} == {7}
    assert {case_id for _, case_id in found} <= orders
