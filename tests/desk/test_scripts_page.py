"""Scripts on the desk: what compliance reads, who may lead a version on, and what a wrong step says."""

import re
from itertools import count

import pytest

from scripts.call_scripts import FOLDER

TEXT = (FOLDER / "agency-health-single.yaml").read_text("utf-8")
_numbers = count(10)


def token(client, path="/scripts"):
    return client.get(path).text.split('name="csrf" value="')[1].split('"')[0]


def put_forward(client, text=None, version=None):
    version = version or next(_numbers)
    text = (text or TEXT).replace("version: 1", f"version: {version}")
    return version, client.post(
        "/scripts", data={"csrf": token(client)}, files={"file": ("mine.yaml", text.encode(), "text/yaml")}
    )


def do(client, version, act, **data):
    path = f"/scripts/agency-health-single/{version}"
    return client.post(f"{path}/{act}", data={"csrf": token(client), **data})


@pytest.mark.parametrize(
    ("login", "opens"),
    [("lead", 200), ("auditor", 200), ("compliance", 200), ("quality", 200), ("staff", 403), ("province", 403)],
)
def test_who_may_read_scripts(sign_in, login, opens):
    client = sign_in(login)
    for path in ("/scripts", "/scripts/bank-participating-regular/2", "/scripts/bank-participating-regular/1/calls"):
        assert client.get(path).status_code == opens, path


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_script_is_read_whole_with_its_proofs(sign_in, lang):
    client = sign_in("compliance", lang)
    page = client.get("/scripts/bank-participating-regular/2").text
    assert ("走到“完成”的每一条路" if lang == "zh" else "every way to a completed end") in page
    assert "请问犹豫期的权利您清楚吗" in page and "M2.receipt_date" in page
    assert re.search(r"M3\.ask", page)  # what changed since v1
    words = re.sub(r"<[^>]+>", " ", page)
    assert "None" not in words
    listed = client.get("/scripts?channel=ONLINE&q=universal").text
    assert "direct-universal-single" in listed and "agency-universal-single" not in listed
    assert client.get("/scripts?q=nothing-like-it").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/scripts/none/1",
        "/scripts/bank-health-single/99",
        "/scripts/bank-health-single/1/explode",
        "/scripts/x/1/calls",
    ],
)
def test_what_is_not_there(sign_in, path):
    assert sign_in("compliance").get(path).status_code == 404


def test_from_draft_to_withdrawn_by_different_people(sign_in):
    version, answer = put_forward(sign_in("quality"))
    assert answer.status_code == 303
    path = answer.headers["location"]
    assert do(sign_in("quality"), version, "review").status_code == 422  # her own
    assert sign_in("quality").get(f"{path}/review").status_code == 403
    assert do(sign_in("compliance"), version, "publish", effective_from="2026-09-24").status_code == 422  # not reviewed
    assert sign_in("compliance").get(f"{path}/review").status_code == 200
    assert do(sign_in("compliance"), version, "review").status_code == 303
    assert sign_in("compliance").get(f"{path}/publish").status_code == 200
    assert do(sign_in("compliance"), version, "publish", effective_from="2020-01-01").status_code == 422
    assert do(sign_in("compliance"), version, "publish", effective_from="2099-01-01").status_code == 303
    assert "使用中" in sign_in("compliance").get(path).text
    assert sign_in("compliance").get(f"{path}/withdraw").status_code == 200
    assert do(sign_in("compliance"), version, "withdraw", why="no").status_code == 422
    assert do(sign_in("compliance"), version, "withdraw", why="wording").status_code == 303
    assert "已停用" in sign_in("compliance").get(path).text


@pytest.mark.parametrize("login", ["lead", "auditor", "checker"])
def test_who_may_not_publish(sign_in, login):
    assert do(sign_in(login), 1, "withdraw", why="because of it").status_code == 403


def test_a_version_that_fails_its_proofs_is_not_published(sign_in):
    version, answer = put_forward(sign_in("quality"), TEXT.replace("M8, M9,", "M8,").replace(" surrender,", ""))
    assert answer.status_code == 303
    assert do(sign_in("compliance"), version, "review").status_code == 303
    page = sign_in("compliance").get(answer.headers["location"]).text
    assert "M9" in page and "有不成立的" in page
    refused = do(sign_in("compliance"), version, "publish", effective_from="2099-01-01")
    assert refused.status_code == 422 and "证明不成立" in refused.text


@pytest.mark.parametrize(
    "content",
    [b"script: [x", b"\xff\xfe\x00", b"script: x\n", b"#" * 300_000],
)
def test_a_file_that_cannot_be_a_script(sign_in, content):
    client = sign_in("quality")
    answer = client.post("/scripts", data={"csrf": token(client)}, files={"file": ("x.yaml", content, "text/yaml")})
    assert answer.status_code == 422


def test_a_shipped_version_cannot_be_put_forward_again(sign_in):
    _, answer = put_forward(sign_in("quality"), version=1)
    assert answer.status_code == 422 and "新的版本号" in answer.text


def test_the_calls_of_a_version_and_asking_again(sign_in):
    client = sign_in("compliance")
    path = "/scripts/bank-participating-regular/1"
    assert client.get(f"{path}/calls").status_code == 200
    assert client.get(f"{path}/calls/export.xlsx").status_code == 200
    assert client.get(f"{path}/calls/page/9").status_code == 200
    plan = client.post(f"{path}/recall", data={"csrf": token(client), "item": ["N3"], "why": "fees were left out"})
    assert plan.status_code == 200 and "只问" in plan.text
    forged = client.post(f"{path}/recall", data={"csrf": token(client), "item": ["X9"], "why": "fees were left out"})
    assert forged.status_code == 422
    assert do(sign_in("lead"), 1, "recall", item="N3", why="fees were left out").status_code == 403
