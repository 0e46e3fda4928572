"""One Prefect server for all flow tests: the stack's own, as `huifang up` starts it."""

from collections.abc import Iterator

import pytest

from cli.stack import Stack


@pytest.fixture(scope="session")
def prefect_server(stack: Stack) -> Iterator[dict[str, str]]:
    """The PREFECT_* values of the running server, in force for this process too."""
    from prefect.settings import (
        PREFECT_API_AUTH_STRING,
        PREFECT_API_URL,
        PREFECT_LOGGING_TO_API_ENABLED,
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE,
        temporary_settings,
    )

    stack.up(only={"prefect"})
    values = {name: value for name, value in stack.environment().items() if name.startswith("PREFECT_")}
    ours = {
        PREFECT_API_URL: values["PREFECT_API_URL"],
        PREFECT_API_AUTH_STRING: values["PREFECT_API_AUTH_STRING"],
        PREFECT_SERVER_ALLOW_EPHEMERAL_MODE: False,
        PREFECT_LOGGING_TO_API_ENABLED: False,
    }
    with temporary_settings(ours):
        yield values
    stack.down(only={"prefect"})


@pytest.fixture
async def database(installation: dict[str, str]):
    """The process's engine on this test's own database."""
    from storage import db

    await db.dispose()
    yield
    await db.dispose()
