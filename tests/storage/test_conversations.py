"""One turn of a call on a real database: stored once, whole or not at all."""

import json

import pytest

from rules.answers import Answer
from rules.call_sheet import CallSheet, PersonFacts, PolicyFacts
from rules.conversation import Progress
from storage import conversations
from storage.db import rows, transaction
from storage.vault import vault


@pytest.fixture
async def conversation(a_call, now):
    _, case_id, _ = await a_call()
    sheet = CallSheet(
        PersonFacts("王芳"),
        (PolicyFacts("P1", case_id, "PARTICIPATING", "岁岁", "ANNUAL", 1, 5, "20", "BANCASSURANCE"),),
        "示例人寿", "400-000-0000", "8001", now.date(),
    )  # fmt: skip
    async with transaction() as c:
        await rows(
            c,
            "UPDATE calls SET sheet_sealed = :s WHERE id = 'call1' RETURNING id",
            s=vault().seal(json.dumps(sheet.to_json())),
        )
        return await conversations.load(c, "call1")


async def save(conversation, turn=1, answers=(), sid="CA1", now=None):
    async with transaction() as c:
        return await conversations.save_turn(
            c, conversation, sid=sid, progress=Progress(turn=turn, step="M1"), answers=answers,
            said=[{"step": "M1", "id": "M1.ask", "discloses": True}], over=False, answered_by=None, now=now,
        )  # fmt: skip


async def test_an_answer_is_kept_with_its_turn_and_speech_is_sealed(conversation, now):
    spoken = Answer("M1", "YES", policy_no="P1", heard="是的，我买了")
    by_key = Answer("C3", "YES", how="keys")
    assert await save(conversation, answers=(spoken, by_key), now=now)
    async with transaction() as c:
        kept = await rows(c, "SELECT step, answer, case_id, how, heard_sealed FROM answers ORDER BY id")
        told = await rows(c, "SELECT kind, data FROM events WHERE call_id = 'call1' ORDER BY id")
    assert [(k["step"], k["how"], k["case_id"] is None) for k in kept] == [
        ("M1", "speech", False),
        ("C3", "keys", True),
    ]
    assert vault().open(kept[0]["heard_sealed"]) == "是的，我买了"
    assert kept[1]["heard_sealed"] is None
    assert [t["kind"] for t in told] == ["CALL_RESERVED", "CALL_ANSWERED", "TURN"]
    assert "我买了" not in json.dumps(told[-1]["data"], ensure_ascii=False)


async def test_the_same_turn_is_stored_once_however_many_ask(conversation, now):
    import asyncio

    answers = (Answer("M1", "YES", policy_no="P1"),)
    stored = await asyncio.gather(*(save(conversation, answers=answers, now=now) for _ in range(5)))
    assert sum(stored) == 1
    async with transaction() as c:
        assert len(await rows(c, "SELECT id FROM answers")) == 1


async def test_a_second_carrier_call_for_the_same_attempt_stores_nothing(conversation, now):
    assert await save(conversation, now=now)
    async with transaction() as c:
        again = await conversations.load(c, "call1")
    assert again.turn == 1
    assert not await save(again, turn=2, sid="CA_OTHER", now=now)
