"""Pushing contracts: who may, the idempotency key, and problem documents with stable types."""

import json

import httpx
import pytest

from desk.app import create_app
from storage.db import rows, transaction

GOOD = {
    "policy_no": "P1", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
    "product_type": "PARTICIPATING", "policy_term_years": 20, "premium_mode": "ANNUAL", "premium_term_years": 5,
    "premium": 12000.0, "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14", "policyholder_name": "王芳",
    "policyholder_type": "PERSON", "policyholder_id_no": "11010519491231002X", "mobile": 13900000001,
    "agent_code": "A1", "branch_code": "00", "special_callback": False, "unknown": {"a": 1},
}  # fmt: skip


@pytest.fixture
async def desk(database, monkeypatch):
    from settings import settings

    monkeypatch.setenv("HUIFANG_PUSH_TOKEN", "a secret")
    settings.cache_clear()
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(create_app()),
        base_url="http://desk",
        headers={"Authorization": "Bearer a secret", "Idempotency-Key": "one"},
    ) as client:
        yield client


async def push(desk, body, **headers) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return await desk.post("/api/v1/contracts", content=content, headers=headers)


async def count(table: str) -> int:
    async with transaction() as c:
        return (await rows(c, f"SELECT count(*) AS n FROM {table}"))[0]["n"]


async def test_a_push_and_the_same_again(desk):
    body = {"contracts": [GOOD, GOOD | {"policy_no": "P2", "channel": "?"}]}
    first = await push(desk, body)
    assert first.status_code == 201
    found = first.json()
    assert {name: found[name] for name in ("rows", "accepted", "rejected", "cases_opened")} == {
        "rows": 2, "accepted": 1, "rejected": 1, "cases_opened": 1,
    }  # fmt: skip
    assert set(found["problems"][0]) == {"row", "field", "code", "severity", "message"}
    assert [(p["row"], p["field"], p["code"]) for p in found["problems"] if p["severity"] == "rejected"] == [
        (2, "channel", "BAD_CHOICE")
    ]
    again = await push(desk, body)
    assert (again.status_code, again.json()) == (201, found)
    chinese = await push(desk, body, **{"Accept-Language": "zh-CN"})
    assert chinese.json()["problems"][0]["message"] != found["problems"][0]["message"]
    assert (await count("contract_lists"), await count("cases")) == (1, 1)
    other = await push(desk, {"contracts": []})
    assert (other.status_code, other.json()["type"]) == (409, "/problems/key-reused")
    assert other.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "headers", "status", "slug"),
    [
        ({"contracts": []}, {"Authorization": "Bearer other"}, 401, "not-authorised"),
        ({"contracts": []}, {"Authorization": "Basic a secret"}, 401, "not-authorised"),
        ({"contracts": []}, {"Authorization": "Bearer "}, 401, "not-authorised"),
        ({"contracts": []}, {"Idempotency-Key": " "}, 400, "key-missing"),
        ({"contracts": []}, {"Idempotency-Key": "k" * 256}, 400, "key-missing"),
        (b"{", {}, 400, "body-unreadable"),
        (b"[" * 100_000, {}, 400, "body-unreadable"),
        (b"\xff\xfe", {}, 400, "body-unreadable"),
        ([GOOD], {}, 400, "body-unreadable"),
        ({"contracts": {"0": GOOD}}, {}, 400, "body-unreadable"),
        ({"contracts": [GOOD, "x"]}, {}, 400, "body-unreadable"),
        ({"contracts": [{}] * 5001}, {}, 413, "too-many-contracts"),
    ],
)
async def test_refusals(desk, body, headers, status, slug):
    answer = await push(desk, body, **headers)
    assert (answer.status_code, answer.json()["type"], answer.json()["status"]) == (status, f"/problems/{slug}", status)
    assert answer.json()["title"]
    assert (await count("contract_lists"), await count("push_keys")) == (0, 0)


async def test_without_a_token_set_every_push_is_refused(desk, monkeypatch):
    from settings import settings

    monkeypatch.delenv("HUIFANG_PUSH_TOKEN")
    settings.cache_clear()
    answer = await push(desk, {"contracts": []})
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/push-disabled")


async def test_it_is_described(desk):
    described = (await desk.get("/api/v1/openapi.json")).json()["paths"]["/api/v1/contracts"]["post"]
    assert [p["name"] for p in described["parameters"]] == ["Idempotency-Key"]
    assert described["requestBody"]["required"] is True


async def test_strange_objects_are_rows_with_problems(desk):
    answer = await push(
        desk,
        {"contracts": [{}, {"policy_no": None}, {"policy_no": {"a": [1]}, "channel": "\ud800"}, {"policy_no": 1e999}]},
    )
    assert answer.status_code == 201
    assert (answer.json()["rows"], answer.json()["rejected"]) == (4, 4)
