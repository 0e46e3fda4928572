"""Delivery receipts that are missing for too long: counted from underwriting, each role its own branches."""

import pytest
import sqlalchemy as sa


@pytest.fixture
def without_receipts(desk_settings):
    """Two contracts of different branches lose their receipt for the test; the day is 2026-09-24."""
    engine = sa.create_engine(desk_settings)
    policies = ["P20260000001", "P20260000005"]  # of 3301 and of 4401
    with engine.begin() as c:
        c.execute(
            sa.text("UPDATE contracts SET receipt_signed_on = NULL, underwritten_on = :on WHERE policy_no = :policy"),
            [{"policy": policies[0], "on": "2026-09-17"}, {"policy": policies[1], "on": "2026-09-18"}],
        )
    yield engine
    with engine.begin() as c:
        c.execute(
            sa.text("UPDATE contracts SET receipt_signed_on = '2026-09-11', underwritten_on = '2026-09-10' "
                    "WHERE policy_no = ANY(:policies)"),
            {"policies": policies},
        )  # fmt: skip
    engine.dispose()


def test_from_the_seventh_day_on_and_each_branch_its_own(sign_in, day, without_receipts):
    page = sign_in("auditor", "en").get("/receipts").text
    assert page.count("data-row") == 1 and ">7</td>" in page  # the other one is six days old
    assert "A-1" in page
    assert "Every contract has its receipt" in sign_in("staff", "en").get("/receipts").text
    assert sign_in("other", "en").get("/receipts").text.count("data-row") == 1
    assert sign_in("operator").get("/receipts").status_code == 403
    assert "未见回执" in sign_in("auditor", "zh").get("/receipts").text


def test_a_receipt_in_any_form_counts(sign_in, day, without_receipts):
    with without_receipts.begin() as c:
        c.execute(
            sa.text(
                "UPDATE contracts SET facts = facts || '{\"receipt_entered_on\": \"2026-09-20\"}' WHERE policy_no = 'P20260000001'"
            )
        )
    try:
        assert "Every contract has its receipt" in sign_in("auditor", "en").get("/receipts").text
    finally:
        with without_receipts.begin() as c:
            c.execute(
                sa.text("UPDATE contracts SET facts = facts - 'receipt_entered_on' WHERE policy_no = 'P20260000001'")
            )


def test_the_export_has_the_same_rows(sign_in, day, without_receipts):
    answer = sign_in("auditor", "en").get("/receipts/export.xlsx")
    assert answer.status_code == 200 and answer.content[:2] == b"PK"
