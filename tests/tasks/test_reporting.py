"""The daily report over rows of a small day: what is counted, what is kept, what is written."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import openpyxl
import pytest
from sqlalchemy import text

from clock import Clock
from rules.calendar import shanghai
from storage import db, figures
from tasks.low_success import propose_for_low_success
from tasks.report_files import COLUMNS, write_files
from tasks.reporting import BY_LABEL, DailyReport, DayNotBegun, make_daily_report

DAY = date(2026, 9, 24)
NEXT = DAY + timedelta(days=1)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return shanghai(day).replace(hour=hour, minute=minute).astimezone(UTC)


@pytest.fixture
def clock(tmp_path: Path) -> Clock:
    """Nine in the morning of the day after."""
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"wall": 0, "sim": 0, "speed": 1}))
    clock = Clock(file)
    clock.set(at(9, day=NEXT), 0.001)
    return clock


POLICIES = [
    # policy, branch, channel, nominal end, [(at, class, completed, counts, in window)], receipt signed
    ("P1", "C1", "BANCASSURANCE", DAY, [(at(10), "STANDARD", True, True)]),
    ("P2", "C1", "BANCASSURANCE", DAY, [(at(11), "QUESTION", True, True)]),
    # first without an answer, then completed: counted once, by the second
    (
        "P3",
        "C2",
        "BANK_DIRECT",
        DAY,
        [(at(9, day=date(2026, 9, 22)), None, False, True), (at(12), "SUB_STANDARD", True, True)],
    ),
    # its recording was lost: not completed, and still in the denominator
    ("P4", "C2", "BANK_DIRECT", DAY, [(at(13), None, True, False)]),
    # ends another day: in the day's work, not in its cohort
    ("P5", "=C3", "BANCASSURANCE", date(2026, 10, 9), [(at(14), "VERIFICATION", False, True)]),
]


@pytest.fixture
async def day(database):
    async with db.transaction() as connection:
        await connection.execute(
            text(
                "INSERT INTO branches (code, name, kind) VALUES ('HO', '总公司', 'HEAD_OFFICE'), "
                "('C1', '东湖支公司', 'COUNTY'), ('C2', '西岭支公司', 'COUNTY'), ('=C3', '=1+1', 'COUNTY')"
            )
        )
        for policy in POLICIES:
            await _policy(connection, *policy)


async def _policy(connection, policy, branch, channel, nominal_end, contacts) -> None:
    opened = at(9, day=date(2026, 9, 15))
    [case] = await db.rows(
        connection,
        """
        WITH person AS (
          INSERT INTO persons (identity_hash, name_sealed, name_hash, language)
          VALUES (convert_to(:policy, 'UTF8'), '', '', 'zh-CN') RETURNING id
        ), contract AS (
          INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, channel, product_type,
            product_name, premium_mode, branch_code, underwritten_on, receipt_signed_on, status, special_callback, facts,
            personal_sealed, updated_at)
          SELECT :policy, 1, id, 'test', '', true, :channel, 'PARTICIPATING', '', 'ANNUAL', :branch, '2026-09-01',
                 '2026-09-09', 'IN_FORCE', false, '{"policy_term_years": "WHOLE_LIFE"}', '', :opened
          FROM person RETURNING policy_no, person_id
        )
        INSERT INTO cases (policy_no, person_id, state, owner, round, nominal_end, provisional, counts, profile, opened_at,
          changed_at)
        SELECT policy_no, person_id, 'CALLABLE', 'HEAD_OFFICE', 1, :nominal_end, false, false, 'national@1', :opened,
               :opened FROM contract RETURNING id, person_id
        """,
        policy=policy,
        branch=branch,
        channel=channel,
        nominal_end=nominal_end,
        opened=opened,
    )
    for number, (ended, class_, completed, counts) in enumerate(contacts, 1):
        await connection.execute(
            text(
                """
                WITH call AS (
                  INSERT INTO calls (id, person_id, number_hash, number_sealed, state, result, at_appointment, script,
                    profile, sheet_sealed, turn, reserved_at, answered_at, ended_at, settled_at)
                  VALUES (:id, :person, '', '', 'ENDED', :result, false, 's@1', 'national@1', '', 0, :began, :answered,
                          :ended, :ended) RETURNING id
                ), linked AS (
                  INSERT INTO call_cases (call_id, case_id, attempt_no) SELECT id, :case, :number FROM call
                ), sound AS (
                  INSERT INTO recordings (call_id, provider_id, state, tries, reported_at, verified_at)
                  SELECT id, 'RE' || id, CASE WHEN :counts THEN 'VERIFIED' ELSE 'LOST' END, 1, :ended,
                         CASE WHEN :counts THEN CAST(:ended AS timestamptz) END FROM call WHERE :completed
                ), told AS (
                  INSERT INTO events (at, kind, call_id, data)
                  SELECT :ended, 'RECORDING_LOST', id, jsonb_build_object('recording', 'RE' || id) FROM call
                  WHERE :completed AND NOT :counts
                )
                INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, profile,
                  decision, settled_at)
                SELECT :case, id, 'CALL', 1, :result, :class, :completed, :counts, 'national@1',
                  '{"settlement": {"reasons": [{"code": "COVERAGE_UNCLEAR"}], "marks": []}}', :ended FROM call
                """
            ),
            {
                "id": f"{policy}-{number}", "person": case["person_id"], "case": case["id"], "number": number,
                "result": "COMPLETED" if completed else "NO_ANSWER", "began": ended - timedelta(minutes=5),
                "answered": ended - timedelta(minutes=4) if completed else None, "ended": ended, "class": class_,
                "completed": completed, "counts": counts,
            },
        )  # fmt: skip
    await connection.execute(
        text(
            "INSERT INTO work_orders (case_id, round, kind, branch_code, state, working_days, exclude_selling_agent, "
            "issued_at, due_at) SELECT :case, 1, 'QUESTION', :branch, 'ISSUED', 3, false, :issued, :due "
            "WHERE :policy IN ('P2', 'P5')"
        ),
        {
            "case": case["id"], "branch": branch, "policy": policy,
            "issued": at(11) if policy == "P2" else at(9, day=date(2026, 9, 21)),
            "due": at(23, 59) if policy == "P5" else at(23, 59, date(2026, 9, 29)),
        },
    )  # fmt: skip


async def test_figures(day, clock):
    figures = (await make_daily_report(DAY, clock)).figures
    whole = figures["whole"]
    assert {name: whole[name] for name in ("due", "denominator", "completed", "clean", "in_window")} == {
        "due": 4, "denominator": 4, "completed": 3, "clean": 2, "in_window": 3,
    }  # fmt: skip
    assert (whole["completed_rate"], whole["clean_success_rate"]) == ("75.0", "50.0")
    assert (whole["dials"], whole["answered"]) == (5, 4)
    assert whole["results"] == {"COMPLETED": 4, "NO_ANSWER": 1}
    assert whole["outcomes"] == {"STANDARD": 1, "QUESTION": 1, "SUB_STANDARD": 1, "VERIFICATION": 1}
    assert (whole["recordings_verified"], whole["recordings_lost"]) == (3, 1)
    assert (whole["orders_issued"], whole["orders_overdue"]) == ({"QUESTION": 1}, {"QUESTION": 1})

    branches = {part["code"]: part for part in figures["by_branch"]}
    assert {code: (b["due"], b["completed"], b["dials"]) for code, b in branches.items()} == {
        "=C3": (0, 0, 1), "C1": (2, 2, 2), "C2": (2, 1, 2),
    }  # fmt: skip
    assert branches["C1"]["name"] == "东湖支公司"
    channels = {part["code"]: part for part in figures["by_channel"]}
    assert {code: (c["due"], c["completed"], c["dials"]) for code, c in channels.items()} == {
        "BANCASSURANCE": (2, 2, 3), "BANK_DIRECT": (2, 1, 2),
    }  # fmt: skip


async def test_made_once_until_asked_again(day, clock):
    first = await make_daily_report(DAY, clock)
    async with db.transaction() as connection:
        await connection.execute(text("UPDATE settlements SET completed = false"))
    assert (await make_daily_report(DAY, clock)) == first
    anew = await make_daily_report(DAY, clock, again=True)
    assert (first.figures["whole"]["completed"], anew.figures["whole"]["completed"]) == (3, 0)
    assert await make_daily_report(DAY, clock) == anew
    async with db.transaction() as connection:
        kept = await db.rows(connection, "SELECT kind, period FROM reports")
    assert kept == [{"kind": "daily", "period": "2026-09-24"}]


async def test_a_day_that_is_not_over_is_not_kept(day, clock):
    clock.set(at(18), 0.001)
    report = await make_daily_report(DAY, clock)
    assert not report.final
    assert report.figures["whole"]["dials"] == 5
    async with db.transaction() as connection:
        assert await db.rows(connection, "SELECT * FROM reports") == []
    with pytest.raises(DayNotBegun):
        await make_daily_report(NEXT, clock)


async def test_files(day, clock, tmp_path):
    files = write_files(await make_daily_report(DAY, clock), tmp_path / "out")
    assert sorted(file.name for file in files) == sorted(
        f"daily-2026-09-24.{language}.{kind}" for language in ("zh", "en") for kind in ("html", "xlsx")
    )
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == sorted(file.name for file in files)
    book = openpyxl.load_workbook(tmp_path / "out" / "daily-2026-09-24.zh.xlsx")
    assert book.sheetnames == ["全部", "按机构", "按渠道"]
    figures = {row[0]: row[1] for row in book["全部"].iter_rows(values_only=True)}
    assert (figures["应回访"], figures["已完成"], figures["完成率"]) == (4, 3, 75)
    # a name that a spreadsheet would calculate
    assert [row[:2] for row in book["按机构"].iter_rows(min_row=2, max_row=2, values_only=True)] == [("'=C3", "'=1+1")]
    english = (tmp_path / "out" / "daily-2026-09-24.en.html").read_text()
    assert '<html lang="en">' in english and "Clean success %" in english
    assert "75.0" in english


async def test_an_empty_day_has_a_report(database, clock, tmp_path):
    report = await make_daily_report(DAY, clock)
    assert report.figures["whole"]["completed_rate"] is None
    assert "当日没有数据" in write_files(report, tmp_path)[0].read_text()


def test_waived_statements_are_listed(tmp_path):
    """C52: who did without the customer's signature, and why; and how many classes two persons overrode."""
    whole = {**dict.fromkeys(COLUMNS, 0), **{group: {} for group in BY_LABEL}, "overridden": 2}
    waiver = {"order_id": 7, "branch": "C1", "channel": "AGENCY", "reason": "=客户在国外", "by": "lin"}
    figures = {"profile": "national@1", "whole": whole, "by_branch": [], "by_channel": [], "waivers": [waiver]}
    files = write_files(DailyReport(DAY, figures, at(9), True), tmp_path)
    [sheet] = [file for file in files if file.suffix == ".xlsx" and "zh" in file.name]
    book = openpyxl.load_workbook(sheet)
    lines = list(book["豁免签字声明"].iter_rows(values_only=True))
    assert lines[0] == ("工单", "机构", "渠道", "理由", "豁免人")
    assert lines[1][0] == 7 and lines[1][2] == "个险" and lines[1][3].endswith("客户在国外") and lines[1][3][0] != "="
    assert ("其中经两人改判", 2) in list(book["全部"].iter_rows(values_only=True, max_col=2))
    del figures["waivers"], whole["overridden"]  # as an earlier version kept it
    assert write_files(DailyReport(DAY, figures, at(9), True), tmp_path)


async def test_a_month_of_low_success_is_warned_about_and_the_third_investigated(day, clock):
    """R105, from the kept figures of each month; in September C2 reached one of two."""
    clock.set(at(6, day=date(2026, 10, 1)), 0.001)
    before = {"2026-08": {"C1": [1, 2], "C2": [8, 9]}, "2026-07": {"C2": [5, 6]}}
    async with db.transaction() as connection:
        for month, units in before.items():
            await connection.execute(
                text("INSERT INTO reports (kind, period, figures, made_at) VALUES ('success', :month, :figures, :now)"),
                {"month": month, "figures": json.dumps(units), "now": clock.now()},
            )
    assert await propose_for_low_success.fn(clock) == 2
    assert await propose_for_low_success.fn(clock) == 0
    async with db.transaction() as connection:
        assert await db.rows(
            connection,
            "SELECT key, branch_code, falls_on, measure, rule, state FROM penalty_proposals ORDER BY id",
        ) == [
            {
                "key": f"month:2026-09:C2:LOW_SUCCESS:UNIT:{measure}", "branch_code": "C2", "falls_on": "UNIT",
                "measure": measure, "rule": "R105", "state": "PROPOSED",
            }
            for measure in ("WARNING", "CONTRACT_INVESTIGATION")
        ]  # fmt: skip
        assert (await figures.stored_report(connection, "success", "2026-09"))["figures"] == {
            "C1": [2, 2],
            "C2": [1, 2],
        }
