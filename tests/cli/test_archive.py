"""`huifang archive`: what the commands print and how they end."""

import json

import pytest

from cli.output import invoke


@pytest.fixture
def buckets(installation, monkeypatch):
    """Both buckets, on names of the test's own."""
    from settings import settings
    from storage import archive, key_keepers

    monkeypatch.setenv("HUIFANG_S3_COPY_BUCKET", installation["HUIFANG_S3_BUCKET"] + "-copy")
    made = (settings, archive.archive, archive.second_archive, key_keepers.key_keeper)
    for cached in made:
        cached.cache_clear()
    archive.archive().ensure_bucket()
    archive.second_archive().ensure_bucket()
    yield archive.archive()
    for cached in made:
        cached.cache_clear()


@pytest.fixture
def huifang(buckets, capsys):
    from cli.main import root

    def run(*arguments: str) -> tuple[int, dict]:
        code = invoke(root, [*arguments, "--json"])
        out = capsys.readouterr().out
        return code, json.loads(out) if out else {}

    return run


def test_an_empty_archive_is_checked_and_tested(huifang):
    assert huifang("archive", "check") == (0, {"objects": 0, "ok": True, "failures": [], "finished": True})
    code, told = huifang("archive", "canary")
    assert (code, told["objects"], told["ok"], told["failures"]) == (0, 2, True, [])
    assert all(attempt["kept"] for bucket in told["buckets"] for attempt in bucket["attempts"])
    code, told = huifang("archive", "status")
    assert (code, told["objects"], told["alarms"], len(told["canaries"])) == (0, 0, [], 2)


def test_a_bucket_that_does_not_lock_ends_with_one_and_stays_in_status(huifang, buckets, monkeypatch):
    from settings import settings
    from storage import archive

    buckets._client.make_bucket(bucket_name=f"{buckets.bucket}-open")
    monkeypatch.setenv("HUIFANG_S3_BUCKET", f"{buckets.bucket}-open")
    settings.cache_clear()
    archive.archive.cache_clear()
    code, told = huifang("archive", "canary")
    assert (code, told["ok"]) == (1, False)
    assert told["failures"] == [{"bucket": f"{buckets.bucket}-open", "promise": "BUCKET_LOCKS"}]
    assert [alarm["name"] for alarm in huifang("archive", "status")[1]["alarms"]] == ["WORM_BROKEN"]


def test_orders_that_cannot_be_are_refused_with_a_sentence(huifang, capsys):
    for arguments in (
        ("release", "no-such-call", "--by", "lin"),
        ("dispose", "--list", "--by", "lin"),
        ("dispose", "7", "--approve", "--by", "lin"),
    ):
        assert huifang("archive", *arguments)[0] == 1
    assert huifang("archive", "dispose")[0] == 2
