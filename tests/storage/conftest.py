"""One-line builders of rows for the tests of storage."""

import json
from datetime import UTC, date, datetime

import pytest

from storage.db import rows, transaction
from storage.vault import vault

NOW = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)  # 10:00 in Shanghai


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def a_case(database):
    """`await a_case(policy_no=…, number=…, state=…)` → (case id, person id). Equal `person` is one person."""

    async def build(policy_no="P1", number="+8616012345678", state="CALLABLE", person="470101199001011234", owner=None):
        seal, print_ = vault().seal, vault().fingerprint
        async with transaction() as c:
            await rows(
                c,
                "INSERT INTO branches (code, name, kind) VALUES ('HO', '总公司', 'HEAD_OFFICE') ON CONFLICT DO NOTHING RETURNING code",
            )
            found = await rows(
                c,
                """INSERT INTO persons (identity_hash, name_sealed, name_hash, birth_date, language)
                   VALUES (:i, :n, :h, :b, 'zh-CN')
                   ON CONFLICT (identity_hash) DO UPDATE SET language = 'zh-CN' RETURNING id""",
                i=print_(f"id:{person}"),
                n=seal("王芳"),
                h=print_("name:王芳"),
                b=date(1990, 1, 1),
            )
            person_id = found[0]["id"]
            facts = {
                "policy_no": policy_no, "channel": "BANCASSURANCE", "product_code": "BP101", "product_name": "岁岁",
                "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL",
                "premium_term_years": "5", "premium": "10000", "underwritten_on": "2026-09-10",
                "receipt_signed_on": "2026-09-14", "agent_code": "A1", "branch_code": "HO",
                "policyholder_type": "PERSON", "status": "IN_FORCE", "identity_elements": 2,
            }  # fmt: skip
            personal = {
                "policyholder_name": "王芳", "policyholder_birth_date": "1990-01-01",
                "policyholder_id_no": person, "mobile": number,
            }  # fmt: skip
            await rows(
                c,
                """INSERT INTO contracts (policy_no, version, person_id, source, digest, in_scope, channel, product_type,
                     product_name, premium_mode, branch_code, agent_code, underwritten_on, receipt_signed_on, status,
                     special_callback, facts, personal_sealed, updated_at)
                   VALUES (:p, 1, :person, 'test', :p, true, 'BANCASSURANCE', 'PARTICIPATING', '岁岁', 'ANNUAL', 'HO', 'A1',
                     :u, :r, 'IN_FORCE', false, CAST(:f AS jsonb), :s, :now) RETURNING policy_no""",
                p=policy_no,
                person=person_id,
                u=date(2026, 9, 10),
                r=date(2026, 9, 14),
                f=json.dumps(facts),
                s=seal(json.dumps(personal)),
                now=NOW,
            )
            await rows(
                c,
                """INSERT INTO contract_phones (policy_no, person_id, number_hash, number_sealed, place, status, dead)
                   VALUES (:p, :person, :h, :s, 0, 'CONFIRMED', false) RETURNING id""",
                p=policy_no,
                person=person_id,
                h=print_(f"phone:{number}"),
                s=seal(number),
            )
            case = await rows(
                c,
                """INSERT INTO cases (policy_no, person_id, state, owner, round, callable_on, nominal_end, provisional, counts,
                     profile, opened_at, changed_at)
                   VALUES (:p, :person, :state, :owner, 1, :on, :end, false, false, 'national@1', :now, :now) RETURNING id""",
                p=policy_no,
                person=person_id,
                state=state,
                owner=owner or ("BRANCH" if state in ("AT_BRANCH", "ASLEEP") else "HEAD_OFFICE"),
                on=date(2026, 9, 15),
                end=date(2026, 9, 29),
                now=NOW,
            )
        return case[0]["id"], person_id

    return build


@pytest.fixture
def a_call(a_case):
    """`await a_call(call_id=…)` → (call id, case id, person id): a case, reserved."""
    from storage.calls import Reservation, reserve

    async def build(call_id="call1", **case):
        number = case.get("number", "+8616012345678")
        case_id, person_id = await a_case(**case)
        async with transaction() as c:
            kept = await reserve(
                c,
                [
                    Reservation(
                        call_id,
                        person_id,
                        vault().fingerprint(f"phone:{number}"),
                        vault().seal(number),
                        (case_id,),
                        False,
                        "bank-participating-regular@1",
                        "national@1",
                        vault().seal("{}"),
                    )  # fmt: skip
                ],
                NOW,
            )
        assert kept == {call_id}
        return call_id, case_id, person_id

    return build
