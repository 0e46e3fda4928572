"""Demo log-ins exist only where the setting says so, each in its place of the tree."""

import pytest
from sqlalchemy import text

from desk.demo_users import DEMO_USERS, ensure_demo_users
from desk.passwords import password_fits
from settings import settings
from storage import db

TREE = (("00", None), ("44", "00"), ("4401", "44"), ("4402", "44"))


@pytest.fixture
async def connection(installation):
    async with db.transaction() as connection:
        for code, parent in TREE:
            await connection.execute(
                text("INSERT INTO branches (code, name, parent_code, kind) VALUES (:code, :code, :parent, 'COUNTY')"),
                {"code": code, "parent": parent},
            )
        yield connection
    await db.dispose()


async def test_not_unless_asked_for(connection, monkeypatch):
    monkeypatch.setenv("HUIFANG_DEMO_USERS", "false")
    settings.cache_clear()
    assert await ensure_demo_users(connection) == 0
    assert await db.rows(connection, "SELECT login FROM users") == []


async def test_once_each_in_its_place(connection, monkeypatch):
    monkeypatch.setenv("HUIFANG_DEMO_USERS", "true")
    settings.cache_clear()
    assert await ensure_demo_users(connection) == len(DEMO_USERS)
    assert await ensure_demo_users(connection) == len(DEMO_USERS)
    users = {row["login"]: row for row in await db.rows(connection, "SELECT * FROM users")}
    assert set(users) == {demo.login for demo in DEMO_USERS}
    assert {users[login]["branch_code"] for login in ("lead", "auditor")} == {"00"}
    assert [users[login]["branch_code"] for login in ("branch1", "branch2", "supervisor")] == ["4401", "4402", "4401"]
    for demo in DEMO_USERS:
        assert password_fits(demo.password, users[demo.login]["password_hash"])
        assert not password_fits(demo.password + "x", users[demo.login]["password_hash"])


async def test_not_before_there_is_a_tree(installation, monkeypatch):
    monkeypatch.setenv("HUIFANG_DEMO_USERS", "true")
    settings.cache_clear()
    async with db.transaction() as connection:
        assert await ensure_demo_users(connection) == 0
    await db.dispose()
