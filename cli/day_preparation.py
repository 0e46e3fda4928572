"""A simulated day before it begins: a fresh database, a clock of its own, a carrier that remembers nothing, the list."""

from datetime import date, datetime
from datetime import time as time_of_day
from pathlib import Path

import httpx

from cli.output import fail, say

ROOT = Path(__file__).resolve().parent.parent
# Simulated seconds in a real one while people talk, for a list of up to FULL_SPEED contracts.
SPEED, FULL_SPEED = 120.0, 200
OPENS, CLOSES = time_of_day(8, 55), time_of_day(21, 0)


def speed_for(contracts: int) -> float:
    """Slower for longer lists: the machine must be through with everybody's first dial by noon of that day, also when it
    is busy, or the same seed would not give the same day."""
    return max(5.0, SPEED * min(1.0, FULL_SPEED / contracts))


def fresh_day(stack, seed: int, day: date, speed: float = SPEED) -> Path:
    """Make a folder, a database and a clock file for this day, empty the carrier's memory, and let the desk look at
    them from here on. The stack must be up. Returns the folder."""
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
    Clock(clock_file).set(datetime.combine(day, OPENS, SHANGHAI), speed)
    stack.use(
        {
            "HUIFANG_DATABASE_URL": url,
            "HUIFANG_CLOCK_FILE": str(clock_file),
            "HUIFANG_DEMO_USERS": "true",
            "HUIFANG_TWILIO_CPS": "2",
        }
    )
    httpx.delete(f"{carrier.url}/control/state", trust_env=False, timeout=30).raise_for_status()
    stack.up(only={"desk"})
    return folder


async def take_in_list(simulated, contracts: int, seed: int, day: date, folder: Path) -> None:
    """Store the sample organisation and a list of so many invented contracts, with trouble in it, and tell the simulated
    customers who they are. It is OPENS of that day afterwards, and time runs."""
    from clock import SHANGHAI
    from desk.demo_users import ensure_demo_users
    from storage import db
    from storage.branch_files import read_organisation
    from storage.organisation import store_organisation
    from storage.sample_lists import facts, generate, write_list
    from tasks.contract_lists import take_file

    morning = datetime.combine(day, OPENS, SHANGHAI)
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
    await take_file(list_file, now=simulated.clock.now(), source="demo")
    await simulated.introduce(people, seed)
    await simulated.set(morning)
