"""`huifang demo`: a whole working day with simulated customers, in a fresh database of its own."""

import asyncio
import os
import time
from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path

import click

from cli.output import Failure, command, emit, fail, say, text

ROOT = Path(__file__).resolve().parent.parent
# Simulated seconds in a real one while people talk. Slow enough for the machine to answer every callback in time,
# so that the same seed gives the same day on a busy machine too.
SPEED = 120.0
OPENS, CLOSES = time_of_day(8, 55), time_of_day(21, 0)


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
    from cli.stack import Stack, StackError

    quiet_prefect()
    began = time.monotonic()
    stack = Stack(tell=say)
    try:
        stack.up()
        database, day_folder = _fresh_day(stack, seed, day.date())
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


def _fresh_day(stack, seed: int, day: date) -> tuple[str, Path]:
    """A database, a clock file and a carrier without memory for this day; the desk looks at them from here on."""
    from clock import SHANGHAI, Clock
    from storage.migrate import upgrade

    if stack.environment().get("HUIFANG_DIAL_FOR_REAL", "").lower() in ("1", "true", "yes"):
        fail(
            "演示不会拨打真实电话：请取消 HUIFANG_DIAL_FOR_REAL。",
            "the demo never rings real telephones: unset HUIFANG_DIAL_FOR_REAL.",
        )
    carrier = next(s for s in stack.status() if s.name == "carrier")
    if carrier.state == "external":
        fail(
            f"演示需要本机模拟运营商，而 HUIFANG_TWILIO_BASE_URL 指向 {carrier.url}。",
            f"the demo needs the loopback carrier, but HUIFANG_TWILIO_BASE_URL names {carrier.url}.",
        )
    stamp = datetime.now(SHANGHAI).strftime("%m%d_%H%M%S_%f")[:-3]
    folder = stack.home / "days" / f"{day:%Y%m%d}_seed{seed}_{stamp}"
    folder.mkdir(parents=True)
    name = f"demo_{stamp}"
    url = stack.create_database(name)
    upgrade(url)
    clock_file = folder / "clock.json"
    clock_file.touch()
    Clock(clock_file).set(datetime.combine(day, OPENS, SHANGHAI), SPEED)
    stack.use(
        {
            "HUIFANG_DATABASE_URL": url,
            "HUIFANG_CLOCK_FILE": str(clock_file),
            "HUIFANG_DEMO_USERS": "true",
            "HUIFANG_TWILIO_CPS": "2",
        }
    )
    stack.restart("carrier")
    stack.up(only={"desk"})
    return url, folder


async def _day(contracts: int, seed: int, day: date, folder: Path, stack) -> dict:
    from cli.day import judged
    from cli.simulated_day import SimulatedDay
    from clock import SHANGHAI, system
    from desk.demo_users import ensure_demo_users
    from settings import settings
    from storage import db
    from storage.branch_files import read_organisation
    from storage.day_figures import day_figures
    from storage.organisation import store_organisation
    from storage.sample_lists import facts, generate, write_list
    from tasks.contract_lists import take_file

    clock = system()
    simulated = SimulatedDay(clock, settings().twilio_base_url, SPEED)
    morning = datetime.combine(day, OPENS, SHANGHAI)
    closing = datetime.combine(day, CLOSES, SHANGHAI)
    try:
        say("导入机构与名单 …", "Taking in the organisation and the contract list …")
        await simulated.set(morning, 1.0)  # time stands nearly still while the list is read
        organisation = read_organisation(ROOT / "samples" / "branches.csv")
        async with db.transaction() as connection:
            await store_organisation(connection, organisation)
            await ensure_demo_users(connection)
        list_file = folder / "contracts.csv"
        people: dict[str, dict[str, str]] = {}

        def rows():
            for row in generate(contracts, seed, day, organisation, trouble=True):
                people.update(facts(row))
                yield row

        write_list(list_file, rows())
        await take_file(list_file, now=clock.now(), source="demo")
        await simulated.introduce(people, seed)
        await simulated.set(morning)
        await _work_and_watch(simulated, closing)
        async with db.transaction() as connection:
            figures = await day_figures(connection)
        broken = await judged(None, clock.now())
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
