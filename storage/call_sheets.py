"""The facts one call may use, read and sealed once, when the call is reserved."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from sqlalchemy.ext.asyncio import AsyncConnection

from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.calling import ToCall
from rules.contracts import Contract, from_json, identity_elements
from rules.deadlines import cooling_off_days
from rules.parameters import Profile
from rules.script import Script, digest
from scripts.rule_profiles import load_profile
from scripts.shelf import digest_of
from storage.calls import Reservation
from storage.db import rows
from storage.organisation import ITS_PLACE, PLACES
from storage.vault import vault

FACTS = f"""
WITH RECURSIVE {PLACES}
SELECT c.id AS case_id, c.person_id, c.nominal_end, c.surrender_deadline, c.provisional, c.profile, k.facts,
       k.personal_sealed, place.jurisdiction, o.name AS outlet_name,
       cut.open_items, cut.script AS cut_script, again.items AS recalled, again.script AS recalled_script,
       EXISTS (SELECT 1 FROM work_orders w WHERE w.case_id = c.id AND w.round = c.round AND w.kind = 'AFTER_CARE') AS after_care,
       coalesce(k.facts ->> 'traceability', 'NONE') AS traceability,
       coalesce((SELECT jsonb_object_agg(encode(n.number_hash, 'hex'), encode(n.number_sealed, 'hex'))
                 FROM contract_phones n WHERE n.policy_no = c.policy_no), '{{}}') AS numbers
FROM cases c JOIN contracts k ON k.policy_no = c.policy_no LEFT JOIN outlets o ON o.code = k.facts ->> 'outlet'
LEFT JOIN LATERAL (
  SELECT s.decision -> 'settlement' -> 'outcome' -> 'open_items' AS open_items, coalesce(last.continues, last.script) AS script
  FROM settlements s JOIN calls last ON last.id = s.call_id
  WHERE s.case_id = c.id AND s.round = c.round AND s.counts AND NOT s.completed
    AND last.ended_at > CAST(:now AS timestamptz) - interval '3 days'
  ORDER BY s.settled_at DESC LIMIT 1
) cut ON true
LEFT JOIN script_recalls again ON again.case_id = c.id AND again.round = c.round
{ITS_PLACE}
WHERE c.id = ANY(:ids)
"""

TITLES = {"M": "先生", "F": "女士"}


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who calls: told to every customer."""

    insurer: str
    hotline: str
    staff_number: str


async def prepare(
    connection: AsyncConnection,
    calls: Sequence[ToCall],
    *,
    profiles: Mapping[int, Profile],
    script_of: Callable[[Contract, date, str | None, str], Script | None],
    permitted: Callable[[date | None, Profile], tuple[PermittedTime, ...]],
    speaker: Speaker,
    now: datetime,
    today: date,
    new_id: Callable[[], str],
) -> list[Reservation]:
    """Reservations for `calls`, each with its sheet. `profiles`: by person id, what the call is made under; what is said
    of a policy follows its own case's profile. `script_of(contract, day, jurisdiction, variant)` chooses the script. A case
    whose number or contract changed in between is left out."""
    found = {
        r["case_id"]: r for r in await rows(connection, FACTS, ids=[i for c in calls for i in c.case_ids], now=now)
    }
    reservations = []
    for call in calls:
        cases = [found[i] for i in call.case_ids if i in found]
        sealed = next((r["numbers"][call.number] for r in cases if call.number in r["numbers"]), None)
        if len(cases) != len(call.case_ids) or sealed is None:
            continue
        contracts = [from_json({**r["facts"], **json.loads(vault().open(r["personal_sealed"]))}) for r in cases]
        full = script_of(contracts[0], today, cases[0]["jurisdiction"], "FULL")
        if full is None:
            continue
        for row in cases:
            row["asks"] = _asks(row, full)
        variant, continues = _variant(cases, full)
        script = script_of(contracts[0], today, cases[0]["jurisdiction"], variant)
        if script is None:
            script, continues = full, None
        number = vault().open(bytes.fromhex(sealed))
        profile = profiles[call.person_id]
        person = _person(contracts[0], number, today)
        sheet = CallSheet(
            person=person,
            policies=tuple(_policy(row, contract) for row, contract in zip(cases, contracts, strict=True)),
            insurer=speaker.insurer,
            hotline=speaker.hotline,
            staff_number=speaker.staff_number,
            now_date=today,
            appointment_times=permitted(call.nominal_end, profile),
            min_gap_hours=profile["attempts.min_gap_hours"],
            proxy_allowed=profile["callback.allow_authorised_proxy"],
        )
        reservations.append(
            Reservation(
                call_id=new_id(),
                person_id=call.person_id,
                number_hash=bytes.fromhex(call.number),
                number_sealed=bytes.fromhex(sealed),
                case_ids=call.case_ids,
                at_appointment=call.at_appointment,
                script=script.id,
                script_digest=digest_of(script.id) or digest(script),
                continues=continues,
                profile=profile.id,
                sheet_sealed=vault().seal(json.dumps(sheet.to_json(), ensure_ascii=False)),
            )
        )
    return reservations


def _person(contract: Contract, number: str, today: date) -> PersonFacts:
    known = identity_elements(contract, today)
    birth_date = known.get("birth_date")
    return PersonFacts(
        name=contract.policyholder_name,
        sex=contract.policyholder_sex,
        title=TITLES.get(contract.policyholder_sex or "", ""),
        birth_date=date.fromisoformat(birth_date) if isinstance(birth_date, str) else birth_date,
        id_last4=known.get("id_last4"),
        district=known.get("district"),
        phone_tail=number.split(";")[0][-4:],
    )


def _policy(row: dict, contract: Contract) -> PolicyFacts:
    profile = load_profile(row["profile"])
    policy = PolicyFacts(
        policy_no=contract.policy_no,
        case_id=row["case_id"],
        product_type=contract.product_type,
        product_name=contract.product_name or "",
        premium_mode=contract.premium_mode,
        premium=contract.premium if contract.premium is not None else Decimal(0),
        premium_term_years=contract.premium_term_years,
        policy_term=str(contract.policy_term_years),
        channel=contract.channel,
        outlet=row["outlet_name"] or contract.outlet,
        receipt_signed_on=contract.receipt_signed_on,
        nominal_end=row["nominal_end"],
        surrender_deadline=row["surrender_deadline"],
        cooling_off_days=cooling_off_days(contract.channel, contract.product_type, contract.cooling_off_days, profile),
        provisional=row["provisional"],
        next_due_on=contract.next_due_on,
        jurisdiction=row["jurisdiction"],
        fees_for_all_types=profile["matrix.fees_for_all_types"],
    )
    return replace(policy, open_items=row["asks"])


def _asks(row: dict, full: Script) -> tuple[str, ...] | None:
    """The items still to be asked; None: all. What was answered holds while the script of it is still in force (X)."""
    if row["recalled"]:
        return tuple(row["open_items"] or row["recalled"])
    if row["open_items"] and row["cut_script"] == full.id:
        return tuple(row["open_items"])
    return None


def _variant(cases: Sequence[dict], full: Script) -> tuple[str, str | None]:
    """Which kind of script the call needs, and which script's answers it goes on from. Policies that need different ones
    share the full one, which asks of each what it has to."""
    if all(row["recalled"] for row in cases):
        return "AFTER_CARE" if all(row["after_care"] for row in cases) else "SUPPLEMENTARY", cases[0]["recalled_script"]
    if all(row["asks"] is not None and not row["recalled"] for row in cases):
        return "RESUMED", full.id
    if all(_may_be_short(row) for row in cases):
        return "SIMPLIFIED", None
    return "FULL", None


def _may_be_short(row: dict) -> bool:
    """The sale's audio-video record passed, and the profile of the case then asks four items only (AC-34)."""
    short = load_profile(row["profile"])["script.simplified"] and row["traceability"] == "PASSED"
    return bool(short) and row["asks"] is None
