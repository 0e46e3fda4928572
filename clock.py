"""The one clock: the system's, or a simulated one that can be set and scaled.

`now()` is an aware UTC instant. With `HUIFANG_CLOCK_FILE` set, the file holds
`{"wall": <epoch s>, "sim": <epoch s>, "speed": <factor>}` and simulated time is
`sim + (wall time - wall) * speed`; every process that reads the same file agrees.
"""

import json
import os
import time
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock:
    """Reads the anchor file again whenever it has been replaced, so a jump reaches every process at once."""

    def __init__(self, file: Path | None = None):
        self.file = file
        self._seen: tuple[int, int] | None = None
        self._anchor = {"wall": 0.0, "sim": 0.0, "speed": 1.0}

    def _read(self) -> dict[str, float]:
        stat = os.stat(self.file)
        if (stamp := (stat.st_mtime_ns, stat.st_ino)) != self._seen:
            self._anchor = json.loads(self.file.read_text())
            self._seen = stamp
        return self._anchor

    @property
    def speed(self) -> float:
        return self._read()["speed"] if self.file else 1.0

    def now(self) -> datetime:
        if self.file is None:
            return datetime.now(UTC)
        anchor = self._read()
        return datetime.fromtimestamp(anchor["sim"] + (time.time() - anchor["wall"]) * anchor["speed"], UTC)

    def set(self, instant: datetime, speed: float) -> None:
        """Make `instant` the present and let time run at `speed` from here. Refused on the system clock."""
        if self.file is None:
            raise RuntimeError("the system clock cannot be set: name a clock file (HUIFANG_CLOCK_FILE)")
        anchor = {"wall": time.time(), "sim": instant.timestamp(), "speed": speed}
        beside = self.file.with_name(f"{self.file.name}.{os.getpid()}")
        beside.write_text(json.dumps(anchor))
        beside.replace(self.file)

    def real_seconds(self, simulated: float) -> float:
        """How long to sleep for `simulated` seconds of this clock."""
        return simulated / self.speed


def system() -> Clock:
    """The clock that `HUIFANG_CLOCK_FILE` names at this moment, the system's otherwise. To be asked for anew, not kept."""
    return _clock_of(os.environ.get("HUIFANG_CLOCK_FILE"))


@cache
def _clock_of(name: str | None) -> Clock:
    return Clock(Path(name) if name else None)
