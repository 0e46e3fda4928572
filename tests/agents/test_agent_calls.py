"""Calls that a person makes, from the next case to the wrap-up, with simulated agents and customers at a real carrier."""

import json
import re

import pytest

from storage.vault import vault


def sheet_of(house, call_id: str) -> dict:
    return json.loads(vault().open(bytes(house.one("SELECT sheet_sealed FROM calls WHERE id = :id", id=call_id))))


async def on_the_line(house, login: str = "meng") -> tuple[str, str]:
    """An agent with a customer on the line: (call id, agent call id)."""
    seat = house.seats[login]
    assert await seat.do("next") == ""
    await seat.until("TAKEN")
    await seat.do("dial")
    await seat.until("TALKING")
    [row] = house.sql("SELECT id, call_id FROM agent_calls WHERE login = :login AND state = 'JOINED'", login=login)
    return row["call_id"], row["id"]


async def prove_identity(house, seat, call_id: str) -> None:
    person = sheet_of(house, call_id)["person"]
    told = {"birth_date": person["birth_date"], "id_last4": person["id_last4"], "district": person["district"]}
    for _ in range(8):
        page = await seat.page()
        if "identity proven" in page or "身份已核实" in page or "身份已证实" in page:
            return
        label = re.search(r'for="words-\d+">([^<]*)<', page)
        wanted = next((name for name, word in WORDS.items() if label and word in label.group(1)), None)
        if wanted == "birth_date":
            year, month, day = told[wanted].split("-")
            await seat.answer(words=f"{year}年{int(month)}月{int(day)}日")
        elif wanted:
            await seat.answer(words=told[wanted])
        else:
            await seat.answer(key="1")
    raise AssertionError("identity was never proven")


WORDS = {"birth_date": "birth date", "id_last4": "last four", "district": "district"}


async def to_the_end(seat) -> None:
    for _ in range(60):
        page = await seat.page()
        if 'name="turn"' not in page:
            return
        if 'name="day"' in page:
            await seat.answer(day="2026-09-12")
        else:
            await seat.answer(key="1")
    raise AssertionError("the script never ended")


@pytest.fixture(autouse=True)
async def english(house):
    for seat in house.seats.values():
        await seat.http.get("/language/en")


@pytest.mark.long
async def test_a_whole_call_by_hand_counts_like_any_other(house):
    seat = house.seats["meng"]
    call_id, _ = await on_the_line(house)
    policy = sheet_of(house, call_id)["policies"][0]
    page = await seat.page()
    for fact in (policy["product_name"], policy["policy_no"], f"{float(policy['premium']):,.0f}", "2026-10"):
        assert fact not in page, "a fact of the policy before identity"
    await prove_identity(house, seat, call_id)
    assert policy["product_name"] in await seat.page()
    assert await seat.page() == await seat.page()  # loaded anew, it stands where it stood
    await to_the_end(seat)
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"]) == (True, True), done["decision"]
    [call] = house.sql("SELECT agent_login, state, ended_by FROM calls WHERE id = :id", id=call_id)
    assert call == {"agent_login": "meng", "state": "ENDED", "ended_by": "us"}
    rows = house.sql("SELECT how, detail ->> 'by' AS by FROM answers WHERE call_id = :id", id=call_id)
    assert {(r["how"], r["by"]) for r in rows} == {("agent", "meng")}
    assert house.one("SELECT channels FROM recordings WHERE call_id = :id", id=call_id) == 2
    kinds = house.kinds()
    for kind in ("CASE_TAKEN", "AGENT_JOINED", "AGENT_DONE"):
        assert kinds.count(kind) >= 1, kind
    assert await house.judged() == ()


def leg_of(house, login: str) -> str:
    return house.one("SELECT sid FROM agent_legs WHERE login = :login AND state = 'JOINED'", login=login)


@pytest.mark.long  # not green yet: see the open points in docs/operations.md
async def test_the_agents_line_breaks_and_the_robot_goes_on(house):
    """Fault 77: the customer stays in the conference, and what was answered is kept."""
    for number, elements in house.customers():
        known = [{"when": word, "press": keys} for word, keys in elements.items()]
        await house.behave(number, {"replies": known, "default": {"press": "1"}})
    seat = house.seats["meng"]
    call_id, agent_call = await on_the_line(house)
    await prove_identity(house, seat, call_id)
    await seat.answer(key="1")
    before = house.sql("SELECT step, how FROM answers WHERE call_id = :id ORDER BY id", id=call_id)
    assert "M1" in {row["step"] for row in before}
    await house.hang_up(leg_of(house, "meng"))
    await house.until("SELECT 1 FROM agent_calls WHERE id = :id AND outcome = 'LOST'", id=agent_call)
    page = await seat.until("WRAP_UP")
    assert "The robot has the customer" in page and 'name="turn"' not in page
    assert await seat.do("answer", turn="1", key="1") == "NOT_YOURS"
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"]) == (True, True)
    rows = house.sql("SELECT step, how FROM answers WHERE call_id = :id ORDER BY id", id=call_id)
    assert rows[: len(before)] == before
    assert {row["how"] for row in rows[len(before) :]} == {"keys"}
    assert not {row["step"] for row in before if row["step"][0] == "M"} & {row["step"] for row in rows[len(before) :]}
    assert house.kinds().count("AGENT_LOST") == 1
    assert await house.judged() == ()


@pytest.mark.long
async def test_the_customer_is_lost_and_the_last_answer_is_still_noted(house):
    seat = house.seats["meng"]
    call_id, _ = await on_the_line(house)
    await prove_identity(house, seat, call_id)
    await seat.answer(key="1")
    await house.hang_up(house.one("SELECT sid FROM calls WHERE id = :id", id=call_id))
    await seat.until("WRAP_UP")
    turn = house.one("SELECT turn FROM calls WHERE id = :id", id=call_id)
    assert await seat.do("answer", turn=str(turn), key="1") == ""
    assert await seat.do("answer", turn=str(turn), key="2") == "ALREADY_ANSWERED"
    assert house.one("SELECT turn FROM calls WHERE id = :id", id=call_id) == turn + 1
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["result"], done["completed"]) == ("INCOMPLETE", False)
    items = {row["step"] for row in house.sql("SELECT step FROM answers WHERE call_id = :id AND final", id=call_id)}
    assert not items & set(done["decision"]["settlement"]["outcome"]["open_items"])
    await house.until("SELECT 1 FROM agent_legs WHERE login = 'meng' AND state = 'ENDED'")
    assert "AGENT_LOST" not in house.kinds()
    assert await house.judged() == ()


@pytest.mark.long
async def test_an_agent_who_does_not_pick_up_rings_nobody(house):
    """Fault 74, before the customer: no attempt is used up."""
    seat = house.seats["meng"]
    for behaviour in ("agent-never-answers", "agent-declines"):
        await house.behave(LINE, behaviour)
        if behaviour == "agent-never-answers":
            await seat.do("next")
        await seat.do("dial")
        page = await seat.until("TAKEN")
        assert "your own telephone was not reached" in page
    assert house.sql("SELECT 1 FROM calls") == []
    assert await seat.do("give-back") == ""
    await seat.until("NOTHING")
    assert house.kinds().count("CASE_GIVEN_BACK") == 1


LINE = "sip:meng@desk.example"


async def test_two_agents_never_get_the_same_person(house):
    """Fault 78: both ask at the same moment; then for the only one who is left; then the robot wants him too."""
    import asyncio

    first, second = house.seats["meng"], house.seats["qiao"]
    assert await asyncio.gather(first.do("next"), second.do("next")) == ["", ""]
    taken = house.sql("SELECT person_id FROM agent_calls")
    assert len(taken) == len({row["person_id"] for row in taken}) == 2
    for seat in (first, second):
        await seat.do("give-back")
    keep = taken[0]["person_id"]
    house.sql(
        "UPDATE cases SET state = 'AT_BRANCH', owner = 'BRANCH', owner_branch = (SELECT min(code) FROM branches) WHERE person_id <> :keep",
        keep=keep,
    )
    notes = await asyncio.gather(first.do("next"), second.do("next"))
    assert sorted(notes) == ["", "NOBODY_WAITS"]
    from settings import settings
    from tasks.dialling import dial_round
    from tasks.pacing import pace_of
    from telephony.twilio_phone import twilio_phone

    house.sql("UPDATE persons SET birth_date = '1990-01-01'")
    async with twilio_phone() as line:
        done = await dial_round.fn(line, pace_of(settings(), house.clock), house.clock)
    assert (done.dialled, house.sql("SELECT 1 FROM calls")) == (0, [])


@pytest.mark.long  # not green yet: see the open points in docs/operations.md
async def test_who_asks_the_robot_for_a_person_gets_one_with_his_answers_kept(house):
    seat = house.seats["meng"]
    await seat.do("on")
    call_id = await house.let_robot_ring({"when": "犹豫期", "press": "0", "times": 1})
    await house.until("SELECT 1 FROM agent_calls WHERE call_id = :id", id=call_id)
    page = await seat.until("TALKING")
    assert "the customer asks for a person" in page
    kept = house.sql("SELECT step, answer, how, final FROM answers WHERE call_id = :id ORDER BY id", id=call_id)
    assert {"step": "I1", "answer": "YES", "how": "keys", "final": True} in kept
    assert kept[-1]["answer"] == "OPERATOR" and not kept[-1]["final"]
    assert "犹豫期" in re.sub("<[^>]+>", "", page.split('id="say"')[1].split("</div>")[0])
    await to_the_end(seat)
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"]) == (True, True)
    hows = {row["how"] for row in house.sql("SELECT how FROM answers WHERE call_id = :id", id=call_id)}
    assert hows == {"keys", "agent"}
    assert house.one("SELECT agent_login FROM calls WHERE id = :id", id=call_id) == "meng"
    assert await house.judged() == ()


@pytest.mark.long
async def test_nobody_picks_up_while_the_customer_waits_and_the_robot_takes_him_back(house):
    """Fault 74: the customer is not left waiting, and is not asked again what he has answered."""
    await house.behave(LINE, "agent-never-answers")
    await house.seats["meng"].do("on")
    call_id = await house.let_robot_ring({"when": "犹豫期", "press": "0", "times": 1})
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"]) == (True, True)
    assert house.one("SELECT outcome FROM agent_calls WHERE call_id = :id", id=call_id) == "NOT_REACHED"
    steps = [row["step"] for row in house.sql("SELECT step FROM answers WHERE call_id = :id AND final", id=call_id)]
    assert len([step for step in steps if step[0] == "M"]) == len({step for step in steps if step[0] == "M"})
    assert house.one("SELECT agent_login FROM calls WHERE id = :id", id=call_id) is None
    assert await house.judged() == ()


@pytest.mark.long
async def test_the_customer_hangs_up_while_the_agent_is_rung(house):
    """Fault 75."""
    await house.behave(LINE, "agent-never-answers")
    await house.seats["meng"].do("on")
    call_id = await house.let_robot_ring({"when": "犹豫期", "press": "0", "times": 1})
    await house.until("SELECT 1 FROM agent_legs WHERE state = 'RINGING'")
    await house.hang_up(house.one("SELECT sid FROM calls WHERE id = :id", id=call_id))
    done = await house.settled(call_id)
    assert done["completed"] is False and done["counts"] is True
    await house.until("SELECT 1 FROM agent_legs WHERE state = 'ENDED'")
    assert house.sql("SELECT 1 FROM agent_calls WHERE back = 'WANTED'") == []
    assert await house.judged() == ()


@pytest.mark.long
async def test_a_supervisor_listens_and_whispers_and_the_customer_is_held(house):
    seat, lead = house.seats["meng"], house.seats["shifu"]
    call_id, agent_call = await on_the_line(house)
    await house.until("SELECT 1 FROM agent_calls WHERE conference IS NOT NULL")
    await seat.do("hold", held="true")
    sid = house.one("SELECT sid FROM calls WHERE id = :id", id=call_id)
    room = next(r for r in house.exchange.conferences.by_sid.values() if sid in r.members)
    assert room.members[sid].hold
    await seat.do("hold", held="false")
    assert not room.members[sid].hold
    floor = (await lead.http.get("/agent/floor")).text
    assert agent_call in floor
    answer = await lead.http.post(f"/agent/floor/{agent_call}/listen", data={"csrf": lead.csrf})
    assert answer.headers["location"].endswith("LISTENING")
    leg = await house.until("SELECT sid, role FROM agent_legs WHERE login = 'shifu' AND state = 'JOINED'")
    assert leg["role"] == "LISTEN" and room.members[leg["sid"]].muted
    await house.hang_up(leg["sid"])
    await house.until("SELECT 1 FROM agent_legs WHERE login = 'shifu' AND state = 'ENDED'")
    await lead.http.post(f"/agent/floor/{agent_call}/listen", data={"csrf": lead.csrf, "coach": "true"})
    leg = await house.until("SELECT sid, role FROM agent_legs WHERE login = 'shifu' AND state = 'JOINED'")
    assert room.members[leg["sid"]].coached == leg_of(house, "meng")
    assert (await seat.http.get("/agent/floor")).status_code == 403
    assert house.kinds(call_id).count("CALL_LISTENED_TO") == 2
    await house.hang_up(sid)
    await house.until("SELECT 1 FROM agent_legs WHERE login = 'shifu' AND state = 'ENDED' AND role = 'COACH'")


@pytest.mark.long
async def test_hours_and_the_campaign_hold_for_agents_too(house):
    """What held nobody when the case was taken is asked anew when the customer would be rung."""
    seat = house.seats["meng"]
    await seat.do("next")
    house.sql("INSERT INTO controls (name, value, set_by, set_at) VALUES ('dialler', 'PAUSED', 'x', now())")
    await seat.do("dial")
    page = await seat.until("TAKEN")
    assert "dialling is paused" in page
    house.sql("DELETE FROM controls")
    house.clock.set(house.clock.now().replace(hour=13, minute=30), 20.0)  # half past nine in the evening
    await seat.do("dial")
    await house.until("SELECT 1 FROM agent_calls WHERE problem = 'QUIET_HOURS'")
    assert house.sql("SELECT 1 FROM calls") == []
