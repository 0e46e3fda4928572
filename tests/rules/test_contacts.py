"""Which answers count for a contact: those of this call, and of earlier ones what still holds."""

from datetime import date, datetime

import pytest

from rules.answers import Answer
from rules.calendar import SHANGHAI
from rules.contacts import NEW_NUMBER, VOICE_DOUBT, WRITTEN, CallFacts, CaseFacts, Contact, answers_of
from rules.papers import Evidence

CASE = CaseFacts(1, "P1", "IN_CALL", 1, "PARTICIPATING", "ANNUAL", "AGENCY", "B1", None, date(2026, 9, 24), None)
NOON = datetime(2026, 9, 28, 12, tzinfo=SHANGHAI)


def answer(step: str, said: str = "YES", policy: str | None = "P1", **more) -> Answer:
    return Answer(step, said, policy_no=policy, **more)


def counting(now: list[Answer], earlier: list[Answer] = ()) -> list[Answer]:
    call = CallFacts("c1", "completed", answers=tuple(now))
    return list(answers_of(Contact("CALL", NOON, CASE, call=call, earlier_answers=tuple(earlier))))


M1, M8 = answer("M1"), answer("M8")


@pytest.mark.parametrize(
    ("now", "earlier", "counts"),
    [
        ([M1, M8], [], [0, 1]),
        ([answer("M1", policy="P2"), M8], [], [1]),
        ([answer("C1", policy=None), M8], [], [0, 1]),
        ([], [M1, M8], ["M1", "M8"]),
        ([], [answer("N3")], ["N3"]),
        ([M8], [M1], ["M1", 0]),
        # answered anew: the later answer holds, whatever it is
        ([answer("M1", "NO")], [M1], [0]),
        # nothing definite now: what was said before stands, and the silence says nothing
        ([answer("M1", "SILENT")], [M1], ["M1"]),
        ([answer("M1", "SILENT"), answer("M8", "SILENT")], [M1], ["M1", 1]),
        # asked again and not brought to an end
        ([answer("M1", "NO", final=False)], [M1], ["M1", 0]),
        # of before nothing holds that was not final, definite, and about an item of this policy
        ([M8], [answer("M1", final=False)], [0]),
        ([M8], [answer("M1", "SILENT")], [0]),
        ([M8], [answer("M1", policy="P2")], [0]),
        ([M8], [answer("M1", policy=None)], ["M1", 0]),
        *[([M8], [answer(step, policy=None)], [0]) for step in ("I1", "K1", "X", "C1", "R1", "D2")],
    ],
)
def test_the_answers_that_count(now, earlier, counts):
    expected = [now[one] if isinstance(one, int) else next(a for a in earlier if a.step == one) for one in counts]
    assert counting(now, earlier) == expected


def test_on_paper_its_own_answers_count():
    written = Contact("LETTER", NOON, CASE, answers=(M1, answer("M8", policy="P2")), evidence=Evidence())
    assert answers_of(written) == (M1,)
    both = Contact("CALL", NOON, CASE, call=CallFacts("c1", "completed", answers=(M8,)), answers=(M1,))
    assert answers_of(both) == (M8,)


def test_what_is_not_told_of_a_contact():
    call, contact = CallFacts("c1", "busy"), Contact("CALL", NOON, CASE)
    assert call == CallFacts(
        "c1", "busy", None, False, None, None, None, (), None, "NOT_EXPECTED", None, None, False, False
    )
    assert contact == Contact("CALL", NOON, CASE, None, None, (), 0, (), None, False, False, False)
    assert (
        CaseFacts(*(getattr(CASE, name) for name in list(CaseFacts.__slots__)[:11]), None, False, False, "NONE", None)
        == CASE
    )


def test_a_contact_after_a_journey_as_json():
    contact = Contact("CALL", NOON, CASE, call=CallFacts("c1", "completed", answers=(M1,)), earlier_answers=(M8,))
    assert Contact.from_json(contact.to_json()) == contact
    stored = contact.to_json()
    assert (stored["case"]["receipt_signed_on"], stored["ended_at"]) == ("2026-09-24", "2026-09-28T12:00:00+08:00")


def test_the_names_by_which_an_answer_tells_more():
    assert (VOICE_DOUBT, NEW_NUMBER) == ("VOICE_DOUBT", "NEW_NUMBER")
    assert frozenset({"LETTER", "VISIT", "E_CALLBACK"}) == WRITTEN
