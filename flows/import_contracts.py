"""Contracts into cases: from a file, or off the core system."""

from prefect import flow

from clock import system
from settings import settings
from storage.contract_lists import ImportResult
from tasks import taking_lists


@flow(name="import-contracts")
async def import_contracts(
    path: str | None = None, source: str = "file", mapping: dict[str, str] | None = None, since: str | None = None
) -> ImportResult:
    """Take the list at `path`; without one, what is new at the core system, or behind the cursor `since`."""
    now = system().now()
    if path is not None:
        return await taking_lists.take_file(path, now=now, source=source, mapping=mapping)
    chosen = settings()
    if chosen.core_url is None:
        raise ValueError("no core system is set (HUIFANG_CORE_URL), and no file was named")
    token = chosen.core_token.get_secret_value() if chosen.core_token else None
    return await taking_lists.pull_contracts(chosen.core_url, token, now=now, since=since)
