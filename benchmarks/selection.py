"""Choosing who is rung among 100,000, beside merely sorting them by deadline."""

import random
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from working_calls import DAY

from rules.calendar import shanghai
from rules.calling import Attempt, Candidate, select
from rules.cases import CaseState
from rules.phone_checks import PhoneFacts
from scripts.calendars import seeded_calendar
from scripts.rule_profiles import load_profile

CANDIDATES = 100_000


async def measure(folder: Path) -> dict[str, Any]:
    candidates, attempts = _pool(random.Random(1))
    now = shanghai(DAY).replace(hour=10).astimezone(UTC)
    calendar, profile = seeded_calendar(), load_profile("national")
    began = time.perf_counter()
    chosen = select(candidates, attempts, now=now, calendar=calendar, profile=profile)
    selecting = time.perf_counter() - began
    began = time.perf_counter()
    sorted(candidates, key=lambda c: (c.nominal_end, c.case_id))
    sorting = time.perf_counter() - began
    return {
        "candidates": len(candidates),
        "callable": len(chosen.callable),
        "select / bare sort": f"{selecting / sorting:.0f}x",
        "select, microseconds a candidate": round(selecting * 1e6 / len(candidates), 1),
    }


def _pool(chance: random.Random) -> tuple[tuple[Candidate, ...], tuple[Attempt, ...]]:
    """One in ten has a second policy, one in three was rung before."""
    candidates, attempts = [], []
    person = 0
    for case in range(CANDIDATES):
        person += chance.random() > 0.1
        number = f"{person:064x}"
        candidates.append(
            Candidate(
                case_id=case,
                policy_no=f"P{case}",
                person_id=person,
                state=CaseState.CALLABLE,
                callable_on=DAY - timedelta(days=2),
                nominal_end=DAY + timedelta(days=chance.randrange(1, 15)),
                handover_at=None,
                birth_date=None,
                language="zh-CN",
                in_scope=True,
                special_callback=False,
                numbers=(PhoneFacts(number=number, holders=1, is_agents=False, self_policy=False, dead=False),),
                identity_elements=3,
                appointment=None,
                script="bank-participating-regular@1",
                class_=None,
                reasons=(),
            )
        )
        if chance.random() < 1 / 3:
            at: datetime = shanghai(DAY - timedelta(days=1)).replace(hour=chance.randrange(9, 20)).astimezone(UTC)
            attempts.append(Attempt(at, person, number, "NO_ANSWER", False, (case,)))
    return tuple(candidates), tuple(attempts)
