"""One turn of a call at a time: everything that follows from one answer (conversation_turns.yaml)."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from rules.calendar import SHANGHAI
from rules.conversation import (
    Answer,
    CallSheet,
    Given,
    Heard,
    PermittedTime,
    PersonFacts,
    PolicyFacts,
    Progress,
    answered,
    begin,
    next_turn,
)
from scripts.call_scripts import load_script

ROWS = yaml.safe_load(Path(__file__).with_name("conversation_turns.yaml").read_text("utf-8"))
SCRIPT = load_script("bank-participating-regular", 2)
NOW = datetime(2026, 9, 24, 10, 0, tzinfo=SHANGHAI)


def policy(number=1, **facts):
    return PolicyFacts(**{
        "policy_no": f"P{number}", "case_id": number, "product_type": "PARTICIPATING", "product_name": "长乐",
        "premium_mode": "ANNUAL", "premium": Decimal("10000"), "premium_term_years": 5, "policy_term": "10",
        "channel": "BANCASSURANCE", "outlet": "和平路支行", "nominal_end": date(2026, 10, 9), **facts,
    })  # fmt: skip


def span(day, start=9, end=21):
    return PermittedTime(datetime(2026, 9, day, start, tzinfo=SHANGHAI), datetime(2026, 9, day, end, tzinfo=SHANGHAI))


def living_in(district):
    return {"person": PersonFacts("王芳", "F", "女士", date(1980, 3, 5), None, district)}


TWO = {"policies": (policy(1), policy(2))}
SHEETS = {
    None: {},
    "no times": {"appointment_times": ()},
    "times until noon": {"appointment_times": (span(24, 10, 12),)},
    "one hour in the evening": {"appointment_times": (span(24, 20, 21),)},
    "times already begun, no gap": {"appointment_times": (span(24, 9, 21),), "min_gap_hours": 0},
    "times until one": {"appointment_times": (span(24, 9, 13), span(28))},
    "a proxy is allowed": {"proxy_allowed": True},
    "two policies": TWO,
    "two policies, a proxy is allowed": {**TWO, "proxy_allowed": True},
    "two policies, the second single": {"policies": (policy(1), policy(2, premium_mode="SINGLE"))},
    "two policies, M8 open of the second": {"policies": (policy(1), policy(2, open_items=("M8",)))},
    "two policies, nothing open of the second": {"policies": (policy(1), policy(2, open_items=()))},
    "M8 open": {"policies": (policy(open_items=("M8",)),)},
    "a district on file": living_in("海淀区"),
    "a new district on file": living_in(" 海淀新区"),
    "an autonomous county on file": living_in("示例自治县"),
    "a county of one character on file": living_in("某县"),
    "one element on file": {"person": PersonFacts("王芳", birth_date=date(1980, 3, 5))},
}


def sheet(name=None):
    return CallSheet(**{
        "person": PersonFacts("王芳", "F", "女士", date(1980, 3, 5), "123X", "海淀区", "5678"), "policies": (policy(),),
        "insurer": "示例人寿", "hotline": "95000", "staff_number": "R001", "now_date": NOW.date(),
        "appointment_times": (span(24, 10), span(28)), **SHEETS[name],
    })  # fmt: skip


def told(answer: Answer) -> str:
    """Everything of a row, in its order."""
    parts = [
        answer.step, answer.answer + (f".{answer.detail}" if answer.detail else ""), f"#{answer.try_no}", answer.policy_no,
        "" if answer.final else "open", {None: "", True: "corrected", False: "uncorrected"}[answer.corrected], answer.signer,
        answer.seller_statement, answer.date, f"“{answer.heard}”" if answer.heard else "",
        "keys" if answer.how == "keys" else "", "" if answer.confidence is None else str(answer.confidence),
    ]  # fmt: skip
    return " ".join(filter(None, parts))


def outcome(before: Progress, turn) -> list[str]:
    after = turn.progress
    found = [after.step + (f" ends {after.ended}" if after.ended else ""), f"says {' '.join(after.saying)}"]
    found += [told(answer) for answer in turn.answers]
    for name in Progress.__dataclass_fields__:
        was, now = getattr(before, name), getattr(after, name)
        if name in ("turn", "step", "saying", "tries", "ended") or was == now:
            continue
        if name == "counts":
            now = " ".join(f"{key}={number}" for key, number in now.items() if was.get(key) != number)
        elif name == "slots":
            now = " ".join(f"{at:%d-%H:%M}" for at in now)
        elif name == "appointment":
            now = f"{now:%d-%H:%M}"
        elif isinstance(now, tuple):
            now = ",".join(map(str, now))
        found.append(f"{name} {now}".strip())
    return [*found, *([f"candidate {turn.candidate_number}"] if turn.candidate_number else [])]


def read(before: dict) -> dict:
    slots = tuple(datetime.fromisoformat(at).replace(tzinfo=SHANGHAI) for at in before.get("slots", ()))
    return {name: tuple(value) if isinstance(value, list) else value for name, value in before.items()} | {
        "slots": slots
    }


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['at']} {row['given']}")
def test_everything_that_follows_from_an_answer(row):
    before = Progress(**{"step": row["at"], "place": row["at"], "turn": 4} | read(row.get("before", {})))
    how, _, words = row["given"].partition(" ")
    on = sheet(row.get("sheet"))
    heard = {
        "keys": Heard("keys", words), "hears": Heard("speech", words, 0.9), "guess": Heard("speech", words, 0.3),
        "nothing": Heard("nothing"),
    }.get(how)  # fmt: skip
    if heard is None:
        answer, _, detail = how.partition(".")
        turn = answered(SCRIPT, on, before, Given(answer, detail or None, words or None), NOW)
    else:
        turn = next_turn(SCRIPT, on, before, heard, NOW)
    assert outcome(before, turn) == row["then"]
    assert turn.progress.turn == 5 and turn.appointment == turn.progress.appointment
    assert sum(turn.progress.tries.values()) == len(turn.answers)
    assert {type(answer.final) for answer in turn.answers} <= {bool}
    assert {answer.how for answer in turn.answers} <= {
        "agent" if heard is None else "keys" if how == "keys" else "speech"
    }


def test_a_call_begins_with_looking_for_the_person():
    turn = begin(SCRIPT, sheet())
    assert turn.progress == Progress(turn=1, step="C1", place="C1", saying=("C1.ask",))
    assert (turn.answers, turn.appointment, turn.candidate_number) == ((), None, None)


def test_tries_are_counted_by_step_and_policy():
    before = Progress(step="M8", place="M8", identity="PROVEN", tries={"M8/0": 2, "M8/1": 5, "K3/": 1})
    turn = next_turn(SCRIPT, sheet(), before, Heard("keys", "1"), NOW)
    assert turn.progress.tries == {"M8/0": 3, "M8/1": 5, "K3/": 1} and turn.answers[0].try_no == 3
    assert before.tries == {"M8/0": 2, "M8/1": 5, "K3/": 1}
    complaint = answered(SCRIPT, sheet(), before, Given("OBJECT", "COMPLAINT"), NOW)
    assert complaint.progress.tries == {"M8/0": 2, "M8/1": 5, "K3/": 2} and complaint.answers[0].policy_no is None


def test_what_is_kept_of_the_words_is_short():
    before = Progress(step="K3.what", place="K3", identity="PROVEN")
    turn = next_turn(SCRIPT, sheet(), before, Heard("speech", "什么时候" + "拿到发票" * 60, 0.9), NOW)
    assert turn.answers[0].heard == ("什么时候" + "拿到发票" * 60)[:200]
