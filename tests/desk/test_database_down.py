"""The database is gone: people are told what to do, programs get a problem document, the process stays up."""

import pytest
from starlette.testclient import TestClient

from settings import settings
from storage import db


@pytest.fixture
def stranded(stack, monkeypatch):
    """A desk whose database does not answer."""
    values = stack.environment() | {
        "HUIFANG_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing",
        "HUIFANG_PUBLIC_URL": "http://testserver",
        "HUIFANG_DEMO_USERS": "true",
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    settings.cache_clear()
    from desk.app import create_app

    assert db._engine is None, "another test left its engine behind"
    with TestClient(create_app(), raise_server_exceptions=False) as client:
        yield client
    settings.cache_clear()


def test_pages_and_programs_are_told(stranded):
    assert stranded.get("/healthz").status_code == 200
    ready = stranded.get("/readyz")
    assert (ready.status_code, ready.json()["type"]) == (503, "/problems/unavailable")
    csrf = stranded.get("/sign-in").text.split('name="csrf" value="')[1].split('"')[0]
    answer = stranded.post("/sign-in", data={"login": "a", "password": "b", "csrf": csrf})
    assert answer.status_code == 503 and "huifang up" in answer.text and answer.headers["retry-after"] == "5"
    assert "content-security-policy" in answer.headers
    metrics = stranded.get("/metrics")
    assert (metrics.status_code, metrics.headers["content-type"]) == (503, "application/problem+json")
