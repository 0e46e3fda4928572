"""The archive's daily care, in the quiet hours."""

from prefect import flow

from clock import system
from tasks import archive_care, sealing, stamping
from tasks.keeping_records import keep_day_records


@flow(name="check-archive")
async def check_archive(seconds: float = 5400.0) -> int:
    """Returns how many objects were read again. `seconds`: how long copying and reading may each take."""
    clock = system()
    # first: a store may take no request at all of a clock that is wrong
    await archive_care.compare_clocks(clock)
    await archive_care.prove_stores(clock)
    await archive_care.account_for_calls(clock)
    await keep_day_records(clock)
    await archive_care.lock_for_longer(clock)
    await archive_care.dispose_of_approved(clock)
    await stamping.stamp_checkpoint(await sealing.sign_ledger(clock), clock)
    await archive_care.make_second_copies(clock, seconds)
    checked = await archive_care.check_objects(clock, seconds)
    return checked.objects
