"""Faults 74 to 78 of docs/faults.md: what goes wrong between an agent, his customer and the carrier, and what then becomes of
the case, its orders, the recording and the judge's findings."""

import asyncio
import shutil
from functools import partial
from pathlib import Path

import pytest

from desk.twilio_callbacks import APOLOGY
from scripts.rule_profiles import FOLDER as PROFILES
from scripts.rule_profiles import load_profile
from storage.agent_calls import QUIET
from tasks.agent_calls import sweep_agents
from tasks.archiving import archive_recordings
from tasks.settling import settle_ended_calls
from telephony.agent_calls import AgentLines

pytestmark = pytest.mark.usefixtures("english")

LINE = "sip:meng@desk.example"
ASKS_FOR_A_PERSON = {"when": "犹豫期", "press": "0", "times": 1}
DONE = {"cases": [("CLOSED", "CLOSED")], "orders": [], "recordings": [("CLEARED", 2)]}
RUNG_AGAIN = {"cases": [("CALLABLE", "HEAD_OFFICE")], "orders": [], "recordings": [("CLEARED", 2)]}


async def finish(house, seat, call_id: str) -> dict:
    """By hand, from where the call stands to the wrap-up."""
    await seat.to_the_end()
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await seat.do("done")
    return await house.settled(call_id)


def asked_twice(answers: list[dict]) -> set[str]:
    """Items of the questionnaire with more than one answer that counts."""
    final = [row["step"] for row in answers if row["final"] and row["step"][0] == "M"]
    return {step for step in final if final.count(step) > 1}


# ---------------------------------------------------------------- 74: the agent's line is busy, or rings in vain


async def test_fault_74_an_agent_who_does_not_pick_up_rings_nobody(house):
    """Before the customer is dialled: no attempt is used up, and the case can be given back."""
    seat = house.seats["meng"]
    await seat.do("next")
    person = house.one("SELECT person_id FROM agent_calls")
    for behaviour in ("agent-never-answers", "agent-declines"):
        await house.behave(LINE, behaviour)
        await seat.do("dial")
        await seat.until("CALLING_AGENT")
        page = await seat.until("TAKEN")
        assert "your own telephone was not reached" in page
    assert await seat.do("give-back") == ""
    assert 'data-stage="NOTHING"' in await seat.page()
    assert house.kinds().count("CASE_GIVEN_BACK") == 1
    assert house.sql("SELECT 1 FROM calls") == house.sql("SELECT 1 FROM recordings") == []
    assert {row["status"] for row in house.sql("SELECT status FROM agent_legs")} == {"no-answer", "busy"}
    assert set(house.case_of(person)) == {("CALLABLE", "HEAD_OFFICE", 0)}
    assert await house.judged() == ()


@pytest.mark.long
async def test_fault_74_a_ring_whose_answer_is_lost_is_picked_up_all_the_same(house):
    """The carrier rings his telephone and answers us with an error: what it asks when he picks up tells which ring it is."""
    await house.control.put("/control/faults", json=[{"fault": "create-500-after", "number": LINE, "times": 1}])
    seat = house.seats["meng"]
    call_id, agent_call = await seat.on_the_line()
    legs = house.sql("SELECT agent_call_id, state, sid FROM agent_legs")
    assert legs == [{"agent_call_id": agent_call, "state": "JOINED", "sid": house.leg_of("meng")}]
    await seat.prove_identity(call_id)
    done = await finish(house, seat, call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    assert await house.judged() == ()


@pytest.mark.parametrize("behaviour", [pytest.param("agent-never-answers", marks=pytest.mark.long), "agent-declines"])
async def test_fault_74_the_robot_takes_back_a_customer_whom_no_agent_picks_up_for(house, behaviour):
    """While the customer waits: he is not left there, and is not asked again what he has answered."""
    await house.behave(LINE, behaviour)
    await house.seats["meng"].do("on")
    call_id = await house.let_robot_ring(ASKS_FOR_A_PERSON)
    await house.until("SELECT 1 FROM agent_calls WHERE call_id = :id", id=call_id)
    kept = house.answers_of(call_id)
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    [dealt] = house.sql("SELECT outcome, back, state FROM agent_calls WHERE call_id = :id", id=call_id)
    assert dealt == {"outcome": "NOT_REACHED", "back": "DONE", "state": "DONE"}
    answers = house.answers_of(call_id)
    assert answers[: len(kept)] == kept and kept[-1]["answer"] == "OPERATOR"
    assert not asked_twice(answers)
    assert house.one("SELECT agent_login FROM calls WHERE id = :id", id=call_id) is None
    assert await house.judged() == ()


@pytest.mark.long
async def test_fault_74_who_asks_a_third_time_is_rung_at_another_time(house):
    """Twice in a call somebody is rung in vain for him; then the robot books a time, and a person rings him first."""
    await house.behave(LINE, "agent-declines")
    await house.seats["meng"].do("on")
    tomorrow = {"when": "什么时间", "say": "明天上午十点"}
    call_id = await house.let_robot_ring({**ASKS_FOR_A_PERSON, "times": 3}, tomorrow)
    done = await house.settled(call_id)
    assert (done["result"], done["completed"], done["counts"]) == ("APPOINTED", False, True), done["decision"]
    found = {"cases": [("APPOINTED", "HEAD_OFFICE")], "orders": [], "recordings": [("CLEARED", 2)]}
    assert house.what_became_of(call_id) == found
    outcomes = house.sql("SELECT outcome FROM agent_calls WHERE call_id = :id", id=call_id)
    assert [row["outcome"] for row in outcomes] == ["NOT_REACHED", "NOT_REACHED"]
    assert [row["answer"] for row in house.answers_of(call_id)].count("OPERATOR") == 3
    assert await house.judged() == ()


# ---------------------------------------------------------------- 75: the customer hangs up while the agent is rung


async def test_fault_75_the_customer_hangs_up_while_the_agent_is_rung(house):
    await house.behave(LINE, "agent-never-answers")
    await house.seats["meng"].do("on")
    call_id = await house.let_robot_ring(ASKS_FOR_A_PERSON)
    leg = await house.until("SELECT sid FROM agent_legs WHERE state = 'RINGING' AND sid IS NOT NULL")
    kept = [row for row in house.answers_of(call_id) if row["final"]]
    assert {row["step"] for row in kept} >= {"I1", "M1"}
    await house.hang_up(house.sid_of(call_id))
    done = await house.settled(call_id)
    assert (done["result"], done["completed"], done["counts"]) == ("INCOMPLETE", False, True)
    assert house.what_became_of(call_id) == RUNG_AGAIN
    assert [row for row in house.answers_of(call_id) if row["final"]] == kept
    # what is left open is what was not answered, and nothing else
    answered = {row["step"] for row in kept}
    assert not answered & set(done["decision"]["settlement"]["outcome"]["open_items"])
    # his telephone rings no longer than the customer waits, and nobody waits to be brought back
    await house.until("SELECT 1 FROM agent_legs WHERE state = 'ENDED'")
    assert house.exchange.calls[leg["sid"]].status == "canceled"
    assert house.sql("SELECT 1 FROM agent_calls WHERE back = 'WANTED'") == []
    assert await house.judged() == ()


# ---------------------------------------------------------------- 76: the conference


async def test_fault_76_a_conference_whose_callbacks_come_in_any_order(house):
    """Whoever was there first is told; who is in the room is asked of the carrier, not counted from what it tells."""
    await house.control.put(
        "/control/faults", json=[{"fault": "conference-callback-reorder", "event": "participant-join"}]
    )
    seat = house.seats["meng"]
    call_id, agent_call = await seat.on_the_line()
    room = await house.until("SELECT conference FROM agent_calls WHERE conference IS NOT NULL")
    await seat.prove_identity(call_id)
    assert await seat.do("hold", held="true") == ""
    assert await seat.do("hold", held="false") == ""
    done = await finish(house, seat, call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    told = [e for e in house.exchange.log.read()["events"] if e.get("conference") == room["conference"]]
    struck = [e for e in house.exchange.log.read()["events"] if e.get("fault") == "conference-callback-reorder"]
    assert struck and told[0]["event"] == "participant-join" and told[0]["call_sid"] != house.sid_of(call_id)
    # the customer's leaving ends it for the agent too, and the agent's line is put down
    conference = house.exchange.conferences.by_sid[room["conference"]]
    assert (conference.status, conference.ended_by) == ("completed", house.sid_of(call_id))
    await house.until("SELECT 1 FROM agent_legs WHERE agent_call_id = :id AND state = 'ENDED'", id=agent_call)
    assert house.kinds(call_id).count("CALL_HELD") == 2
    assert await house.judged() == ()


async def test_fault_76_a_conference_of_which_nothing_is_told(house):
    """The call goes on as ever; only whom nobody can name cannot be put on hold."""
    await house.control.put("/control/faults", json=[{"fault": "conference-callback-drop"}])
    seat = house.seats["meng"]
    call_id, _ = await seat.on_the_line()
    assert await seat.do("hold", held="true") == "NOT_IN_ROOM"
    await seat.prove_identity(call_id)
    done = await finish(house, seat, call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    assert house.sql("SELECT 1 FROM agent_calls WHERE conference IS NOT NULL") == []
    assert "CALL_HELD" not in house.kinds()
    assert await house.judged() == ()


# ---------------------------------------------------------------- 77: somebody's line breaks


async def test_fault_77_the_agents_line_breaks_and_the_robot_goes_on(house):
    """The conference does not end with the agent: the customer stays, and what was answered is kept."""
    await house.answer_the_robot()
    seat = house.seats["meng"]
    call_id, agent_call = await seat.on_the_line()
    await seat.prove_identity(call_id)
    await seat.answer(key="1")
    before = house.answers_of(call_id)
    assert "M1" in {row["step"] for row in before}
    await house.hang_up(house.leg_of("meng"))
    await house.until("SELECT 1 FROM agent_calls WHERE id = :id AND outcome = 'LOST'", id=agent_call)
    page = await seat.until("WRAP_UP")
    assert "The robot has the customer" in page and 'name="turn"' not in page
    assert await seat.do("answer", turn="1", key="1") == "NOT_YOURS"
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    rows = house.answers_of(call_id)
    assert rows[: len(before)] == before and {row["how"] for row in before} == {"agent"}
    assert {row["how"] for row in rows[len(before) :]} <= {"keys", "speech"}
    assert not asked_twice(rows)
    assert house.kinds(call_id).count("AGENT_LOST") == 1
    assert await house.judged() == ()


@pytest.mark.long
async def test_fault_77_the_agents_line_breaks_and_nobody_tells(house):
    """The news is lost: the sweep asks the carrier, and the robot has the customer a minute or two later."""
    await house.control.put("/control/faults", json=[{"fault": "callback-drop", "number": LINE, "event": "completed"}])
    await house.answer_the_robot()
    seat = house.seats["meng"]
    call_id, agent_call = await seat.on_the_line()
    await seat.prove_identity(call_id)
    # as long as he talks the carrier says so, and is not asked again at once
    await house.pass_time(QUIET.total_seconds() + 5)
    assert [await sweep_agents.fn(house.line, AgentLines(house.line), house.clock) for _ in range(2)] == [1, 0]
    assert 'data-stage="TALKING"' in await seat.page()
    await house.hang_up(house.leg_of("meng"))
    await house.pass_time(QUIET.total_seconds() + 5)
    assert house.one("SELECT state FROM agent_calls WHERE id = :id", id=agent_call) == "JOINED"
    assert await sweep_agents.fn(house.line, AgentLines(house.line), house.clock) == 1
    assert house.one("SELECT outcome FROM agent_calls WHERE id = :id", id=agent_call) == "LOST"
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    assert not asked_twice(house.answers_of(call_id))
    assert house.kinds(call_id).count("AGENT_LOST") == 1
    assert await house.judged() == ()


async def test_fault_77_where_agents_alone_may_speak_the_rest_is_asked_in_another_call(house, monkeypatch, tmp_path):
    """No robot goes on in the agent's place: an apology, and what was answered is kept."""
    monkeypatch.setattr("desk.twilio_callbacks.load_profile", partial(load_profile, folder=_agents_only(tmp_path)))
    seat = house.seats["meng"]
    call_id, agent_call = await seat.on_the_line()
    await seat.prove_identity(call_id)
    await seat.answer(key="1")
    before = house.answers_of(call_id)
    await house.hang_up(house.leg_of("meng"))
    await house.until("SELECT 1 FROM calls WHERE id = :id AND state = 'ENDED'", id=call_id)
    heard = [piece.text for piece in house.exchange.calls[house.sid_of(call_id)].heard if piece.kind == "speech"]
    assert heard[-1] == APOLOGY
    done = await house.settled(call_id)
    assert (done["result"], done["completed"], done["counts"]) == ("INCOMPLETE", False, True)
    assert house.what_became_of(call_id) == RUNG_AGAIN
    assert house.answers_of(call_id) == before
    [dealt] = house.sql("SELECT outcome, back FROM agent_calls WHERE id = :id", id=agent_call)
    assert dealt == {"outcome": "LOST", "back": "DONE"}
    assert house.one("SELECT ended_by FROM calls WHERE id = :id", id=call_id) == "us"
    assert await house.judged() == ()


def _agents_only(folder: Path) -> Path:
    """The shipped profiles, under which agents alone ring."""
    copy = shutil.copytree(PROFILES, folder / "profiles")
    national = copy / "national.yaml"
    told = national.read_text("utf-8").replace("calling.callers: ROBOT_THEN_AGENT", "calling.callers: AGENT_ONLY")
    assert "AGENT_ONLY" in told
    national.write_text(told, "utf-8")
    return copy


async def test_fault_77_the_customers_line_breaks_and_the_last_answer_is_still_noted(house):
    """The conference ends with the customer: the agent's line is put down, and nobody is lost."""
    seat = house.seats["meng"]
    call_id, _ = await seat.on_the_line()
    await seat.prove_identity(call_id)
    await seat.answer(key="1")
    await house.hang_up(house.sid_of(call_id))
    await seat.until("WRAP_UP")
    # his last answer is waited for, though the recording has long been there
    await house.pass_time(60)
    await archive_recordings.fn(house.line, house.clock)
    assert await settle_ended_calls.fn(house.clock) == 0
    assert house.one("SELECT state FROM recordings WHERE call_id = :id", id=call_id) == "CLEARED"
    turn = house.one("SELECT turn FROM calls WHERE id = :id", id=call_id)
    assert await seat.do("answer", turn=str(turn), key="1") == ""
    assert await seat.do("answer", turn=str(turn), key="2") == "ALREADY_ANSWERED"
    assert house.one("SELECT turn FROM calls WHERE id = :id", id=call_id) == turn + 1
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["result"], done["completed"], done["counts"]) == ("INCOMPLETE", False, True)
    assert house.what_became_of(call_id) == RUNG_AGAIN
    items = {row["step"] for row in house.answers_of(call_id) if row["final"]}
    assert not items & set(done["decision"]["settlement"]["outcome"]["open_items"])
    await house.until("SELECT 1 FROM agent_legs WHERE login = 'meng' AND state = 'ENDED'")
    assert "AGENT_LOST" not in house.kinds()
    assert await house.judged() == ()


# ---------------------------------------------------------------- 78: two agents for one call


async def test_fault_78_two_agents_never_get_the_same_person(house):
    """Both ask at the same moment; then for the only one who is left; then the robot wants him too, and gets nobody."""
    from tasks.dialling import dial_round
    from tasks.pacing import Pace

    first, second = house.seats["meng"], house.seats["qiao"]
    assert await asyncio.gather(first.do("next"), second.do("next")) == ["", ""]
    taken = house.sql("SELECT person_id FROM agent_calls")
    assert len(taken) == len({row["person_id"] for row in taken}) == 2
    for seat in (first, second):
        await seat.do("give-back")
    keep = taken[0]["person_id"]
    house.sql(
        """UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH', owner_branch = (SELECT min(code) FROM branches)
           WHERE person_id <> :keep""",
        keep=keep,
    )
    notes = await asyncio.gather(first.do("next"), second.do("next"))
    assert sorted(notes) == ["", "NOBODY_WAITS"]
    house.sql("UPDATE persons SET birth_date = '1990-01-01'")
    done = await dial_round.fn(house.line, Pace(1e6, house.clock), house.clock)
    house.sql("UPDATE persons SET birth_date = '1950-01-01'")
    assert (done.dialled, house.sql("SELECT 1 FROM calls")) == (0, [])
    assert set(house.case_of(keep)) == {("CALLABLE", "HEAD_OFFICE", 0)}

    # who has him rings him, once, and it counts; the other one has nothing to dial or to note
    winner, other = (first, second) if notes[0] == "" else (second, first)
    await winner.do("dial")
    await other.do("dial")
    await winner.until("TALKING")
    [call] = house.sql("SELECT id, agent_login FROM calls")
    assert await other.do("answer", turn="1", key="1") == "NOT_YOURS"
    await winner.prove_identity(call["id"])
    done = await finish(house, winner, call["id"])
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call["id"]) == DONE
    assert len(house.sql("SELECT 1 FROM agent_legs")) == 1
    created = [e for e in house.exchange.log.read()["events"] if e["event"] == "created"]
    assert sorted(e["number"] for e in created).count(house.exchange.calls[house.sid_of(call["id"])].to) == 1
    # of the others nothing but that a branch has them: they were moved there by hand
    assert [b for b in await house.judged() if b.call_id == call["id"]] == []


@pytest.mark.long
async def test_fault_78_two_free_agents_and_one_customer_who_asks_for_a_person(house):
    """One of them is rung, the other stays free."""
    for login in ("meng", "qiao"):
        await house.seats[login].do("on")
    call_id = await house.let_robot_ring(ASKS_FOR_A_PERSON)
    dealt = await house.until("SELECT login FROM agent_calls WHERE call_id = :id AND state = 'JOINED'", id=call_id)
    assert len(house.sql("SELECT 1 FROM agent_calls")) == len(house.sql("SELECT 1 FROM agent_legs")) == 1
    seat = house.seats[dealt["login"]]
    other = house.seats[next(login for login in ("meng", "qiao") if login != dealt["login"])]
    await seat.until("TALKING")
    assert 'data-stage="NOTHING"' in await other.page()
    assert await other.do("answer", turn="1", key="1") == "NOT_YOURS"
    done = await finish(house, seat, call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    assert await house.judged() == ()
