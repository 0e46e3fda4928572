"""What is posted: signing in, the forms' token, unmasking, moving an order forward."""

import pytest
import sqlalchemy as sa

from desk.auth import Failures, local_path
from rules.words import word

PASSWORD = "a long enough password"


@pytest.fixture
def events(desk_settings):
    """`events(kind)` → their data, oldest first."""
    engine = sa.create_engine(desk_settings)

    def of(kind: str) -> list[tuple]:
        with engine.connect() as c:
            return list(
                c.execute(sa.text("SELECT case_id, data FROM events WHERE kind = :kind ORDER BY id"), {"kind": kind})
            )

    yield of
    engine.dispose()


def token(client, path: str = "/sign-in") -> str:
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]


def attempt(client, login: str, password: str = PASSWORD, **more):
    client.cookies.clear()
    return client.post("/sign-in", data={"login": login, "password": password, "csrf": token(client), **more})


@pytest.mark.parametrize(
    ("login", "page"), [("lead", "/board"), ("auditor", "/board"), ("staff", "/branches/4401/inbox")]
)
def test_after_signing_in_comes_the_roles_first_page(desk, day, login, page):
    answer = attempt(desk, login)
    assert (answer.status_code, answer.headers["location"]) == (303, page)
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie and "samesite=lax" in cookie
    assert desk.get(page).status_code == 200


@pytest.mark.parametrize(("login", "password"), [("lead", "wrong"), ("nobody", PASSWORD), ("gone", PASSWORD), ("", "")])
def test_wrong_and_disabled_are_told_the_same(desk, day, login, password):
    desk.app.state.failures = Failures()
    answer = attempt(desk, login, password)
    assert answer.status_code == 401 and "登录名与密码不符" in answer.text


def test_signing_in_returns_to_the_page_asked_for_and_nowhere_else(desk, day):
    assert attempt(desk, "lead", next="/cases?page=2").headers["location"] == "/cases?page=2"
    for elsewhere in ("https://evil.example", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert attempt(desk, "lead", next=elsewhere).headers["location"] == "/board"


def test_too_many_failures_have_to_wait(desk, day):
    desk.app.state.failures = Failures(limit=3)
    assert [attempt(desk, "lead", "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    right = attempt(desk, "lead")
    assert right.status_code == 429 and int(right.headers["retry-after"]) > 200
    assert attempt(desk, "staff").status_code == 303
    desk.app.state.failures = Failures()


def test_failures_are_forgotten_in_time_and_bounded():
    failures = Failures(limit=1, seconds=0.0, keys=2)
    for key in "abc":
        failures.add(key)
    assert failures.wait("a") == 0.0 and len(failures._times) == 2


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/a?b=c", True),
        ("", False),
        ("a", False),
        ("//h/a", False),
        ("/\\h", False),
        ("/a\nb", False),
        ("http://h", False),
    ],
)
def test_local_paths(target, kept):
    assert local_path(target) == (target if kept else None)


POSTS = [
    "/sign-in",
    "/sign-out",
    "/dialler/pause",
    "/dialler/stop",
    "/dialler/resume",
    "/cases/{day.asked}/unmask",
    "/work-orders/{day.order}/accept",
    "/work-orders/{day.order}/handle",
    "/work-orders/{day.order}/overdue-statement",
    "/lists/{day.list_id}/rows/62/mend",
    "/lists/{day.list_id}/rows/62/unmask",
]
PATHS = {"{day.asked}": "{case_id}", "{day.order}": "{order_id}", "{day.list_id}/rows/62": "{list_id}/rows/{row_no}"}


@pytest.mark.parametrize("path", POSTS)
@pytest.mark.parametrize("given", [None, "", "wrong"])
def test_a_form_without_its_token_changes_nothing(sign_in, day, events, path, given):
    client = sign_in("lead")
    before = [events(kind) for kind in ("UNMASKED", "ORDER_ACCEPTED", "SWITCH_THROWN", "ROW_MENDED")]
    answer = client.post(path.format(day=day), data={} if given is None else {"csrf": given})
    assert answer.status_code == 403 and "表单已失效" in answer.text
    assert [events(kind) for kind in ("UNMASKED", "ORDER_ACCEPTED", "SWITCH_THROWN", "ROW_MENDED")] == before
    assert client.get("/board").status_code == 200


def test_every_form_that_posts_is_in_the_table_above():
    from desk import board, branches, cases, health, list_rows, lists, sign_in, work_orders

    parts = (board, branches, cases, health, list_rows, lists, sign_in, work_orders)
    own = {route.path for part in parts for route in part.router.routes if "POST" in route.methods}
    table = set(POSTS)
    for ours, theirs in PATHS.items():
        table = {path.replace(ours, theirs) for path in table}
    assert own == table


def test_signing_out_ends_it(sign_in, day):
    client = sign_in("lead")
    assert client.post("/sign-out", data={"csrf": token(client, "/board")}).status_code == 303
    assert client.get("/board").status_code == 303


# ---- unmasking


def test_unmasking_needs_a_supervisor_a_reason_and_leaves_a_trace(sign_in, day, events):
    path = f"/cases/{day.asked}"
    staff = sign_in("staff")
    assert staff.post(f"{path}/unmask", data={"csrf": token(staff, path), "reason": "核对证件"}).status_code == 403
    other = sign_in("province")
    csrf = token(other, path)
    refused = other.post(f"{path}/unmask", data={"csrf": csrf, "reason": " "})
    assert refused.status_code == 422 and "王小芳" not in refused.text
    assert events("UNMASKED") == []
    elsewhere = other.post(f"/cases/{day.elsewhere}/unmask", data={"csrf": csrf, "reason": "核对证件"})
    assert elsewhere.status_code == 403 and events("UNMASKED") == []

    shown = other.post(f"{path}/unmask", data={"csrf": csrf, "reason": "核对证件 110105196003050021"})
    assert shown.status_code == 200
    for value in ("王小芳", "110105196003050021", "+8613900000000", "某路一号", "P20260000000"):
        assert value in shown.text
    [(case_id, data)] = events("UNMASKED")
    assert case_id == day.asked and data["user"] == "province"
    assert data["reason"].startswith("核对证件") and "1101" not in data["reason"]
    assert "王小芳" not in other.get(path).text


# ---- work orders


def test_an_order_moves_forward_once(sign_in, day, events):
    path = f"/work-orders/{day.order}"
    lead = sign_in("lead")
    assert lead.post(f"{path}/accept", data={"csrf": token(lead, path)}).status_code == 403  # not with head office
    other = sign_in("other")
    assert other.post(f"{path}/accept", data={"csrf": token(other, "/cases")}).status_code == 403

    staff = sign_in("staff")
    csrf = token(staff, path)
    early = staff.post(f"{path}/handle", data={"csrf": csrf, "note": "已联系客户"})
    assert early.status_code == 409 and word("ISSUED", "zh") in early.text
    back = "/branches/4401/inbox?order=1"
    accepted = staff.post(f"{path}/accept", data={"csrf": csrf, "next": back})
    assert (accepted.status_code, accepted.headers["location"]) == (303, back)
    again = staff.post(f"{path}/accept", data={"csrf": csrf})
    assert again.status_code == 409 and word("ACCEPTED", "zh") in again.text
    assert staff.post(f"{path}/handle", data={"csrf": csrf, "note": "  "}).status_code == 422
    handled = staff.post(f"{path}/handle", data={"csrf": csrf, "note": "已面谈，客户签字说明"})
    assert (handled.status_code, handled.headers["location"]) == (303, path)
    page = staff.get(path).text
    assert "已面谈，客户签字说明" in page and 'data-key="l"' not in page

    [(case_id, data)] = events("ORDER_ACCEPTED")
    assert case_id == day.asked and data == {"order_id": day.order, "branch": "4401", "user": "staff"}
    [(case_id, data)] = events("CASE_MOVED")  # nothing is left to do at the branch: head office looks at it
    assert case_id == day.asked and (data["from"], data["to"], data["owner"]) == (
        "AT_BRANCH",
        "IN_REVIEW",
        "HEAD_OFFICE",
    )
    assert word("IN_REVIEW", "zh") in staff.get(f"/cases/{day.asked}").text
    [(_, data)] = events("ORDER_HANDLED")
    assert "note" not in data and "签字" not in str(data)
