"""What a call may cost in statements: at most two a callback, and twelve more from reservation to settlement."""

from storage import db
from storage.archive import archive


async def test_a_call_keeps_to_its_budget(installation, working_calls, tmp_path):
    from desk.app import create_app

    await db.dispose()
    archive.cache_clear()
    archive().ensure_bucket()
    calls = working_calls
    clock = calls.stopped_clock(tmp_path)
    await calls.take_contracts(tmp_path, 12, clock)
    walk = await calls.ring_and_settle(create_app(), clock, calls.AgreeableLine())
    await db.dispose()
    archive.cache_clear()

    # the calls were whole ones, or the figures would say nothing
    assert walk.calls >= 3
    assert walk.completed == walk.calls
    assert walk.turns >= 10 * walk.calls
    assert walk.callbacks.keys() == {"voice", "status", "recording"}
    assert walk.most_per_callback <= 2, {kind: max(counts) for kind, counts in walk.callbacks.items()}
    assert walk.per_call <= 12
