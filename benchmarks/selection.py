"""Choosing who is rung among a million cases, beside merely sorting them by deadline."""

import asyncio
import gc
import json
import random
import resource
import sys
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from rules.calendar import shanghai
from rules.calling import Appointment, Attempt, Candidate, select
from rules.cases import CaseState
from rules.parameters import DEFAULTS
from rules.phone_checks import PhoneFacts
from scripts.calendars import seeded_calendar

CASES = 1_000_000
DAY = date(
    2026, 9, 24
)  # before Mid-Autumn and National Day, so that the days left to dial in differ from the days left
NOW = shanghai(DAY).replace(hour=14).astimezone(UTC)


async def measure(folder: Path) -> dict[str, Any]:
    """In a process of its own, since its memory is what is measured, the rows included."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, cwd=Path(__file__).parent.parent, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    if child.returncode:
        raise RuntimeError(f"the selection ended with {child.returncode}")
    return json.loads(output)


def _alone(cases: int) -> dict[str, Any]:
    candidates, attempts = pool(cases, random.Random(1))
    calendar = seeded_calendar()
    gc.freeze()  # what the collector does to rows that were there before is not part of choosing
    began = time.process_time()
    chosen = select(candidates, attempts, now=NOW, calendar=calendar, profile=DEFAULTS)
    selecting = time.process_time() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.process_time()
    sorted(candidates, key=lambda case: (case.nominal_end or date.max, case.case_id))
    sorting = time.process_time() - began
    return {
        "cases": len(candidates),
        "attempts": len(attempts),
        "calls": len(chosen.callable),
        "held": len(chosen.held),
        "held for different reasons": len({hold.reason for hold in chosen.held}),
        "settled without a dial": len(chosen.to_settle),
        "select, seconds of CPU": round(selecting, 2),
        "bare sort, seconds of CPU": round(sorting, 2),
        "select / bare sort": f"{selecting / sorting:.1f}x",
        "peak memory, MiB": round(peak / 1024),
    }


# what a case may be beside an ordinary one, and how often in a thousand
_ODD: tuple[tuple[int, dict[str, Any]], ...] = (
    (10, {"in_scope": False}),
    (20, {"state": CaseState.NOT_REQUIRED}),
    (60, {"state": CaseState.CLOSED, "class_": "STANDARD"}),
    (10, {"state": CaseState.CLOSED, "class_": "VERIFICATION", "reasons": ("REFUSED",)}),
    (5, {"state": CaseState.CLOSED, "class_": "VERIFICATION", "reasons": ("DENIES_PURCHASE",)}),
    (80, {"state": CaseState.WAITING, "callable_on": DAY + timedelta(days=3)}),
    (20, {"state": CaseState.ASLEEP, "callable_on": None, "nominal_end": None}),
    (60, {"state": CaseState.AT_BRANCH}),
    (5, {"state": CaseState.IN_CALL}),
    (5, {"special_callback": True}),
    (5, {"identity_elements": 1}),
    (30, {"script": None}),
    (10, {"language": "yue"}),
)
_RESULTS = ("NO_ANSWER", "NO_ANSWER", "NO_ANSWER", "BUSY_LINE", "POWERED_OFF", "THIRD_PARTY", "INCOMPLETE", "REJECTED")


def pool(cases: int, chance: random.Random) -> tuple[list[Candidate], list[Attempt]]:
    """Of each kind some: in ten one more policy of the same person, in three a person rung before, in twenty an agreed
    time, in thirty a number that two persons carry; numbers that are wrong, an agent's, shared or not confirmed."""
    odd, weights = [kind for _, kind in _ODD], [weight for weight, _ in _ODD]
    ordinary = 1000 - sum(weights)
    candidates, attempts = [], []
    ends = [DAY + timedelta(days=n) for n in range(-40, 30)]
    moments = [
        shanghai(DAY - timedelta(days=back)).replace(hour=hour, minute=minute).astimezone(UTC)
        for back in range(5)
        for hour, minute in ((9, 30), (11, 15), (12, 30), (15, 0), (19, 30))
    ]
    person, number = 0, ""
    for case in range(cases):
        if not person or chance.random() > 0.1:
            person += 1
            if not number or chance.random() > 1 / 30:
                number = f"{person:064x}"
            if chance.random() < 1 / 3:
                for at in sorted(chance.sample(moments, chance.choice((1, 1, 1, 1, 2, 2, 3, 9)))):
                    if at <= NOW:
                        attempts.append(
                            Attempt(at, person, number, chance.choice(_RESULTS), chance.random() < 0.05, (case,))
                        )
                if chance.random() < 0.01:
                    result = chance.choice(("RINGING", "UNKNOWN"))
                    attempts.append(Attempt(NOW - timedelta(minutes=2), person, number, result, False, (case,)))
        end = chance.choice(ends[30:]) if chance.random() < 0.95 else chance.choice(ends)
        fields: dict[str, Any] = {
            "state": CaseState.CALLABLE,
            "callable_on": DAY - timedelta(days=2),
            "nominal_end": end,
            "handover_at": shanghai(end - timedelta(days=5)).astimezone(UTC),
            "script": chance.choice(("bank-participating-regular@1", "agency-traditional@1")),
            "numbers": _numbers(chance, number),
        }
        if chance.random() < 0.05:
            fields["appointment"] = _agreed(chance)
        if chance.random() * 1000 >= ordinary:
            fields |= chance.choices(odd, weights)[0]
        candidates.append(Candidate(case, f"P{case}", person, **fields))
    return candidates, attempts


def _numbers(chance: random.Random, number: str) -> tuple[PhoneFacts, ...]:
    kind = chance.random()
    if kind < 0.9:
        return (PhoneFacts(number),)
    if kind < 0.95:
        return (PhoneFacts(number), PhoneFacts(number[::-1]))
    return chance.choice(
        (
            (),
            (PhoneFacts(None),),
            (PhoneFacts(number, dead=True),),
            (PhoneFacts(number, is_agents=True),),
            (PhoneFacts(number, is_agents=True, self_policy=True),),
            (PhoneFacts(number, holders=3),),
            (PhoneFacts(number, confirmed=False),),
        )
    )


def _agreed(chance: random.Random) -> Appointment:
    at: datetime = NOW + timedelta(minutes=chance.randrange(-300, 3000, 5))
    return Appointment(at, None, chance.choice(("POLICYHOLDER", "THIRD_PARTY")))


if __name__ == "__main__":
    json.dump(_alone(int(sys.argv[1]) if len(sys.argv) > 1 else CASES), sys.stdout)
