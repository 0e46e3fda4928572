"""Three policyholders of one number: exempt when each two of them are confirmed relatives, and not before (C23, S12)."""

import dataclasses
import itertools

import pytest

from rules.calling import select
from rules.family_ties import TieRefused
from rules.parameters import DEFAULTS
from scripts.calendars import seeded_calendar
from storage import family_ties
from storage.candidates import read_pool
from storage.db import rows, transaction

NUMBER = "+8616012345678"
FAMILIES = dataclasses.replace(DEFAULTS, values={**DEFAULTS.values, "phone.family_exempt": True})


async def held(now, profile=FAMILIES):
    async with transaction() as c:
        pool = await read_pool(c, now, lambda *_: "s@1")
    found = select(pool.candidates, pool.attempts, now=now, calendar=seeded_calendar(), profile=profile)
    return {one.policy_no for one in found.held if one.reason == "PHONE_SHARED"}


async def entered(now, policy, other, user="lead", relation="SIBLINGS"):
    async with transaction() as c:
        return await family_ties.propose(c, policy, other, relation, "户口本复印件，档案 7", user, now)


@pytest.fixture
async def three(a_case):
    policies = ["P1", "P2", "P3"]
    for policy, year in zip(policies, (1980, 1981, 1982), strict=True):
        await a_case(policy, number=NUMBER, person=f"470101{year}01011234")
    return policies


async def test_one_stranger_among_them_and_all_are_flagged(three, now):
    assert await held(now) == set(three)
    pairs = list(itertools.combinations(three, 2))
    for policy, other in pairs:
        tie = await entered(now, policy, other)
        assert await held(now) == set(three)  # entered is not proven
        async with transaction() as c:
            await family_ties.decide(c, tie, True, "quality", now)
        assert await held(now) == (set() if (policy, other) == pairs[-1] else set(three))
    assert await held(now, DEFAULTS) == set(three)  # where the profile exempts nobody
    async with transaction() as c:
        await family_ties.withdraw(c, tie, "错录", "lead", now)
    assert await held(now) == set(three)
    async with transaction() as c:
        told = await rows(c, "SELECT kind, count(*) AS n FROM events WHERE kind LIKE 'FAMILY%' GROUP BY 1 ORDER BY 1")
    # in the log of both cases
    assert [(row["kind"], row["n"]) for row in told] == [
        ("FAMILY_TIE_CONFIRMED", 6), ("FAMILY_TIE_PROPOSED", 6), ("FAMILY_TIE_WITHDRAWN", 2),
    ]  # fmt: skip


async def test_what_is_refused(three, now):
    tie = await entered(now, "P2", "P1")

    async def code(of):
        with pytest.raises(TieRefused) as refused:
            await of
        return refused.value.code

    assert await code(entered(now, "P1", "P2")) == "STANDS"
    assert await code(entered(now, "P1", "P9")) == "UNKNOWN_POLICY"
    assert await code(entered(now, "P1", "P1")) == "SAME_PERSON"
    async with transaction() as c:
        assert await code(family_ties.decide(c, tie, True, "lead", now)) == "SECOND_PERSON"
        assert await code(family_ties.withdraw(c, tie, " ", "lead", now)) == "REASON_MISSING"
        await family_ties.decide(c, tie, False, "quality", now)
        assert await code(family_ties.decide(c, tie, True, "quality", now)) == "DECIDED"
        [row] = await family_ties.find(c)
    assert (row["policy_no"], row["other_policy_no"], row["state"]) == ("P1", "P2", "DECLINED")
    assert await entered(now, "P1", "P2") > tie
