"""Personal data as pages may show it without a reason given."""

import re

PHONES = frozenset({"mobile", "home_phone", "office_phone", "agent_phone"})
NAMES = frozenset({"policyholder_name", "insured_name", "agent_name"})
IDS = frozenset({"policyholder_id_no", "insured_id_no", "agent_id_no"})
DATES = frozenset({"policyholder_birth_date"})
PLACES = frozenset({"address", "postcode"})


def name(value: str) -> str:
    """王芳 → 王*, 王小芳 → 王*芳, Anna Liu → A***."""
    value = value.strip()
    if not value:
        return ""
    if value.isascii():
        return value[0] + "***"
    return value[0] + "*" if len(value) <= 2 else value[0] + "*" * (len(value) - 2) + value[-1]


def phone(value: str) -> str:
    """The first three and last four digits; fewer of a short number. Written as people dial it."""
    digits = re.sub(r"[^0-9]", "", value.split(";")[0].removeprefix("+86"))
    if len(digits) < 8:
        return "*" * len(digits)
    if value.startswith("+86") and digits[0] != "1":
        digits = "0" + digits
    return digits[:3] + "*" * (len(digits) - 7) + digits[-4:]


def identity(value: str) -> str:
    """The first three characters: the birth date and the last four are what a caller is asked to prove."""
    return value[:3] + "*" * max(len(value) - 3, 0)


def policy(value: str) -> str:
    return value if len(value) <= 4 else "…" + value[-4:]


def place(value: str) -> str:
    return value[:6] + "***" if len(value) > 6 else "***"


def long_numbers(text: str) -> str:
    """Free text without runs of four digits and more, spoken ones too."""
    return re.sub(r"[0-9零〇幺一二两三四五六七八九]{4,}", lambda run: "*" * len(run[0]), text)


def cell(column: str, value: str) -> str:
    """A cell of a contract list by its English column name. What is broken in it stays guessable, whom it names not."""
    if not value:
        return ""
    if column in PHONES:
        return phone(value)
    if column in NAMES:
        return name(value)
    if column in IDS:
        return identity(value)
    if column in DATES:
        return value[:4] + "-**-**"
    if column in PLACES:
        return place(value)
    if column == "policy_no":
        return policy(value)
    return value
