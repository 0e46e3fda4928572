"""People of the demo. Their passwords are public: they are created only where HUIFANG_DEMO_USERS is true."""

from dataclasses import dataclass

from sqlalchemy import text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from desk.passwords import hash_password
from settings import settings
from storage.db import rows
from storage.tables import User


@dataclass(frozen=True)
class DemoUser:
    """`place` is where in the tree: head office, or the n-th county branch in the order of codes."""

    login: str
    password: str
    name: str
    roles: tuple[str, ...]
    place: int | None = None


DEMO_USERS = (
    DemoUser("lead", "huifang-lead", "林知远", ("CALLBACK_AGENT_LEAD",)),
    DemoUser("agent1", "huifang-agent1", "周明川", ("CALLBACK_AGENT",)),
    DemoUser("agent2", "huifang-agent2", "白若溪", ("CALLBACK_AGENT",)),
    DemoUser("branch1", "huifang-branch1", "张晓禾", ("BRANCH_STAFF",), place=0),
    DemoUser("branch2", "huifang-branch2", "何静川", ("BRANCH_STAFF",), place=1),
    DemoUser("supervisor", "huifang-supervisor", "沈若谷", ("BRANCH_SUPERVISOR",), place=0),
    DemoUser("auditor", "huifang-auditor", "陆明澈", ("AUDITOR",)),
    DemoUser("compliance", "huifang-compliance", "顾以宁", ("COMPLIANCE",)),
    DemoUser("quality", "huifang-quality", "苏问渠", ("QUALITY",)),
    DemoUser("checker", "huifang-checker", "罗慎言", ("QUALITY",)),
    DemoUser("department", "huifang-department", "唐守正", ("DEPARTMENT_HEAD",), place=0),
    DemoUser("service", "huifang-service", "许安澜", ("CUSTOMER_SERVICE_HEAD",)),
    DemoUser("leader", "huifang-leader", "江怀瑾", ("LEADER_IN_CHARGE",)),
    DemoUser("head", "huifang-head", "韩立诚", ("CALL_CENTER_HEAD",)),
    DemoUser("operator", "huifang-operator", "程可信", ("OPERATOR",)),
)


async def ensure_demo_users(connection: AsyncConnection, tree: list[dict] | None = None) -> int:
    """Create the demo users that are missing; how many there are now. 0 unless HUIFANG_DEMO_USERS is true.

    `tree`: the branches (code, parent_code, kind), read from the database when not given. Without head office nobody
    can be placed, and nobody is created; a county that is missing takes head office's place.
    """
    if not settings().demo_users:
        return 0
    if tree is None:
        tree = await rows(connection, "SELECT code, parent_code, kind FROM branches ORDER BY code")
    head = next((branch["code"] for branch in tree if branch["parent_code"] is None), None)
    if head is None:
        return 0
    parents = {branch["parent_code"] for branch in tree}
    leaves = sorted(branch["code"] for branch in tree if branch["code"] not in parents and branch["code"] != head)
    known = {row["login"] for row in await rows(connection, "SELECT login FROM users")}
    for demo in DEMO_USERS:
        if demo.login in known:
            continue
        place = head if demo.place is None or demo.place >= len(leaves) else leaves[demo.place]
        await connection.execute(
            insert(User)
            .values(
                login=demo.login,
                name=demo.name,
                password_hash=hash_password(demo.password),
                roles=list(demo.roles),
                branch_code=place,
            )
            .on_conflict_do_nothing()
        )
    count = await connection.execute(
        text("SELECT count(*) FROM users WHERE login = ANY(:logins)"), {"logins": [d.login for d in DEMO_USERS]}
    )
    return count.scalar_one()
