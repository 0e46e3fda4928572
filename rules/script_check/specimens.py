"""Every policy a script can meet, as specimens: one for each combination of what its conditions look at.

A script tells two policies apart by its conditions alone, so policies for which the same conditions hold are walked
once (`kinds`). What is put into the texts is looked at for every combination.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from itertools import product

from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.outcomes import mandatory_items
from rules.parameters import Profile
from rules.script import SHORTENED, Script
from rules.script_conditions import FACTS, met

ZONE = timezone(timedelta(hours=8))
NOW = datetime(2026, 9, 24, 10, 0, tzinfo=ZONE)
TOMORROW = (PermittedTime(datetime(2026, 9, 25, 9, 0, tzinfo=ZONE), datetime(2026, 9, 25, 21, 0, tzinfo=ZONE)),)
# As long as they come: what is said must still be short enough
PRODUCT = "福寿安康年年有余终身两全保险"
OUTLET = "示例银行股份有限公司和平路支行"
PERSON = PersonFacts("欧阳示例", "F", "女士", date(1980, 3, 5), "123X", "示例自治县", "5678")


@dataclass(frozen=True, slots=True)
class Kind:
    """Policies that the script cannot tell apart. `mandatory`: the items that each needs a definite answer to."""

    sheet: CallSheet
    mandatory: tuple[str, ...]
    zh: str
    en: str


def used_facts(script: Script) -> tuple[str, ...]:
    """The facts that tell one policy from another; what may be said to anybody is walked both ways anyhow."""
    conditions = (condition for step in script.steps.values() for condition in step.when)
    names = {name for condition in conditions for name in (*condition.facts, *condition.without)}
    return tuple(sorted(name for name in names if FACTS[name].tells))


def jurisdictions(script: Script) -> tuple[str | None, ...]:
    named = {one for step in script.steps.values() for condition in step.when for one in condition.jurisdictions}
    return (
        tuple(sorted(set(script.jurisdictions) | named)) or (None,) if script.jurisdictions else (None, *sorted(named))
    )


def specimens(script: Script, profile: Profile) -> Iterator[tuple[CallSheet, tuple[str, ...]]]:
    """One call sheet with one policy for each combination, and its mandatory items under `profile`."""
    facts = used_facts(script)
    strictest = profile.with_params({"matrix.fees_for_all_types": True})
    short = profile.with_params({"script.simplified": True}) if script.variant in SHORTENED else None
    for channel, product_type, mode, place in product(
        script.channels, script.product_types, script.premium_modes, jurisdictions(script)
    ):
        items = mandatory_items(product_type, mode, short or profile, "PASSED" if short else "NONE")
        every = items if short else mandatory_items(product_type, mode, strictest)
        base = _sheet(channel, product_type, mode, place)
        for held in product((False, True), repeat=len(facts)):
            sheet = base
            for name, holds in zip(facts, held, strict=True):
                sheet = with_fact(sheet, name, holds)
            wanted = every if sheet.policies[0].fees_for_all_types else items
            yield sheet, wanted
        if "fees_for_all_types" not in facts and set(every) - set(items):
            # a script that never looks at it is met by such policies all the same
            yield with_fact(base, "fees_for_all_types", True), every


def kinds(script: Script, profile: Profile) -> tuple[list[Kind], list[CallSheet]]:
    """The kinds of policies, and every specimen."""
    conditional = [step for step in script.steps.values() if step.when]
    found: dict[tuple, Kind] = {}
    sheets = []
    for sheet, mandatory in specimens(script, profile):
        sheets.append(sheet)
        policy = sheet.policies[0]
        key = (mandatory, tuple(met(step.when, sheet, policy) for step in conditional))
        if key not in found:
            found[key] = Kind(sheet, mandatory, *told(sheet))
    return list(found.values()), sheets


def told(sheet: CallSheet) -> tuple[str, str]:
    """A specimen in words, in Chinese and English."""
    from rules.words import word

    policy = sheet.policies[0]
    held = [name for name in FACTS if FACTS[name].holds(sheet, policy)]
    codes = (policy.channel, policy.product_type, policy.premium_mode)
    zh = "、".join([*(word(code, "zh") for code in codes), *(FACTS[name].zh for name in held if name in _SHOWN)])
    en = ", ".join([*(word(code, "en") for code in codes), *(FACTS[name].en for name in held if name in _SHOWN)])
    return zh, en


_SHOWN = ("proxy_allowed", "fees_for_all_types")


def with_fact(sheet: CallSheet, name: str, holds: bool) -> CallSheet:
    """The sheet with the fact as said. A fact that cannot be arranged here would leave a part unproven, so it raises."""
    if name == "proxy_allowed":
        return replace(sheet, proxy_allowed=holds)
    changes = {
        "receipt_on_file": {"receipt_signed_on": date(2026, 9, 20) if holds else None},
        "next_due_known": {"next_due_on": date(2027, 12, 31) if holds else None},
        "outlet_known": {"outlet": OUTLET if holds else None},
        "premium_term_known": {"premium_term_years": 20 if holds else None},
        "end_provisional": {"provisional": holds},
        "fees_for_all_types": {"fees_for_all_types": holds},
    }
    return _with_policy(sheet, **changes[name])


def with_elements(sheet: CallSheet, elements: tuple[str, ...]) -> CallSheet:
    """The sheet with only these elements of identity on file."""
    person = sheet.person
    kept = {
        name: getattr(person, name) if name in elements else None for name in ("birth_date", "id_last4", "district")
    }
    return replace(sheet, person=replace(person, **kept))


def _with_policy(sheet: CallSheet, **changes) -> CallSheet:
    return replace(sheet, policies=(replace(sheet.policies[0], **changes),))


def _sheet(channel: str, product_type: str, mode: str, place: str | None) -> CallSheet:
    bank = channel in ("BANCASSURANCE", "BANK_DIRECT")
    policy = PolicyFacts(
        policy_no="P1",
        case_id=1,
        product_type=product_type,
        product_name=PRODUCT,
        premium_mode=mode,
        premium=Decimal("120000"),
        premium_term_years=None if mode == "SINGLE" else 20,
        policy_term="WHOLE_LIFE",
        channel=channel,
        outlet=OUTLET if bank else None,
        nominal_end=date(2026, 12, 31),
        cooling_off_days=15,
        next_due_on=None if mode == "SINGLE" else date(2027, 12, 31),
        jurisdiction=place,
    )
    return CallSheet(
        person=PERSON,
        policies=(policy,),
        insurer="示例人寿",
        hotline="95000",
        staff_number="R001",
        now_date=NOW.date(),
        appointment_times=TOMORROW,
    )
