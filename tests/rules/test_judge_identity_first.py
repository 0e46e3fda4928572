"""Promise 3: nothing of the policy before identity is proven: every finding whole, on small histories."""

import pytest

from tests.rules.small_days import (
    Day,
    asked,
    at,
    findings_of,
)

CASES, finds = findings_of(3)


def call_of_turns(*turns: tuple[str, list[tuple[str, str, bool]], list[tuple[str, str]]]) -> Day:
    """A call by (identity, what was said as step, id and whether it discloses, answers)."""
    day = Day()
    day.opened()
    call = day.reserved(at("10:00"))
    for number, (identity, said, answers) in enumerate(turns):
        day.turn(call, at(f"10:0{number}"), number, answers, identity=identity)
        day.change(
            day.events[-1],
            data=lambda data, said=said: data.update(said=[{"step": s, "id": i, "discloses": d} for s, i, d in said]),
        )
    return day


PROOF = [("C1", "YES"), ("I1", "YES")]


@finds()
def proven_first():
    return call_of_turns(
        ("UNPROVEN", [("C1", "C1.ask", False)], []), ("PROVEN", [("M1", "M1.ask", True)], PROOF),
        ("PROVEN", [("M2", "M2.ask", True)], []),
    )  # fmt: skip


@finds(
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def told_before_identity_was_asked():
    return call_of_turns(("UNPROVEN", [("C1", "C1.ask", False), ("M1", "M1.ask", True), ("M5", "M5.ask", True)], []))


@finds(
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def only_the_first_offence_of_a_call_is_named():
    return call_of_turns(("UNPROVEN", [("M1", "M1.ask", True)], []), ("UNPROVEN", [("M2", "M2.ask", True)], []))


@finds(
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，Z9.say） / turn 0 tells of the policy (Z9.say) before identity was proven",
)
def proven_only_afterwards():
    return call_of_turns(("FAILED", [("Z9", "Z9.say", True)], []), ("PROVEN", [("M2", "M2.ask", True)], PROOF))


@finds(
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，N3.ask） / turn 0 tells of the policy (N3.ask) before identity was proven",
)
def an_item_that_is_not_said_to_disclose():
    return call_of_turns(("UNPROVEN", [("N3", "N3.ask", False)], []))


@finds()
def what_only_looks_like_an_item():
    return call_of_turns(
        ("UNPROVEN", [("X", "XM1.ask", False), ("X", "MX.ask", False), ("X", "M1", False), ("X", None, False)], [])
    )


@finds(
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_nothing():
    return call_of_turns(("PROVEN", [("M1", "M1.ask", True)], [("C1", "YES"), ("I1", "NO")]))


@finds(
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_nothing_twice():
    return call_of_turns(("PROVEN", [("M1", "M1.ask", True)], []), ("PROVEN", [("M2", "M2.ask", True)], []))


@finds(
    "1 call1 09-24 10:00:00 身份核实没有依据即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) with no proof of identity on record",
)
def proven_by_an_answer_that_is_not_final():
    day = call_of_turns(("PROVEN", [("M1", "M1.ask", True)], PROOF))
    day.change(day.find("TURN"), data=lambda data: [row.update(final=False) for row in data["answers"]])
    return day


@finds(
    "1 call1 09-24 10:01:00 身份尚未核实即说出保单信息（第1轮，M1.ask） / turn 1 tells of the policy (M1.ask) before identity was proven",
)
def turns_that_say_and_hear_nothing():
    day = call_of_turns(("UNPROVEN", [], []), ("UNPROVEN", [("M1", "M1.ask", True)], []))
    day.change(day.find("TURN"), data=lambda data: data.update(said=None, answers=None))
    return day


@finds(
    "1 call1 09-24 10:00:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
    "1 call2 09-24 14:01:00 身份尚未核实即说出保单信息（第0轮，M1.ask） / turn 0 tells of the policy (M1.ask) before identity was proven",
)
def each_call_is_asked():
    day = call_of_turns(("UNPROVEN", [("M1", "M1.ask", True)], []))
    second = day.reserved(at("14:00"))
    day.turn(second, at("14:01"), 0, [], identity="UNPROVEN", said=[("M1", True)])
    return day


@pytest.mark.parametrize(("make", "now", "findings"), CASES)
def test_what_is_found(make, now, findings):
    assert asked(3, make, now) == list(findings)
