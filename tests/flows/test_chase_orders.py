"""The flow as Prefect runs it: an answer, and a run that the server remembers as completed."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from flows.chase_orders import chase_orders


async def test_a_day_without_orders(prefect_server, database):
    assert await chase_orders() == 0
    async with get_client() as client:
        [run] = await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["chase-orders"])))
    assert run.state.is_completed()
