"""Whole days through the real parts, one after the other in one installation, each with a fresh database, each judged.

    python tests/demo/clean_days.py --days 200 --results clean_days.jsonl

The installation is that of HUIFANG_HOME and is left up. A line is written for each day when it is over; days that have
their line are not run again, so that a run that was cut short goes on where it stopped.
"""

import argparse
import asyncio
import itertools
import json
import os
import shutil
import sys
import time
from datetime import date, datetime, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

FIRST_DAY = date(2026, 1, 5)
# Nobody waits for these days on a screen: time may run faster than in the demo while people talk.
SPEED = 240.0


def dialling_days():
    """The days on which customers are rung, holidays and ordinary weekends apart."""
    from rules.calendar import shanghai
    from rules.calling import may_dial_now
    from scripts.calendars import seeded_calendar
    from scripts.rule_profiles import load_profile

    calendar, national = seeded_calendar(), load_profile("national")
    for number in itertools.count():
        day = FIRST_DAY + timedelta(days=number)
        if calendar.is_working_day(day) and not may_dial_now(shanghai(day).replace(hour=10), calendar, national):
            yield day


def known(results: Path) -> dict[int, dict]:
    """The days that are over, by their seeds."""
    if not results.exists():
        return {}
    return {one["seed"]: one for one in map(json.loads, results.read_text().splitlines())}


async def run(days: int, contracts: int, results: Path, first: int = 1, tell=print) -> list[dict]:
    """The days with the seeds from `first` to `days`. Returns a line for each, in the order of seeds."""
    from cli.day import quiet_prefect

    quiet_prefect()
    from cli.stack import Stack
    from settings import settings
    from storage import db
    from storage.archive import archive
    from storage.vault import vault

    done = known(results)
    stack = Stack()
    stack.up()
    given = dict(os.environ)
    over: tuple[str, Path] | None = (
        None  # of the day before: the installation stands on its database until the next one
    )
    for seed, day in zip(range(1, days + 1), dialling_days(), strict=False):
        if seed < first or seed in done:
            continue
        os.environ.clear()
        os.environ.update(given)
        began = time.monotonic()
        folder, name = _fresh(stack, seed, day)
        if over is not None:
            stack.drop_database(over[0])
            shutil.rmtree(over[1], ignore_errors=True)
        for cached in (settings, archive, vault):
            cached.cache_clear()
        figures = await _day(contracts, seed, day, folder)
        await db.dispose()
        line = {"seed": seed, "day": str(day), "seconds": round(time.monotonic() - began, 1), **figures}
        with results.open("a") as file:
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
        done[seed] = line
        tell(f"{seed}: {day} · {line['dials']} dials · {line['broken_promises']} broken · {line['seconds']} s")
        # a day that breaks a promise is kept to be looked at
        over = None if line["broken_promises"] else (name, folder)
    return [done[seed] for seed in range(first, days + 1)]


def _fresh(stack, seed: int, day: date) -> tuple[Path, str]:
    from cli.day_preparation import fresh_day

    folder = fresh_day(stack, seed, day, SPEED)
    values = stack.environment()
    os.environ.update(values)
    return folder, values["HUIFANG_DATABASE_URL"].rpartition("/")[2].partition("?")[0]


async def _day(contracts: int, seed: int, day: date, folder: Path) -> dict:
    from cli.day import judged
    from cli.day_preparation import CLOSES, take_in_list
    from cli.simulated_day import SimulatedDay
    from clock import SHANGHAI, system
    from flows.working_day import work_window
    from settings import settings
    from storage import db
    from storage.day_figures import day_figures

    clock = system()
    simulated = SimulatedDay(clock, settings().twilio_base_url, SPEED)
    closing = datetime.combine(day, CLOSES, SHANGHAI)
    try:
        await take_in_list(simulated, contracts, seed, day, folder)
        passing = asyncio.create_task(simulated.pass_until(closing))
        try:
            await work_window(closing)
        finally:
            passing.cancel()
            await asyncio.gather(passing, return_exceptions=True)
        async with db.transaction() as connection:
            figures = await day_figures(connection)
        broken = await judged(clock.now())
        return {
            **{name: figures[name] for name in ("cases", "dials", "answered", "completed", "outcomes", "recordings")},
            "broken_promises": len(broken),
            "broken": [{"promise": b.promise, "case_id": b.case_id, "message": b.message_en} for b in broken],
        }
    finally:
        await simulated.aclose()


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--days", type=int, default=200)
    asked.add_argument(
        "--first", type=int, default=1, help="the seed to begin with: two installations may share the days"
    )
    asked.add_argument("--contracts", type=int, default=20)
    asked.add_argument("--results", type=Path, default=Path("clean_days.jsonl"))
    wanted = asked.parse_args()
    lines = asyncio.run(run(wanted.days, wanted.contracts, wanted.results, wanted.first))
    print(json.dumps({"days": len(lines), "broken": [one for one in lines if one["broken_promises"]]}))
    sys.exit(any(one["broken_promises"] for one in lines))
