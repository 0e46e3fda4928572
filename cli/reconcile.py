"""`huifang reconcile`: a day's calls and recordings at the carrier beside ours."""

import asyncio
from datetime import datetime

import click

from cli.output import command, emit, fail, language, text


@command(
    example="huifang reconcile\nhuifang reconcile --day 2026-09-24 --json",
    zh="与运营商逐日对账：双方的通话与录音清单；有差异时退出码为 1。",
)
@click.option("--day", "day", type=click.DateTime(["%Y-%m-%d"]), help="Business day (default: yesterday).")
@click.option("--stored", is_flag=True, help="What the last comparison of that day found, without asking the carrier.")
def reconcile(day: datetime | None, stored: bool) -> None:
    """Compare a day's calls and recordings with the carrier's. Exit code 1 when they differ."""
    from cli.day import quiet_prefect

    quiet_prefect()
    found = asyncio.run(_compared(day.date() if day else None, stored))
    if found is None:
        fail("该日尚未对账。", "that day has not been compared yet.")
    _show(found)


async def _compared(day, stored: bool) -> dict | None:
    from datetime import timedelta

    from clock import system
    from rules.calendar import business_date
    from settings import settings
    from storage import carrier_comparisons, db

    clock = system()
    day = day or business_date(clock.now()) - timedelta(1)
    account = settings().twilio_account_sid
    try:
        if not stored:
            from tasks.reconciling import compare_day
            from telephony.twilio_phone import twilio_phone

            async with twilio_phone() as line:
                await compare_day.fn(line, day, clock)
        async with db.transaction() as connection:
            kept = await carrier_comparisons.kept(connection, day, account)
        return {"day": day, "account": account, **kept} if kept else None
    finally:
        await db.dispose()


def _show(found: dict) -> None:
    from rules.carrier_comparison import MESSAGES

    which = 0 if language() == "zh" else 1
    figures = found["figures"]
    document = {
        **{k: found[k] for k in ("day", "account", "made_at")},
        **figures,
        "list": [{**d, "message": MESSAGES[d["code"]][which]} for d in found["differences"]],
    }

    def lines():
        for d in document["list"]:
            values = " / ".join(v for v in (d["here"], d["there"]) if v)
            yield f"{d['sid'] or d['call_id']}  {d['message']}" + (f" ({values})" if values else "")
        yield text(
            f"{found['day']}：通话 运营商 {figures['calls_there']} / 我方 {figures['calls_here']}，录音 运营商 "
            f"{figures['recordings_there']} / 我方 {figures['recordings_here']}，差异 {figures['differences']} 项。",
            f"{found['day']}: calls there {figures['calls_there']}, here {figures['calls_here']}; recordings there "
            f"{figures['recordings_there']}, here {figures['recordings_here']}; {figures['differences']} differences.",
        )

    emit(document, lines)
    if figures["differences"]:
        click.get_current_context().exit(1)
