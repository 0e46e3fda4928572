"""Mending a row of a delivery: who may, what is shown of it, what is left to mend."""

import re

import pytest
import sqlalchemy as sa

from rules.contracts import cells_from_json, read_rows
from storage import tables as t

GOOD = {
    "policy_no": "P-MEND-000001", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
    "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
    "premium": "12000", "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14",
    "policyholder_name": "赵大有", "policyholder_type": "PERSON", "policyholder_id_no": "11010519491231002X",
    "mobile": "13900007777", "address": "岭南省榕城市东湖区九路9号", "agent_code": "A-1", "branch_code": "4401",
    "status": "IN_FORCE",
}  # fmt: skip
SECRETS = ("赵大有", "11010519491231002X", "13900007777", "九路9号", "P-MEND-000001")


@pytest.fixture
def database(desk_settings):
    engine = sa.create_engine(desk_settings)
    yield engine
    engine.dispose()


@pytest.fixture
def a_row(day, database):
    """`a_row(**cells)` → its row number in the day's list, kept with the problems that the rules find in it."""
    import json
    from datetime import date

    from storage.vault import vault

    def build(too_many=False, duplicate=False, **changes) -> int:
        cells = cells_from_json(GOOD | changes)
        with database.begin() as c:
            row_no = c.scalar(sa.text("SELECT max(row_no) + 1 FROM list_rows WHERE list_id = :id"), {"id": day.list_id})
            given = [(row_no - 1, cells, False)] * duplicate + [(row_no, cells, too_many)]
            *_, read = read_rows(given, today=date(2026, 9, 24), branch_codes={"4401"})
            verdict = "duplicates" if read.duplicate else "rejected" if read.rejected else "accepted"
            sealed = vault().seal(json.dumps(cells, ensure_ascii=False))
            key = {"list_id": day.list_id, "row_no": row_no}
            c.execute(
                sa.insert(t.ListRow).values(**key, policy_no=cells["policy_no"], verdict=verdict, cells_sealed=sealed)
            )
            for p in read.problems:
                texts = {"message_zh": p.message_zh, "message_en": p.message_en}
                c.execute(
                    sa.insert(t.RowProblem).values(**key, field=p.field, code=p.code, severity=p.severity, **texts)
                )
        return row_no

    return build


def path_of(day, row_no: int) -> str:
    return f"/lists/{day.list_id}/rows/{row_no}"


def inputs(page: str) -> dict[str, str]:
    """What the form would send back, by column."""
    form = page.split("/mend")[1].split("</form>")[0]
    return dict(re.findall(r'<input [^>]*?name="(\w+)" value="([^"]*)"', form))


def fields_told(page: str) -> list[str]:
    return re.findall(r'id="p-(\w+)"', page)


def all_of(database, sql: str, **values) -> list:
    with database.connect() as c:
        return list(c.execute(sa.text(sql), values).mappings())


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_form_names_each_cell_and_says_what_is_wrong_where_it_is(sign_in, day, a_row, lang):
    row_no = a_row(channel="柜面", mobile="1390000777788")
    client = sign_in("lead", lang)
    listed = client.get(f"/lists/{day.list_id}?row={row_no}").text
    assert f'href="{path_of(day, row_no)}"' in listed
    page = client.get(path_of(day, row_no)).text
    assert re.findall(r'for="c-(\w+)">([^<]*)', page)[:2] == [("channel", "渠道 "), ("mobile", "手机 ")]
    assert fields_told(page) == ["channel", "mobile"]
    assert ("不在可选范围内" if lang == "zh" else "is none of these") in page
    assert inputs(page)["channel"] == "柜面" and inputs(page)["product_name"] == "长青"
    for secret in (*SECRETS, "1390000777788"):
        assert secret not in page


def test_what_was_not_shown_stays_as_it_was(sign_in, day, a_row, database):
    row_no = a_row(channel="柜面")
    client = sign_in("lead")
    path = path_of(day, row_no)
    sent = inputs(client.get(path).text)
    assert sent["mobile"] == sent["policyholder_name"] == sent["policy_no"] == ""
    answer = client.post(f"{path}/mend", data=sent | {"channel": "银保"})
    assert answer.status_code == 303
    [stored] = all_of(database, "SELECT * FROM contracts WHERE policy_no = :p", p=GOOD["policy_no"])
    from storage.vault import vault

    assert "+8613900007777" in vault().open(stored["personal_sealed"]) and stored["channel"] == "BANCASSURANCE"
    [row] = all_of(database, "SELECT * FROM list_rows WHERE row_no = :r AND list_id = :l", r=row_no, l=day.list_id)
    assert answer.headers["location"] == f"/lists/{row['mended_by']}" and row["mended_at"] is not None
    [event] = all_of(database, "SELECT * FROM events WHERE kind = 'ROW_MENDED' ORDER BY id DESC LIMIT 1")
    assert event["data"]["user"] == "lead" and event["data"]["columns"] == ["channel"]
    assert not [secret for secret in SECRETS if secret in str(event["data"])]

    fresh = client.get(answer.headers["location"]).text
    assert f'href="/lists/{day.list_id}"' in fresh and "赵大有" not in fresh
    assert f'href="/lists/{row["mended_by"]}"' in client.get(f"/lists/{day.list_id}?row={row_no}").text
    assert "更正了清单" in client.get(f"/cases/{event['case_id']}").text
    # and once is enough
    mended = client.get(path).text
    assert 'data-key="s"' not in mended
    assert client.post(f"{path}/mend", data=sent | {"channel": "个险"}).status_code == 409


def test_what_is_still_wrong_is_said_again_and_nothing_is_stored(sign_in, day, a_row, database):
    row_no = a_row(policy_no="P-MEND-2", channel="柜面", product_type="新型")
    client = sign_in("lead")
    path = path_of(day, row_no)
    sent = inputs(client.get(path).text) | {"channel": "银保", "mobile": "12", "agent_code": '"><script>'}
    answer = client.post(f"{path}/mend", data=sent)
    assert answer.status_code == 422 and "未保存" in answer.text and '<script>"' not in answer.text
    assert fields_told(answer.text) == ["product_type", "mobile"]
    assert (inputs(answer.text)["channel"], inputs(answer.text)["mobile"]) == ("银保", "12")
    assert "赵大有" not in answer.text and "P-MEND-2" not in answer.text
    assert all_of(database, "SELECT * FROM contracts WHERE policy_no = 'P-MEND-2'") == []
    done = client.post(f"{path}/mend", data=inputs(answer.text) | {"product_type": "分红型", "mobile": "-"})
    assert done.status_code == 303
    assert "手机没有填写" in client.get(done.headers["location"]).text  # a warning goes on with the new delivery


def test_nothing_changed_is_not_mended(sign_in, day, a_row, database):
    row_no = a_row(policy_no="P-MEND-3", mobile="12")
    client = sign_in("lead")
    path = path_of(day, row_no)
    answer = client.post(f"{path}/mend", data=inputs(client.get(path).text))
    assert answer.status_code == 422 and "内容没有改动" in answer.text


@pytest.mark.parametrize("wrong", [{"too_many": True}, {"duplicate": True}])
def test_a_duplicate_and_a_row_with_too_many_cells(sign_in, day, a_row, wrong):
    row_no = a_row(policy_no=f"P-MEND-{[*wrong][0]}", **wrong)
    client = sign_in("lead")
    path = path_of(day, row_no)
    page = client.get(path).text
    assert fields_told(page) == (["row"] if "too_many" in wrong else ["policy_no"])
    assert client.post(f"{path}/mend", data=inputs(page)).status_code == 303


def test_personal_cells_are_shown_to_a_supervisor_for_a_reason_on_record(sign_in, day, a_row, database):
    row_no = a_row(policy_no="P-MEND-000001", channel="柜面")
    path = path_of(day, row_no)
    operator = sign_in("operator")
    form = operator.get(path).text
    assert "/unmask" not in form
    csrf = inputs(form)["csrf"]
    assert operator.post(f"{path}/unmask", data={"csrf": csrf, "reason": "核对证件"}).status_code == 403
    lead = sign_in("lead")
    csrf = inputs(lead.get(path).text)["csrf"]
    refused = lead.post(f"{path}/unmask", data={"csrf": csrf, "reason": " "})
    assert refused.status_code == 422 and "赵大有" not in refused.text
    count = "SELECT data FROM events WHERE kind = 'UNMASKED'"
    assert all_of(database, count) == []
    shown = lead.post(f"{path}/unmask", data={"csrf": csrf, "reason": "核对证件 11010519491231002X"})
    assert shown.status_code == 200
    for secret in SECRETS:
        assert secret in shown.text
    [event] = all_of(database, count)
    assert (event["data"]["user"], event["data"]["list_id"], event["data"]["row"]) == ("lead", day.list_id, row_no)
    assert "1101" not in event["data"]["reason"]
    assert "赵大有" not in lead.get(path).text
    # what was shown and sent back unchanged is no change
    answer = lead.post(f"{path}/mend", data=inputs(shown.text) | {"channel": "银保"})
    assert answer.status_code == 303
    [data] = all_of(database, "SELECT data FROM events WHERE kind = 'ROW_MENDED' ORDER BY id DESC LIMIT 1")
    assert data["data"]["columns"] == ["channel"]


@pytest.mark.parametrize("login", ["auditor", "compliance", "staff", "province"])
def test_who_checks_and_who_works_at_a_branch_does_not_mend(sign_in, day, a_row, database, login):
    row_no = a_row(policy_no=f"P-MEND-{login}", channel="柜面")
    path = path_of(day, row_no)
    csrf = inputs(sign_in("lead").get(path).text)["csrf"]
    client = sign_in(login)
    assert client.get(path).status_code == 403
    assert client.post(f"{path}/mend", data={"csrf": csrf, "channel": "银保"}).status_code == 403
    assert client.get("/lists/999999/rows/1").status_code == 403
    assert all_of(database, "SELECT * FROM contracts WHERE policy_no = :p", p=f"P-MEND-{login}") == []


@pytest.mark.parametrize(("path", "status"), [("rows/9999", 404), ("rows/0", 422), ("rows/x", 422)])
def test_a_row_that_is_not_there(sign_in, day, path, status):
    assert sign_in("lead").get(f"/lists/{day.list_id}/{path}").status_code == status
