"""Writes real_day.json.gz: the events of the day that lies in the installation at hand.

    huifang demo --contracts 30 && python tests/rules/export_real_day.py

Refuses a day that breaks a promise, and one whose events hold what would be personal data. To be run again when the
rules give another outcome than before to the same answers: the kept day would rightly be found broken.
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

# Chinese letters, an ID number, a mobile number with or without its country code
PERSONAL = re.compile(r"[一-鿿]|(?<![0-9a-f])\d{17}[\dXx](?![0-9a-f])|(?<![0-9a-f])(?:\+?86)?1\d{10}(?![0-9a-f])")
NAMED = ("policyholder_name", "policyholder_id_no", "mobile", "home_phone", "office_phone", "address", "agent_name")


async def events() -> list[dict]:
    from clock import system
    from storage import db
    from storage.judging import judge_history, read_history

    async with db.transaction() as connection:
        history = await read_history(connection)
        now = system().now()
        if broken := await judge_history(connection, history, now):
            raise SystemExit(f"this day breaks a promise: {broken[0]}")
    await db.dispose()
    return [
        {
            "id": event.id, "at": event.at.isoformat(), "kind": event.kind, "case_id": event.case_id,
            "call_id": event.call_id, "person_id": event.person_id, "data": event.data,
        }
        for event in history
    ]  # fmt: skip


def words_of_the_list() -> set[str]:
    """Whatever the day's own contract list says of people."""
    from storage.list_files import open_list

    with open_list(Path(os.environ["HUIFANG_CLOCK_FILE"]).parent / "contracts.csv") as opened:
        words = {row.cells.get(name, "") for row in opened.rows() for name in NAMED}
    assert len(words) > 20
    return {word for word in words if len(word) > 1}


def main() -> None:
    from cli.environment import load

    load()
    day = asyncio.run(events())
    written = json.dumps(day, ensure_ascii=False, separators=(",", ":"))
    found = PERSONAL.search(written) or next((word for word in words_of_the_list() if word in written), None)
    if found:
        raise SystemExit("the events hold personal data")
    target = Path(__file__).with_name("real_day.json.gz")
    target.write_bytes(gzip.compress(written.encode(), mtime=0))
    print(f"{len(day)} events in {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()
