"""A defective script is found late: the missing item is asked in a call of its own, and then the callback counts (AC-25)."""

from datetime import timedelta

from rules.calendar import business_date
from storage import conversations, db, script_calls
from storage.archive import archive


async def test_only_the_missing_item_is_asked_and_then_it_counts_again(installation, working_calls, tmp_path):
    from desk.app import create_app

    await db.dispose()
    archive.cache_clear()
    archive().ensure_bucket()
    calls = working_calls
    clock = calls.stopped_clock(tmp_path)
    await calls.take_contracts(tmp_path, 12, clock)
    first = await calls.ring_and_settle(create_app(), clock, calls.AgreeableLine())
    async with db.transaction() as connection:
        used = await db.rows(
            connection, "SELECT script, script_digest, count(*) AS n FROM calls GROUP BY 1, 2 ORDER BY n"
        )
        script = used[-1]["script"]
        kept = await db.rows(connection, "SELECT digest FROM script_texts")
        plan = await script_calls.to_recall(connection, script, ["M8"])
        day = {"now": clock.now(), "today": business_date(clock.now())}
        taken = await script_calls.recall(connection, plan, by="li", why="the end date was missing", **day)
        # one person's round confirms what a branch has handled (R92)
        cared, *_ = await db.rows(
            connection,
            """INSERT INTO work_orders (case_id, round, kind, reasons, marks, branch_code, state, working_days,
                 exclude_selling_agent, issued_at, due_at, profile)
               SELECT c.id, c.round, 'AFTER_CARE', '[]', '[]', k.branch_code, 'ISSUED', 2, false, :now, :now,
                      c.profile
               FROM cases c JOIN contracts k ON k.policy_no = c.policy_no
               WHERE c.person_id = (SELECT person_id FROM cases WHERE id = :id) AND c.id = ANY(:ids)
               RETURNING (SELECT person_id FROM cases WHERE id = :id) AS person_id""",
            id=taken[0],
            ids=list(taken),
            now=clock.now(),
        )
    assert first.completed == first.calls and set(taken) == set(plan.cases) != set()
    assert {row["script_digest"] for row in used} == {row["digest"] for row in kept}  # every text a call used is kept

    clock.set(clock.now() + timedelta(hours=5), 0.001)  # another part of the day
    line = calls.AgreeableLine()
    await calls.ring_and_settle(create_app(), clock, line)
    async with db.transaction() as connection:
        again = await db.rows(
            connection, "SELECT id, person_id, script, continues FROM calls WHERE continues IS NOT NULL"
        )
        sheets = [(await conversations.load(connection, call["id"])).sheet for call in again]
        asked = await db.rows(
            connection,
            "SELECT DISTINCT a.step FROM answers a JOIN calls k ON k.id = a.call_id "
            "WHERE k.continues IS NOT NULL AND a.case_id IS NOT NULL",
        )
        cases = await db.rows(
            connection, 'SELECT state, counts, round, "class" AS class FROM cases WHERE id = ANY(:ids)', ids=list(taken)
        )
    await db.dispose()
    archive.cache_clear()
    assert {call["continues"] for call in again} == {script}
    for call in again:
        kind = "after-care" if call["person_id"] == cared["person_id"] else "supplementary"
        assert f"-{kind}@" in call["script"]
    assert cared["person_id"] in {call["person_id"] for call in again}
    assert {policy.open_items for sheet in sheets for policy in sheet.policies} == {("M8",)}
    assert {row["step"] for row in asked} == {"M8"}
    assert {(case["state"], case["counts"], case["round"]) for case in cases} == {("CLOSED", True, 2)}
