"""What a customer tells on the phone beside his answers: the day he signed the receipt, another number."""

import json
from datetime import UTC, datetime

import pytest

from rules.calendar import business_date
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from storage import conversations, settlements
from storage.db import rows, transaction
from storage.receipts_told import correct_receipts

CALENDAR = seeded_calendar()
ENDED_AT = datetime(2026, 9, 28, 4, tzinfo=UTC)  # noon in Shanghai
ITEMS = (
    *("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term"),
    *("M7", "M8", "M9", "N1", "N3"),
)


@pytest.fixture
async def spoken(a_call, now):
    """A call that ended completed on 2026-09-28, its recording verified; → case id. The list gave 09-14 as signed."""
    call_id, case_id, person_id = await a_call()
    dates = {
        "channel": "BANCASSURANCE", "product_type": "PARTICIPATING", "underwritten_on": "2026-09-10",
        "receipt_signed_on": "2026-09-14", "cooling_off_days": 15,
    }  # fmt: skip
    told = {
        "state": "CALLABLE", "owner": "HEAD_OFFICE", "owner_branch": None, "round": 1, "callable_on": "2026-09-25",
        "receipt_signed_on": "2026-09-14", "nominal_end": "2026-09-29", "surrender_deadline": "2026-09-29",
        "profile": "national@1", "dates": dates,
    }  # fmt: skip
    async with transaction() as c:
        await rows(
            c,
            """INSERT INTO events (at, kind, case_id, person_id, data)
               VALUES (:now, 'CASE_OPENED', :case, :person, CAST(:told AS jsonb)) RETURNING id""",
            now=now, case=case_id, person=person_id, told=json.dumps(told),
        )  # fmt: skip
        for n, step in enumerate(("C1", "I1", *ITEMS)):
            await rows(
                c,
                """INSERT INTO answers (call_id, case_id, step, try_no, answer, final, detail, how, answered_at)
                   VALUES (:call, :case, :step, 1, 'YES', true, '{}', 'speech', :now) RETURNING id""",
                call=call_id, case=case_id if n > 1 else None, step=step, now=now,
            )  # fmt: skip
        await rows(
            c,
            """UPDATE calls SET state = 'ENDED', carrier_status = 'completed', answered_at = :at, ended_at = :at, ended_by = 'us',
                 sid = 'CA1' WHERE id = :call RETURNING id""",
            call=call_id, at=ENDED_AT,
        )  # fmt: skip
        await rows(
            c,
            """INSERT INTO recordings (call_id, provider_id, state, loudness, tries, reported_at)
               VALUES (:call, 'RE1', 'VERIFIED', '{}', 0, :at)
               RETURNING id""",
            call=call_id, at=ENDED_AT,
        )  # fmt: skip
    return case_id


async def names(case_id, day):
    async with transaction() as c:
        await rows(
            c,
            """INSERT INTO answers (call_id, case_id, step, try_no, answer, final, detail, how, answered_at)
               VALUES ('call1', :case, 'M2.receipt_date', 1, 'YES', true, CAST(:detail AS jsonb), 'speech', :now) RETURNING id""",
            case=case_id, detail=json.dumps({"date": day}), now=ENDED_AT,
        )  # fmt: skip


async def settle_all():
    from scripts.rule_profiles import load_profile

    async with transaction() as c:
        ended = await settlements.ended_calls(c)
        decided = [
            (e, settle(e.contact, profile=load_profile(e.profile), calendar=CALENDAR, inbox_branch="HO")) for e in ended
        ]
        await settlements.save(c, decided, ENDED_AT)
        corrected = await correct_receipts(c, decided, CALENDAR, ENDED_AT)
    return [settlement for _, settlement in decided], corrected


async def stands(case_id):
    async with transaction() as c:
        [found] = await rows(
            c,
            """SELECT c.state, c.nominal_end, c.surrender_deadline, c.late_grace_until, k.receipt_signed_on,
                 k.facts ->> 'receipt_signed_on' AS fact, s.in_window,
                 (SELECT e.data FROM events e WHERE e.case_id = c.id AND e.kind = 'CASE_UPDATED' ORDER BY e.id DESC LIMIT 1) AS told
               FROM cases c JOIN contracts k ON k.policy_no = c.policy_no JOIN settlements s ON s.case_id = c.id WHERE c.id = :id""",
            id=case_id,
        )
    return found


async def test_c44_the_named_day_corrects_contract_and_case(spoken):
    """Signed on 09-05 in truth: the period ended on 09-20, a working Sunday, the callback of 09-28 is late, and 10-05 lies
    in the holidays: until 10-08 a surrender is still a withdrawal."""
    await names(spoken, "2026-09-05")
    [found], corrected = await settle_all()
    assert (found.class_, found.in_window, corrected) == ("STANDARD", False, 1)
    now = await stands(spoken)
    assert (now["state"], str(now["receipt_signed_on"]), now["fact"]) == ("CLOSED", "2026-09-05", "2026-09-05")
    days = [str(now[name]) for name in ("nominal_end", "surrender_deadline", "late_grace_until")]
    assert days == ["2026-09-20", "2026-09-20", "2026-10-08"]
    told = now["told"]
    assert (told["why"], told["was"]["nominal_end"], told["dates"]["receipt_signed_on"]) == (
        "C44",
        "2026-09-29",
        "2026-09-05",
    )
    assert (told["state"], told["owner"], told["nominal_end"]) == ("CLOSED", "CLOSED", "2026-09-20")


async def test_a_later_day_leaves_the_record_as_it_is(spoken):
    await names(spoken, "2026-09-20")
    [found], corrected = await settle_all()
    assert (found.in_window, corrected) == (True, 0)
    now = await stands(spoken)
    assert (str(now["receipt_signed_on"]), str(now["nominal_end"]), now["told"]) == ("2026-09-14", "2026-09-29", None)


async def test_a_number_named_on_the_phone_marks_the_settlement(spoken, now):
    async with transaction() as c:
        await rows(c, "UPDATE calls SET sheet_sealed = sheet_sealed WHERE id = 'call1' RETURNING id")
        conversation = conversations.Conversation("call1", "ANSWERED", "CA1", "s@1", None, None, 1)
        for _ in range(2):  # named twice is one number
            await conversations.keep_candidate(c, conversation, "+8613900139000", now)
        told = await rows(c, "SELECT data FROM events WHERE kind = 'NUMBER_NAMED'")
    assert [t["data"] for t in told] == [{}]
    [found], _ = await settle_all()
    assert found.marks == ("candidate_number",)
    assert business_date(ENDED_AT).isoformat() == "2026-09-28"
