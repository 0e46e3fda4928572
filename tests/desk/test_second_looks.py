"""The pages where a second person looks again: who opens which, both languages, and what each form sets going."""

import html
import io
import re

import openpyxl
import pytest
import sqlalchemy as sa

from desk.exports import XLSX

PAGES = {
    "reviews": "/reviews",
    "reviews.xlsx": "/reviews/export.xlsx",
    "overrides": "/class-overrides",
    "overrides of all": "/class-overrides?state=all",
    "overrides.xlsx": "/class-overrides/export.xlsx",
    "override form": "/outcomes/1/override",
    "samples": "/quality-samples",
    "penalties": "/penalties",
    "penalties of all": "/penalties?state=all&branch=4401",
    "penalties.xlsx": "/penalties/export.xlsx",
    "measures": "/measures?first=2026-09-01&last=2026-10-31",
    "measures by channel": "/measures?first=2026-09-01&last=2026-10-31&by=channel",
    "measures by agent": "/measures?first=2026-09-01&last=2026-10-31&by=agent",
    "rows": "/measures/rows?first=2026-09-01&last=2026-10-31&figure=due",
    "rows.xlsx": "/measures/rows/export.xlsx?first=2026-09-01&last=2026-10-31&figure=due",
    "missed": "/missed-appointments",
    "missed.xlsx": "/missed-appointments/export.xlsx",
    "carrier": "/carrier-comparison",
    "carrier.xlsx": "/carrier-comparison/export.xlsx",
}
LOOKS_ON = set(PAGES) - {"override form"}
OPENS = {
    "lead": set(PAGES),
    "head": LOOKS_ON,
    "quality": set(PAGES),
    "auditor": LOOKS_ON,
    "compliance": LOOKS_ON,
    "operator": {"missed", "missed.xlsx", "carrier", "carrier.xlsx"},
    "staff": set(),
    "province": {"measures", "measures by channel", "measures by agent", "rows", "rows.xlsx"},
}


@pytest.mark.parametrize("login", OPENS)
def test_each_role_opens_its_pages_and_no_other(sign_in, day, login):
    client = sign_in(login)
    opened = {name: client.get(path).status_code for name, path in PAGES.items()}
    assert opened == {name: 200 if name in OPENS[login] else 403 for name in PAGES}


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", [path for path in PAGES.values() if "xlsx" not in path])
def test_a_page_speaks_one_language_and_shows_no_code(sign_in, day, path, lang):
    page = sign_in("lead", lang).get(path)
    text = re.sub(r"<[^>]*>", " ", page.text)
    assert page.status_code == 200
    assert re.findall(r"\b[A-Z]{2,}_[A-Z_]+\b|\b(?:PROPOSED|UPHELD|QUESTION|BRANCH|COMPLETED)\b", text) == []
    if lang == "en":
        assert not set(re.findall(r"[一-鿿]+", text)) & {"导出", "状态", "指标", "质检", "到期", "结论"}


POSTS = {
    "/work-orders/{day.order}/review": "lead",
    "/outcomes/1/override": "lead",
    "/class-overrides/1/withdraw": "lead",
    "/class-overrides/1/agree": "head",
    "/class-overrides/1/refuse": "head",
    "/quality-samples": "quality",
    "/quality-samples/1/again": "quality",
    "/quality-checks/1": "quality",
    "/quality-checks/1/take-over": "quality",
    "/penalties/1/recommend": "quality",
    "/penalties/1/take-back": "quality",
    "/penalties/1/decide": "head",
}


@pytest.mark.parametrize("path", POSTS)
def test_a_form_without_its_token_changes_nothing(sign_in, day, path):
    client = sign_in(POSTS[path])
    for given in ({}, {"csrf": "wrong"}):
        answer = client.post(path.format(day=day), data=given)
        assert answer.status_code == 403 and "表单已失效" in answer.text


@pytest.mark.parametrize("path", POSTS)
def test_who_may_not_act_is_told_so(sign_in, day, path):
    for login in ("staff", "operator", "auditor"):
        client = sign_in(login)
        if (path, login) == ("/quality-samples/1/again", "auditor"):
            continue  # it stores nothing: whoever may see the sample may compare
        answer = client.post(path.format(day=day), data={"csrf": token(client)})
        assert answer.status_code == 403 and "您的角色或所属机构" in answer.text


def test_every_form_that_posts_is_in_the_table_above():
    from desk import class_overrides, measures, missed_appointments, order_reviews, penalties, quality

    parts = (class_overrides, measures, missed_appointments, order_reviews, penalties, quality)
    own = {route.path for part in parts for route in part.router.routes if "POST" in route.methods}
    names = {"work-orders": "order_id", "outcomes": "settlement_id", "class-overrides": "override_id"}
    names |= {"quality-samples": "sample_id", "quality-checks": "check_id", "penalties": "proposal_id"}
    table = {re.sub(r"^/([a-z-]+)/[^/]+", lambda m: f"/{m[1]}/{{{names[m[1]]}}}", path) for path in POSTS}
    assert own == table


def token(client) -> str:
    """Any page of the session carries the token: signing out is a form too."""
    page = client.get("/missed-appointments").text
    if 'name="csrf"' not in page:
        page = client.get("/branches").text
    return page.split('name="csrf" value="')[1].split('"')[0]


@pytest.fixture
def ask(desk_settings):
    """`ask(sql, **values)` → rows as tuples."""
    engine = sa.create_engine(desk_settings)

    def run(sql: str, **values) -> list[tuple]:
        with engine.begin() as c:
            found = c.execute(sa.text(sql), values)
            return [tuple(row) for row in found] if found.returns_rows else []

    yield run
    engine.dispose()


def post(client, path: str, **data):
    return client.post(path, data={"csrf": token(client), **data})


# ---- head office reviews what the branch has handled


def test_a_question_is_returned_then_verified_and_confirmed_by_another_call(sign_in, day, ask):
    path = f"/work-orders/{day.order}"

    def handle(**more):
        staff = sign_in("staff")
        assert post(staff, f"{path}/accept").status_code == 303
        assert post(staff, f"{path}/handle", note="已上门说明并签字", **more).status_code == 303

    due = ask("SELECT due_at FROM work_orders WHERE id = :id", id=day.order)
    handle()
    assert ask("SELECT state FROM cases WHERE id = :id", id=day.asked) == [("IN_REVIEW",)]
    assert sign_in("auditor").get(f"/reviews?order={day.order}").text.count('/review"') == 0
    lead = sign_in("lead")
    page = lead.get(f"/reviews?order={day.order}").text
    assert "王*芳" in page or "王**" in page and 'value="VERIFIED"' in page

    # C52: no signature, no waiver; a return without a reason
    for asked, words in (
        ({"verdict": "VERIFIED"}, "亲笔签字"),
        ({"verdict": "VERIFIED", "waive": "true"}, "豁免须说明理由"),
        ({"verdict": "RETURNED"}, "退回须说明理由"),
    ):
        refused = post(lead, f"{path}/review", **asked)
        assert refused.status_code == 422 and words in refused.text
    assert ask("SELECT count(*) FROM order_reviews") == [(0,)]

    assert post(lead, f"{path}/review", verdict="RETURNED", reason="没有写明何时联系").status_code == 303
    assert ask("SELECT state, owner, owner_branch FROM cases WHERE id = :id", id=day.asked) == [
        ("AT_BRANCH", "BRANCH", "4401")
    ]
    # C50: the clock of a returned order never starts again
    assert ask("SELECT due_at FROM work_orders WHERE id = :id", id=day.order) == due
    assert "没有写明何时联系" in sign_in("staff").get(path).text

    handle(statement="2026-档-017")
    lead = sign_in("lead")
    assert post(lead, f"{path}/review", verdict="VERIFIED").status_code == 303
    assert ask("SELECT state, owner, owner_branch, round FROM cases WHERE id = :id", id=day.asked) == [
        ("CALLABLE", "HEAD_OFFICE", None, 2)
    ]
    [(branch, round_no, due_at, days)] = ask(
        "SELECT branch_code, round, due_at AT TIME ZONE 'Asia/Shanghai', working_days FROM work_orders "
        "WHERE case_id = :id AND kind = 'AFTER_CARE'",
        id=day.asked,
    )
    # R92: two working days from the handling on 09-24, over Mid-Autumn's weekend
    assert (branch, round_no, days, str(due_at)) == ("00", 2, 2, "2026-09-29 23:59:59")
    assert ask("SELECT verdict, statement, follows FROM order_reviews ORDER BY id") == [
        ("RETURNED", "NOT_NEEDED", None),
        ("VERIFIED", "SIGNED", "AFTER_CARE"),
    ]
    # only what was in doubt is asked again
    assert ask("SELECT round, items FROM script_recalls WHERE case_id = :id", id=day.asked) == [(2, ["M1"])]
    again = post(lead, f"{path}/review", verdict="VERIFIED")
    assert again.status_code == 409
    kinds = ask("SELECT kind FROM events WHERE case_id = :id ORDER BY id", id=day.asked)
    assert [kind for (kind,) in kinds][-6:] == [
        *("ORDER_ACCEPTED", "ORDER_HANDLED", "CASE_MOVED", "ORDER_VERIFIED", "CASE_MOVED", "ORDER_ISSUED"),
    ]


def test_a_branch_states_once_why_it_will_be_late(sign_in, day, ask):
    other = sign_in("other")
    path = f"/work-orders/{day.order_elsewhere}"
    assert post(other, f"{path}/overdue-statement", statement=" ").status_code == 422
    assert post(other, f"{path}/overdue-statement", statement="客户出差，节后上门").status_code == 303
    page = other.get(path).text
    assert "客户出差，节后上门" in page and "时限已过" in page
    assert post(other, f"{path}/overdue-statement", statement="第二次说明").status_code == 409
    assert ask("SELECT count(*) FROM events WHERE kind = 'OVERDUE_STATEMENT_FILED'") == [(1,)]
    staff = sign_in("staff")
    assert post(staff, f"{path}/overdue-statement", statement="别处的工单").status_code == 403


# ---- two persons override a class


@pytest.fixture(scope="module")
def august(desk_settings, day):
    """Three completed callbacks of August, the settlement ids: of cases 6 to 8, all standard, recordings kept."""
    from storage.identities import number_hash
    from storage.vault import vault

    engine = sa.create_engine(desk_settings)
    ids = []
    with engine.begin() as c:
        for n in (6, 7, 8):
            call, at = f"call-aug-{n}", f"2026-08-2{n} 10:00:00+08"
            [(case, person)] = c.execute(
                sa.text("SELECT id, person_id FROM cases WHERE policy_no = :p"), {"p": f"P2026{n:07d}"}
            )
            c.execute(
                sa.text(
                    """INSERT INTO calls (id, person_id, number_hash, number_sealed, state, result, script, profile,
                         sheet_sealed, turn, reserved_at, answered_at, ended_at, settled_at, at_appointment)
                       VALUES (:id, :person, :hash, :sealed, 'ENDED', 'COMPLETED', 's@1', 'national@1', :sealed, 1,
                         :at, :at, :at, :at, false)"""
                ),
                {
                    "id": call,
                    "person": person,
                    "hash": number_hash("+8613900000000"),
                    "sealed": vault().seal("{}"),
                    "at": at,
                },
            )
            c.execute(sa.text("INSERT INTO call_cases VALUES (:call, :case, 1)"), {"call": call, "case": case})
            c.execute(
                sa.text(
                    """INSERT INTO recordings (call_id, provider_id, state, tries, loudness, reported_at, verified_at)
                       VALUES (:call, :re, 'VERIFIED', 0, '{}', :at, :at)"""
                ),
                {"call": call, "re": f"RE-aug-{n}", "at": at},
            )
            c.execute(
                sa.text(
                    """INSERT INTO answers (call_id, case_id, step, try_no, answer, final, detail, how, answered_at)
                       VALUES (:call, :case, 'M5', 1, 'YES', true, '{}', 'speech', :at)"""
                ),
                {"call": call, "case": case, "at": at},
            )
            [(settlement,)] = c.execute(
                sa.text(
                    """INSERT INTO settlements (case_id, call_id, kind, round, result, "class", completed, counts, in_window,
                         profile, decision, settled_at)
                       VALUES (:case, :call, 'CALL', 1, 'COMPLETED', 'STANDARD', true, true, true, 'national@1',
                         '{"settlement": {"reasons": [], "marks": []}}', :at) RETURNING id"""
                ),
                {"case": case, "call": call, "at": at},
            )
            c.execute(
                sa.text(
                    """UPDATE cases SET state = 'CLOSED', owner = 'CLOSED', "class" = 'STANDARD', counts = true,
                       completed_at = :at WHERE id = :id"""
                ),
                {"id": case, "at": at},
            )
            ids.append(settlement)
    engine.dispose()
    return ids


def test_a_class_is_overridden_by_two_and_counts_so_everywhere(sign_in, day, august, ask):
    settlement = august[0]
    [(case,)] = ask("SELECT case_id FROM settlements WHERE id = :id", id=settlement)
    lead = sign_in("lead")
    form = f"/outcomes/{settlement}/override"
    refused = post(lead, form, **{"class": "QUESTION", "why": "重听录音"})
    assert refused.status_code == 422 and "请选出该类的原因" in refused.text
    refused = post(lead, form, **{"class": "QUESTION", "reasons": ["SIGNED_BY_OTHER"], "why": " "})
    assert refused.status_code == 422 and "须说明理由" in refused.text

    # taken back before anybody agreed
    asked = {
        "class": "QUESTION",
        "reasons": ["SIGNED_BY_OTHER", "REFUSED"],
        "why": "重听录音：称由家人代签 13900000001",
    }
    first = post(lead, form, **asked)
    assert first.status_code == 303
    assert post(lead, form, **asked).status_code == 422  # one is waiting
    assert "1390000" not in lead.get(first.headers["location"]).text
    assert post(lead, f"{first.headers['location']}/agree").status_code == 403  # no right to agree
    assert post(lead, f"{first.headers['location']}/withdraw").status_code == 303

    second = post(sign_in("quality"), form, **asked).headers["location"]
    own = post(sign_in("quality"), f"{second}/agree")
    assert own.status_code == 422 and "须由另一人确认" in own.text
    head = sign_in("head")
    assert post(head, f"{second}/agree").status_code == 303
    assert post(head, f"{second}/agree").status_code == 409
    assert post(sign_in("quality"), f"{second}/withdraw").status_code == 409

    # both classes stay on record, the derived one where the judge looks
    assert ask('SELECT "class" FROM settlements WHERE id = :id', id=settlement) == [("STANDARD",)]
    assert ask('SELECT "class", reasons, state, owner_branch FROM cases WHERE id = :id', id=case) == [
        ("QUESTION", ["SIGNED_BY_OTHER"], "AT_BRANCH", "4401")
    ]
    # its order, with the limit of its reason: five working days
    assert ask("SELECT kind, action, working_days, branch_code FROM work_orders WHERE case_id = :id", id=case) == [
        ("QUESTION", "RE_SIGN", 5, "4401")
    ]
    kinds = [kind for (kind,) in ask("SELECT kind FROM events WHERE case_id = :id ORDER BY id", id=case)]
    assert kinds[-3:] == ["CLASS_OVERRIDDEN", "CASE_MOVED", "ORDER_ISSUED"]
    page = sign_in("lead").get(f"/cases/{case}").text
    assert "拟改结论" in page and second in page

    # back again, and the order with it
    third = post(sign_in("quality"), form, **{"class": "STANDARD", "why": "客户补充说明系本人所签"})
    assert third.status_code == 422 and "尚有未结工单" in third.text
    third = post(sign_in("quality"), form, **{"class": "STANDARD", "why": "系本人所签", "orders": "CLOSE"})
    assert post(sign_in("head"), f"{third.headers['location']}/agree").status_code == 303
    assert ask('SELECT "class", state, owner FROM cases WHERE id = :id', id=case) == [("STANDARD", "CLOSED", "CLOSED")]
    assert ask("SELECT state, closed_why FROM work_orders WHERE case_id = :id", id=case) == [
        ("CLOSED", "CLASS_OVERRIDDEN")
    ]
    states = ask("SELECT state FROM class_overrides WHERE case_id = :id ORDER BY id", id=case)
    assert [state for (state,) in states] == ["TAKEN_BACK", "CONFIRMED", "CONFIRMED"]


def test_a_class_that_is_not_agreed_to_changes_nothing(sign_in, day, august, ask):
    path = post(sign_in("lead"), f"/outcomes/{august[1]}/override", **{"class": "SUB_STANDARD", "why": "有疑问"})
    where = path.headers["location"]
    head = sign_in("head")
    assert post(head, f"{where}/refuse", note=" ").status_code == 422
    assert post(head, f"{where}/refuse", note="录音中客户答清楚").status_code == 303
    assert "录音中客户答清楚" in head.get(where).text
    assert ask(
        'SELECT c."class" FROM cases c JOIN settlements s ON s.case_id = c.id WHERE s.id = :id', id=august[1]
    ) == [("STANDARD",)]


# ---- recordings are drawn and heard


def test_a_sample_is_drawn_again_the_same_and_each_recording_is_one_checkers(sign_in, day, august, ask):
    quality = sign_in("quality")
    for kind, period, words in (
        ("QUALITY_SHARE", "2026-09", "尚未结束"),
        ("QUALITY_SHARE", "2026", "没有2026这一期"),
        ("OTHER", "2026-08", "没有2026-08这一期"),
    ):
        refused = post(quality, "/quality-samples", kind=kind, period=period)
        assert refused.status_code == 422 and words in refused.text
    drawn = post(quality, "/quality-samples", kind="QUALITY_SHARE", period="2026-08")
    assert drawn.status_code == 303
    assert post(quality, "/quality-samples", kind="QUALITY_SHARE", period="2026-08").status_code == 422
    sample = drawn.headers["location"]
    assert "完全一致" in post(quality, f"{sample}/again").text
    # 3 % of three standard callbacks, rounded up
    [(check, settlement, checker, why)] = ask("SELECT id, settlement_id, assigned_to, why FROM quality_checks")
    assert settlement in august and (checker, why) == ("checker", "SAMPLE")

    path = f"/quality-checks/{check}"
    assert post(quality, path, verdict="AGREES").status_code == 422
    assert post(quality, f"{path}/take-over").status_code == 303
    assert post(quality, path, verdict="DIFFERS").status_code == 422  # where?
    done = post(quality, path, verdict="DIFFERS", items=["MISLEADING"], **{"heard.M5": "他说没看过条款 13900000001"})
    assert done.status_code == 303
    page = quality.get(path).text
    assert "不符" in page and "销售误导" in page and "1390000" not in page
    assert post(quality, path, verdict="AGREES").status_code == 422
    # the right to play this recording: given, given to another, ended; each with its line in the ledger
    assert ask("SELECT kind, data ->> 'assignment_id' FROM events WHERE kind LIKE 'QUALITY_%' ORDER BY id") == [
        *(("QUALITY_ASSIGNED", "1"), ("QUALITY_ENDED", "1"), ("QUALITY_ASSIGNED", "2"), ("QUALITY_ENDED", "2")),
    ]
    assert ask("SELECT count(*) FROM ledger WHERE kind LIKE 'QUALITY_%'") == [(4,)]
    sheet = quality.get(f"{sample}/export.xlsx")
    assert sheet.headers["content-type"] == XLSX
    [_, row] = openpyxl.load_workbook(io.BytesIO(sheet.content)).active.iter_rows(values_only=True)
    assert row[9:11] == ("已完成", "不符")


# ---- penalties are proposed, decided by two, never deducted


@pytest.fixture(scope="module")
def proposed(desk_settings, day) -> list[int]:
    """An investigation of who signed and a late order, as the sweep proposes them; their ids."""
    engine = sa.create_engine(desk_settings)
    with engine.begin() as c:
        found = c.execute(
            sa.text(
                """INSERT INTO penalty_proposals (key, case_id, order_id, settlement_id, branch_code, agent_code, offence,
                     falls_on, measure, rule, text_zh, text_en, profile, state, proposed_at)
                   VALUES ('settlement:1:x', :case, NULL, 1, '4401', 'A-1', 'SIGNED_BY_OTHER', 'AGENT', 'INVESTIGATE',
                     'C40', '尚不知何人代签', 'who signed is not known yet', 'national@1', 'PROPOSED', now()),
                     ('order:2:x', :other, :order, NULL, '3301', NULL, 'ORDER_OVERDUE_OR_INVALID', 'UNIT',
                     'LIST_QUALITY_ITEM', 'R106', '工单逾期', 'order overdue', 'national@1', 'PROPOSED', now())
                   RETURNING id"""
            ),
            {"case": day.asked, "other": day.elsewhere, "order": day.order_elsewhere},
        )
        ids = [row[0] for row in found]
    engine.dispose()
    return ids


def test_a_penalty_is_decided_by_two_and_a_finding_leads_to_its_fines(sign_in, day, proposed, ask):
    path = f"/penalties/{proposed[0]}"
    quality = sign_in("quality")
    for given, words in (
        ({"decision": "UPHELD", "reason": "已调查"}, "由谁代签"),
        ({"decision": "UPHELD", "reason": " ", "finding": "AGENT"}, "须说明理由"),
        ({"decision": "OTHER", "reason": "x"}, "没有OTHER这一决定"),
    ):
        refused = post(quality, f"{path}/recommend", **given)
        assert refused.status_code == 422 and words in refused.text
    assert post(quality, f"{path}/decide").status_code == 422  # nobody has put anything forward
    asked = {"decision": "UPHELD", "reason": "客户与代签人笔迹比对", "finding": "FAMILY"}
    assert post(quality, f"{path}/recommend", **asked).status_code == 303
    own = post(quality, f"{path}/decide")
    assert own.status_code == 422 and "须由另一人决定" in own.text
    assert post(quality, f"{path}/take-back").status_code == 303
    assert post(quality, f"{path}/recommend", **asked).status_code == 303
    assert proposed[0] in [
        int(n) for n in re.findall(r"/penalties/(\d+)", quality.get("/penalties?state=WAITING").text)
    ]
    assert post(sign_in("head"), f"{path}/decide").status_code == 303
    assert ask(
        "SELECT state, finding, recommended_by, decided_by FROM penalty_proposals WHERE id = :id", id=proposed[0]
    ) == [("UPHELD", "FAMILY", "quality", "head")]
    # AC-15: signed by the customer's side, three amounts proposed; they wait for people like any other
    fines = ask(
        "SELECT falls_on, amount_yuan, rule, state FROM penalty_proposals WHERE parent_id = :id ORDER BY amount_yuan",
        id=proposed[0],
    )
    assert fines == [
        ("MANAGER", 100, "R100", "PROPOSED"),
        ("SUPERVISOR", 200, "R100", "PROPOSED"),
        ("AGENT", 300, "R100", "PROPOSED"),
    ]
    assert "¥300" in sign_in("auditor").get("/penalties").text
    assert post(sign_in("head"), f"{path}/decide").status_code == 422
    assert ask("SELECT count(*) FROM events WHERE kind = 'PENALTY_DECIDED'") == [(1,)]


def test_a_proposal_may_be_dismissed(sign_in, proposed, ask):
    path = f"/penalties/{proposed[1]}"
    assert post(sign_in("checker"), f"{path}/recommend", decision="DISMISSED", reason="系统故障").status_code == 303
    assert post(sign_in("quality"), f"{path}/decide").status_code == 303
    assert ask("SELECT state FROM penalty_proposals WHERE id = :id", id=proposed[1]) == [("DISMISSED",)]
    sheet = sign_in("auditor").get("/penalties/export.xlsx?state=DISMISSED")
    lines = list(openpyxl.load_workbook(io.BytesIO(sheet.content)).active.iter_rows(values_only=True))
    assert len(lines) == 2 and lines[1][1] == "工单逾期或反馈无效"


# ---- every figure opens exactly its rows


def links(page: str) -> list[tuple[str, str]]:
    """(address, text) of each link to rows."""
    found = re.findall(r'<a[^>]*href="(/measures/rows[^"]*)"[^>]*>([^<]*)</a>', page)
    return [(html.unescape(address), text.strip()) for address, text in found]


@pytest.mark.parametrize("by", ["branch", "channel", "agent"])
def test_each_figure_counts_as_many_as_its_rows(sign_in, day, august, by):
    client = sign_in("lead")
    found = links(client.get(f"/measures?first=2026-09-01&last=2026-10-31&by={by}").text)
    counts = [(address, int(text)) for address, text in found if text.isdigit()]
    assert len(counts) > 10 and any(n > 0 for _, n in counts)
    for address, n in counts:
        rows = client.get(address)
        assert rows.status_code == 200
        assert f'<span class="pill pill-grey">{n}</span>' in rows.text, address
    for address, text in found:
        assert text.endswith("%") or text in ("–",) or text.isdigit(), (address, text)


def test_the_rows_are_paged_and_exported_whole(sign_in, day):
    client = sign_in("lead")
    first = client.get(PAGES["rows"]).text
    assert first.count("<tr data-row>") == 50 and "page=2" in first
    second = client.get(f"{PAGES['rows']}&page=2").text
    assert second.count("<tr data-row>") == 10
    sheet = openpyxl.load_workbook(io.BytesIO(client.get(PAGES["rows.xlsx"]).content)).active
    assert len(list(sheet.iter_rows())) == 61


def test_a_branch_supervisor_sees_his_own_part(sign_in, day):
    client = sign_in("province")
    page = client.get(PAGES["measures"]).text
    assert "榕城支公司" in page and "临湖支公司" not in page
    elsewhere = client.get(f"{PAGES['rows']}&branch=3301").text
    assert elsewhere.count("<tr data-row>") == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/measures?first=2026-10-01&last=2026-09-01", 422),
        ("/measures?first=2020-01-01&last=2026-09-01", 422),
        ("/measures?first=yesterday", 422),
        ("/measures/rows?figure=secrets", 404),
        ("/measures/rows?figure=classes.", 404),
        ("/penalties/999", 404),
        ("/quality-samples/999", 404),
        ("/quality-checks/999", 404),
        ("/class-overrides/999", 404),
        ("/outcomes/999/override", 404),
    ],
)
def test_what_is_not_there(sign_in, day, path, status):
    assert sign_in("quality").get(path).status_code == status


def test_the_reports_due_next_stand_beside_the_figures(sign_in, day):
    """AC-26: on 2026-09-24 the next monthly report and table are both due on 10-08, the table flagged."""
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", sign_in("lead").get("/measures").text))
    assert re.search(r"总公司月报 R120 2026-09 .*?10-08 周四", text)
    assert re.search(r"销售单位月表 C22 2026-09 .*?10-08 周四 已标注", text)
    assert re.search(r"年度报告 R121 2026 .*?12-31 周四", text)
