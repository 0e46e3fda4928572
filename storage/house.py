"""The house as the database and the settings have it: its tree, the company's layer, the layers its branches filed."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.branches import Organisation
from rules.calendar import business_date
from scripts.house import Filed, House
from settings import settings
from storage.db import rows
from storage.events import record
from storage.organisation import read_organisation


async def read_house(connection: AsyncConnection, tree: Organisation | None = None) -> House:
    """`tree`: where it was read already."""
    found = await rows(
        connection, "SELECT branch_code, name, filed_on, withdrawn_on FROM filed_profiles ORDER BY filed_on, id"
    )
    return House(
        tree or await read_organisation(connection),
        settings().company_profile,
        tuple(Filed(r["branch_code"], r["name"], r["filed_on"], r["withdrawn_on"]) for r in found),
    )


async def filings(connection: AsyncConnection) -> Sequence[dict]:
    """Every filing that ever was, the newest first."""
    return await rows(
        connection,
        """SELECT f.id, f.branch_code, b.name AS branch_name, f.name, f.filed_on, f.filed_by, f.withdrawn_on, f.withdrawn_by
           FROM filed_profiles f JOIN branches b ON b.code = f.branch_code ORDER BY f.filed_on DESC, f.id DESC""",
    )


async def file_layer(connection: AsyncConnection, branch: str, name: str, now: datetime, user: str) -> bool:
    """Put a branch's layer on record; one that stands is withdrawn by it. False: this very layer stands already.

    Whether it may be filed is asked before (`scripts.filing`).
    """
    await rows(connection, "SELECT pg_advisory_xact_lock(hashtextextended('filed profiles', 0))")
    standing = await rows(
        connection,
        "SELECT name FROM filed_profiles WHERE branch_code = :branch AND withdrawn_on IS NULL",
        branch=branch,
    )
    if standing and standing[0]["name"] == name:
        return False
    await withdraw_layer(connection, branch, now, user)
    await rows(
        connection,
        "INSERT INTO filed_profiles (branch_code, name, filed_on, filed_by) VALUES (:branch, :name, :on, :user) RETURNING id",
        branch=branch,
        name=name,
        on=business_date(now),
        user=user,
    )
    await record(connection, "PROFILE_FILED", now, branch=branch, profile=name, user=user)
    return True


async def withdraw_layer(connection: AsyncConnection, branch: str, now: datetime, user: str) -> str | None:
    """From today on the branch has no layer of its own. Returns which one was withdrawn."""
    found = await rows(
        connection,
        """UPDATE filed_profiles SET withdrawn_on = :on, withdrawn_by = :user
           WHERE branch_code = :branch AND withdrawn_on IS NULL RETURNING name""",
        branch=branch,
        on=business_date(now),
        user=user,
    )
    if not found:
        return None
    await record(connection, "PROFILE_WITHDRAWN", now, branch=branch, profile=found[0]["name"], user=user)
    return found[0]["name"]
