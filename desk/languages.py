"""Chinese and English: the catalogue, and the words of codes."""

import io
from functools import cache
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from fastapi import Request

LANGUAGES = ("zh", "en")
FOLDER = Path(__file__).with_name("translations")


def language(request: Request) -> str:
    """As chosen in this session; Chinese until somebody chooses."""
    chosen = request.scope.get("session", {}).get("lang")
    return chosen if chosen in LANGUAGES else "zh"


@cache
def translations(lang: str) -> NullTranslations:
    """The compiled catalogue; a missing or outdated one is compiled in memory, so a page never lacks its words."""
    if lang == "en":
        return NullTranslations()  # the messages' ids are the English sentences
    source = FOLDER / "zh_Hans" / "LC_MESSAGES" / "messages.po"
    compiled = source.with_suffix(".mo")
    if compiled.exists() and compiled.stat().st_mtime >= source.stat().st_mtime:
        return Translations(compiled.open("rb"))
    buffer = io.BytesIO()
    with source.open("rb") as file:
        write_mo(buffer, read_po(file, locale="zh_Hans"))
    buffer.seek(0)
    return Translations(buffer)
