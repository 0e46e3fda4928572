"""`huifang judge`: every broken promise in the stored events."""

import asyncio

import click

from cli.day import instant
from cli.output import command, emit, language, text


@command(
    example="huifang judge\nhuifang judge --since 2026-09-24 --json",
    zh="重放已存事件，列出每一条未兑现的承诺；全部兑现时退出码为 0，否则为 1。",
)
@click.option("--since", "since_text", help="Only what was broken on or after this day or instant (default: ever).")
def judge(since_text: str | None) -> None:
    """Replay the stored events and list every broken promise. Exit code 1 when something is broken."""
    from rules.calendar import SHANGHAI
    from rules.judge import PROMISES

    since = instant(since_text)
    count, found = asyncio.run(_judge(since))
    zh = language() == "zh"
    document = {
        "events": count,
        "broken": [
            {"promise": b.promise, "case_id": b.case_id, "message": b.message_zh if zh else b.message_en} for b in found
        ],
        "checked": sorted(PROMISES),
    }

    def lines():
        for b, shown in zip(found, document["broken"], strict=True):
            case = text(f"案件 {b.case_id}", f"case {b.case_id}") if b.case_id is not None else "–"
            when = b.at.astimezone(SHANGHAI)
            yield text(
                f"承诺 {b.promise} · {case} · {when:%Y-%m-%d %H:%M} · {shown['message']}",
                f"promise {b.promise} · {case} · {when:%Y-%m-%d %H:%M} · {shown['message']}",
            )
        kept = ", ".join(map(str, document["checked"]))
        yield text(
            f"核对事件 {count} 条、承诺 {kept}：违反 {len(found)} 项。",
            f"{count} events held against promises {kept}: {len(found)} broken.",
        )

    emit(document, lines)
    if found:
        click.get_current_context().exit(1)


async def _judge(since):
    from clock import system
    from storage import db
    from storage.judging import judge_all, snapshot

    try:
        async with snapshot() as connection:
            judged = await judge_all(connection, system().now(), since)
        return judged.events, judged.broken
    finally:
        await db.dispose()
