"""A telephone number as people write it → one normal form (R93, R98), and what is wrong with it otherwise (R73)."""

import re
from dataclasses import dataclass
from typing import Literal

# What people put between the digits: blanks of any width, dashes, brackets.
_FOLDED = re.compile(r"[\s()（）\[\]【】]+")
_DASHES = str.maketrans(dict.fromkeys("－—–‐‑−", "-") | {"＋": "+", "．": ".", "；": ";", "＝": "="})
_FULL_WIDTH_DIGITS = str.maketrans("０１２３４５６７８９", "0123456789")
_EXTENSION = re.compile(r"(?:转|分机|;ext=|ext\.?)[:：]?", re.IGNORECASE)

_MOBILE = re.compile(r"1[3-9]\d{9}")
# 0 and 9 to 11 further digits. 00 is the international prefix, and but for 010 no area code begins with 01.
_LANDLINE = re.compile(r"0(?:10|[2-9]\d)\d{7,9}")
# The numbering plan: 010 and 02x with 8 digits behind, every other area with 7 or 8.
_PLANNED_LANDLINE = re.compile(r"0(?:10\d{8}|2\d{9}|[3-9]\d{2}\d{7,8})")
_HOTLINE = re.compile(r"(?:0?[48]00\d{7}|(?:\d{3,4})?(?:95\d{3,4}|96\d{3,4}|1[012]\d{1,3}))")
_LONGEST_EXTENSION = 6

ProblemCode = Literal["EMPTY", "NOT_A_NUMBER", "FOREIGN", "SWITCHBOARD", "TOO_SHORT", "TOO_LONG", "IMPOSSIBLE"]


@dataclass(frozen=True, slots=True)
class Phone:
    """`e164` is without the extension; `national` is as dialled inside the country, landlines with their 0."""

    e164: str
    national: str
    extension: str | None
    kind: Literal["mobile", "landline"]

    @property
    def text(self) -> str:
        """The one form in which a number is kept and compared: `+861065550000;ext=801`."""
        return f"{self.e164};ext={self.extension}" if self.extension else self.e164


@dataclass(frozen=True, slots=True)
class PhoneDiagnosis:
    given: str
    normalised: str | None
    problem: ProblemCode | None


def read_phone(text: str) -> Phone | None:
    """A mainland mobile or a landline with area code, perhaps with an extension; None for anything else."""
    if len(text) == 11 and text.isascii() and _MOBILE.fullmatch(text):  # the form of nearly every cell
        return Phone(f"+86{text}", text, None, "mobile")
    bare, extension = _split_extension(_plain(text))
    if extension is not None:
        return _read(bare, extension) if re.fullmatch(rf"\d{{1,{_LONGEST_EXTENSION}}}", extension) else None
    whole = _read(bare)
    front, _, last = bare.rpartition("-")
    if re.fullmatch(rf"\d{{1,{_LONGEST_EXTENSION}}}", last):
        before = _read(front, last)
        # 0571-5550000-1 could be an eight-digit number too: what already is a full number in front of the last
        # dash is read as one, and the rest as its extension.
        if before and (whole is None or _PLANNED_LANDLINE.fullmatch(before.national)):
            return before
    return whole


def diagnose(text: str) -> PhoneDiagnosis:
    """The normal form of a number, or the one thing that keeps it from being one."""
    if phone := read_phone(text):
        return PhoneDiagnosis(text, phone.text, None)
    plain = _plain(text)
    digits = re.sub(r"\D", "", plain)
    return PhoneDiagnosis(text, None, _problem(plain, digits))


def _problem(plain: str, digits: str) -> ProblemCode:
    if not plain:
        return "EMPTY"
    if not digits or re.search(r"[^\d+\-]", _EXTENSION.sub("", plain)):
        return "NOT_A_NUMBER"
    bare = _split_extension(plain)[0]
    foreign = re.match(r"\+(?!86)|00(?!86)", bare)
    if foreign and len(digits) > 7 and digits.strip("0"):
        return "FOREIGN"
    national = _without_country(bare)
    if _HOTLINE.fullmatch(national):
        return "SWITCHBOARD"
    expected = 11 if national.startswith("1") else 10
    if len(national) < expected:
        return "TOO_SHORT"
    if len(national) > (11 if national.startswith("1") else 12):
        return "TOO_LONG"
    return "IMPOSSIBLE"


def _plain(text: str) -> str:
    return _FOLDED.sub("", text.translate(_FULL_WIDTH_DIGITS).translate(_DASHES)).strip("-")


def _split_extension(plain: str) -> tuple[str, str | None]:
    parts = _EXTENSION.split(plain, maxsplit=1)
    return (parts[0], parts[1].strip("-")) if len(parts) == 2 else (plain, None)


def _without_country(bare: str) -> str:
    undashed = bare.replace("-", "")
    for prefix in ("+86", "0086"):
        if undashed.startswith(prefix):
            return undashed[len(prefix) :]
    return undashed


def _read(bare: str, extension: str | None = None) -> Phone | None:
    national = _without_country(bare)
    if _MOBILE.fullmatch(national.removeprefix("0")):
        national = national.removeprefix("0")
        return Phone(f"+86{national}", national, extension, "mobile")
    # Written for callers from abroad the 0 of the area code is gone.
    if national != bare.replace("-", "") and _LANDLINE.fullmatch("0" + national):
        national = "0" + national
    if _LANDLINE.fullmatch(national) and not re.match(r"0[48]00", national):
        return Phone(f"+86{national[1:]}", national, extension, "landline")
    return None
