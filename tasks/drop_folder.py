"""The watched folder: a list that is dropped there is taken once it is complete, and put into `done/` or `refused/` with
its result beside it."""

import json
import os
import time
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from rules.list_columns import ListRefused
from storage.contract_lists import ListBusy
from tasks.contract_lists import report_of, take_file

STEADY_SECONDS = 2.0
# Names that a program uses while it is still writing, or for its own notes.
_UNFINISHED = (".part", ".tmp", ".crdownload", ".filepart", ".json")


@dataclass
class Watch:
    """What was last seen of each file: size and time of change, and since when (monotonic) it looks so."""

    folder: Path
    seen: dict[Path, tuple[tuple[int, int], float]] = field(default_factory=dict)

    def steady(self) -> list[Path]:
        """Files whose size and time have not changed for STEADY_SECONDS, the oldest first."""
        found: dict[Path, tuple[int, int]] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                if entry.name.startswith((".", "~$")) or entry.name.lower().endswith(_UNFINISHED):
                    continue
                try:
                    if entry.is_file():
                        stat = entry.stat()
                        found[Path(entry.path)] = (stat.st_size, stat.st_mtime_ns)
                except FileNotFoundError:
                    continue
        now = time.monotonic()
        self.seen = {
            path: self.seen[path] if path in self.seen and self.seen[path][0] == look else (look, now)
            for path, look in found.items()
        }
        ready = [path for path, (_look, since) in self.seen.items() if now - since >= STEADY_SECONDS]
        return sorted(ready, key=lambda path: (found[path][1], path.name))


async def take_dropped(path: Path, now: datetime) -> dict | None:
    """Take one file and put it away. Returns its result, None where another process is taking it.

    Killed in between, the file still lies there and is taken again, which changes nothing.
    """
    try:
        result = await report_of(await take_file(path, now=now, source="folder"))
    except ListRefused as refused:
        result = {"refused": True, "message": refused.message_en, "message_zh": refused.message_zh}
    except (ListBusy, FileNotFoundError):
        return None
    return result if _put_away(path, "refused" if result.get("refused") else "done", result) else None


def _put_away(path: Path, where: str, result: dict) -> bool:
    """The result is written first, so that a file in `done/` always has one. False: another process was faster."""
    folder = path.parent / where
    folder.mkdir(exist_ok=True)
    target, n = folder / path.name, 1
    while target.exists():
        n += 1
        target = folder / f"{path.stem}-{n}{path.suffix}"
    beside = target.with_name(f"{target.name}.json")
    beside.write_text(json.dumps(result, ensure_ascii=False, indent=1), encoding="utf-8")
    try:
        path.replace(target)
    except FileNotFoundError:
        beside.unlink()
        return False
    return True
