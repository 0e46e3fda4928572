"""AC-34: the sale's record is invalidated after the short script closed the case, and all items are asked after all."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from rules.branches import Branch, Organisation
from rules.contracts import cells_from_json
from scripts.calendars import seeded_calendar
from scripts.house import House
from scripts.rule_profiles import FOLDER
from storage.contract_batches import Basis
from storage.contract_lists import take
from storage.db import rows, transaction
from storage.organisation import store_organisation

NOW = datetime(2026, 9, 24, 2, tzinfo=UTC)
TREE = Organisation((Branch("00", "总公司", None, "HEAD_OFFICE"), Branch("4401", "榕城支公司", "00", "COUNTY")))


def house(tmp_path, allowed):
    """A company that lets a passed record of the sale shorten the script, or one that says nothing of it."""
    folder = tmp_path / "profiles"
    shutil.copytree(FOLDER, folder)
    value = "values:\n  script.simplified: true\n" if allowed else "values:\n  refusal.max_recalls: 0\n"
    head = 'name: short\nversion: "1"\nlayer: COMPANY\ntitle:\n  zh: 简化\n  en: short\neffective_from:\neffective_until:\n'
    (folder / "short.yaml").write_text(f"{head}over: [national@1]\n{value}", encoding="utf-8")
    return House(TREE, company="short", folder=folder)


async def given(house, traceability, now):
    contract = {
        "policy_no": "P1", "channel": "BANCASSURANCE", "product_code": "BP1", "product_name": "长青",
        "product_type": "PARTICIPATING", "policy_term_years": "20", "premium_mode": "ANNUAL", "premium_term_years": "5",
        "premium": "12000", "underwritten_on": "2026-09-10", "receipt_signed_on": "2026-09-14",
        "receipt_written_off_on": "2026-09-15", "policyholder_name": "王芳", "policyholder_type": "PERSON",
        "policyholder_id_no": "11010519491231002X", "mobile": "13900000001", "agent_code": "A1", "branch_code": "4401",
        "status": "IN_FORCE", "traceability": traceability,
    }  # fmt: skip
    basis = Basis(now, seeded_calendar(), house)
    await take([(2, cells_from_json(contract), False)], source="test", name="test", digest=traceability, basis=basis)


@pytest.mark.parametrize(("allowed", "state", "round_no"), [(True, "CALLABLE", 2), (False, "CLOSED", 1)])
async def test_it_is_rung_again_where_the_short_script_was_allowed(database, tmp_path, allowed, state, round_no):
    basis = house(tmp_path, allowed)
    async with transaction() as c:
        await store_organisation(c, TREE)
    await given(basis, "PASSED", NOW)
    async with transaction() as c:
        await rows(
            c,
            "UPDATE cases SET state = 'CLOSED', owner = 'CLOSED', counts = true, completed_at = :at RETURNING id",
            at=NOW,
        )
    await given(basis, "INVALIDATED", NOW + timedelta(days=2))
    async with transaction() as c:
        [case] = await rows(c, "SELECT state, owner, round, callable_on FROM cases")
        told = await rows(c, "SELECT data FROM events WHERE kind = 'CASE_MOVED'")
    assert (case["state"], case["round"]) == (state, round_no)
    assert case["owner"] == ("HEAD_OFFICE" if allowed else "CLOSED")
    assert [(t["data"]["from"], t["data"]["to"], t["data"]["why"]) for t in told] == (
        [("CLOSED", "CALLABLE", "R30")] if allowed else []
    )
