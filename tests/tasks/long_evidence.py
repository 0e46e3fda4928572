"""Run by test_long_call: one step with the evidence of the long call, and the most memory that this process took, in MiB.

`long_evidence.py export|verify CALL_ID FOLDER`: prints `{"rss": MiB, "problems": […]}`.
"""

import asyncio
import json
import sys
from pathlib import Path

from settings import settings


def most() -> float:
    """Of this program alone: what the kernel counts for a process begins with the one that started it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


async def export(call_id: str, folder: Path) -> list:
    from clock import Clock
    from storage import db
    from tasks.evidence import export

    await export(call_id, folder, "lin", Clock())
    await db.dispose()
    return []


def main(step: str, call_id: str, folder: Path) -> None:
    if step == "export":
        problems = asyncio.run(export(call_id, folder))
    else:
        from storage import ledger_keys, verify_pack

        problems = verify_pack.verify(folder, ledger_keys.read(settings().ledger_key_file).public)
    print(json.dumps({"rss": most(), "problems": problems}))


main(sys.argv[1], sys.argv[2], Path(sys.argv[3]))
