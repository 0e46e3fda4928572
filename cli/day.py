"""`huifang due` and `huifang run`: who may be rung, and the flows of the present calling window."""

import asyncio
import os
from datetime import datetime

import click

from cli.output import command, emit, fail, language, say, text


def instant(value: str | None) -> datetime | None:
    """An ISO 8601 instant; without a zone it is Shanghai time. Wrong use otherwise."""
    if value is None:
        return None
    from clock import SHANGHAI

    try:
        moment = datetime.fromisoformat(value)
    except ValueError as e:
        raise click.BadParameter(f"{value!r} is not YYYY-MM-DDTHH:MM[:SS][+08:00]") from e
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


@command(
    example="huifang due --at 2026-09-24T10:00",
    zh="此刻可以拨打谁（最早到期者在前），以及其余每件为何暂不拨打。",
)
@click.option("--at", "at_text", help="Instant to ask for (default: now).")
def due(at_text: str | None) -> None:
    """Who may be rung at an instant, earliest deadline first, and why each other may not."""
    from clock import system
    from rules.words import word
    from storage import db
    from storage.candidates import read_pool
    from tasks.rule_book import rule_book

    at = instant(at_text) or system().now()

    async def ask():
        book = await rule_book()
        async with db.transaction() as connection:
            pool = await read_pool(connection, at, book.shelf.name_for, everybody=True)
        await db.dispose()
        return pool, book.select(pool, at).selection

    pool, chosen = asyncio.run(ask())
    policy_of = {c.case_id: c.policy_no for c in pool.candidates}
    document = {
        "at": at,
        "callable": [
            {
                "person_id": c.person_id,
                "case_ids": c.case_ids,
                "policy_nos": [policy_of[i] for i in c.case_ids],
                "at_appointment": c.at_appointment,
                "nominal_end": c.nominal_end,
            }
            for c in chosen.callable
        ],
        "held": [
            {"case_id": h.case_id, "policy_no": h.policy_no, "reason": h.reason, "until": h.until} for h in chosen.held
        ],
    }

    def lines():
        yield text(f"可拨打 {len(chosen.callable)} 人：", f"{len(chosen.callable)} may be rung:")
        for c in chosen.callable:
            yield f"  {c.nominal_end or '–'}  {', '.join(policy_of[i] for i in c.case_ids)}"
        yield text(f"暂不拨打 {len(chosen.held)} 件：", f"{len(chosen.held)} are held back:")
        for h in chosen.held:
            until = f"  → {h.until.astimezone(at.tzinfo):%m-%d %H:%M}" if h.until else ""
            yield f"  {h.policy_no}  {word(h.reason, language())}{until}"

    emit(document, lines)


@command(
    example="huifang run\nhuifang run --until 2026-09-24T20:30",
    zh="不经 Prefect 定时，直接运行当前拨打时段的全部流程：拨打、归档、定性、派单、巡检。",
)
@click.option("--until", "until_text", help="When the window ends (default: the end of today's calling hours).")
def run(until_text: str | None) -> None:
    """Run the flows of the present window: ring, archive, settle, sweep, chase. Ctrl-C stops dialling."""
    from clock import SHANGHAI, system
    from rules.calling import LATEST
    from storage import db

    quiet_prefect()
    clock = system()
    now = clock.now().astimezone(SHANGHAI)
    until = instant(until_text) or datetime.combine(now.date(), LATEST, SHANGHAI)
    if until <= now:
        fail(
            f"拨打时段已于 {until:%m-%d %H:%M} 结束（现在 {now:%m-%d %H:%M}）。",
            f"the window ended at {until:%m-%d %H:%M}; it is {now:%m-%d %H:%M}.",
        )

    async def work():
        from flows.working_day import work_window
        from storage.day_figures import day_figures

        await work_window(until)
        async with db.transaction() as connection:
            figures = await day_figures(connection)
        figures["broken_promises"] = len(await judged(clock.now()))
        await db.dispose()
        return figures

    say(
        f"运行至 {until:%m-%d %H:%M}（时钟 {now:%m-%d %H:%M}）",
        f"running until {until:%m-%d %H:%M} (clock {now:%m-%d %H:%M})",
    )
    figures = asyncio.run(work())
    emit(figures, lambda: summary(figures))


def quiet_prefect() -> None:
    """A run by hand reports by itself; Prefect keeps the history. Before the first import of prefect."""
    os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    os.environ.setdefault("PREFECT_LOGGING_TO_API_ENABLED", "false")


async def judged(now: datetime) -> tuple:
    """Every broken promise of the stored events, up to `now`."""
    from storage.judging import judge_stored, snapshot

    async with snapshot() as connection:
        return await judge_stored(connection, now)


def summary(figures: dict) -> list[str]:
    """The figures of a day for people."""
    from rules.words import word

    lang = language()
    return [
        text(
            f"合同 {figures['contracts']} · 应访 {figures['cases']} · 拨打 {figures['dials']} · 完成 {figures['completed']}",
            f"{figures['contracts']} contracts · {figures['cases']} cases · {figures['dials']} dials · "
            f"{figures['completed']} completed",
        ),
        text("结果：", "Outcomes: ")
        + " · ".join(f"{word(name.upper(), lang)} {n}" for name, n in figures["outcomes"].items()),
        text("录音：", "Recordings: ")
        + text(
            f"入库 {figures['recordings']['archived']}，已核验锁定 {figures['recordings']['verified']}，丢失 {figures['recordings']['lost']}",
            f"{figures['recordings']['archived']} archived, {figures['recordings']['verified']} verified and locked, "
            f"{figures['recordings']['lost']} lost",
        ),
        text("工单：", "Work orders: ")
        + " · ".join(f"{word(name.upper(), lang)} {n}" for name, n in figures["work_orders"].items())
        + text(f"（下发机构处理 {figures['pushed_down']}）", f" ({figures['pushed_down']} pushed down to branches)"),
        text(f"违反承诺：{figures['broken_promises']}", f"Broken promises: {figures['broken_promises']}"),
    ]
