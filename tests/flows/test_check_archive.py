"""The nightly flow as Prefect runs it, on real buckets."""

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowFilter, FlowFilterName

from flows.check_archive import check_archive


async def test_a_night_with_an_empty_archive(prefect_server, database, installation, monkeypatch):
    from settings import settings
    from storage import archive, db
    from storage.worm_tests import newest

    monkeypatch.setenv("HUIFANG_S3_COPY_BUCKET", installation["HUIFANG_S3_BUCKET"] + "-copy")
    for cached in (settings, archive.archive, archive.second_archive):
        cached.cache_clear()
    try:
        archive.archive().ensure_bucket()
        archive.second_archive().ensure_bucket()
        assert await check_archive() == 0
        async with db.transaction() as connection:
            assert [report["kept"] for report in await newest(connection)] == [True, True]
    finally:
        for cached in (settings, archive.archive, archive.second_archive):
            cached.cache_clear()
    async with get_client() as client:
        [run] = await client.read_flow_runs(flow_filter=FlowFilter(name=FlowFilterName(any_=["check-archive"])))
    assert run.state.is_completed()
