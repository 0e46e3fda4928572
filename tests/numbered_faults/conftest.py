"""A morning of faults for each test module that names its `PLANS`, and the `CONTRACTS` that they need."""

import asyncio
import uuid
from collections.abc import Iterator

import pytest

pytest.register_assert_rewrite("tests.numbered_faults.looks")

from tests.numbered_faults.morning import Day, spend  # noqa: E402  (its looks are rewritten first)


@pytest.fixture(scope="module")
def day(request, stack, migrated_template, tmp_path_factory) -> Iterator[Day]:
    name, bucket = f"faults_{uuid.uuid4().hex[:12]}", f"test-{uuid.uuid4().hex[:12]}"
    values = stack.environment() | {
        "HUIFANG_DATABASE_URL": stack.create_database(name, migrated_template), "HUIFANG_S3_BUCKET": bucket,
    }  # fmt: skip
    found = Day()
    with pytest.MonkeyPatch.context() as environment:
        for key, value in values.items():
            environment.setenv(key, value)
        folder = tmp_path_factory.mktemp("faults")
        asyncio.run(spend(found, request.module.PLANS, request.module.CONTRACTS, folder, environment))
    yield found
    stack.drop_database(name)
