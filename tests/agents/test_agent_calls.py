"""Calls that a person makes, from the next case to the wrap-up, with simulated agents and customers at a real carrier."""

from datetime import timedelta

import pytest

from tests.agents.house import question_on

pytestmark = pytest.mark.usefixtures("english")

DONE = {"cases": [("CLOSED", "CLOSED")], "orders": [], "recordings": [("CLEARED", 2)]}


async def test_a_whole_call_by_hand_counts_like_any_other(house):
    seat = house.seats["meng"]
    call_id, _ = await seat.on_the_line()
    policy = house.sheet_of(call_id)["policies"][0]
    page = await seat.page()
    for fact in (policy["product_name"], policy["policy_no"], f"{float(policy['premium']):,.0f}", "2026-10"):
        assert fact not in page, "a fact of the policy before identity"
    await seat.prove_identity(call_id)
    assert policy["product_name"] in await seat.page()
    assert await seat.page() == await seat.page()  # loaded anew, it stands where it stood
    await seat.to_the_end()
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    [call] = house.sql("SELECT agent_login, state, ended_by FROM calls WHERE id = :id", id=call_id)
    assert call == {"agent_login": "meng", "state": "ENDED", "ended_by": "us"}
    rows = house.sql("SELECT how, detail ->> 'by' AS by FROM answers WHERE call_id = :id", id=call_id)
    assert {(r["how"], r["by"]) for r in rows} == {("agent", "meng")}
    kinds = house.kinds()
    for kind in ("CASE_TAKEN", "AGENT_JOINED", "AGENT_DONE"):
        assert kinds.count(kind) >= 1, kind
    assert await house.judged() == ()


@pytest.mark.parametrize(
    ("replies", "reason", "words"),
    [
        pytest.param(
            [{"when": "犹豫期", "press": "0", "times": 1}],
            *("OPERATOR", "the customer asks for a person"),
            id="asks_for_a_person",
        ),
        pytest.param(
            [{"when": "犹豫期", "press": "7", "times": 3}],
            *("LOW_CONFIDENCE", "not understood several times"),
            id="is_not_understood",
            marks=pytest.mark.long,
        ),
        pytest.param(
            [{"when": "听懂普通话", "press": "2"}, {"when": "犹豫期", "say": "我听不懂普通话", "times": 1}],
            *("NEEDS_AGENT", "a barrier of language or hearing"),
            id="cannot_follow",
            marks=pytest.mark.long,
        ),
    ],
)
async def test_whom_the_robot_hands_over_is_asked_on_with_his_answers_kept(house, replies, reason, words):
    seat = house.seats["meng"]
    await seat.do("on")
    call_id = await house.let_robot_ring(*replies)
    dealt = await house.until("SELECT reason, origin FROM agent_calls WHERE call_id = :id", id=call_id)
    kept = house.answers_of(call_id)
    assert dealt == {"reason": reason, "origin": "TRANSFER"}, kept
    page = await seat.until("TALKING")
    assert words in page
    assert {"step": "I1", "answer": "YES", "how": "keys", "final": True} in kept
    # what made the robot hand him over decides nothing, and the open question stays open
    assert kept[-1]["answer"] in (reason, "NOT_UNDERSTOOD", "NO") and not kept[-1]["final"]
    assert ("普通话" if reason == "NEEDS_AGENT" else "犹豫期") in question_on(page)
    await seat.to_the_end()
    await seat.do("hang-up")
    await seat.until("WRAP_UP")
    await seat.do("done")
    done = await house.settled(call_id)
    assert (done["completed"], done["counts"], done["class"]) == (True, True, "STANDARD"), done["decision"]
    assert house.what_became_of(call_id) == DONE
    after = house.answers_of(call_id)
    assert after[: len(kept)] == kept and {row["how"] for row in after[len(kept) :]} == {"agent"}
    assert house.one("SELECT agent_login FROM calls WHERE id = :id", id=call_id) == "meng"
    assert await house.judged() == ()


async def test_a_supervisor_listens_and_whispers_and_the_customer_is_held(house):
    seat, lead = house.seats["meng"], house.seats["shifu"]
    call_id, agent_call = await seat.on_the_line()
    await house.until("SELECT 1 FROM agent_calls WHERE conference IS NOT NULL")
    await seat.do("hold", held="true")
    sid = house.sid_of(call_id)
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
    assert room.members[leg["sid"]].coached == house.leg_of("meng")
    assert (await seat.http.get("/agent/floor")).status_code == 403
    assert house.kinds(call_id).count("CALL_LISTENED_TO") == 2
    await house.hang_up(sid)
    await house.until("SELECT 1 FROM agent_legs WHERE login = 'shifu' AND state = 'ENDED' AND role = 'COACH'")


async def test_hours_and_the_campaign_hold_for_agents_too(house):
    """What held nobody when the case was taken is asked anew when the customer would be rung."""
    seat = house.seats["meng"]
    await seat.do("next")
    house.sql("INSERT INTO controls (name, value, set_by, set_at) VALUES ('dialler', 'PAUSED', 'x', now())")
    await seat.do("dial")
    page = await seat.until("TAKEN")
    assert "dialling is paused" in page
    house.sql("DELETE FROM controls")
    await seat.do("dial")
    evening = house.clock.now().replace(hour=13, minute=30)  # half past nine in the evening
    house.exchange.clock.set(evening)
    house.clock.set(evening, house.clock.speed)
    await house.until("SELECT 1 FROM agent_calls WHERE problem = 'QUIET_HOURS'")
    assert house.sql("SELECT 1 FROM calls") == []


async def test_who_has_been_answered_and_has_nothing_to_say_yet_is_told_to_wait(house):
    """The carrier tells of the answer before it asks for the first sentence."""
    seat = house.seats["meng"]
    call_id, _ = await seat.on_the_line()
    house.sql("UPDATE calls SET progress = NULL, turn = -1 WHERE id = :id", id=call_id)
    page = await seat.page()
    assert 'data-stage="TALKING"' in page and 'name="turn"' not in page
    assert "the first sentence stands here" in page and "Nobody was spoken to" not in page


async def test_who_was_not_dialled_at_first_is_dialled_into_a_room_of_its_own(house):
    """His agent was alone in the first one, and asks again before his telephone has been put down. That one's end is not
    taken for the end of the second, of whose room everything is known that hold needs."""
    seat = house.seats["meng"]
    await seat.do("next")
    house.sql("INSERT INTO controls (name, value, set_by, set_at) VALUES ('dialler', 'PAUSED', 'x', now())")
    await seat.do("dial")
    await seat.until("TAKEN")
    first = await house.until("SELECT conference FROM agent_calls WHERE conference IS NOT NULL")
    house.sql("DELETE FROM controls")
    assert house.one("SELECT state FROM agent_legs") != "ENDED"
    await seat.do("dial")
    await seat.until("TALKING")
    await house.pass_time()
    assert [row["state"] for row in house.sql("SELECT state FROM agent_legs ORDER BY changed_at")] == [
        "ENDED",
        "JOINED",
    ]
    assert house.one("SELECT conference FROM agent_calls") != first["conference"]
    assert await seat.do("hold", held="true") == ""
    assert "on hold" in await seat.page()


async def test_a_case_that_is_looked_at_too_long_goes_back_into_the_line(house):
    from storage.agent_calls import PREVIEW

    seat = house.seats["meng"]
    await seat.do("next")
    await house.pass_time((PREVIEW - timedelta(seconds=5)).total_seconds())
    assert 'data-stage="TAKEN"' in await seat.page()
    await house.pass_time(10)
    assert house.sql("SELECT state, outcome FROM agent_calls") == [{"state": "DONE", "outcome": "GIVEN_BACK"}]
    assert house.kinds().count("CASE_GIVEN_BACK") == 1
    assert 'data-stage="NOTHING"' in await seat.page()
