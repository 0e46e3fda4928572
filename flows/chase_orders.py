"""Work orders that the branches have not handled in time are marked and escalated, and what follows is proposed."""

from prefect import flow

from clock import system
from tasks.chasing import close_called_again, mark_missed_limits, propose_penalties


@flow(name="chase-orders")
async def chase_orders() -> int:
    """Returns how many orders were found overdue."""
    clock = system()
    await close_called_again(clock)
    marked = await mark_missed_limits(clock)
    await propose_penalties(clock)
    return marked.overdue
