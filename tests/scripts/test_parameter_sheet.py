import ast
import re
from pathlib import Path

import pytest

from rules.parameters import PARAMETERS
from scripts.parameter_sheet import SHEET, sheet

ROOT = Path(__file__).parent.parent.parent
CODE = [
    file
    for folder in ("rules", "scripts", "tasks", "storage", "flows", "desk", "cli", "telephony")
    for file in (ROOT / folder).rglob("*.py")
    if file.name != "parameters.py" and file != ROOT / "rules" / "profiles.py"
]


def test_the_sheet_is_not_stale():
    assert SHEET.read_text(encoding="utf-8") == sheet(), "make it anew: python -m scripts.parameter_sheet"


@pytest.mark.parametrize("row", PARAMETERS.values(), ids=lambda row: row.name)
def test_every_parameter_stands_in_it_with_unit_source_and_meaning(row):
    line = next(line for line in SHEET.read_text(encoding="utf-8").splitlines() if line.startswith(f"| `{row.name}`"))
    cells = [cell.strip() for cell in line.strip("|").split(" | ")]
    assert {row.unit, row.source, row.meaning_zh, row.meaning_en} <= set(cells)


def names_in(source):
    """The parameters that a source names, in full or as the known rest of an f-string (`{method}.require_id_copy`)."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and node.value in PARAMETERS:
            yield node.value
        elif isinstance(node, ast.JoinedStr):
            known = [part.value for part in node.values if isinstance(part, ast.Constant)]
            if "." in "".join(known) and len("".join(known)) > 8:
                pattern = "".join(re.escape(p.value) if isinstance(p, ast.Constant) else "[a-z_]+" for p in node.values)
                yield from (name for name in PARAMETERS if re.fullmatch(pattern, name))


def test_every_parameter_that_is_said_to_be_read_is_read_and_no_other():
    """Setting one that nobody reads would change nothing, and the sheet has to say so."""
    named = {name for file in CODE for name in names_in(file.read_text(encoding="utf-8"))}
    in_use = {name for name, row in PARAMETERS.items() if row.in_use}
    read = named & PARAMETERS.keys()
    assert (sorted(in_use - read), sorted(read - in_use)) == ([], []), "in_use in rules/parameters.py, then the sheet"


# section 2 and 2.2 of the rules, as they are written there: a.b=default, ranges and brackets left out
NAMES = re.findall(
    r"\S+",
    """
scope.min_term_exclusive_years scope.ratio scope.include_guaranteed_renewal_short scope.extra_product_codes
extraction.strategy extraction.offset_days extraction.cap_days extraction.combine extraction.bank_direct.anchor
calendar.extract_on_holidays calendar.provider calling.allowed_days calling.windows calling.on_public_holidays
callback.allow_authorised_proxy cooling_off.start cooling_off.days cooling_off.roll cooling_off.late_callback_grace_days
kpi.window_end kpi.success_definition kpi.denominator_exclusions script.require_explicit_answer script.simplified
script.explanations fallback.chain outcome.taxonomy workorder.sla workorder.cap_by_cooling_off
workorder.exclude_selling_agent workorder.order workorder.feedback_only_sla workorder.day_ends mapping.denies_purchase
mapping.contract_not_received quality.signal_on_corrected recording.min_applicant_level report.monthly.rule
report.sales_unit.latest_day phone.shared_threshold phone.family_exempt phone.family_exempt_max phone.blocklist_sources
phone.allow_self_policy phone.dial_unconfirmed agents.dialect_skills refusal.max_recalls activity.contact_roles
contact.methods spotcheck.daily spotcheck.scope spotcheck.second_base vip.gold_quota penalty.table penalty.auto
receipt.ageing_alert_days after_verification.recall_by visit.require_id_copy question.customer_signature
voicemail.notice handover.working_days_before_end late.max_days attempts.max_attempts_per_day attempts.min_gap_hours
attempts.different_day_parts attempts.min_days attempts.max_total appointment.tolerance_minutes identity.elements
identity.retries letter.return_days letter.reminders retention.recording_years training.expiry_days
""",
)


@pytest.mark.parametrize("name", NAMES)
def test_every_parameter_that_the_rules_name_exists(name):
    assert name in PARAMETERS


def test_names_are_group_and_name():
    assert all(re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", name) for name in PARAMETERS)
