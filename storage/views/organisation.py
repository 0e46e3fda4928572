"""The branch tree as pages need it: who sees what, and the names of branches."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows


@dataclass(frozen=True)
class Scope:
    """The part of the tree under one branch. Head office sees all, also what names a branch that nobody knows."""

    branch_code: str
    codes: frozenset[str]
    everything: bool

    def covers(self, branch_code: str | None) -> bool:
        return self.everything or branch_code in self.codes

    def narrowed(self) -> list[str] | None:
        """The codes for `= ANY(:codes)`; None asks for no narrowing."""
        return None if self.everything else sorted(self.codes)


async def scope_of(connection: AsyncConnection, branch_code: str) -> Scope:
    """The branch and everything below it. An unknown code covers nothing but itself."""
    below = await rows(
        connection,
        """WITH RECURSIVE below AS (
             SELECT code, parent_code FROM branches WHERE code = :code
             UNION SELECT b.code, b.parent_code FROM branches b JOIN below ON b.parent_code = below.code
           ) SELECT code, parent_code FROM below""",
        code=branch_code,
    )
    top = any(row["code"] == branch_code and row["parent_code"] is None for row in below)
    return Scope(branch_code, frozenset(row["code"] for row in below) | {branch_code}, top)


async def branch(connection: AsyncConnection, code: str) -> dict | None:
    found = await rows(connection, "SELECT code, name, parent_code, kind FROM branches WHERE code = :code", code=code)
    return found[0] if found else None


async def branches(connection: AsyncConnection, codes: Collection[str] | None = None) -> list[dict]:
    """Every branch, or those named, parents before children as far as their codes sort so."""
    return await rows(
        connection,
        """SELECT code, name, parent_code, kind FROM branches
           WHERE CAST(:codes AS text[]) IS NULL OR code = ANY(:codes) ORDER BY code""",
        codes=None if codes is None else list(codes),
    )


async def head_office(connection: AsyncConnection) -> str | None:
    found = await rows(connection, "SELECT code FROM branches WHERE parent_code IS NULL ORDER BY code LIMIT 1")
    return found[0]["code"] if found else None


async def user(connection: AsyncConnection, login: str) -> dict | None:
    """Somebody who may sign in, with the branch's name; None when unknown or disabled."""
    found = await rows(
        connection,
        """SELECT u.login, u.name, u.password_hash, u.roles, u.branch_code, b.name AS branch_name
           FROM users u JOIN branches b ON b.code = u.branch_code WHERE u.login = :login AND NOT u.disabled""",
        login=login,
    )
    return found[0] if found else None
