"""One dialler an account: the flow beside another one, on the real lock."""

from datetime import UTC, datetime, timedelta

from flows.place_calls import place_calls
from settings import settings
from storage.db import SoleHolder


async def test_a_second_dialler_ends_at_once(prefect_server, database):
    async with SoleHolder(f"dialler {settings().twilio_account_sid}") as first:
        assert await first.is_mine()
        assert await place_calls(datetime.now(UTC) + timedelta(hours=1)) == 0


async def test_a_window_that_is_over_rings_nobody(prefect_server, database):
    assert await place_calls(datetime.now(UTC) - timedelta(seconds=1)) == 0
