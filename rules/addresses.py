"""An address as people write it → one form under which two are compared (R95); never one that is shown or written to."""

import re
import unicodedata

# What people put between the parts; a dash between digits tells rooms apart and stays
_BETWEEN = re.compile(r"[^\w#\-]|_")
_DASHES = str.maketrans(dict.fromkeys("－—–‐‑−﹣", "-"))
_LOOSE_DASH = re.compile(r"(?<!\d)-|-(?!\d)")
# No character of a name above the district: what ends a lower level would be swallowed with it
_NAME = r"[^\d区县旗路街道镇乡村巷弄号]{2,7}?"
_PROVINCE = re.compile(rf"(?:中国)?{_NAME}(?:特别行政区|自治区|省)(?={_NAME}(?:市|自治州|地区|盟))")
_CITY = re.compile(rf"(?:中国)?({_NAME})(?:市|自治州|地区|盟)(?=.)")
_HOUSE = re.compile(r"\d|[一二三四五六七八九十百]+(?:号|室|组|幢|栋|楼|单元)")
# Shorter ones name a town or a street, where thousands live
SHORTEST = 8


def compared_form(text: str | None) -> str | None:
    """None for what is too short, or names no house: it is never equal to anything.

    Alike are: full-width and half-width, blanks and punctuation, with and without the province, 榕城市 and 榕城. Two ways
    to name one place that need a map to see stay different: nobody is suspected by a guess.
    """
    folded = unicodedata.normalize("NFKC", text or "").translate(_DASHES).casefold()
    plain = _LOOSE_DASH.sub("", _BETWEEN.sub("", folded)).replace("#", "号")
    if province := _PROVINCE.match(plain):
        plain = plain[province.end() :]
    plain = _CITY.sub(r"\1", plain, count=1) if _CITY.match(plain) else plain
    return plain if len(plain) >= SHORTEST and _HOUSE.search(plain) else None
