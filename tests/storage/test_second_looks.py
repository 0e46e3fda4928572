"""Reviews, samples, penalties and missed appointments on the real database, where the desk's pages do not reach."""

import json
from datetime import date, datetime, timedelta

from rules.calendar import SHANGHAI
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile
from storage import (
    class_overrides,
    figures,
    missed_appointments,
    order_chasing,
    order_reviews,
    penalty_proposals,
    quality_samples,
)
from storage.db import rows, transaction

CALENDAR = seeded_calendar()


def at(hour: int, day: int = 24, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=SHANGHAI)


async def sql(statement: str, **values):
    async with transaction() as c:
        return await rows(c, statement, **values)


async def county(code: str = "C1") -> None:
    await sql(
        "INSERT INTO branches (code, name, parent_code, kind) VALUES (:c, '东湖支公司', 'HO', 'COUNTY') RETURNING code",
        c=code,
    )


async def settled(case_id: int, class_: str | None, *, call=None, reasons=(), marks=(), completed=True, when=at(10)):
    decision = {"settlement": {"reasons": list(reasons), "marks": list(marks)}}
    found = await sql(
        """INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, in_window, profile,
             decision, settled_at)
           SELECT c.id, :call, :kind, c.round, 'COMPLETED',
                  :class, :completed, :completed, true, 'national@1', CAST(:decision AS jsonb), :at
           FROM cases c WHERE c.id = :case RETURNING id""",
        case=case_id,
        call=call,
        kind="CALL" if call else "PRECHECK",
        completed=completed,
        decision=json.dumps(decision),
        at=when,
        **{"class": class_},
    )
    return found[0]["id"]


async def order(case_id: int, kind: str, state: str = "HANDLED", **columns) -> int:
    given = {"due_at": at(23, 29), "handled_at": at(15), "handled_by": "wen", "reasons": "[]", **columns}
    names = ", ".join(given)
    values = ", ".join(f"CAST(:{n} AS jsonb)" if n in ("reasons", "marks") else f":{n}" for n in given)
    found = await sql(
        f"""INSERT INTO work_orders (case_id, round, kind, branch_code, state, working_days, exclude_selling_agent, issued_at,
              {names}) SELECT id, round, :kind, 'C1', :state, 3, false, :issued, {values} FROM cases WHERE id = :case
            RETURNING id""",
        case=case_id,
        kind=kind,
        state=state,
        issued=at(10),
        **given,
    )
    return found[0]["id"]


async def verify(order_id: int, **asked):
    async with transaction() as c:
        return await order_reviews.review_order(
            c, order_id, "VERIFIED", user="lin", now=at(16), calendar=CALENDAR, **asked
        )


# reason, whether its number is dead: state, owner, branch, round, what follows, which order is issued
GOES = {
    ("UNREACHABLE", False): ("CALLABLE", "HEAD_OFFICE", None, 2, "RECALL", []),
    ("LANGUAGE_BARRIER", False): ("AT_BRANCH", "BRANCH", "C1", 1, "RECALL_BY_BRANCH", ["VISIT"]),
    ("PHONE_INVALID", True): ("AT_BRANCH", "BRANCH", "C1", 1, "RECALL_BY_BRANCH", ["VISIT"]),
    ("REFUSED", False): ("CLOSED", "CLOSED", None, 1, "REFUSED", []),
    ("POLICYHOLDER_DECEASED", False): ("CLOSED", "CLOSED", None, 1, "POLICYHOLDER_DECEASED", []),
}


async def test_where_a_verified_case_goes(a_case):
    ids = {}
    for n, (reason, dead) in enumerate(GOES):
        ids[reason, dead], _ = await one(a_case, n, "IN_REVIEW")
        await settled(ids[reason, dead], "VERIFICATION", reasons=[{"code": reason}], completed=False)
        if dead:
            await sql("UPDATE contract_phones SET dead = true WHERE policy_no = :p RETURNING id", p=f"P{n}")
    await county()
    for (reason, dead), where in GOES.items():
        case_id = ids[reason, dead]
        await verify(await order(case_id, "VERIFICATION", reasons=json.dumps([reason])))
        [case] = await sql("SELECT state, owner, owner_branch, round FROM cases WHERE id = :id", id=case_id)
        [review] = await sql(
            "SELECT follows FROM order_reviews r JOIN work_orders w ON w.id = r.order_id WHERE w.case_id = :id",
            id=case_id,
        )
        issued = await sql("SELECT kind FROM work_orders WHERE state = 'ISSUED' AND case_id = :id", id=case_id)
        assert (*case.values(), review["follows"], [row["kind"] for row in issued]) == where
        [moved] = await sql("SELECT data FROM events WHERE kind = 'CASE_MOVED' AND case_id = :id", id=case_id)
        told = moved["data"]
        assert (told["from"], told["to"], told["owner"], told["owner_branch"]) == ("IN_REVIEW", *where[:3])


async def one(a_case, n: int, state: str = "CALLABLE"):
    return await a_case(policy_no=f"P{n}", person=f"47010119900101{n:04d}", number=f"+86160123{n:05d}", state=state)


async def test_a_recall_has_a_whole_plan_of_attempts_though_the_first_hand_over_is_past(a_case):
    from rules.calling import Attempt, select
    from storage.candidates import read_pool

    case_id, person = await one(a_case, 1, "IN_REVIEW")
    await county()
    await sql("UPDATE cases SET handover_at = :at RETURNING id", at=at(17, 23))
    await settled(case_id, "VERIFICATION", reasons=[{"code": "UNREACHABLE"}], completed=False, when=at(18, 22))
    await verify(await order(case_id, "VERIFICATION", reasons='["UNREACHABLE"]'))
    async with transaction() as c:
        pool = await read_pool(c, at(18), lambda *asked: "s@1")
    [candidate] = pool.candidates
    rung = Attempt(at(16), person, candidate.numbers[0].number, "NO_ANSWER", False, (case_id,))
    day = {"calendar": CALENDAR, "profile": load_profile("national")}
    found = select(pool.candidates, (rung,), now=at(10, 28), **day)
    assert [call.case_ids for call in found.callable] == [(case_id,)]


async def test_the_case_waits_for_the_last_order_of_its_round(a_case):
    case_id, _ = await a_case(state="IN_REVIEW")
    await county()
    first = await order(case_id, "VERIFICATION", reasons='["REFUSED"]')
    letter = await order(case_id, "LETTER", reasons='["REFUSED"]')
    assert await verify(first) is None
    assert (await verify(letter)).why == "REFUSED"


async def test_a_waiver_is_listed_for_the_report(a_case):
    case_id, _ = await a_case(state="IN_REVIEW")
    await county()
    await verify(await order(case_id, "QUESTION"), reason="客户在国外，已有录音说明", waive=True)
    async with transaction() as c:
        [waiver] = await order_reviews.waivers(c, at(0), at(0, 25))
        assert await order_reviews.waivers(c, at(0, 25), at(0, 26)) == []
    assert (waiver["reason"], waiver["reviewed_by"], waiver["branch"]) == ("客户在国外，已有录音说明", "lin", "HO")


async def test_an_after_care_order_ends_with_its_call(a_case):
    case_id, _ = await a_case(state="IN_REVIEW")
    await county()
    await settled(case_id, "QUESTION", when=at(9))
    await verify(await order(case_id, "QUESTION", statement_ref="A-1"))

    async def close() -> int:
        async with transaction() as c:
            return await order_chasing.close_after_care(c, at(18))

    assert await close() == 0  # the first round's outcome is not the call that was asked for
    await settled(case_id, None, completed=False, when=at(17))
    await sql('DELETE FROM settlements WHERE "class" IS NULL RETURNING id')
    await settled(case_id, "STANDARD", when=at(17))
    assert (await close(), await close()) == (1, 0)
    [closed] = await sql("SELECT state, closed_why FROM work_orders WHERE kind = 'AFTER_CARE'")
    assert closed == {"state": "CLOSED", "closed_why": "CALLED_AGAIN"}


async def test_a_verified_order_is_over_with_its_case_or_with_the_next_outcome(a_case):
    gone, again = {}, {}
    for n, (reason, closes) in enumerate({"REFUSED": gone, "UNREACHABLE": again}.items()):
        closes["case"], _ = await one(a_case, n, "IN_REVIEW")
        await settled(closes["case"], "VERIFICATION", reasons=[{"code": reason}], completed=False, when=at(9))
        if not n:
            await county()
        closes["order"] = await order(closes["case"], "VERIFICATION", reasons=json.dumps([reason]))
        await verify(closes["order"])

    async def close() -> list[int]:
        async with transaction() as c:
            await order_chasing.close_verified(c, at(18))
        return [row["id"] for row in await sql("SELECT id FROM work_orders WHERE state = 'CLOSED' ORDER BY id")]

    assert await close() == [gone["order"]]  # the refusal stands, its case is closed; the other one is rung again
    await settled(again["case"], "STANDARD", when=at(17))
    assert await close() == await close() == [gone["order"], again["order"]]
    assert len(await sql("SELECT 1 AS n FROM events WHERE kind = 'ORDER_CLOSED'")) == 2


# ---- penalties


async def propose(now=at(18)) -> int:
    async with transaction() as c:
        return await penalty_proposals.propose_from_facts(c, now)


async def proposed() -> list[tuple]:
    found = await sql("SELECT rule, offence, falls_on, measure, amount_yuan FROM penalty_proposals ORDER BY id")
    return [tuple(row.values()) for row in found]


async def test_an_outcome_proposes_once_what_the_rulebook_provides(a_case):
    case_id, _ = await a_case(state="AT_BRANCH")
    await settled(case_id, "QUESTION", reasons=[{"code": "SIGNED_BY_OTHER", "signer": "FAMILY"}])
    assert (await propose(), await propose()) == (6, 0)
    assert await proposed() == [
        ("R100", "SIGNED_BY_OTHER", "AGENT", "FINE", 300),
        ("R100", "SIGNED_BY_OTHER", "SUPERVISOR", "FINE", 200),
        ("R100", "SIGNED_BY_OTHER", "MANAGER", "FINE", 100),
        ("R102", "RE_SIGNING_OUTSTANDING", "AGENT", "HOLD_COMMISSION", None),
        ("R106", "SIGNED_BY_OTHER", "AGENT", "LIST_QUALITY_ITEM", None),
        ("R104", "PROBLEM_ITEM", "UNIT", "MONTHLY_CIRCULAR", None),
    ]
    told = await sql("SELECT data FROM events WHERE kind = 'PENALTY_PROPOSED'")
    assert len(told) == 6 and {row["data"]["rule"] for row in told} == {"R100", "R102", "R106", "R104"}


async def test_nothing_is_proposed_for_a_clean_or_an_old_outcome(a_case):
    case_id, _ = await a_case()
    await settled(case_id, "STANDARD")
    other, _ = await a_case(policy_no="P2", person="470101199001011235", number="+8616012345679")
    await settled(other, "QUESTION", reasons=[{"code": "SIGNED_BY_OTHER"}], when=at(10, 1))
    assert await propose() == 0


async def test_ac_15_lateness_without_a_statement_is_a_quality_item(a_case):
    """AC-15: an overdue statement filed before the limit, no quality offence; filed after it, or never: offence."""
    filed = {0: (None, True), 1: (at(22), False), 2: (at(9, 26), True)}
    late = {}
    for n, (statement_at, _) in filed.items():
        case_id, _person = await one(a_case, n, "AT_BRANCH")
        if not n:
            await county()
        late[n] = await order(
            *(case_id, "QUESTION", "ISSUED"),
            due_at=at(23),
            handled_at=None,
            handled_by=None,
            overdue_at=at(8, 25),
            overdue_statement_at=statement_at,
        )
    assert await propose(at(10, 26)) == 2
    found = await sql("SELECT order_id, rule, offence, falls_on, measure FROM penalty_proposals ORDER BY id")
    assert [row["order_id"] for row in found] == [late[n] for n, (_, offence) in filed.items() if offence]
    assert {tuple(row.values())[1:] for row in found} == {
        ("R106", "ORDER_OVERDUE_OR_INVALID", "UNIT", "LIST_QUALITY_ITEM")
    }


async def test_an_answer_that_was_returned_is_an_invalid_one(a_case):
    case_id, _ = await a_case(state="IN_REVIEW")
    await county()
    order_id = await order(case_id, "VERIFICATION")
    async with transaction() as c:
        await order_reviews.review_order(
            c, order_id, "RETURNED", user="lin", now=at(16), calendar=CALENDAR, reason="未写联系经过"
        )
    assert await propose() == 1
    assert [row[1] for row in await proposed()] == ["ORDER_OVERDUE_OR_INVALID"]


# ---- appointments


async def test_a_missed_appointment_is_told_once(a_case):
    case_id, _ = await a_case(state="APPOINTED")
    await sql("UPDATE cases SET appointment_at = :at RETURNING id", at=at(10))

    async def tell(now: datetime) -> int:
        async with transaction() as c:
            return await missed_appointments.tell_missed(c, now, 10)

    assert await tell(at(10) + timedelta(minutes=10)) == 0  # inside its tolerance
    assert [await tell(at(10) + timedelta(minutes=m)) for m in (11, 12, 120)] == [1, 0, 0]
    async with transaction() as c:
        assert await missed_appointments.count(c, date(2026, 9, 24)) == 1
        assert await missed_appointments.count(c, date(2026, 9, 25)) == 0
        [row] = await missed_appointments.find(c, date(2026, 9, 24))
    assert (row["case_id"], row["appointment_at"], row["rung_at"]) == (case_id, at(10), None)
    await sql("UPDATE cases SET appointment_at = :at RETURNING id", at=at(15))
    assert await tell(at(16)) == 1  # another appointment, another alert


# ---- figures and samples


async def called(a_case, n: int, class_: str, *, channel="BANCASSURANCE", when=at(10, 3, 8), marks=()):
    """A completed callback on a kept recording."""
    case_id, person = await one(a_case, n)
    await sql("UPDATE contracts SET channel = :c WHERE policy_no = :p RETURNING 1 AS n", c=channel, p=f"P{n}")
    await sql(
        """INSERT INTO calls (id, person_id, number_hash, number_sealed, state, result, at_appointment, script, profile,
             sheet_sealed, turn, reserved_at, answered_at, ended_at, settled_at)
           VALUES (:id, :person, '', '', 'ENDED', 'COMPLETED', false, 's@1', 'national@1', '', 0, :at, :at, :at, :at)
           RETURNING id""",
        id=f"call{n}",
        person=person,
        at=when,
    )
    await sql(
        """INSERT INTO recordings (call_id, provider_id, state, tries, reported_at, verified_at)
           VALUES (:call, :re, 'VERIFIED', 1, :at, :at) RETURNING id""",
        call=f"call{n}",
        re=f"RE{n}",
        at=when,
    )
    settlement = await settled(case_id, class_, call=f"call{n}", marks=marks, when=when)
    return case_id, settlement


async def test_figures_count_the_class_in_force_and_tell_how_many(a_case):
    case_id, settlement = await called(a_case, 1, "QUESTION")
    await called(a_case, 2, "STANDARD")
    await sql("UPDATE cases SET nominal_end = '2026-08-20', state = 'CLOSED', owner = 'CLOSED' RETURNING id")
    await sql("UPDATE contracts SET receipt_signed_on = '2026-08-01' RETURNING policy_no")

    async def classes():
        from rules.measures import measure

        async with transaction() as c:
            found = await figures.cohort(c, date(2026, 8, 1), date(2026, 8, 31))
        whole = measure(found, date(2026, 9, 24))
        return whole.classes, whole.clean, whole.overridden

    async with transaction() as c:
        override = await class_overrides.propose(
            c, settlement, "STANDARD", why="重听录音", reasons=(), orders="NONE", user="lin", now=at(11)
        )
    assert await classes() == ({"QUESTION": 1, "STANDARD": 1}, 1, 0)  # put forward is not in force
    async with transaction() as c:
        await class_overrides.confirm(c, override, "su", at(12), CALENDAR)
    assert await classes() == ({"STANDARD": 2}, 2, 1)


async def test_who_left_the_denominator_and_why(a_case):
    for n, (status, reasons) in enumerate((("SURRENDERED", []), ("TERMINATED", []), ("IN_FORCE", ["POLICYHOLDER_DECEASED"])), 1):  # fmt: skip
        case_id, _ = await one(a_case, n)
        await sql("UPDATE contracts SET status = :s WHERE policy_no = :p RETURNING 1 AS n", s=status, p=f"P{n}")
        await sql(
            "UPDATE cases SET state = 'NOT_REQUIRED', reasons = CAST(:r AS jsonb) WHERE id = :id RETURNING id",
            r=json.dumps(reasons),
            id=case_id,
        )
        await sql(
            """INSERT INTO events (at, kind, case_id, data) VALUES (:at, 'CASE_MOVED', :id, '{"to": "NOT_REQUIRED"}')
               RETURNING id""",
            at=at(9),
            id=case_id,
        )
    back, _ = await a_case(policy_no="P9", person="470101199001019999", number="+8616012399999")
    await sql(
        """INSERT INTO events (at, kind, case_id, data) VALUES (:at, 'CASE_MOVED', :id, '{"to": "NOT_REQUIRED"}')
           RETURNING id""",
        at=at(9),
        id=back,
    )
    from rules.measures import measure

    async with transaction() as c:
        found = await figures.cohort(c, date(2026, 9, 1), date(2026, 9, 30))
    whole = measure(found, date(2026, 9, 24))
    assert whole.excluded_by == {"WITHDRAWN": 1, "CANCELLED": 1, "DEATH": 1}
    assert (whole.due, whole.denominator) == (4, 1)  # one is in force after all: due like any other


async def test_a_sample_is_the_same_whatever_is_settled_later(a_case):
    await a_case(policy_no="P0", person="470101199001010000", number="+8616012300000")
    for login in ("checker", "quality"):
        await sql(
            """INSERT INTO users (login, name, password_hash, roles, branch_code, disabled)
               VALUES (:l, :l, 'x', '["QUALITY"]', 'HO', false) RETURNING login""",
            l=login,
        )
    for n in range(1, 13):
        class_ = "QUESTION" if n == 7 else "STANDARD"
        marks = ["answered_by_proxy"] if n == 3 else []
        await called(a_case, n, class_, channel="AGENCY" if n % 4 == 0 else "BANCASSURANCE", marks=marks)
    profile = load_profile("national")
    async with transaction() as c:
        sample = await quality_samples.draw(c, "QUALITY_SHARE", "2026-08", user="quality", now=at(9), profile=profile)
    drawn = await sql("SELECT call_id, why, assigned_to FROM quality_checks ORDER BY id")
    assert {(row["call_id"], row["why"]) for row in drawn if row["why"] == "PROXY"} == {("call3", "PROXY")}
    assert sum(row["why"] == "SAMPLE" for row in drawn) == 1  # 3 % of eleven, rounded up
    assert {row["assigned_to"] for row in drawn} == {"checker", "quality"}  # in turn
    # a callback of August that is settled only now is not among what was known then
    await called(a_case, 20, "STANDARD", when=at(12, 30, 8))
    await sql("UPDATE settlements SET settled_at = :at WHERE call_id = 'call20' RETURNING id", at=at(12))
    async with transaction() as c:
        again = await quality_samples.draw_again(c, sample)
    assert again == {"population": 12, "drawn": 2, "same": True, "different": 0}
    [kept] = await sql("SELECT population, population_digest, start FROM quality_samples")
    assert (kept["population"], len(kept["population_digest"]), kept["start"]) == (12, 64, 2026 * 12 + 8)


async def test_every_call_under_a_withdrawn_script_is_heard(a_case):
    await one(a_case, 0)
    await sql(
        """INSERT INTO users (login, name, password_hash, roles, branch_code, disabled)
           VALUES ('quality', 'q', 'x', '["QUALITY"]', 'HO', false) RETURNING login"""
    )
    for n in range(1, 5):
        await called(a_case, n, "SUB_STANDARD")
    await sql("UPDATE calls SET script = 'old@1' WHERE id IN ('call2', 'call3') RETURNING id")
    profile = load_profile("national")
    async with transaction() as c:
        asked = {"user": "quality", "now": at(9), "profile": profile, "withdrawn": {"old@1"}}
        sample = await quality_samples.draw(c, "QUALITY_SHARE", "2026-08", **asked)
    drawn = await sql("SELECT call_id, why FROM quality_checks ORDER BY id")
    assert [tuple(row.values()) for row in drawn] == [("call2", "WITHDRAWN_SCRIPT"), ("call3", "WITHDRAWN_SCRIPT")]
    async with transaction() as c:
        assert (await quality_samples.draw_again(c, sample))["same"]


async def test_the_question_items_of_a_year_are_all_in_its_self_inspection(a_case):
    await a_case(policy_no="P0", person="470101199001010000", number="+8616012300000")
    await sql(
        """INSERT INTO users (login, name, password_hash, roles, branch_code, disabled)
           VALUES ('quality', 'q', 'x', '["QUALITY"]', 'HO', false) RETURNING login"""
    )
    for n in range(1, 9):
        await called(
            a_case, n, "QUESTION" if n in (2, 5) else "STANDARD", when=datetime(2025, 6, n, 10, tzinfo=SHANGHAI)
        )
    async with transaction() as c:
        await quality_samples.draw(c, "SELF_INSPECTION", "2025", user="quality", now=at(9), profile=_least(2))
    drawn = await sql("SELECT call_id, why FROM quality_checks ORDER BY id")
    assert {row["call_id"] for row in drawn if row["why"] == "QUESTION"} == {"call2", "call5"}
    assert 2 <= len(drawn) <= 4


def _least(n: int):
    """A profile by its real id, so that the sample can be drawn again; the least number as small as the test needs."""
    return DEFAULTS.with_params({"sampling.minimum": n})
