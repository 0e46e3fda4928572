"""Writes real_days/NAME.json.gz: the events and the ledger of the day that lies in the installation at hand.

    huifang demo --contracts 30 && python tests/rules/export_real_day.py NAME

Refuses a day that breaks a promise, and one whose events hold what would be personal data. `record_real_days.py` records
all of them again, which is due when the rules give another outcome than before to the same answers: the kept days would
rightly be found broken.
"""

import asyncio
import gzip
import json
import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

FOLDER = Path(__file__).with_name("real_days")
# Chinese letters, an ID number, a mobile number with or without its country code
PERSONAL = re.compile(r"[一-鿿]|(?<![0-9a-f])\d{17}[\dXx](?![0-9a-f])|(?<![0-9a-f])(?:\+?86)?1\d{10}(?![0-9a-f])")
NAMED = ("policyholder_name", "policyholder_id_no", "mobile", "home_phone", "office_phone", "address", "agent_name")


async def stored() -> dict:
    """Everything that the judge reads of this day, as plain values."""
    from dataclasses import asdict

    from clock import system
    from storage import db, ledger
    from storage.judging import judge_stored, read_events, snapshot

    now = system().now()
    async with snapshot() as connection:
        if broken := await judge_stored(connection, now):
            raise SystemExit(f"this day breaks a promise: {broken[0]}")
        events = await read_events(connection)
        lines = [line async for line in ledger.every_line(connection)]
        head = await ledger.head(connection)
    await db.dispose()
    told = [asdict(one) for one in (*events, *lines)]
    for one in told:
        one["at"] = one["at"].isoformat()
    return {"now": now.isoformat(), "events": told[: len(events)], "ledger": told[len(events) :], "head": head}


def words_of_the_list() -> set[str]:
    """Whatever the day's own contract list says of people."""
    from storage.list_files import open_list

    with open_list(Path(os.environ["HUIFANG_CLOCK_FILE"]).parent / "contracts.csv") as opened:
        words = {row.cells.get(name, "") for row in opened.rows() for name in NAMED}
    assert len(words) > 20
    return {word for word in words if len(word) > 1}


def write(name: str) -> None:
    day = asyncio.run(stored())
    written = json.dumps(day, ensure_ascii=False, separators=(",", ":"))
    found = PERSONAL.search(written) or next((word for word in words_of_the_list() if word in written), None)
    if found:
        raise SystemExit(f"the events hold personal data: {found}")
    FOLDER.mkdir(exist_ok=True)
    target = FOLDER / f"{name}.json.gz"
    target.write_bytes(gzip.compress(written.encode(), mtime=0))
    print(f"{name}: {len(day['events'])} events, {len(day['ledger'])} lines in {target.stat().st_size} bytes")


if __name__ == "__main__":
    from cli.environment import load

    load()
    write(sys.argv[1])
