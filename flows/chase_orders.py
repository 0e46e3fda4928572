"""Work orders that the branches have not handled in time are marked and escalated."""

from prefect import flow

from clock import system
from tasks.chasing import mark_missed_limits


@flow(name="chase-orders")
async def chase_orders() -> int:
    """Returns how many orders were found overdue."""
    return (await mark_missed_limits(system())).overdue
