"""The process's engine on the test's own database."""

import pytest

from storage import db


@pytest.fixture
async def database(installation: dict[str, str]):
    await db.dispose()
    yield
    await db.dispose()
