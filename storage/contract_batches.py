"""One batch of read rows → contracts, phones, persons and cases, in a handful of statements. Any batch can be run again."""

import asyncio
import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from rules.branches import Organisation, inbox_branch
from rules.calendar import Calendar, business_date
from rules.case_changes import Standing, after_update, receipt_news, short_script_undone
from rules.cases import CaseState, Owner, opening_state, owner_of
from rules.contracts import (
    PHONE_COLUMNS,
    Contract,
    ReadRow,
    equal,
    from_json,
    identity_elements,
    merge,
    out_of_scope_reason,
    to_json,
    usable_phones,
)
from rules.deadlines import CaseDates, case_dates
from rules.list_dates import ContractDates
from rules.parameters import Profile
from scripts.house import House
from storage.calendar_days import held_calendar
from storage.db import rows
from storage.identities import address_hash, id_hash, name_hash, number_hash, policyholder_hash
from storage.shared_numbers import check_shared_numbers, lift_checks
from storage.vault import vault

# What names somebody stands sealed; everything else stands in `facts`.
PERSONAL = frozenset(
    (
        *("policyholder_name", "policyholder_sex", "policyholder_birth_date", "policyholder_id_type"),
        *("policyholder_id_no", "mobile", "home_phone", "office_phone", "address", "postcode"),
        *("insured_name", "insured_id_no", "relation", "agent_name", "agent_phone", "agent_id_no"),
    )
)
VERDICTS = ("accepted", "updated", "unchanged", "rejected", "duplicates", "out_of_scope")
COUNTS = ("rows", *VERDICTS, "cases_opened")

_DATES = tuple(field.name for field in fields(ContractDates))


@dataclass(frozen=True, slots=True)
class Basis:
    """What rows are judged by: the instant, the calendar, the house with its organisation and its rule profiles."""

    now: datetime
    calendar: Calendar
    house: House

    @property
    def tree(self) -> Organisation:
        return self.house.tree

    def profile_of(self, contract: Contract) -> Profile:
        """The profile in force where, how and when this contract was concluded."""
        return self.house.profile_of(
            contract.branch_code, contract.channel, contract.product_type, contract.underwritten_on
        )

    @property
    def today(self) -> date:
        return business_date(self.now)

    def scope(self, contract: Contract) -> str | None:
        """Why it is not called back; None where it is."""
        return out_of_scope_reason(contract, self.profile_of(contract))

    def inbox(self, branch_code: str | None) -> str | None:
        """The branch that gets the work; None as long as there is no tree at all."""
        return inbox_branch(branch_code, self.tree) if self.tree.branches else None


@dataclass(frozen=True, slots=True)
class Arrived:
    """A read row; the look-up digest and the text form of its contract, None where it was rejected."""

    read: ReadRow
    digest: str | None
    values: dict[str, str] | None


@dataclass(frozen=True, slots=True)
class _Known:
    """A contract as it stands in the database, with its case where it has one."""

    version: int
    person_id: int
    contract: Contract
    case: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class _Stored:
    """A contract that is new or changed, with everything that follows from it."""

    row: int
    contract: Contract
    digest: str
    scope: str | None
    profile: Profile
    dates: CaseDates
    person: bytes
    facts: dict[str, Any]
    personal: bytes
    known: _Known | None


def digest_of(contract: Contract, values: Mapping[str, str]) -> str:
    """Equal for equal contracts (`rules.contracts.equal`), keyed, so that it tells nothing about anybody.

    `values` is what `to_json` makes of the contract.
    """
    same = {"special_callback": "FALSE", **values}
    if contract.policyholder_type == "PERSON":
        same.setdefault("policyholder_id_type", "ID_CARD")
    return vault().fingerprint(json.dumps(same, sort_keys=True, ensure_ascii=False)).hex()


def arrived(read: ReadRow) -> Arrived:
    if read.contract is None:
        return Arrived(read, None, None)
    values = to_json(read.contract)
    return Arrived(read, digest_of(read.contract, values), values)


async def store(
    connection: AsyncConnection, list_id: int, source: str, batch: Sequence[Arrived], basis: Basis, again: bool
) -> Counter[str]:
    """Store one batch in the caller's transaction and count it. A policy number stands in it once, rejected rows aside.

    `again`: the list was begun before; rows that it stored then are counted as they were, and stay.
    """
    # one batch at a time in the whole installation: lists that overlap neither race nor block each other for good
    await rows(connection, "SELECT pg_advisory_xact_lock(hashtextextended('contract lists', 0))")
    basis = replace(basis, calendar=await held_calendar(connection))  # it may have changed since the list was begun
    taken = [one for one in batch if one.digest is not None]
    standing = {
        r["policy_no"]: r
        for r in await rows(
            connection,
            """SELECT k.policy_no, k.digest, k.in_scope,
                      CASE WHEN :again THEN (SELECT min(v.version) FROM contract_versions v
                                             WHERE v.policy_no = k.policy_no AND v.list_id = :list_id) END AS mine
               FROM contracts k WHERE k.policy_no = ANY(:policies)""",
            policies=[one.read.contract.policy_no for one in taken],
            list_id=list_id,
            again=again,
        )
    }
    counts: Counter[str] = Counter(rows=len(batch))
    verdicts: dict[int, str] = {}
    to_store: list[Arrived] = []
    for one in batch:
        verdict = _verdict_at_once(one, standing, basis)
        if verdict is None:
            to_store.append(one)
        else:
            verdicts[one.read.row] = verdict
    for one in taken:
        # stored by the run that was cut short: its case was opened by this list
        mine = standing.get(one.read.contract.policy_no) if again else None
        if mine and mine["mine"] == 1 and basis.scope(one.read.contract) is None:
            counts["cases_opened"] += 1
    if to_store:
        known = await _known(
            connection, [o.read.contract.policy_no for o in to_store if o.read.contract.policy_no in standing]
        )
        agents = await _agents(connection, {o.read.contract.agent_code for o in to_store})
        stored, unchanged = await asyncio.to_thread(_prepare, to_store, known, agents, basis)
        verdicts |= unchanged
        for one in stored:
            verdicts[one.row] = "out_of_scope" if one.scope else "updated" if one.known else "accepted"
        if stored:
            counts["cases_opened"] += await _write(connection, list_id, source, stored, basis)
    counts.update(verdicts.values())
    await _keep_rows(connection, list_id, batch, verdicts)
    return counts


def _verdict_at_once(one: Arrived, standing: Mapping[str, Mapping[str, Any]], basis: Basis) -> str | None:
    """What can be said without opening anything that is sealed; None: look closer."""
    if one.read.duplicate:
        return "duplicates"
    if one.digest is None:
        return "rejected"
    stands = standing.get(one.read.contract.policy_no)
    if stands is None:
        return None
    if stands["mine"] is not None:
        if basis.scope(one.read.contract) is not None:
            return "out_of_scope"
        return "accepted" if stands["mine"] == 1 else "updated"
    if stands["digest"] == one.digest:
        return "unchanged" if stands["in_scope"] else "out_of_scope"
    return None


async def _known(connection: AsyncConnection, policies: Sequence[str]) -> dict[str, _Known]:
    """Contracts that may change, their cases locked: a dial or a settlement waits until the batch is stored."""
    if not policies:
        return {}
    cases = {
        r["policy_no"]: r
        for r in await rows(
            connection,
            """SELECT c.id, c.policy_no, c.state, c.owner, c.owner_branch, c.round, c.callable_on,
                      c.counts AND c.completed_at IS NOT NULL AS fulfilled,
                      EXISTS (SELECT 1 FROM call_cases d WHERE d.case_id = c.id)
                        OR EXISTS (SELECT 1 FROM settlements s WHERE s.case_id = c.id) AS begun
               FROM cases c WHERE c.policy_no = ANY(:policies) ORDER BY c.id FOR UPDATE OF c""",
            policies=list(policies),
        )
    }
    found = await rows(
        connection,
        "SELECT policy_no, version, person_id, facts, personal_sealed FROM contracts WHERE policy_no = ANY(:policies)",
        policies=list(policies),
    )
    return {
        r["policy_no"]: _Known(
            r["version"],
            r["person_id"],
            from_json({**r["facts"], **json.loads(vault().open(r["personal_sealed"]))}),
            cases.get(r["policy_no"]),
        )
        for r in found
    }


async def _agents(connection: AsyncConnection, codes: set[str | None]) -> dict[str, bytes]:
    """The ID hash of each registered agent that has one."""
    found = await rows(
        connection,
        "SELECT code, id_hash FROM agents WHERE code = ANY(:codes) AND id_hash IS NOT NULL",
        codes=[code for code in codes if code],
    )
    return {r["code"]: bytes(r["id_hash"]) for r in found}


def _prepare(
    batch: Sequence[Arrived], known: Mapping[str, _Known], agents: Mapping[str, bytes], basis: Basis
) -> tuple[list[_Stored], dict[int, str]]:
    """Merge with what is known, and derive; (new or changed contracts, verdicts of those that are neither)."""
    stored, unchanged = [], {}
    for one in batch:
        contract, digest, values = one.read.contract, one.digest, one.values
        before = known.get(contract.policy_no)
        if before is not None:
            contract = merge(before.contract, contract)
            if equal(before.contract, contract):
                unchanged[one.read.row] = "out_of_scope" if basis.scope(contract) else "unchanged"
                continue
            values = to_json(contract)
            digest = digest_of(contract, values)
        stored.append(_derive(one.read.row, contract, digest, values, before, agents, basis))
    return stored, unchanged


def _derive(
    row: int,
    contract: Contract,
    digest: str,
    values: Mapping[str, str],
    known: _Known | None,
    agents: Mapping[str, bytes],
    basis: Basis,
) -> _Stored:
    profile = basis.profile_of(contract)
    dates = case_dates(ContractDates(**{name: getattr(contract, name) for name in _DATES}), profile, basis.calendar)
    person = policyholder_hash(contract, basis.today)
    facts: dict[str, Any] = {name: value for name, value in values.items() if name not in PERSONAL}
    facts["identity_elements"] = len(identity_elements(contract, basis.today))
    facts["self_policy"] = _sold_to_himself(contract, person, agents)
    if hashed := address_hash(contract.address):
        facts["address_hash"] = hashed.hex()
    facts["signature_date_estimated"] = dates.signature_date_estimated
    personal = {name: value for name, value in values.items() if name in PERSONAL}
    return _Stored(
        row=row,
        contract=contract,
        digest=digest,
        scope=out_of_scope_reason(contract, profile),
        profile=profile,
        dates=dates,
        person=person,
        facts=facts,
        personal=vault().seal(json.dumps(personal, ensure_ascii=False)),
        known=known,
    )


def _sold_to_himself(contract: Contract, person: bytes, agents: Mapping[str, bytes]) -> bool:
    """The policyholder's ID number is the selling agent's: on the row, or as registered."""
    return (contract.agent_id_no is not None and id_hash(contract.agent_id_no) == person) or (
        agents.get(contract.agent_code or "") == person
    )


async def _write(
    connection: AsyncConnection, list_id: int, source: str, stored: Sequence[_Stored], basis: Basis
) -> int:
    """Returns how many cases were opened."""
    persons = await _persons(connection, stored, basis.today)
    await _contracts(connection, list_id, source, stored, persons, basis)
    await _phones(connection, stored, persons)
    opened = await _open_cases(connection, stored, persons, basis)
    await _move_cases(connection, stored, persons, basis)
    if any(one.known for one in stored):
        await lift_checks(connection, basis.now)
    policies = [one.contract.policy_no for one in stored]
    await check_shared_numbers(connection, basis.tree, basis.calendar, basis.now, policies)
    await rows(connection, "SELECT pg_notify('huifang', 'contracts')")
    return opened


# ---- statements over columns of values ----


async def _over(
    connection: AsyncConnection, types: str, values: Iterable[Sequence[Any]], sql: str, **more: Any
) -> list[dict[str, Any]]:
    """Run `sql` with `{given}` as a table of `values`; `types`: "name type, …", one for each column of it.

    One JSON document is several times cheaper to send than an array for each column.
    """
    names = [part.split()[0] for part in types.split(", ")]
    given = [dict(zip(names, one, strict=True)) for one in values]
    if not given:
        return []
    return await rows(
        connection,
        sql.replace("{given}", f"json_to_recordset(CAST(:given_ AS json)) AS given({types})"),
        given_=json.dumps(given, ensure_ascii=False, default=_as_text),
        **more,
    )


def _as_text(value: object) -> str:
    """As PostgreSQL reads it back: bytes in hex, dates and instants in ISO 8601, amounts plain."""
    return f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)


async def _persons(connection: AsyncConnection, stored: Sequence[_Stored], today: date) -> dict[bytes, int]:
    """Every policyholder of the batch, made or brought up to date; look-up hash → id."""
    by_hash: dict[bytes, list] = {}
    for one in stored:
        contract = one.contract
        born = identity_elements(contract, today).get("birth_date") or contract.policyholder_birth_date
        born = date.fromisoformat(born) if isinstance(born, str) else born
        before = by_hash.get(one.person, [None] * 6)
        by_hash[one.person] = [
            one.person,
            vault().seal(contract.policyholder_name),
            name_hash(contract.policyholder_name),
            contract.policyholder_sex or before[3],
            born or before[4],
            contract.language or before[5],
        ]
    found = await _over(
        connection,
        "hash bytea, name_sealed bytea, name_hash bytea, sex text, birth_date date, language text",
        by_hash.values(),
        """
        INSERT INTO persons AS p (identity_hash, name_sealed, name_hash, sex, birth_date, language)
        SELECT given.hash, given.name_sealed, given.name_hash, coalesce(given.sex, o.sex),
               coalesce(given.birth_date, o.birth_date), coalesce(given.language, o.language, 'zh-CN')
        FROM {given} LEFT JOIN persons o ON o.identity_hash = given.hash
        ORDER BY given.hash
        ON CONFLICT (identity_hash) DO UPDATE SET
          name_sealed = CASE WHEN p.name_hash = excluded.name_hash THEN p.name_sealed ELSE excluded.name_sealed END,
          name_hash = excluded.name_hash, sex = excluded.sex, birth_date = excluded.birth_date, language = excluded.language
        RETURNING id, identity_hash
        """,
    )
    return {bytes(r["identity_hash"]): r["id"] for r in found}


async def _contracts(
    connection: AsyncConnection,
    list_id: int,
    source: str,
    stored: Sequence[_Stored],
    persons: Mapping[bytes, int],
    basis: Basis,
) -> None:
    await _over(
        connection,
        "policy_no text, version int, person_id bigint, digest text, in_scope bool, out_of_scope_reason text, "
        "channel text, product_type text, product_name text, premium_mode text, premium numeric, branch_code text, "
        "agent_code text, underwritten_on date, receipt_signed_on date, status text, special_callback bool, "
        "facts jsonb, personal_sealed bytea, row_no int",
        (
            (
                *(one.contract.policy_no, one.known.version + 1 if one.known else 1, persons[one.person], one.digest),
                *(one.scope is None, one.scope, one.contract.channel, one.contract.product_type),
                *(one.contract.product_name or "", one.contract.premium_mode, one.contract.premium),
                *(one.contract.branch_code, one.contract.agent_code, one.contract.underwritten_on),
                *(one.contract.receipt_signed_on, one.contract.status or "IN_FORCE"),
                *(bool(one.contract.special_callback), one.facts, one.personal, one.row),
            )
            for one in stored
        ),
        """
        WITH given AS (SELECT * FROM {given}), kept AS (
          INSERT INTO contract_versions (policy_no, version, list_id, row_no, digest, facts, personal_sealed, stored_at)
          SELECT policy_no, version, :list_id, row_no, digest, facts, personal_sealed, :now FROM given
        )
        INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, out_of_scope_reason, channel,
          product_type, product_name, premium_mode, premium, branch_code, agent_code, underwritten_on, receipt_signed_on,
          status, special_callback, facts, personal_sealed, updated_at)
        SELECT policy_no, version, person_id, :source, digest, in_scope, out_of_scope_reason, channel, product_type,
          product_name, premium_mode, premium, branch_code, agent_code, underwritten_on, receipt_signed_on, status,
          special_callback, facts, personal_sealed, :now FROM given
        ON CONFLICT (policy_no) DO UPDATE SET
          version = excluded.version, person_id = excluded.person_id, source = excluded.source, digest = excluded.digest,
          in_scope = excluded.in_scope, out_of_scope_reason = excluded.out_of_scope_reason, channel = excluded.channel,
          product_type = excluded.product_type, product_name = excluded.product_name,
          premium_mode = excluded.premium_mode, premium = excluded.premium, branch_code = excluded.branch_code,
          agent_code = excluded.agent_code, underwritten_on = excluded.underwritten_on,
          receipt_signed_on = excluded.receipt_signed_on, status = excluded.status,
          special_callback = excluded.special_callback, facts = excluded.facts,
          personal_sealed = excluded.personal_sealed, updated_at = excluded.updated_at
        RETURNING 1 AS one
        """,
        list_id=list_id,
        source=source,
        now=basis.now,
    )


async def _phones(connection: AsyncConnection, stored: Sequence[_Stored], persons: Mapping[bytes, int]) -> None:
    """The numbers of each contract as it stands now. A number that a list brings anew is confirmed and lives; one that
    another has replaced is no longer rung; candidates wait on."""
    numbers, replaced, sellers = [], [], {}
    for one in stored:
        before = set(usable_phones(one.known.contract)) if one.known else set()
        now = usable_phones(one.contract)
        for number in now:
            place = next(i for i, name in enumerate(PHONE_COLUMNS) if getattr(one.contract, name) == number)
            numbers.append(
                (
                    *(one.contract.policy_no, persons[one.person], number_hash(number), vault().seal(number)),
                    *(place, number not in before),
                )
            )
        replaced += [(one.contract.policy_no, number_hash(number)) for number in before - set(now)]
        if one.contract.agent_code and (one.contract.agent_phone or "").startswith("+86"):
            sellers[number_hash(one.contract.agent_phone), one.contract.agent_code] = None
    await _over(
        connection,
        "policy_no text, hash bytea",
        replaced,
        """DELETE FROM contract_phones n USING {given}
           WHERE n.policy_no = given.policy_no AND n.number_hash = given.hash AND n.status = 'CONFIRMED' RETURNING n.id""",
    )
    await _over(
        connection,
        "policy_no text, person_id bigint, hash bytea, sealed bytea, place int, anew bool",
        numbers,
        """
        INSERT INTO contract_phones AS n (policy_no, person_id, number_hash, number_sealed, place, status, dead)
        SELECT policy_no, person_id, hash, sealed, place, 'CONFIRMED', NOT anew AND EXISTS (
                 SELECT 1 FROM contract_phones o WHERE o.policy_no = given.policy_no AND o.number_hash = given.hash AND o.dead)
        FROM {given}
        ON CONFLICT (policy_no, number_hash) DO UPDATE SET
          person_id = excluded.person_id, place = excluded.place, status = 'CONFIRMED', dead = excluded.dead
        RETURNING n.id
        """,
    )
    await _over(
        connection,
        "hash bytea, code text",
        sellers,
        """INSERT INTO registered_phones (number_hash, holder_kind, holder_code, former)
           SELECT hash, 'AGENT', code, false FROM {given} ON CONFLICT DO NOTHING RETURNING id""",
    )


_CASE_COLUMNS = (
    "policy_no text, person_id bigint, state text, owner text, owner_branch text, round int, callable_on date, "
    "nominal_end date, surrender_deadline date, handover_at timestamptz, provisional bool, profile text, told jsonb"
)


def _case_values(
    one: _Stored, persons: Mapping[bytes, int], state: CaseState, round_no: int, callable_on: date | None, basis: Basis
) -> tuple:
    owner = owner_of(state)
    branch = basis.inbox(one.contract.branch_code) if owner == Owner.BRANCH else None
    if one.known and one.known.case and one.known.case["state"] == state:
        owner, branch = one.known.case["owner"], one.known.case["owner_branch"]
    dates = one.dates
    told = {
        "state": state,
        "owner": owner,
        "owner_branch": branch,
        "policy_no": one.contract.policy_no,
        "branch_code": one.contract.branch_code,
        "callable_on": callable_on,
        "nominal_end": dates.nominal_end,
        "surrender_deadline": dates.surrender_deadline,
        "handover_at": dates.handover_at,
        "provisional": dates.provisional,
        "signature_date_estimated": dates.signature_date_estimated,
        "underwritten_on": one.contract.underwritten_on,
        "receipt_signed_on": one.contract.receipt_signed_on,
        "channel": one.contract.channel,
        "product_type": one.contract.product_type,
        "premium_mode": one.contract.premium_mode,
        "policy_term_years": str(one.contract.policy_term_years),
        "agent_code": one.contract.agent_code,
        "special_callback": bool(one.contract.special_callback),
        "dates": {name: getattr(one.contract, name) for name in _DATES},  # what the dates above follow from
        "round": round_no,
        "profile": one.profile.id,
    }
    return (
        *(one.contract.policy_no, persons[one.person], str(state), str(owner), branch, round_no, callable_on),
        *(dates.nominal_end, dates.surrender_deadline, dates.handover_at, dates.provisional, one.profile.id),
        told,
    )


async def _open_cases(
    connection: AsyncConnection, stored: Sequence[_Stored], persons: Mapping[bytes, int], basis: Basis
) -> int:
    wanted = []
    for one in stored:
        if one.scope or (one.known and one.known.case):
            continue
        state = opening_state(one.dates, basis.today, True, bool(one.contract.special_callback))
        wanted.append(_case_values(one, persons, state, 1, one.dates.callable_on, basis))
    opened = await _over(
        connection,
        _CASE_COLUMNS,
        wanted,
        """
        WITH given AS (SELECT * FROM {given}), opened AS (
          INSERT INTO cases (policy_no, person_id, state, owner, owner_branch, round, callable_on, nominal_end,
            surrender_deadline, handover_at, provisional, counts, profile, opened_at, changed_at)
          SELECT policy_no, person_id, state, owner, owner_branch, round, callable_on, nominal_end, surrender_deadline,
            handover_at, provisional, false, profile, :now, :now FROM given
          ON CONFLICT (policy_no) DO NOTHING RETURNING id, policy_no, person_id
        )
        INSERT INTO events (at, kind, case_id, person_id, data)
        SELECT :now, 'CASE_OPENED', o.id, o.person_id, g.told
        FROM opened o JOIN given g ON g.policy_no = o.policy_no ORDER BY o.id RETURNING id
        """,
        now=basis.now,
    )
    return len(opened)


async def _move_cases(
    connection: AsyncConnection, stored: Sequence[_Stored], persons: Mapping[bytes, int], basis: Basis
) -> None:
    wanted = []
    for one in stored:
        case = one.known.case if one.known else None
        if case is None:
            continue
        change = after_update(
            Standing(
                CaseState(case["state"]), case["callable_on"], case["round"], case["begun"], bool(case["fulfilled"])
            ),
            one.dates,
            in_scope=one.scope is None,
            special_callback=bool(one.contract.special_callback),
            news_of_receipt=receipt_news(one.known.contract, one.contract),
            all_items_due=short_script_undone(one.known.contract, one.contract, one.profile),
            today=basis.today,
        )
        values = _case_values(one, persons, change.state, change.round, change.callable_on, basis)
        wanted.append((*values, case["state"], one.scope or change.why))
    await _over(
        connection,
        f"{_CASE_COLUMNS}, was text, why text",
        wanted,
        """
        WITH given AS (SELECT * FROM {given}), changed AS (
          UPDATE cases c SET person_id = g.person_id, state = g.state, owner = g.owner, owner_branch = g.owner_branch,
            round = g.round, callable_on = g.callable_on, nominal_end = g.nominal_end,
            surrender_deadline = g.surrender_deadline, handover_at = g.handover_at, provisional = g.provisional,
            profile = g.profile,
            appointment_at = CASE WHEN g.state = 'NOT_REQUIRED' THEN NULL ELSE c.appointment_at END,
            appointment_hash = CASE WHEN g.state = 'NOT_REQUIRED' THEN NULL ELSE c.appointment_hash END,
            changed_at = :now
          FROM given g WHERE c.policy_no = g.policy_no RETURNING c.id, c.policy_no
        ), orders AS (
          -- nothing is asked of the contract any more: no branch is to be reminded of it
          UPDATE work_orders w SET state = 'CLOSED', closed_at = :now, closed_why = g.why
          FROM changed c JOIN given g ON g.policy_no = c.policy_no
          WHERE w.case_id = c.id AND g.state = 'NOT_REQUIRED' AND w.state <> 'CLOSED'
          RETURNING w.id, w.case_id, g.person_id, w.kind, w.branch_code, w.closed_why
        ), told AS (
          SELECT c.id AS case_id, g.person_id, told.place, told.kind, told.data
          FROM changed c JOIN given g ON g.policy_no = c.policy_no, LATERAL (
            VALUES (1, 'CASE_UPDATED', g.told),
                   (2, 'CASE_MOVED', jsonb_build_object('from', g.was, 'to', g.state, 'owner', g.owner,
                                                        'owner_branch', g.owner_branch, 'why', g.why))
          ) AS told(place, kind, data)
          WHERE told.place = 1 OR g.was <> g.state
          UNION ALL
          SELECT case_id, person_id, 3, 'ORDER_CLOSED',
                 jsonb_build_object('order_id', id, 'kind', kind, 'branch', branch_code, 'why', closed_why)
          FROM orders
        )
        INSERT INTO events (at, kind, case_id, person_id, data)
        SELECT :now, kind, case_id, person_id, data FROM told
        ORDER BY case_id, place, CAST(data->>'order_id' AS bigint) RETURNING id
        """,
        now=basis.now,
    )


async def _keep_rows(
    connection: AsyncConnection, list_id: int, batch: Sequence[Arrived], verdicts: Mapping[int, str]
) -> None:
    """Rows with a problem or out of scope, with their cells; the problems beside them."""
    kept = [
        (one.read, verdicts[one.read.row])
        for one in batch
        if one.read.problems or verdicts[one.read.row] == "out_of_scope"
    ]
    await _over(
        connection,
        "row_no int, policy_no text, verdict text, cells bytea",
        (
            (
                read.row,
                read.contract.policy_no if read.contract else _short(read.cells.get("policy_no")),
                verdict,
                vault().seal(json.dumps({k: v for k, v in read.cells.items() if v}, ensure_ascii=False)),
            )
            for read, verdict in kept
        ),
        """INSERT INTO list_rows (list_id, row_no, policy_no, verdict, cells_sealed)
           SELECT :list_id, row_no, policy_no, verdict, cells FROM {given} ON CONFLICT DO NOTHING RETURNING row_no""",
        list_id=list_id,
    )
    await _over(
        connection,
        "row_no int, field text, code text, severity text, zh text, en text",
        (
            (read.row, p.field, p.code, p.severity, p.message_zh, p.message_en)
            for read, _verdict in kept
            for p in read.problems
        ),
        """INSERT INTO row_problems (list_id, row_no, field, code, severity, message_zh, message_en)
           SELECT :list_id, row_no, field, code, severity, zh, en FROM {given} ON CONFLICT DO NOTHING RETURNING row_no""",
        list_id=list_id,
    )


def _short(cell: str | None) -> str | None:
    """A policy number that can be looked up by; what is longer than any stays in the cells."""
    found = (cell or "").strip()
    return found if 0 < len(found) <= 40 else None


async def forget_rows(connection: AsyncConnection, list_id: int) -> None:
    """Before a list that was cut short is taken again: its problems are found anew."""
    for table in ("row_problems", "list_rows"):
        await connection.execute(text(f"DELETE FROM {table} WHERE list_id = :list_id"), {"list_id": list_id})
