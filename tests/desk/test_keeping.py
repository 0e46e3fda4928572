"""Holds, disputes, disposal and redaction through the pages: who may open and order what, and that it takes two."""

import html
import io
import json
import re
from datetime import UTC, date, datetime, timedelta

import numpy
import pytest
import soundfile
import sqlalchemy as sa

from rules.keeping import MAY, Act
from tests.desk.kept_recording import put_on_record

PASSWORD = "a long enough password"
PEOPLE = {
    "service": ("CUSTOMER_SERVICE_HEAD", "00"),
    "leader": ("LEADER_IN_CHARGE", "00"),
    "boss": ("BRANCH_SUPERVISOR", "4401"),
    "chief": ("COMPLIANCE", "4401"),
    "second": ("COMPLIANCE", "00"),
}
ROLE_OF = {"lead": "CALLBACK_AGENT_LEAD", "auditor": "AUDITOR", "compliance": "COMPLIANCE", "operator": "OPERATOR",
           "quality": "QUALITY", "head": "CALL_CENTER_HEAD", "staff": "BRANCH_STAFF"} | {k: v[0] for k, v in PEOPLE.items()}  # fmt: skip
POSTS = {
    "/keeping/holds": Act.HOLD,
    "/keeping/holds/no-call/ask": Act.ASK_RELEASE,
    "/keeping/holds/no-call/release": Act.RELEASE,
    "/keeping/disputes": Act.DISPUTE,
    "/keeping/disputes/999/close": Act.DISPUTE,
    "/keeping/disposals": Act.LIST_EXPIRED,
    "/keeping/disposals/999/approve": Act.APPROVE_DISPOSAL,
    "/keeping/disposals/999/refuse": Act.APPROVE_DISPOSAL,
    "/keeping/redactions": Act.ASK_REDACTION,
    "/keeping/redactions/999/carry-out": Act.REDACT,
}


@pytest.fixture(scope="module")
def people(desk_settings, day):
    from desk.passwords import hash_password

    password = hash_password(PASSWORD)
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        for login, (role, branch) in PEOPLE.items():
            c.execute(
                sa.text("INSERT INTO users VALUES (:l, :l, :p, CAST(:r AS jsonb), :b, false)"),
                {"l": login, "p": password, "r": json.dumps([role]), "b": branch},
            )
    yield engine
    engine.dispose()


@pytest.fixture
def ask(people):
    def run(sql: str, **values) -> list[tuple]:
        with people.begin() as c:
            found = c.execute(sa.text(sql), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    return run


@pytest.fixture
def post(sign_in, people):
    def go(login: str, path: str, **data):
        client = sign_in(login)
        token = client.get("/retrievals/counter").text.split('name="csrf" value="')[1].split('"')[0]
        return client.post(path, data={"csrf": token, **data})

    return go


def words(answer) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", answer.text))


@pytest.fixture(scope="module")
def kept(desk_settings, people):
    """The recording of `call-0` as it lies in the archive, its lock some seconds long, of a call twenty-one years ago."""
    from settings import settings
    from storage.archive import archive, second_archive
    from storage.encryption import seal
    from storage.key_keepers import key_keeper
    from storage.sound import keep

    for cached in (settings, archive, second_archive, key_keeper):
        cached.cache_clear()
    out = io.BytesIO()
    voice = numpy.random.default_rng(3).integers(-9000, 9000, (8000 * 6, 2)).astype("int16")
    soundfile.write(out, voice, 8000, "PCM_16", format="WAV")
    plain, key, name = keep(out.getvalue()), bytes(range(32)), "recordings/keeping/0.sealed"
    wrapped, sealed = key_keeper().wrap(key, "key-0"), io.BytesIO()
    seal(io.BytesIO(plain.data), sealed, key, name, plain.size, bytes.fromhex(plain.sha256))
    archive().ensure_bucket()
    second_archive().ensure_bucket()
    until = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=10)
    stored = archive().put(name, sealed.getvalue(), "x", until)
    with people.begin() as c:
        put_on_record(c, archive().bucket, stored, wrapped, plain, date(2004, 9, 24), until)
    yield name
    for cached in (settings, archive, second_archive, key_keeper):
        cached.cache_clear()


@pytest.mark.parametrize("login", sorted(ROLE_OF))
def test_every_role_and_every_order(login, post, sign_in):
    """What is refused is refused by the rule; what is allowed is refused only for what it is about."""
    office = login not in ("staff", "boss", "chief")
    sees = office and ROLE_OF[login] in MAY[Act.SEE]
    assert sign_in(login).get("/keeping").status_code == (200 if sees else 403)
    for path, act in POSTS.items():
        answer = post(
            login, path, call="no-call", reason="案件", policy="no-policy", day="2026-09-01", begin="1", until="2"
        )
        assert answer.status_code == (422 if office and ROLE_OF[login] in MAY[act] else 403), (
            path,
            words(answer)[:200],
        )


def test_every_form_is_in_the_table_and_takes_its_token(sign_in, people):
    from desk import keeping

    own = {re.sub(r"\{\w+\}", "*", route.path) for route in keeping.router.routes if "POST" in route.methods}
    assert own == {re.sub(r"/(no-call|999)/", "/*/", path) for path in POSTS}
    for path in POSTS:
        assert sign_in("compliance").post(path, data={"reason": "x"}).status_code == 403


def test_a_hold_is_set_by_one_and_released_by_two(post, sign_in, kept, ask):
    from storage.archive import archive

    assert post("head", "/keeping/holds", call="RE0", reason="").status_code == 422
    assert post("head", "/keeping/holds", call="RE0", reason="诉讼 7 号").status_code == 303
    assert "RE0" in words(sign_in("auditor").get("/keeping"))
    [(version,)] = ask("SELECT version_id FROM archive_objects")
    assert archive().lock_of(kept, version).held
    assert "须先由一人提出解除" in words(post("leader", "/keeping/holds/call-0/release"))
    assert post("compliance", "/keeping/holds/call-0/ask", reason="结案").status_code == 303
    assert "已有人提出解除" in words(post("second", "/keeping/holds/call-0/ask", reason="结案"))
    assert "须由另一人办理" in words(post("compliance", "/keeping/holds/call-0/release"))
    assert archive().lock_of(kept, version).held
    assert post("leader", "/keeping/holds/call-0/release").status_code == 303
    assert not archive().lock_of(kept, version).held
    told = [kind for (kind,) in ask("SELECT kind FROM events WHERE kind LIKE 'HOLD%' ORDER BY id")]
    assert told == ["HOLD_SET", "HOLD_RELEASE_ASKED", "HOLD_RELEASED"]
    assert "compliance" in words(sign_in("auditor").get("/keeping"))


def test_payment_data_goes_by_two(post, kept, ask):
    assert "起止秒数有误" in words(
        post("quality", "/keeping/redactions", call="RE0", begin="3", until="2", reason="卡号")
    )
    assert post("quality", "/keeping/redactions", call="RE0", begin="2", until="3", reason="卡号").status_code == 303
    assert post("compliance", "/keeping/redactions", call="RE0", begin="4", until="5", reason="卡号").status_code == 303
    assert "须由另一人办理" in words(post("compliance", "/keeping/redactions/2/carry-out"))
    assert post("head", "/keeping/redactions/1/carry-out").status_code == 303
    [(why,)] = ask("SELECT destroyed_why FROM data_keys WHERE id = 'key-0'")
    assert why == "REDACTED"
    assert [kind for (kind,) in ask("SELECT kind FROM ledger WHERE kind = 'DATA_KEY_DESTROYED'")] == [
        "DATA_KEY_DESTROYED"
    ]


def test_a_dispute_keeps_it_and_what_has_expired_goes_by_two_approvals(post, sign_in, kept, ask):
    import asyncio
    import time

    from clock import Clock
    from storage import db
    from tasks import archive_care

    # the contract ended long ago: what is left is the dispute
    ask("""UPDATE contracts SET status = 'TERMINATED', facts = '{"surrendered_on": "2005-01-01"}'""")
    assert post("service", "/keeping/disputes", policy="P20260000000", day="20 September").status_code == 422
    assert post("service", "/keeping/disputes", policy="P20260000000", day="2024-05-01").status_code == 303
    [(until,)] = ask("SELECT retain_until FROM archive_objects WHERE disposed_at IS NULL")
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()) + 1.2)
    # the desk's day is before the store's: what the rows say is put back to it, what the store says is not
    ask("UPDATE archive_objects SET retain_until = '2026-09-01T00:00:00Z'")
    assert "没有期满可销毁的记录" in words(post("compliance", "/keeping/disposals"))
    [(dispute,)] = ask("SELECT id FROM disputes")
    assert post("head", f"/keeping/disputes/{dispute}/close", day="2024-01-01").status_code == 422
    assert post("head", f"/keeping/disputes/{dispute}/close", day="2024-06-01").status_code == 303

    assert post("compliance", "/keeping/disposals").status_code == 303
    assert "须由另一人办理" in words(post("compliance", "/keeping/disposals/1/approve"))
    assert post("head", "/keeping/disposals/1/approve").status_code == 303
    assert "请写明理由" in words(post("leader", "/keeping/disposals/1/refuse", reason=""))
    assert post("leader", "/keeping/disposals/1/refuse", reason="尚有疑问").status_code == 303
    assert "未获同意" in words(post("service", "/keeping/disposals/1/approve"))

    assert post("compliance", "/keeping/disposals").status_code == 303
    for login in ("head", "leader"):
        assert post(login, "/keeping/disposals/2/approve").status_code == 303
    assert "已有两人批准" in words(post("service", "/keeping/disposals/2/approve"))

    async def night() -> int:
        try:
            return await archive_care.dispose_of_approved.fn(Clock())
        finally:
            await db.dispose()

    assert asyncio.run(night()) == 1
    page = words(sign_in("auditor").get("/keeping/disposals/2"))
    assert "RE0" in page and "销毁凭证" in page and "head" in page and "leader" in page
    assert ask("SELECT count(*) FROM data_keys WHERE wrapped IS NOT NULL") == [(0,)]
    assert "尚有疑问" in words(sign_in("auditor").get("/keeping/disposals/1"))
    assert sign_in("auditor").get("/keeping/disposals/9").status_code == 404
    assert sign_in("boss").get("/keeping/disposals/2").status_code == 403


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/keeping", "/keeping/disposals/2"])
def test_a_page_speaks_one_language_and_shows_no_code(sign_in, people, path, lang):
    answer = sign_in("compliance", lang).get(path)
    sign_in("compliance").get("/language/zh")
    page = re.sub(r"<[^>]*>", " ", answer.text)
    assert answer.status_code == 200 and re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b", page) == []
    if lang == "en":
        assert not set(re.findall(r"[一-鿿]+", page)) & {"冻结", "销毁", "争议", "批准"}
