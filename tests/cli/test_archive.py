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


PASSWORD = "a long enough password"
STAFF = {"lin": "COMPLIANCE", "wu": "LEADER_IN_CHARGE", "he": "CALL_CENTER_HEAD", "mo": "QUALITY"}


@pytest.fixture
def staff(installation):
    """People of head office, and a call that can be held."""
    import sqlalchemy as sa

    from desk.passwords import hash_password

    password = hash_password(PASSWORD)
    engine = sa.create_engine(installation["HUIFANG_DATABASE_URL"])
    with engine.begin() as c:
        c.execute(sa.text("INSERT INTO branches (code, name, kind) VALUES ('00', '总公司', 'HEAD_OFFICE')"))
        for login, role in STAFF.items():
            c.execute(
                sa.text("INSERT INTO users VALUES (:l, :l, :p, CAST(:r AS jsonb), '00', false)"),
                {"l": login, "p": password, "r": json.dumps([role])},
            )
    engine.dispose()


@pytest.fixture
def says(monkeypatch):
    """What stands on the standard input."""
    import io

    return lambda words: monkeypatch.setattr("sys.stdin", io.StringIO(words + "\n"))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("hold", "no-such-call", "--reason", "案件", "--by", "lin"), "no such call"),
        (("release", "no-such-call", "--by", "lin"), "not under hold"),
        (("release", "no-such-call", "--ask", "--reason", "结案", "--by", "wu"), "not under hold"),
        (("dispose", "--list", "--by", "lin"), "Nothing has expired"),
        (("dispose", "7", "--approve", "--by", "wu"), "no such list"),
        (("dispose", "7", "--refuse", "疑问", "--by", "wu"), "no such list"),
        (("dispose", "7", "--by", "he"), "no such list"),
        (("dispute", "P-none", "--on", "2026-09-01", "--by", "lin"), "no such policy"),
        (("dispute", "7", "--closed", "2026-09-01", "--by", "lin"), "no such open dispute"),
        (("redact", "no-such-call", "--from", "1", "--to", "2", "--reason", "卡号", "--by", "mo"), "No recording"),
        (("redact", "7", "--by", "he"), "no such open request"),
        (("training", "--end", "7", "--by", "he"), "no training copy 7"),
        (("training", "--make", "7", "RE1", "--by", "he"), "no request 7"),
        # who may not
        (("dispose", "--list", "--by", "wu"), "not for your function"),
        (("hold", "c", "--reason", "案件", "--by", "mo"), "not for your function"),
        (("redact", "7", "--by", "mo"), "not for your function"),
        (("training", "--end", "7", "--by", "mo"), "head of the call center"),
        (("hold", "c", "--reason", "案件", "--by", "nobody"), "Wrong log-in or password"),
    ],
)
def test_orders_are_somebodys_and_refused_with_a_sentence(huifang, staff, says, arguments, sentence):
    says(PASSWORD)
    code, told = huifang("archive", *arguments)
    assert code == 1 and sentence in told["error"]
    says("another password")
    assert huifang("archive", *arguments)[1]["error"] == "Wrong log-in or password."


def test_an_order_without_a_name_is_wrong_use(huifang, staff):
    for arguments in (("dispose",), ("dispose", "--list"), ("hold", "c", "--reason", "x"), ("training", "--end", "1")):
        assert huifang("archive", *arguments)[0] == 2


def test_a_dispute_is_opened_and_closed_by_name(huifang, staff, says, installation):
    import sqlalchemy as sa

    engine = sa.create_engine(installation["HUIFANG_DATABASE_URL"])
    with engine.begin() as c:
        c.execute(
            sa.text(
                """WITH p AS (INSERT INTO persons (identity_hash, name_sealed, name_hash, language)
                              VALUES ('', '', '', 'zh-CN') RETURNING id)
                   INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, channel, product_type,
                     product_name, premium_mode, underwritten_on, status, special_callback, facts, personal_sealed, updated_at)
                   SELECT 'P-1', 1, id, 'test', '', true, 'BANCASSURANCE', 'PARTICIPATING', '', 'ANNUAL', '2026-09-01',
                          'IN_FORCE', false, '{}', '', now() FROM p"""
            )
        )
    says(PASSWORD)
    assert huifang("archive", "dispute", "P-1", "--on", "2026-09-02", "--by", "lin") == (0, {"ok": True, "dispute": 1})
    says(PASSWORD)
    assert huifang("archive", "dispute", "1", "--closed", "2026-09-03", "--by", "he")[0] == 0
    with engine.begin() as c:
        assert list(c.execute(sa.text("SELECT opened_by, closed_by FROM disputes"))) == [("lin", "he")]
        kinds = [row[0] for row in c.execute(sa.text("SELECT kind FROM events WHERE kind LIKE 'DISPUTE%' ORDER BY id"))]
    assert kinds == ["DISPUTE_OPENED", "DISPUTE_CLOSED"]
    engine.dispose()
    assert huifang("archive", "training") == (0, {"ok": True, "copies": []})


def test_a_copy_for_a_lawsuit_takes_a_log_in_with_its_password(huifang, staff, says, tmp_path):
    wanted = ("evidence", "export", "no-call", "-o", str(tmp_path / "pack"), "--request", "7")
    assert huifang(*wanted)[0] == 2
    says("another password")
    assert huifang(*wanted, "--by", "he")[1]["error"] == "Wrong log-in or password."
    says(PASSWORD)
    code, told = huifang(*wanted, "--by", "he")
    assert code == 1 and "no request 7" in told["error"]
    assert not (tmp_path / "pack").exists()
