"""A program for the fault tests: prepares a simulated day, or lets time pass. What the demo does inside one process is done
here beside `huifang run`, so that each process can be killed by itself.

    python passing_time.py prepare CONTRACTS SEED SPEED
    python passing_time.py pass HH:MM
"""

import asyncio
import os
import sys
from datetime import date, datetime, time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from cli import environment
from clock import SHANGHAI

DAY = date(2026, 9, 24)


def prepare(contracts: int, seed: int, speed: float) -> None:
    from cli.day_preparation import fresh_day, take_in_list
    from cli.stack import Stack

    stack = Stack()
    folder = fresh_day(stack, seed, DAY, speed)
    os.environ.update(stack.environment())
    asyncio.run(_with_time(speed, lambda simulated: take_in_list(simulated, contracts, seed, DAY, folder)))


def pass_until(end: time) -> None:
    environment.load()
    from clock import system

    closing = datetime.combine(DAY, end, SHANGHAI)
    asyncio.run(_with_time(system().speed, lambda simulated: simulated.pass_until(closing)))


async def _with_time(speed: float, work) -> None:
    from cli.simulated_day import SimulatedDay
    from clock import system
    from settings import settings
    from storage import db

    simulated = SimulatedDay(system(), settings().twilio_base_url, speed)
    try:
        await work(simulated)
    finally:
        await simulated.aclose()
        await db.dispose()


if __name__ == "__main__":
    match sys.argv[1:]:
        case "prepare", contracts, seed, speed:
            prepare(int(contracts), int(seed), float(speed))
        case "pass", end:
            pass_until(time.fromisoformat(end))
