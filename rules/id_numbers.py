"""Resident identity numbers of 18 characters: birth date, sex and check digit (R98, R99)."""

import re
from datetime import date
from operator import mul

_SHAPE = re.compile(r"\d{17}[\dX]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_CHARACTERS = "10X98765432"


def fold(text: str) -> str:
    """Without inner spaces, x as X; a full-width Ｘ is one too."""
    return "".join(text.split()).upper().replace("Ｘ", "X")


def check_character(first_17: str) -> str:
    return _CHECK_CHARACTERS[sum(map(mul, _WEIGHTS, map(int, first_17))) % 11]


def check_digit_holds(folded: str) -> bool:
    return _SHAPE.fullmatch(folded) is not None and folded.isascii() and check_character(folded[:17]) == folded[17]


def birth_date(folded: str) -> date | None:
    """The day in the number; None where it is no real day."""
    try:
        return date(int(folded[6:10]), int(folded[10:12]), int(folded[12:14]))
    except ValueError:
        return None


def sex(folded: str) -> str:
    """`M` or `F`, from the 17th digit."""
    return "M" if int(folded[16]) % 2 else "F"


def is_valid(folded: str, today: date) -> bool:
    """18 characters, a real day not after `today`, the check digit."""
    if not check_digit_holds(folded):
        return False
    born = birth_date(folded)
    return born is not None and born <= today
