"""Work orders that the branches have not handled in time are marked and escalated, and what follows is proposed; before
that the calendar that their limits follow from is brought up to date. Requests to hear recordings are reminded of too."""

from prefect import flow

from clock import system
from tasks.calendar import take_new_years, tell_missing_years
from tasks.chasing import (
    check_shared_numbers,
    close_called_again,
    mark_missed_limits,
    mark_outlived,
    propose_penalties,
    remind_retrievals,
)


@flow(name="chase-orders")
async def chase_orders() -> int:
    """Returns how many orders were found overdue."""
    clock = system()
    await take_new_years(clock)
    await tell_missing_years(clock)
    await close_called_again(clock)
    await check_shared_numbers(clock)
    marked = await mark_missed_limits(clock)
    await mark_outlived(clock)
    await propose_penalties(clock)
    await remind_retrievals(clock)
    return marked.overdue
