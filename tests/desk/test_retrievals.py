"""Hearing a recording, through the pages: AC-22 (a) to (h), the player on a recording that was really archived, and who
sees what."""

import hashlib
import html
import io
import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy
import pytest
import soundfile
import sqlalchemy as sa
from starlette.testclient import TestClient

from tests.desk.kept_recording import put_on_record

PASSWORD = "a long enough password"
PEOPLE = {
    "chief": ("DEPARTMENT_HEAD", "4401"),
    "boss": ("BRANCH_SUPERVISOR", "4401"),
    "dean": ("DEPARTMENT_HEAD", "00"),
    "service": ("CUSTOMER_SERVICE_HEAD", "00"),
    "leader": ("LEADER_IN_CHARGE", "00"),
    "ringer": ("CALLBACK_AGENT", "00"),
    "seller": ("AGENT", "4401"),
}
DESK, AUDIT_ROOM, ELSEWHERE = "10.1.2.3", "10.0.9.7", "10.9.9.9"
PLACES = f"4401/CS={DESK}/32, 00/AUDIT=10.0.9.0/24"


@pytest.fixture(scope="module")
def recorded(desk_settings, day) -> bytes:
    """The recording of `call-0` in the real archive, and the people; returns its plain bytes."""
    from desk.passwords import hash_password
    from settings import settings
    from storage.archive import archive
    from storage.encryption import seal
    from storage.key_keepers import key_keeper
    from storage.sound import keep

    settings.cache_clear()
    archive.cache_clear()
    kept = keep(talk(20))
    plain, key = kept.data, bytes(range(32))
    wrapped = key_keeper().wrap(key, "key-0")
    sealed = io.BytesIO()
    seal(io.BytesIO(plain), sealed, key, "recordings/0.sealed", len(plain), bytes.fromhex(kept.sha256))
    store = archive()
    store.ensure_bucket()
    until = datetime.now(UTC) + timedelta(days=30)
    stored = store.put("recordings/0.sealed", sealed.getvalue(), "application/octet-stream", until)
    password = hash_password(PASSWORD)
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        for login, (role, branch) in PEOPLE.items():
            c.execute(
                sa.text("INSERT INTO users VALUES (:l, :n, :p, CAST(:r AS jsonb), :b, false)"),
                {"l": login, "n": f"{login} 测试", "p": password, "r": json.dumps([role]), "b": branch},
            )
        c.execute(sa.text("UPDATE recordings SET seconds = 20 WHERE provider_id = 'RE0'"))
        put_on_record(c, store.bucket, stored, wrapped, kept, date(2026, 9, 24), until)
    engine.dispose()
    return plain


def talk(seconds: int) -> bytes:
    """Two who speak in turn, noise of a voice's loudness; large enough that it is heard in several stretches."""
    rate, dice = 8000, numpy.random.default_rng(7)
    noise = dice.integers(-9000, 9000, (rate * seconds, 2)).astype("int16")
    for second in range(seconds):
        noise[second * rate : (second + 1) * rate, second % 2] = 0
    out = io.BytesIO()
    soundfile.write(out, noise, rate, "PCM_16", format="WAV")
    return out.getvalue()


@pytest.fixture(scope="module")
def clients(desk_settings, recorded):
    """`clients(login, address)` → a signed-in browser on the machine of that address."""
    import os

    from desk.app import create_app
    from settings import settings

    before = os.environ.get("HUIFANG_LISTENING_PLACES", "")
    os.environ["HUIFANG_LISTENING_PLACES"] = PLACES
    settings.cache_clear()
    app, cookies, opened = create_app(), {}, []

    def open_(address: str) -> TestClient:
        found = TestClient(app, client=(address, 50000), follow_redirects=False, raise_server_exceptions=False)
        opened.append(found.__enter__())
        return found

    browsers = {address: open_(address) for address in (DESK, AUDIT_ROOM, ELSEWHERE)}

    def go(login: str, address: str = ELSEWHERE, lang: str = "zh") -> TestClient:
        client = browsers[address]
        client.cookies.clear()
        if login not in cookies:
            token = client.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
            answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf": token})
            assert answer.status_code == 303, answer.text
            [(name, value)] = client.cookies.items()
            cookies[login] = (name, value)
        client.cookies.clear()
        client.cookies.set(*cookies[login], domain="testserver.local", path="/")
        client.get(f"/language/{lang}")
        return client

    yield go
    for client in opened[::-1]:
        client.__exit__(None, None, None)
    os.environ["HUIFANG_LISTENING_PLACES"] = before
    settings.cache_clear()


@pytest.fixture
def ask(desk_settings):
    engine = sa.create_engine(desk_settings)

    def run(sql: str, **values) -> list[tuple]:
        with engine.begin() as c:
            found = c.execute(sa.text(sql), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    yield run
    engine.dispose()


def told(ask, kind: str) -> list[dict]:
    """The events of a kind; each has its line on the ledger."""
    found = ask("SELECT id, data FROM events WHERE kind = :kind ORDER BY id", kind=kind)
    lines = {json.loads(body)["event"] for (body,) in ask("SELECT body FROM ledger WHERE kind = :kind", kind=kind)}
    assert {one for one, _ in found} == lines
    return [data for _, data in found]


def post(client, path: str, **data):
    page = client.get("/retrievals/counter").text
    token = page.split('name="csrf" value="')[1].split('"')[0]
    return client.post(path, data={"csrf": token, **data})


FORM = {
    "purpose": "DISPUTE",
    "recordings": "RE0",
    "listeners": "boss",
    "dispute": "争议 7 号",
    "why": "客户称未被告知犹豫期",
}


def handed_in(clients, login="boss", **more) -> int:
    answer = post(clients(login), "/retrievals", **FORM | more)
    assert answer.status_code == 303, words(answer)
    return int(answer.headers["location"].rsplit("/", 1)[1])


def words(answer) -> str:
    return html.unescape(re.sub(r"<[^>]*>", " ", answer.text))


def signed(clients, request_id: int, *who: str) -> None:
    for login in who:
        answer = post(clients(login), f"/retrievals/{request_id}/sign")
        assert answer.status_code == 303, words(answer)


def granted(clients, **more) -> int:
    request_id = handed_in(clients, **more)
    signed(clients, request_id, "chief", "service", "head")
    return request_id


def play(clients, right: int, login="boss", address=DESK, kind="RETRIEVAL", recording="RE0"):
    return post(clients(login, address), f"/recordings/{recording}/plays", kind=kind, right=str(right))


# ---------------------------------------------------------------- AC-22


def test_a_an_agent_is_refused(clients, ask):
    for login in ("seller", "ringer"):
        for answer in (
            clients(login).get("/retrievals/new?recording=RE0"),
            post(clients(login), "/retrievals", **FORM),
        ):
            assert answer.status_code == 403 and "R115" in words(answer)
    assert told(ask, "RETRIEVAL_REQUESTED") == []


def test_b_a_clerk_below_supervisor_is_refused(clients, ask):
    answer = post(clients("staff"), "/retrievals", **FORM | {"listeners": "staff"})
    assert answer.status_code == 403 and "须为主管级及以上人员申请" in words(answer)
    assert told(ask, "RETRIEVAL_REQUESTED") == []


def test_c_without_the_department_head_it_waits(clients):
    request_id = handed_in(clients)
    page = words(clients("boss").get(f"/retrievals/{request_id}"))
    assert "等待申请部门负责人签批" in page and "09-29" in page
    for login in ("service", "head", "leader"):
        assert post(clients(login), f"/retrievals/{request_id}/sign").status_code == 403
    assert play(clients, request_id).status_code == 403


def test_d_signed_by_all_it_is_heard_for_seven_days_at_the_workstation(clients, ask, recorded):
    request_id = granted(clients)
    [right] = [one for one in told(ask, "RETRIEVAL_GRANTED") if one["request_id"] == request_id]
    assert right["places"] == ["4401/CS"]
    assert datetime.fromisoformat(right["ends"]) - datetime.fromisoformat(right["begins"]) == timedelta(days=7)

    assert "R113" in words(play(clients, request_id))  # the reminder first
    assert post(clients("boss"), f"/retrievals/{request_id}/privacy").status_code == 303
    assert "R117" in words(play(clients, request_id, address=ELSEWHERE))
    begun = play(clients, request_id)
    assert begun.status_code == 303
    address = begun.headers["location"]
    client = clients("boss", DESK)
    page = client.get(address)
    assert page.status_code == 200 and page.headers["cache-control"] == "no-store"
    assert page.text.count("boss boss 测试 4401/CS") == 12 and "nodownload" in page.text

    heard, first = b"", 0
    while first < len(recorded):  # as a browser does: on from where the last answer ended
        answer = client.get(f"{address}/sound", headers={"Range": f"bytes={first}-", "Sec-Fetch-Dest": "audio"})
        assert answer.status_code == 206 and "no-store" in answer.headers["cache-control"]
        assert "attachment" not in answer.headers["content-disposition"]
        assert answer.headers["content-range"] == f"bytes {first}-{first + len(answer.content) - 1}/{len(recorded)}"
        heard += answer.content
        first = len(heard)
    assert hashlib.sha256(heard).digest() == hashlib.sha256(recorded).digest()
    mine = [one for one in told(ask, "RECORDING_PLAYED") if one["right"] == {"kind": "RETRIEVAL", "id": request_id}]
    assert len(mine) == 1 and mine[0]["place"] == "4401/CS" and mine[0]["user"] == "boss"
    assert told(ask, "RECORDING_SEEKED") == []

    middle = len(recorded) // 2
    assert (
        client.get(f"{address}/sound", headers={"Range": f"bytes={middle}-{middle + 99}"}).content
        == recorded[middle : middle + 100]
    )
    assert post(client, f"{address}/seeks", to_ms="1500").status_code == 204
    assert [one["to_ms"] for one in told(ask, "RECORDING_SEEKED")] == [pytest.approx(10_000, abs=5), 1500]
    # nothing to keep, from nowhere else, by nobody else
    for answer in (
        client.get(f"{address}/sound", headers={"Sec-Fetch-Dest": "document"}),
        clients("boss", ELSEWHERE).get(f"{address}/sound"),
        clients("chief", DESK).get(f"{address}/sound"),
        clients("chief", DESK).get(address),
    ):
        assert answer.status_code == 403
    reasons = [one["reason"] for one in told(ask, "PLAY_REFUSED")][-4:]
    assert reasons == ["NOT_THE_PLAYER", "WRONG_PLACE", "NOT_A_LISTENER", "NOT_A_LISTENER"]

    for at in (f"bytes={len(recorded)}-", "bytes=-", "lines=1-2"):
        assert clients("boss", DESK).get(f"{address}/sound", headers={"Range": at}).status_code == 416
    loudness = clients("boss", DESK).get(f"{address}/shape").json()
    assert loudness["seconds"] == 20 and [max(channel) > 20 for channel in loudness["channels"]] == [True, True]

    assert post(clients("head"), f"/retrievals/{request_id}/revoke", reason="用途不符").status_code == 303
    assert clients("boss", DESK).get(f"{address}/sound", headers={"Range": "bytes=0-9"}).status_code == 403
    assert told(ask, "PLAY_REFUSED")[-1]["reason"] == "REVOKED"


def test_e_the_customer_at_the_counter_is_told_the_way_and_staff_listen_first(clients, ask):
    answer = post(clients("staff", DESK), "/retrievals/counter", recording="RE0")
    page = words(answer)
    assert answer.status_code == 403 and "原则上不向当事人当场播放录音" in page
    assert "09-29" in page and "先由工作人员听取" in page
    assert told(ask, "PLAY_REFUSED")[-1] == {
        "user": "staff", "recording": "RE0", "place": "4401/CS", "reason": "CUSTOMER_PRESENT",
    }  # fmt: skip


def test_f_a_lawsuit_takes_the_written_request_and_the_leader(clients, ask):
    answer = post(clients("boss"), "/retrievals", **FORM | {"purpose": "LITIGATION"})
    assert answer.status_code == 422 and "须有部门书面申请" in words(answer)
    request_id = handed_in(clients, purpose="LITIGATION", letter="函 3 号")
    signed(clients, request_id, "chief", "service", "head")
    assert "等待分管领导签批" in words(clients("boss").get(f"/retrievals/{request_id}"))
    signed(clients, request_id, "leader")
    assert request_id in [one["request_id"] for one in told(ask, "RETRIEVAL_GRANTED")]


def test_g_training_never_hears_the_original_and_stays_in_the_call_center(clients, ask, taught):
    answer = post(clients("boss"), "/retrievals", **FORM | {"purpose": "TRAINING"})
    assert answer.status_code == 422 and "仅限电话中心内部" in words(answer)
    request_id = handed_in(clients, "lead", purpose="TRAINING", listeners="lead")
    assert post(clients("lead"), f"/retrievals/{request_id}/copies", recording="RE0").status_code == 403
    signed(clients, request_id, "dean", "service", "head")
    assert "R119" in words(play(clients, request_id, "lead", AUDIT_ROOM))  # the recording itself: never
    assert told(ask, "PLAY_REFUSED")[-1]["reason"] == "MASKED_ONLY"

    assert "制作遮蔽副本" in words(clients("lead").get(f"/retrievals/{request_id}"))
    for login, path in (("service", request_id), ("lead", 9999)):
        assert post(clients(login), f"/retrievals/{path}/copies", recording="RE0").status_code in (403, 404)
    assert post(clients("lead"), f"/retrievals/{request_id}/copies", recording="RE0").status_code == 303
    [made] = told(ask, "TRAINING_COPY_MADE")
    copy = made["copy_id"]
    assert (made["recording"], made["masked"], made["user"]) == ("RE0", True, "lead")

    # inside the call center, at its place, to whoever is taught there
    for login, address, code in (
        ("ringer", ELSEWHERE, "R117"),
        ("service", AUDIT_ROOM, "R119"),
        ("boss", DESK, "R119"),
    ):
        answer = post(clients(login, address), f"/training-copies/{copy}/plays")
        assert answer.status_code == 403 and code in words(answer)
    assert post(clients("ringer", AUDIT_ROOM), "/training-copies/99/plays").status_code == 403
    begun = post(clients("ringer", AUDIT_ROOM), f"/training-copies/{copy}/plays")
    assert begun.status_code == 303
    address = begun.headers["location"]
    client = clients("ringer", AUDIT_ROOM)
    page = client.get(address)
    assert page.headers["cache-control"] == "no-store" and page.text.count("ringer 测试") >= 12
    answer = client.get(f"{address}/sound")
    sound, rate = soundfile.read(io.BytesIO(answer.content), dtype="int16")
    assert "no-store" in answer.headers["cache-control"] and rate == 8000
    # the first seconds, in which the name is said, are silenced but for the short tone; then it is heard
    assert not sound[rate : 9 * rate].any() and sound[11 * rate : 15 * rate].any()
    assert client.get(f"{address}/shape").json()["seconds"] == 20
    middle = len(answer.content) // 2
    assert client.get(f"{address}/sound", headers={"Range": f"bytes={middle}-{middle + 9}"}).status_code == 206
    assert post(client, f"{address}/seeks", to_ms="900").status_code == 204
    assert [one["to_ms"] for one in told(ask, "TRAINING_COPY_SEEKED")] == [pytest.approx(10_000, abs=5), 900]
    assert [one["user"] for one in told(ask, "TRAINING_COPY_PLAYED")] == ["ringer"]
    for refused in (
        client.get(f"{address}/sound", headers={"Sec-Fetch-Dest": "document"}),
        clients("lead", AUDIT_ROOM).get(f"{address}/sound"),
        clients("ringer", ELSEWHERE).get(f"{address}/sound"),
    ):
        assert refused.status_code == 403
    assert [one["reason"] for one in told(ask, "PLAY_REFUSED")][-3:] == [
        "NOT_THE_PLAYER",
        "NOT_A_LISTENER",
        "WRONG_PLACE",
    ]
    for lang in ("zh", "en"):
        assert str(copy) in words(clients("auditor", lang=lang).get("/training-copies"))
    assert clients("boss").get("/training-copies").status_code == 403

    # he hears who it is, and says where
    assert post(clients("service"), f"/training-copies/{copy}/end", begin="13", until="15").status_code == 403
    assert post(clients("lead"), f"/training-copies/{copy}/end").status_code == 403
    assert post(clients("ringer"), f"/training-copies/{copy}/end", begin="15", until="13").status_code == 403
    assert post(clients("ringer"), f"/training-copies/{copy}/end", begin="13", until="15").status_code == 303
    assert clients("ringer", AUDIT_ROOM).get(f"{address}/sound").status_code == 403
    assert told(ask, "TRAINING_COPY_ENDED")[-1] == {"copy_id": copy, "user": "ringer", "why": "IDENTIFIES"}
    assert "第 1 号培训副本由 ringer 停用" in words(clients("auditor").get("/recordings/RE0"))


@pytest.fixture
def taught(ask, recorded, monkeypatch):
    """The call has its turns on record; the copies have a bucket."""
    from settings import settings
    from storage.training_bucket import training_bucket
    from storage.vault import vault

    monkeypatch.setenv("HUIFANG_S3_TRAINING_BUCKET", "desk-training")
    settings.cache_clear()
    training_bucket.cache_clear()
    heard = {"case_id": None, "step": "M2.received", "try_no": 1}
    for seconds, said, answers in ((0, "C1.ask", []), (8, "M2.received.ask", []), (18, "M9.ask", [heard])):
        ask(
            """INSERT INTO events (at, kind, call_id, data) SELECT answered_at + make_interval(secs => :at), 'TURN', id,
               CAST(:data AS jsonb) FROM calls WHERE id = 'call-0' RETURNING id""",
            at=seconds,
            data=json.dumps({"said": [{"id": said}], "answers": answers}),
        )
    ask(
        """INSERT INTO answers (call_id, step, try_no, answer, final, detail, how, heard_sealed, answered_at)
           SELECT id, 'M2.received', 1, 'YES', true, '{}', 'speech', :heard, answered_at FROM calls WHERE id = 'call-0'
           RETURNING id""",
        heard=vault().seal("收到了"),
    )
    yield
    ask("DELETE FROM answers WHERE call_id = 'call-0' AND step = 'M2.received'")
    training_bucket.cache_clear()


def test_h_nobody_approves_his_own(clients):
    request_id = handed_in(clients, "chief", listeners="chief")
    answer = post(clients("chief"), f"/retrievals/{request_id}/sign")
    assert answer.status_code == 403 and "不得审批本人的申请" in words(answer)
    own = handed_in(clients, "head", listeners="head")
    assert post(clients("head"), f"/retrievals/{own}/sign").status_code == 403


# ---------------------------------------------------------------- the rest


def test_an_approver_refuses_with_a_reason_and_the_applicant_takes_back(clients):
    request_id = handed_in(clients)
    assert post(clients("chief"), f"/retrievals/{request_id}/refuse", reason=" ").status_code == 422
    assert post(clients("chief"), f"/retrievals/{request_id}/refuse", reason="理由不充分").status_code == 303
    assert "审批未同意" in words(clients("boss").get(f"/retrievals/{request_id}"))
    other = handed_in(clients)
    assert post(clients("chief"), f"/retrievals/{other}/withdraw").status_code == 403
    assert post(clients("boss"), f"/retrievals/{other}/withdraw").status_code == 303
    assert post(clients("boss"), "/retrievals/9999/sign").status_code == 404


def test_a_checker_hears_what_is_his_in_the_audit_room(clients, ask, recorded):
    [(settlement, case)] = ask("SELECT id, case_id FROM settlements WHERE call_id = 'call-0'")
    sample = ask(
        """INSERT INTO quality_samples (kind, period, first, last, start, population, population_digest, profile, withdrawn,
             drawn_by, known_at) VALUES ('QUALITY_SHARE', '2026-08', '2026-08-01', '2026-08-31', 0, 1, '', 'national@1',
             '[]', 'head', now()) RETURNING id"""
    )[0][0]
    check = ask(
        """INSERT INTO quality_checks (sample_id, settlement_id, case_id, call_id, channel, product_type, why, state,
             assigned_to, assigned_at, differences, quality_items) VALUES (:sample, :settlement, :case, 'call-0',
             'BANCASSURANCE', 'PARTICIPATING', 'SAMPLE', 'OPEN', 'checker', now(), '[]', '[]') RETURNING id""",
        sample=sample,
        settlement=settlement,
        case=case,
    )[0][0]
    right = ask(
        """INSERT INTO quality_assignments (check_id, call_id, recording, checker, place, assigned_by, assigned_at)
           VALUES (:check, 'call-0', 'RE0', 'checker', '00/AUDIT', 'head', now()) RETURNING id""",
        check=check,
    )[0][0]
    assert f'name="right" value="{right}"' in clients("checker", AUDIT_ROOM).get(f"/quality-checks/{check}").text
    assert 'value="QUALITY"' not in clients("quality", AUDIT_ROOM).get(f"/quality-checks/{check}").text
    begun = play(clients, right, "checker", AUDIT_ROOM, "QUALITY")
    assert begun.status_code == 303
    client = clients("checker", AUDIT_ROOM)
    assert f'href="/quality-checks/{check}"' in client.get(begun.headers["location"]).text
    assert client.get(f"{begun.headers['location']}/sound").content == recorded
    for refused in (
        play(clients, right, "checker", ELSEWHERE, "QUALITY"),
        play(clients, right, "quality", AUDIT_ROOM, "QUALITY"),
        play(clients, right, "checker", AUDIT_ROOM, "RETRIEVAL"),
        play(clients, right, "checker", AUDIT_ROOM, "QUALITY", "RE-none"),
    ):
        assert refused.status_code == 403
    assert play(clients, right, "checker", AUDIT_ROOM, "OPERATOR").status_code == 422
    done = post(clients("checker"), f"/quality-checks/{check}", verdict="AGREES")
    assert done.status_code == 303
    assert clients("checker", AUDIT_ROOM).get(f"{begun.headers['location']}/sound").status_code == 403


PAGES = {
    "/recordings": "recordings",
    "/recordings/RE0": "recordings",
    "/retrievals": "retrievals",
    "/retrievals/1": "one",
}
OPENS = {
    "auditor": {"recordings", "retrievals", "one"},
    "compliance": {"recordings", "retrievals", "one"},
    "service": {"recordings", "retrievals", "one"},
    "boss": {"recordings", "retrievals", "one"},
    "chief": {"recordings", "retrievals", "one"},
    "quality": {"recordings"},
    "lead": {"recordings", "retrievals"},
    "staff": set(),
    "operator": set(),
    "ringer": set(),
}


@pytest.mark.parametrize("login", OPENS)
def test_each_role_opens_its_pages_and_no_other(clients, login):
    client = clients(login)
    opened = {path: client.get(path).status_code for path in PAGES}
    assert opened == {path: 200 if right in OPENS[login] else 403 for path, right in PAGES.items()}


def test_auditors_search_and_see_every_access_a_branch_sees_its_own_recordings_alone(clients):
    page = words(clients("auditor").get("/recordings/RE0"))
    assert "录音" in page and "拒绝" in page and "boss" in page and "4401/CS" in page
    assert "RE0" in clients("auditor").get("/recordings?q=P20260000000").text
    assert "RE0" in clients("auditor").get("/recordings?q=call-0").text
    assert "RE0" not in words(clients("auditor").get("/recordings?q=P20260000009"))
    assert "4401/CS" not in words(clients("boss").get("/recordings/RE0"))  # who heard it is not the branch's to see
    assert clients("auditor").get("/recordings/RE-none").status_code == 404


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", ["/recordings", "/recordings/RE0", "/retrievals", "/retrievals/1", "/retrievals/new", "/retrievals/counter", "/training-copies"])  # fmt: skip
def test_a_page_speaks_one_language_and_shows_no_code(clients, path, lang):
    answer = clients("service", lang=lang).get(path)
    page = re.sub(r"<[^>]*>", " ", answer.text)
    assert answer.status_code == 200
    assert re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b|\b(?:PENDING|GRANTED|DISPUTE|TRAINING|REFUSED|NO_RIGHT)\b", page) == []
    if lang == "en":
        assert not set(re.findall(r"[一-鿿]+", page)) & {"录音", "状态", "申请", "签批", "听取", "用途"}


POSTS = (
    "/retrievals/1/copies", "/training-copies/1/end", "/training-copies/1/plays", "/training-plays/x/seeks",
    "/retrievals", "/retrievals/counter", "/retrievals/1/sign", "/retrievals/1/refuse", "/retrievals/1/withdraw",
    "/retrievals/1/revoke", "/retrievals/1/privacy", "/recordings/RE0/plays", "/plays/x/seeks",
)  # fmt: skip


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_its_token_changes_nothing(clients, path):
    for given in ({}, {"csrf": "wrong"}):
        assert clients("head").post(path, data={**FORM, "to_ms": "1", **given}).status_code == 403


def test_every_form_that_posts_is_in_the_table_above():
    from desk import player, recordings, retrievals, training

    own = {
        route.path
        for part in (player, recordings, retrievals, training)
        for route in part.router.routes
        if "POST" in route.methods
    }
    assert {re.sub(r"\{\w+\}", "*", path) for path in own} == {
        re.sub(r"/(1|RE0|x)(/|$)", r"/*\2", path) for path in POSTS
    }


@pytest.mark.parametrize(
    ("text", "problem"),
    [("4401=10.0.0.1", True), ("4401/CS", True), ("4401/BAR=10.0.0.1", True), ("4401/CS=10.0.0.1/8", True), ("", False),
     ("*/CS=127.0.0.0/8, 00/AUDIT=::1", False)],
)  # fmt: skip
def test_a_place_that_cannot_be_read_is_an_error(text, problem):
    from desk.places import registered

    if problem:
        with pytest.raises(ValueError):
            registered(text)
    else:
        registered(text)


def test_the_player_has_its_files():
    static = Path(__file__).parents[2] / "desk/static"
    assert (static / "player.js").exists() and (static / "player.css").exists()


def test_the_judge_finds_nothing_wrong_with_all_that(ask, day):
    from rules.calendar import Calendar
    from rules.judge.access import AccessCheck
    from rules.judge.history import Book, Event
    from scripts.rule_profiles import load_profile

    found = ask("SELECT id, at, kind, case_id, call_id, person_id, data FROM events ORDER BY id")
    # the checker's assignment was put in by hand above, without its event
    events = [Event(*row) for row in found if (row[6].get("right") or {}).get("kind") != "QUALITY"]
    kinds = {event.kind for event in events}
    assert {"RETRIEVAL_GRANTED", "RECORDING_PLAYED", "RECORDING_SEEKED", "PLAY_REFUSED", "RETRIEVAL_REVOKED"} <= kinds
    check = AccessCheck(Book(load_profile, Calendar({}, (2026,)), datetime.now(UTC)))
    assert [broken.message_en for broken in check.events(events)] == []
