"""Records the days of real_days/ again: `python tests/rules/record_real_days.py [NAME …]`, about two minutes each.

Each is a day of `huifang demo` through the real parts. What people do at their desks afterwards, and who hears which
recording, is written by the functions of storage that the desk calls; there is no desk at which a demo would click.
"""

import asyncio
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import httpx

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]


@dataclass(frozen=True)
class RealDay:
    contracts: int
    seed: int
    day: str = "2026-09-24"
    faults: tuple[dict, ...] = ()  # trouble at the carrier, ordered while the list is taken in
    afterwards: bool = False


DAYS = {
    "ordinary": RealDay(30, 1),
    "with_branch_work": RealDay(36, 7, afterwards=True),
    "with_lost_recordings": RealDay(30, 11, faults=({"fault": "recording-absent", "rate": 0.4},)),
    "make_up_sunday": RealDay(36, 5, day="2026-09-20", afterwards=True),
}


def record(name: str, planned: RealDay) -> None:
    command = [
        str(Path(sys.executable).parent / "huifang"), "demo", "--contracts", str(planned.contracts),
        "--seed", str(planned.seed), "--day", planned.day,
    ]  # fmt: skip
    demo = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    threading.Thread(target=_order_trouble, args=(demo, planned.faults), daemon=True).start()
    if demo.wait():
        raise SystemExit(f"{name}: the demo failed")
    from cli.environment import load

    load()
    if planned.afterwards:
        asyncio.run(afterwards())
    from export_real_day import write

    write(name)


def _order_trouble(demo: subprocess.Popen, faults: tuple[dict, ...]) -> None:
    """The carrier forgets everything when a day begins: what it is to do wrong is ordered when that is over."""
    from cli.environment import load
    from settings import settings

    for line in demo.stderr:
        if faults and ("Taking in" in line or "导入机构" in line):
            time.sleep(1)
            load()
            url = settings().twilio_base_url
            httpx.put(f"{url}/control/faults", json=list(faults), trust_env=False).raise_for_status()
            faults = ()


async def afterwards() -> None:
    """The next days at the branches and in the archive, in the order in which they happen."""
    from clock import system
    from storage import db, ledger

    clock = system()
    morning = clock.now() + timedelta(hours=12, minutes=30)
    try:
        await _at_the_branches(morning)
        await _in_the_archive(morning + timedelta(hours=3))
        evening = morning + timedelta(hours=9)
        clock.set(evening, 1.0)
        await ledger.seal_events(evening)
    finally:
        await db.dispose()


async def _at_the_branches(now: datetime) -> None:
    """One order is handled and verified, one handled and sent back, one accepted; nobody looks at the rest."""
    from storage import db, work_orders
    from storage.calendar_days import read_calendar
    from storage.db import rows
    from storage.order_reviews import review_order

    async with db.transaction() as c:
        calendar = await read_calendar(c)
        orders = [
            row["id"]
            for row in await rows(
                c, "SELECT id FROM work_orders WHERE kind IN ('QUESTION', 'VERIFICATION') ORDER BY id"
            )
        ]
    for place, order_id in enumerate(orders[:3]):
        async with db.transaction() as c:
            await work_orders.accept(c, order_id, "branch1", now)
        if place == 2:
            break
        async with db.transaction() as c:
            await work_orders.handle(c, order_id, "branch1", "visited", now + timedelta(hours=1), f"scan/{order_id}")
        verdict = ("VERIFIED", "RETURNED")[place]
        async with db.transaction() as c:
            await review_order(
                c, order_id, verdict, user="lead", now=now + timedelta(hours=2), calendar=calendar, reason="read"
            )


async def _in_the_archive(now: datetime) -> None:
    """Two recordings are asked for and heard under a grant, one is checked, one is held, one is exported."""
    from storage import db
    from storage.db import rows
    from storage.ledger import record as tell

    async with db.transaction() as c:
        kept = await rows(
            c,
            """SELECT r.provider_id AS recording, r.call_id, r.version_id, r.retain_until, min(k.case_id) AS case_id
               FROM recordings r JOIN call_cases k ON k.call_id = r.call_id WHERE r.state = 'CLEARED'
               GROUP BY r.id ORDER BY r.id LIMIT 4""",
        )
    first, second, checked, held = kept
    minutes = iter(range(1000))

    async def at(kind: str, actor: str, about: dict | None = None, **data) -> None:
        known = {"case_id": about["case_id"], "call_id": about["call_id"]} if about else {}
        if about:
            data["recording"] = about["recording"]
        async with db.transaction() as c:
            await tell(c, kind, now + timedelta(minutes=next(minutes)), actor=actor, **known, **data)

    asked = {"request_id": 1, "recordings": [first["recording"], second["recording"]], "listeners": ["supervisor"]}
    await at("RETRIEVAL_REQUESTED", "supervisor", user="supervisor", purpose="DISPUTE", **asked)
    await at("PLAY_REFUSED", "supervisor", first, user="supervisor", place="4401/CS", reason="NOT_GRANTED")
    for function, user in (("DEPARTMENT_HEAD", "head"), ("CUSTOMER_SERVICE", "service"), ("CALL_CENTER", "center")):
        await at("RETRIEVAL_SIGNED", user, request_id=1, user=user, function=function)
    begins = now + timedelta(minutes=6)
    await at("RETRIEVAL_GRANTED", "center", **asked, places=["4401/CS"], begins=begins, ends=begins + timedelta(days=7))
    await at("PRIVACY_CONFIRMED", "supervisor", request_id=1, user="supervisor")
    heard = {"user": "supervisor", "place": "4401/CS", "play_id": "play-1"}
    await at("RECORDING_PLAYED", "supervisor", first, **heard, right={"kind": "RETRIEVAL", "id": 1})
    await at("RECORDING_SEEKED", "supervisor", first, **heard, to_ms=31_000)
    place = {"places": ["HO/AUDIT"], "ends": None}
    await at("QUALITY_ASSIGNED", "system", checked, assignment_id=1, user="system", checker="auditor", **place)
    heard = {"user": "auditor", "place": "HO/AUDIT", "play_id": "play-2"}
    await at("RECORDING_PLAYED", "auditor", checked, **heard, right={"kind": "QUALITY", "id": 1})
    await at("QUALITY_ENDED", "auditor", assignment_id=1, user="auditor", why="DONE")
    await at("HOLD_SET", "compliance", held, hold_id=1, user="compliance", why="COURT")
    later = {"version_id": held["version_id"], "retain_until": held["retain_until"] + timedelta(days=400)}
    await at("RETENTION_EXTENDED", "system", held, why="CONTRACT_ENDED", **later)
    await at("RECORDING_EXPORTED", "operator", held, user="operator", right={"kind": "OPERATOR"}, sha256="0" * 64)


if __name__ == "__main__":
    if len(sys.argv) == 2:
        record(sys.argv[1], DAYS[sys.argv[1]])
    else:  # each in a process of its own: a day's settings stay in the process that read them
        for wanted in sys.argv[1:] or DAYS:
            subprocess.run([sys.executable, __file__, wanted], check=True)
