"""Whether an utterance is a definite yes, and nothing but that (C10, S2).

Either its whole text is a row of words that affirm and words that are harmless, or each of its clauses is: a definite
yes, harmless, or set aside by its shape (rules.spoken_asides). What no table knows is never a yes.
"""

import re
from functools import cache

from rules import speech_tables as tables
from rules.spoken_asides import is_other_talk, stands_before, stands_beside, stands_with, taken_back
from rules.spoken_forms import clauses, plain
from rules.spoken_pieces import pieces_of
from rules.spoken_words import WHEN_AND_HOW, WHERE_AND_WHAT

LONGEST_YES = 60  # characters; who says more than this says more than yes
LONGEST_ASIDE = 30  # characters of a clause that is looked at as an aside

_NOW_AT = ("clear", "documents", "purchase", "confirm")


def is_yes(text: str, question: str) -> bool:
    """`text` in usual spelling, with its punctuation: it tells where a clause ends."""
    whole = plain(text)
    if question not in tables.YES_CORE or len(whole) > LONGEST_YES:
        return False
    if re.search(f"{tables.AS_YOU_SAY}|{tables.SELLERS_KNOW}", whole):
        return False
    if re.fullmatch(tables.NO_YES_ALONE.get(question, ""), whole):
        return False
    rest = taken_back(text)
    if rest is not None and _clause_by_clause(clauses(rest), question, own_word_needed=True):
        return True
    return _clause_by_clause(clauses(text), question, own_word_needed=False)


def is_clear_now(text: str, question: str) -> bool:
    """He was not clear about it before, and is now."""
    now = re.sub(tables.NOT_THEN, "", plain(text))
    if (
        question not in _NOW_AT
        or not re.search(f"({tables.NOW}).*{tables.OWN_WORDS['clear']}", now)
        or re.search(tables.NO_YES, now)
    ):
        return False
    return made_of(now, tables.YES_CORE[question], f"{_harmless(question)}|{tables.BESIDE_NOW}")


def is_no_yes(clause: str, question: str) -> bool:
    """Whether it looks like a yes to the question and is none."""
    return bool(re.search(tables.NO_YES, clause) or re.search(tables.NO_YES_AT.get(question, "(?!)"), clause))


def _clause_by_clause(parts: tuple[str, ...], question: str, *, own_word_needed: bool) -> bool:
    """`own_word_needed`: "是的" will not do, since it may affirm the denial beside it; the matter's own word must."""
    core, harmless = tables.YES_CORE[question], _harmless(question)
    own_words = tables.OWN_WORDS[question]
    said = own_word = False
    for clause in parts:
        of_mine = re.sub(r"^(但是?|不过|可是?|而)(?=我)", "", clause)
        pieces = None if is_no_yes(of_mine, question) else pieces_of(of_mine, core, harmless)
        if pieces:
            said, own_word = True, own_word or bool(re.search(own_words, clause))
        elif pieces is None and len(clause) > LONGEST_ASIDE:
            return False
        elif pieces is None and not stands_beside(clause, question):
            if stands_before(clause):
                said = own_word = False
            elif not stands_with(clause) and not is_other_talk(clause, question):
                return False
            own_word_needed = True
    return own_word if own_word_needed else said


def made_of(whole: str, core: str, harmless: str) -> bool:
    """Whether the whole text is a row of pieces that match `core` or `harmless`, at least one of them `core`."""
    return len(whole) <= LONGEST_YES and bool(pieces_of(whole, core, harmless))


@cache
def _harmless(question: str) -> str:
    told_with = {"clear": WHEN_AND_HOW}.get(question)
    if question in ("confirm", "purchase", "signature", "documents"):
        told_with = f"{WHEN_AND_HOW}|{WHERE_AND_WHAT}"
    return "|".join(filter(None, (tables.MATTERS, tables.FILLERS, tables.YES_ALSO_FILLERS.get(question), told_with)))
