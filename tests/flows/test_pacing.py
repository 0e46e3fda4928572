"""The pace of an account: alone, shared through a real Prefect server, and without that server."""

import asyncio
import time

import pytest
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, PREFECT_CLIENT_MAX_RETRIES, temporary_settings

from clock import Clock
from tasks.pacing import Bucket, Pace, SharedTurns


async def seconds(work) -> float:
    began = time.monotonic()
    await work
    return time.monotonic() - began


async def several(turns, n: int) -> None:
    for _ in range(n):
        await turns.turn()


async def test_a_bucket_holds_one_token():
    # the first at once, then one every twentieth of a second, however long nobody came
    assert await seconds(several(Bucket(20, Clock()), 5)) >= 0.2
    assert await seconds(asyncio.gather(*(several(bucket, 1) for bucket in [Bucket(20, Clock())] * 5))) >= 0.2


async def test_a_simulated_clock_has_its_own_seconds(tmp_path):
    from datetime import UTC, datetime

    clock = Clock(tmp_path / "clock.json")
    clock.set(datetime(2026, 9, 24, 2, tzinfo=UTC), 0.5)
    assert await seconds(several(Bucket(20, clock), 3)) >= 0.2


async def test_everybody_waits_while_the_carrier_asks_for_it():
    pace = Pace(1e6, Clock(), seed=1)
    assert pace.back_off(0.3) == pytest.approx(0.3)
    assert await seconds(asyncio.gather(pace.turn(), pace.turn())) >= 0.29


def test_each_pause_in_a_row_is_longer_up_to_a_bound_and_the_first_call_ends_it():
    pace = Pace(1e6, Clock(), seed=1)
    waits = [pace.back_off() for _ in range(12)]
    for place, wait in enumerate(waits):
        assert wait == pytest.approx(min(30.0, 0.2 * 2**place), rel=0.11)
    pace.went_through()
    assert pace.back_off() == pytest.approx(0.2, rel=0.11)
    # what the carrier names is kept to, however short our own would be
    assert pace.back_off(5.0) == 5.0


async def test_two_diallers_together_are_no_faster_than_the_account(prefect_server):
    first, second = (SharedTurns("ACtest", 5.0, 2, Clock()) for _ in range(2))
    assert await seconds(asyncio.gather(several(first, 4), several(second, 4))) >= 7 / 5.0 * 0.9
    async with get_client() as client:
        limit = await client.read_global_concurrency_limit_by_name(first.name)
    assert (limit.limit, limit.slot_decay_per_second, limit.active) == (1, 5.0, True)


async def test_without_the_server_each_keeps_to_its_share():
    with temporary_settings({PREFECT_API_URL: "http://127.0.0.1:9/api", PREFECT_CLIENT_MAX_RETRIES: 0}):
        turns = SharedTurns("ACtest", 10.0, 4, Clock())
        await turns.turn()  # finds out that nobody answers
        # ten a second for four: one every 0.4 s for this one
        assert await seconds(several(turns, 3)) >= 0.7
