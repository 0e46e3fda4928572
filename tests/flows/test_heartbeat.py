"""The automation that frees the place of a dead flow run, on a real Prefect server."""

from prefect.client.orchestration import get_client

from flows.heartbeat import NAME, SILENCE, watch_heartbeats


async def test_one_automation_however_often_it_is_asked_for(prefect_server):
    first = await watch_heartbeats()
    assert await watch_heartbeats() == first
    async with get_client() as client:
        [stored] = await client.read_automations_by_name(NAME)
    assert stored.enabled
    assert stored.trigger.within == SILENCE
    assert [action.type for action in stored.actions] == ["change-flow-run-state"]
