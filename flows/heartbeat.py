"""A flow run whose process is gone must not stay "running" for ever: it would hold its deployment's only place.

Prefect's own server has no such watch; it is an automation that each server is given once: `python -m flows.heartbeat`.
"""

import asyncio
from datetime import timedelta
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.objects import StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import AutomationCore, EventTrigger, Posture

NAME = "crash-silent-flow-runs"
# Runs send a heartbeat every 30 s (prefect.yaml); one that was late twice may still live.
SILENCE = timedelta(seconds=90)
OVER = ("Completed", "Failed", "Cancelled", "Crashed")


def automation() -> AutomationCore:
    return AutomationCore(
        name=NAME,
        description="Marks a flow run as crashed when it neither beats nor ends for 90 s.",
        trigger=EventTrigger(
            match={"prefect.resource.id": "prefect.flow-run.*"},
            for_each={"prefect.resource.id"},
            after={"prefect.flow-run.heartbeat"},
            expect={"prefect.flow-run.heartbeat", *(f"prefect.flow-run.{state}" for state in OVER)},
            posture=Posture.Proactive,
            threshold=1,
            within=SILENCE,
        ),
        actions=[ChangeFlowRunState(state=StateType.CRASHED, message="No heartbeat for 90 s.")],
    )


async def watch_heartbeats() -> UUID:
    """Give the server of PREFECT_API_URL the automation, or bring the one it has up to date. Returns its id."""
    wanted = automation()
    async with get_client() as client:
        known = await client.read_automations_by_name(NAME)
        if not known:
            return await client.create_automation(wanted)
        # two that started at the same moment may both have made one
        for double in known[1:]:
            await client.delete_automation(double.id)
        await client.update_automation(known[0].id, wanted)
        return known[0].id


if __name__ == "__main__":
    asyncio.run(watch_heartbeats())
