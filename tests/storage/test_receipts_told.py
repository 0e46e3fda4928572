"""What a customer tells on the phone beside his answers: the day he signed the receipt, another number."""

import json
from datetime import UTC, datetime

import pytest

from rules.branches import Branch, Organisation
from rules.calendar import business_date
from rules.contracts import cells_from_json
from rules.settlement import settle
from scripts.calendars import seeded_calendar
from scripts.house import House
from storage import conversations, settlements
from storage.calls import Reservation, reserve
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.judging import judge_stored
from storage.organisation import store_organisation
from storage.receipts_told import correct_receipts

CALENDAR = seeded_calendar()
TREE = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")))
ENDED_AT = datetime(2026, 9, 28, 4, tzinfo=UTC)  # noon in Shanghai
ITEMS = (
    *("M1", "M2.received", "M2.receipt_signed", "M3", "M4", "M5", "M6.coverage", "M6.exclusions", "M6.term"),
    *("M7", "M8", "M9", "N1", "N3"),
)


@pytest.fixture
async def spoken(database, now):
    """A call that ended completed on 2026-09-28, its recording verified; → case id. The list gave 09-14 as signed."""
    given = {
        "policy_no": "P1", "channel": "BANCASSURANCE", "product_code": "BP101", "product_name": "岁岁",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-09-01", "receipt_signed_on": "2026-09-14",
        "receipt_written_off_on": "2026-09-16", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": "11010519491231002X", "mobile": "13900000001", "agent_code": "A1", "branch_code": "4401",
        "status": "IN_FORCE",
    }  # fmt: skip
    async with transaction() as c:
        await store_organisation(c, TREE)
    basis = Basis(now, CALENDAR, House(TREE))
    await take([(2, cells_from_json(given), False)], source="test", name="test", digest="d", basis=basis)
    async with transaction() as c:
        [case] = await rows(c, "SELECT id, person_id FROM cases")
        [number] = await rows(c, "SELECT number_hash, number_sealed FROM contract_phones")
        reservation = Reservation(
            "call1", case["person_id"], bytes(number["number_hash"]), bytes(number["number_sealed"]), (case["id"],), False,
            "bank-participating-regular@1", "national@1", b"sheet",
        )  # fmt: skip
        assert await reserve(c, [reservation], now) == {"call1"}
        for n, step in enumerate(("C1", "I1", *ITEMS)):
            await rows(
                c,
                """INSERT INTO answers (call_id, case_id, step, try_no, answer, final, detail, how, answered_at)
                   VALUES ('call1', :case, :step, 1, 'YES', true, '{}', 'speech', :now) RETURNING id""",
                case=case["id"] if n > 1 else None, step=step, now=now,
            )  # fmt: skip
        await rows(
            c,
            """UPDATE calls SET state = 'ENDED', carrier_status = 'completed', answered_at = :at, ended_at = :at, ended_by = 'us',
                 sid = 'CA1' WHERE id = 'call1' RETURNING id""",
            at=ENDED_AT,
        )
        await rows(
            c,
            """INSERT INTO recordings (call_id, provider_id, state, loudness, tries, reported_at)
               VALUES ('call1', 'RE1', 'VERIFIED', '{}', 0, :at) RETURNING id""",
            at=ENDED_AT,
        )
    return case["id"]


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
            (e, settle(e.contact, profile=load_profile(e.profile), calendar=CALENDAR, inbox_branch="4401"))
            for e in ended
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
    async with transaction() as c:
        broken = await judge_stored(c, ENDED_AT)
    # the corrected dates are those that the rules give, and the case has the one owner it had
    assert [b for b in broken if b.promise in (5, 8)] == []


async def test_a_later_day_leaves_the_record_as_it_is(spoken):
    await names(spoken, "2026-09-20")
    [found], corrected = await settle_all()
    assert (found.in_window, corrected) == (True, 0)
    now = await stands(spoken)
    assert (str(now["receipt_signed_on"]), str(now["nominal_end"]), now["told"]) == ("2026-09-14", "2026-09-29", None)


async def test_a_number_named_on_the_phone_marks_the_settlement(spoken, now):
    async with transaction() as c:
        conversation = conversations.Conversation("call1", "ANSWERED", "CA1", "s@1", None, None, 1)
        for _ in range(2):  # named twice is one number
            await conversations.keep_candidate(c, conversation, "+8613900139000", now)
        told = await rows(c, "SELECT data FROM events WHERE kind = 'NUMBER_NAMED'")
    assert [t["data"] for t in told] == [{}]
    [found], _ = await settle_all()
    assert found.marks == ("candidate_number",)
    assert business_date(ENDED_AT).isoformat() == "2026-09-28"
