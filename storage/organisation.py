"""The organisation in the database: the tree, outlets, staff, agents, and whose telephone numbers these are."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.branches import Agent, Branch, Organisation, Outlet, Staff, path_of
from rules.id_numbers import fold
from storage.db import rows
from storage.identities import address_hash, id_hash, number_hash

# Where a contract was concluded, as `rules.branches.jurisdiction_of` says it: `places` for a WITH RECURSIVE, the join for a
# contract `k`. An outlet lies where its branch does.
PLACES = """
places AS (
  SELECT code, jurisdiction FROM branches WHERE parent_code IS NULL
  UNION ALL SELECT b.code, coalesce(b.jurisdiction, p.jurisdiction) FROM branches b JOIN places p ON b.parent_code = p.code
)
"""
ITS_PLACE = """
LEFT JOIN places place
  ON place.code = coalesce((SELECT o.branch_code FROM outlets o WHERE o.code = k.branch_code), k.branch_code)
"""

# Whether the address of a contract `k` of a person `p` is registered for somebody else than the person himself: on his own
# policy the selling agent's is his own (C24).
ADDRESS_IS_SELLERS = """
EXISTS (
  SELECT 1 FROM registered_addresses r LEFT JOIN agents a ON r.holder_kind = 'AGENT' AND a.code = r.holder_code
  WHERE r.address_hash = decode(k.facts ->> 'address_hash', 'hex') AND a.id_hash IS DISTINCT FROM p.identity_hash
    AND NOT (r.holder_kind = 'AGENT' AND r.holder_code = k.agent_code
             AND coalesce((k.facts ->> 'self_policy')::boolean, false)))
"""


async def read_organisation(connection: AsyncConnection, people: bool = False) -> Organisation:
    """The tree with its outlets, parents before children; staff and agents only with `people`.

    Telephone and ID numbers are not in it: the database keeps only what they are recognised by.
    """
    branches = await rows(
        connection,
        """WITH RECURSIVE tree AS (
             SELECT b.*, 0 AS depth FROM branches b WHERE parent_code IS NULL
             UNION ALL SELECT b.*, depth + 1 FROM branches b JOIN tree ON b.parent_code = tree.code
           ) SELECT code, name, parent_code, kind, jurisdiction FROM tree ORDER BY depth, code""",
    )
    outlets = await rows(connection, "SELECT code, name, branch_code FROM outlets ORDER BY code")
    staff = agents = []
    if people:
        staff = await rows(connection, "SELECT code, name, branch_code, roles FROM staff ORDER BY code")
        agents = await rows(
            connection, "SELECT code, name, branch_code, outlet_code, left_on FROM agents ORDER BY code"
        )
    return Organisation(
        tuple(Branch(r["code"], r["name"], r["parent_code"], r["kind"], r["jurisdiction"]) for r in branches),
        tuple(Outlet(r["code"], r["name"], r["branch_code"], None) for r in outlets),
        tuple(Staff(r["code"], r["name"], r["branch_code"], None, tuple(r["roles"])) for r in staff),
        tuple(
            Agent(r["code"], r["name"], r["branch_code"] or "", r["outlet_code"], None, (), None, r["left_on"])
            for r in agents
        ),
    )


async def store_organisation(connection: AsyncConnection, organisation: Organisation) -> None:
    """Take a whole organisation over the one that stands there.

    What is no longer named goes, except a branch that something still points to and every agent: contracts name them
    for years. A number or an address that somebody no longer has stays registered as a former one (R95).
    """
    # parents first, so that no row ever points to a branch that is not there yet
    ordered = sorted(organisation.branches, key=lambda branch: len(path_of(branch.code, organisation)))
    await _each(
        connection,
        """INSERT INTO branches (code, name, parent_code, kind, jurisdiction)
           VALUES (:code, :name, :parent, :kind, :jurisdiction)
           ON CONFLICT (code) DO UPDATE SET name = excluded.name, parent_code = excluded.parent_code,
             kind = excluded.kind, jurisdiction = excluded.jurisdiction""",
        [
            {"code": b.code, "name": b.name, "parent": b.parent, "kind": b.kind, "jurisdiction": b.jurisdiction}
            for b in ordered
        ],
    )
    await _each(
        connection,
        """INSERT INTO outlets (code, name, branch_code) VALUES (:code, :name, :branch)
           ON CONFLICT (code) DO UPDATE SET name = excluded.name, branch_code = excluded.branch_code""",
        [{"code": o.code, "name": o.name, "branch": o.branch} for o in organisation.outlets],
    )
    await _each(
        connection,
        """INSERT INTO staff (code, name, branch_code, roles)
           VALUES (:code, :name, :branch, to_jsonb(CAST(:roles AS text[])))
           ON CONFLICT (code) DO UPDATE SET name = excluded.name, branch_code = excluded.branch_code, roles = excluded.roles""",
        [{"code": s.code, "name": s.name, "branch": s.branch, "roles": list(s.roles)} for s in organisation.staff],
    )
    await _each(
        connection,
        """INSERT INTO agents (code, name, branch_code, outlet_code, id_hash, left_on)
           VALUES (:code, :name, :branch, :outlet, :id_hash, :left_on)
           ON CONFLICT (code) DO UPDATE SET name = excluded.name, branch_code = excluded.branch_code,
             outlet_code = excluded.outlet_code, id_hash = excluded.id_hash, left_on = excluded.left_on""",
        [
            {
                "code": a.code,
                "name": a.name,
                "branch": a.branch,
                "outlet": a.outlet,
                "id_hash": id_hash(fold(a.id_no)) if a.id_no else None,
                "left_on": a.left_on,
            }
            for a in organisation.agents
        ],
    )
    await _drop_unnamed(connection, organisation)
    await _register(connection, "phones", "number_hash", _numbers(organisation))
    await _register(connection, "addresses", "address_hash", _addresses(organisation))


async def _drop_unnamed(connection: AsyncConnection, organisation: Organisation) -> None:
    await connection.execute(
        text("DELETE FROM staff WHERE code <> ALL(:codes)"), {"codes": [s.code for s in organisation.staff]}
    )
    await connection.execute(
        text(
            """DELETE FROM outlets o WHERE code <> ALL(:codes)
               AND NOT EXISTS (SELECT 1 FROM agents WHERE outlet_code = o.code)
               AND NOT EXISTS (SELECT 1 FROM contracts WHERE branch_code = o.code)"""
        ),
        {"codes": [o.code for o in organisation.outlets]},
    )
    gone = """DELETE FROM branches b WHERE code <> ALL(:codes)
              AND NOT EXISTS (SELECT 1 FROM branches WHERE parent_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM outlets WHERE branch_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM agents WHERE branch_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM users WHERE branch_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM contracts WHERE branch_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM cases WHERE owner_branch = b.code)
              AND NOT EXISTS (SELECT 1 FROM work_orders WHERE branch_code = b.code)
              AND NOT EXISTS (SELECT 1 FROM filed_profiles WHERE branch_code = b.code)
              RETURNING code"""
    # the lowest first; each round may set its parents free
    while await rows(connection, gone, codes=[b.code for b in organisation.branches]):
        pass


def _groups(organisation: Organisation) -> tuple[tuple[str, tuple[Outlet | Staff | Agent, ...]], ...]:
    return ("OUTLET", organisation.outlets), ("STAFF", organisation.staff), ("AGENT", organisation.agents)


def _addresses(organisation: Organisation) -> Iterator[tuple[bytes, str, str, bool]]:
    for kind, group in _groups(organisation):
        yield from ((hashed, kind, one.code, False) for one in group if (hashed := address_hash(one.address)))


def _numbers(organisation: Organisation) -> Iterator[tuple[bytes, str, str, bool]]:
    for kind, group in _groups(organisation):
        for one in group:
            former = getattr(one, "former_phones", ())
            yield from ((number_hash(number), kind, one.code, True) for number in former if number != one.phone)
            if one.phone:
                yield number_hash(one.phone), kind, one.code, False


async def _register(
    connection: AsyncConnection, what: str, column: str, present: Iterator[tuple[bytes, str, str, bool]]
) -> None:
    """Everything registered so far becomes a former one, then the present ones are named again."""
    await connection.execute(text(f"UPDATE registered_{what} SET former = true WHERE NOT former"))
    given = list(dict.fromkeys(present))
    if not given:
        return
    await connection.execute(
        text(
            f"""INSERT INTO registered_{what} ({column}, holder_kind, holder_code, former)
               SELECT DISTINCT ON (hash, kind, code) hash, kind, code, former
               FROM unnest(CAST(:hashes AS bytea[]), CAST(:kinds AS text[]), CAST(:codes AS text[]), CAST(:former AS bool[]))
                 AS n(hash, kind, code, former)
               ORDER BY hash, kind, code, former
               ON CONFLICT ({column}, holder_kind, holder_code) DO UPDATE SET former = excluded.former"""
        ),
        dict(zip(("hashes", "kinds", "codes", "former"), map(list, zip(*given, strict=True)), strict=True)),
    )


async def _each(connection: AsyncConnection, sql: str, values: list[dict]) -> None:
    if values:
        await connection.execute(text(sql), values)
