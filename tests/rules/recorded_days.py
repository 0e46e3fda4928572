"""The days of real_days/, to be read, judged and altered."""

import copy
import functools
import gzip
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from rules.judge import Event, Head, judge
from rules.judge.chains import chains_verify
from rules.ledger import Line
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

FOLDER = Path(__file__).with_name("real_days")
NAMES = tuple(sorted(file.name.removesuffix(".json.gz") for file in FOLDER.glob("*.json.gz")))


@functools.cache
def text_of(name: str) -> str:
    return gzip.decompress((FOLDER / f"{name}.json.gz").read_bytes()).decode()


@functools.cache
def calendar():
    return seeded_calendar()


@functools.cache
def profile_of(profile_id: str):
    return load_profile(profile_id)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


class Day:
    """One recorded day. `rows` are its events and `lines` those of its ledger, as plain values, to be altered."""

    def __init__(self, name: str):
        recorded = json.loads(text_of(name))
        self.rows: list[dict] = recorded["events"]
        self.lines: list[dict] = recorded["ledger"]
        self.head: dict = recorded["head"]
        self.now = instant(recorded["now"])

    # ------------------------------------------------------------ looking things up

    def all(self, kind: str, /, **data) -> list[dict]:
        return [
            row for row in self.rows if row["kind"] == kind and all(row["data"].get(k) == v for k, v in data.items())
        ]

    def one(self, kind: str, /, **data) -> dict:
        return self.all(kind, **data)[0]

    def settled(self, **data) -> dict:
        return self.one("SETTLED", **data)

    def of_call(self, kind: str, call_id: str) -> list[dict]:
        return [row for row in self.all(kind) if row["call_id"] == call_id]

    def second_dial(self) -> dict:
        """The settlement of somebody's second call that day, which nobody answered either."""
        unanswered = self.all("SETTLED", result="NO_ANSWER")
        return next(b for a in unanswered for b in unanswered if a["id"] < b["id"] and a["case_id"] == b["case_id"])

    def case_of(self, call_id: str) -> int:
        return self.of_call("CALL_RESERVED", call_id)[0]["case_id"]

    def line_of(self, row: dict) -> dict:
        """The ledger's line beside an event."""
        return next(line for line in self.lines if json.loads(line["body"]).get("event") == row["id"])

    # ------------------------------------------------------------ altering

    def add(self, like: dict, **changed) -> dict:
        """One more event, after all others unless `id` tells where."""
        row = copy.deepcopy(like) | {"id": self.rows[-1]["id"] + 1} | changed
        self.rows.append(row)
        return row

    def move(self, call_id: str, by: timedelta) -> None:
        """The whole call, and what was settled of it, at another time."""
        for row in self.rows:
            if row["call_id"] == call_id:
                row["at"] = (instant(row["at"]) + by).isoformat()
                if contact := row["data"].get("contact"):
                    contact["ended_at"] = (instant(contact["ended_at"]) + by).isoformat()

    # ------------------------------------------------------------ judging

    def broken(self, *, with_ledger: bool = False, now: datetime | None = None) -> list[tuple[int, int | None]]:
        """(promise, case) of all that is found."""
        found = judge(
            self._events(), profile_of=profile_of, calendar=calendar(), now=now or self.now,
            ledger=self._ledger() if with_ledger else None, head=Head(**self.head) if with_ledger else None,
        )  # fmt: skip
        assert all(one.message_zh and one.message_en for one in found)
        return [(one.promise, one.case_id) for one in found]

    def chains_hold(self) -> bool:
        return not list(chains_verify(self._ledger(), self._events(), Head(**self.head), self.now))

    def _events(self) -> list[Event]:
        return [Event(**{**row, "at": instant(row["at"])}) for row in self.rows]

    def _ledger(self) -> list[Line]:
        return [Line(**{**line, "at": instant(line["at"])}) for line in self.lines]


@dataclass(frozen=True)
class Planted:
    """What must be found: this promise, of this case alone, and no other promise but those that it drags along."""

    promise: int
    case_id: int | None
    with_it: frozenset[int] = frozenset()
