"""Taking lists in, as Prefect tasks."""

from tasks import contract_lists, drop_folder
from tasks.outages import batch

take_file = batch(contract_lists.take_file)
take_dropped = batch(drop_folder.take_dropped)
# asks again by itself where that helps, and stores page by page: nothing for Prefect to try again
pull_contracts = batch(contract_lists.pull_contracts)
