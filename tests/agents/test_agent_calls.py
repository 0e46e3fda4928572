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
