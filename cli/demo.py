"""`huifang demo`: a whole working day with simulated customers, in a fresh database of its own."""

import asyncio
import os
import time
from datetime import date, datetime
from pathlib import Path

import click

from cli.output import Failure, command, emit, say, text


@command(
    example="huifang demo\nhuifang demo --contracts 500 --seed 7 --json",
    zh="用模拟客户演示完整的一个工作日：导入名单、回访、录音归档、定性、派单到机构、核对承诺。每次使用全新的数据库。",
)
@click.option("--contracts", default=200, show_default=True, type=click.IntRange(1, 100_000), help="Rows of the list.")
@click.option("--seed", default=1, show_default=True, help="Draws the list and the customers.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), default="2026-09-24", show_default=True, help="The day.")
def demo(contracts: int, seed: int, day: datetime) -> None:
    """Run a whole simulated working day and judge it. Nobody is rung: the carrier is a simulation."""
    from cli.day import quiet_prefect
    from cli.day_preparation import fresh_day
    from cli.stack import Stack, StackError

    quiet_prefect()
    began = time.monotonic()
    stack = Stack(tell=say)
    try:
        stack.up()
        day_folder = fresh_day(stack, seed, day.date())
    except StackError as problem:
        raise Failure(problem.zh, problem.en) from problem
    os.environ.update(stack.environment())
    ready = time.monotonic()
    figures = asyncio.run(_day(contracts, seed, day.date(), day_folder, stack))
    figures["seconds"] = {"set_up": round(ready - began, 1), "day": round(time.monotonic() - ready, 1)}
    desk = next(s.url for s in stack.status() if s.name == "desk")

    def lines():
        from cli.day import summary

        yield from summary(figures)
        yield text(
            f"用时：准备 {figures['seconds']['set_up']} 秒，一天 {figures['seconds']['day']} 秒",
            f"Took {figures['seconds']['set_up']} s to set up, {figures['seconds']['day']} s for the day",
        )
        yield text(
            f"工作台仍在运行，可打开查看：{desk}（huifang up 列出登录名）",
            f"The desk is up to be looked at: {desk} (`huifang up` lists the log-ins)",
        )

    emit(figures, lines)
    if figures["broken_promises"]:
        raise SystemExit(1)


async def _day(contracts: int, seed: int, day: date, folder: Path, stack) -> dict:
    from cli.day import judged
    from cli.day_preparation import CLOSES, speed_for, take_in_list
    from cli.simulated_day import SimulatedDay
    from clock import SHANGHAI, system
    from settings import settings
    from storage import db
    from storage.day_figures import day_figures

    clock = system()
    simulated = SimulatedDay(clock, settings().twilio_base_url, speed_for(contracts))
    closing = datetime.combine(day, CLOSES, SHANGHAI)
    try:
        await take_in_list(simulated, contracts, seed, day, folder)
        await _work_and_watch(simulated, closing)
        async with db.transaction() as connection:
            figures = await day_figures(connection)
        broken = await judged(clock.now())
        figures["broken_promises"] = len(broken)
        figures["broken"] = [{"promise": b.promise, "case_id": b.case_id, "message": b.message_en} for b in broken]
        # what people look at afterwards stands at the evening of that day and goes on at the ordinary pace
        await simulated.set(clock.now(), 1.0)
        return figures
    finally:
        await simulated.aclose()
        await db.dispose()


async def _work_and_watch(simulated, closing: datetime) -> None:
    """The flows of the day beside the passing of time, with a progress bar on stderr."""
    from flows.working_day import work_window

    passing = asyncio.create_task(simulated.pass_until(closing))
    watching = asyncio.create_task(_progress(simulated.clock, closing))
    try:
        await work_window(closing)
    finally:
        for task in (passing, watching):
            task.cancel()
        await asyncio.gather(passing, watching, return_exceptions=True)


async def _progress(clock, closing: datetime) -> None:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    from clock import SHANGHAI
    from storage import db
    from storage.day_figures import day_figures, work_left

    with Progress(
        TextColumn("{task.fields[time]}"),
        BarColumn(),
        TextColumn("{task.completed}/{task.total}"),
        TextColumn("{task.fields[news]}"),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=False,
    ) as bar:
        day = bar.add_task("", total=None, time="", news="")
        while True:
            async with db.transaction() as connection:
                figures = await day_figures(connection)
                left = await work_left(connection)
            bar.update(
                day,
                total=figures["cases"],
                completed=sum(figures["outcomes"].values()),
                time=f"{clock.now().astimezone(SHANGHAI):%H:%M}",
                news=text(
                    f"通话中 {left.open_calls} · 拨打 {figures['dials']} · 录音 {figures['recordings']['verified']}",
                    f"{left.open_calls} talking · {figures['dials']} dials · {figures['recordings']['verified']} recordings",
                ),
            )
            await asyncio.sleep(1)
