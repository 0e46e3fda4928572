"""What a page shows beside a policy that a figure counts."""

from collections.abc import Collection

from sqlalchemy.ext.asyncio import AsyncConnection

from storage.db import rows
from storage.vault import vault


async def cases_of(connection: AsyncConnection, policies: Collection[str]) -> dict[str, dict]:
    """By policy number; `name` is opened from the vault, the caller masks it."""
    found = await rows(
        connection,
        """SELECT c.policy_no, c.id, c.state, k.product_name, coalesce(b.name, k.branch_code) AS branch_name, p.name_sealed
           FROM cases c JOIN contracts k ON k.policy_no = c.policy_no JOIN persons p ON p.id = c.person_id
           LEFT JOIN branches b ON b.code = k.branch_code WHERE c.policy_no = ANY(:policies)""",
        policies=list(policies),
    )
    for row in found:
        row["name"] = vault().open(row.pop("name_sealed"))
    return {row["policy_no"]: row for row in found}


async def agent_names(connection: AsyncConnection, codes: Collection[str]) -> dict[str, str]:
    found = await rows(connection, "SELECT code, name FROM agents WHERE code = ANY(:codes)", codes=list(codes))
    return {row["code"]: row["name"] for row in found}
