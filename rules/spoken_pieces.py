"""Whether a text is a row of known pieces."""

import re
from functools import cache

LONGEST_PIECE = 18  # characters


def pieces_of(clause: str, core: str, harmless: str) -> bool | None:
    """Whether one of the pieces that the text is a row of is a `core` piece; None if it is no such row.

    Position by position instead of one starred pattern: its overlapping alternatives would backtrack for ever on a
    long babble.
    """
    core_piece, harmless_piece = _whole(core), _whole(harmless)
    reached = {0: False}  # position → whether a core piece lies before it
    for start in range(len(clause)):
        if start not in reached:
            continue
        for end in range(start + 1, min(start + LONGEST_PIECE, len(clause)) + 1):
            if reached.get(end):
                continue
            if core_piece.fullmatch(clause, start, end):
                reached[end] = True
            elif harmless_piece.fullmatch(clause, start, end):
                reached[end] = reached[start]
    return reached.get(len(clause))


def row_of(clause: str, pieces: str) -> bool:
    """Whether the whole text is a row of pieces that match `pieces`."""
    return pieces_of(clause, r"(?!)", pieces) is not None


@cache
def _whole(pattern: str) -> re.Pattern:
    return re.compile(pattern)
