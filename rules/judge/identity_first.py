"""Promise 3: nothing about the policy is said before identity is proven."""

import re
from collections.abc import Iterator

from rules.judge.history import Book, Broken, CallRecord, Event, History


def identity_first(history: History, book: Book) -> Iterator[Broken]:
    """Every turn of every call: what is said in it that tells of the policy, as each item of the contract does, needs
    identity PROVEN in that turn, and a proof among the answers up to it. One offence a call is named, its first."""
    for call in history.calls.values():
        proof = False
        for turn in call.turns:
            proof = proof or any(
                answer.get("step") == "I1" and answer.get("answer") == "YES" and answer.get("final")
                for answer in turn.data.get("answers") or ()
            )
            told = [item for item in turn.data.get("said") or () if item.get("discloses") or _is_item(item)]
            if not told:
                continue
            if turn.data.get("identity") != "PROVEN":
                yield _broken(call, turn, told[0], "身份尚未核实", "before identity was proven")
                break
            if not proof:
                yield _broken(call, turn, told[0], "身份核实没有依据", "with no proof of identity on record")
                break


# What is said under these names is about the contract, whatever the record says of it.
_ABOUT_THE_CONTRACT = re.compile(r"[MN]\d+\.")


def _is_item(said: dict) -> bool:
    return _ABOUT_THE_CONTRACT.match(str(said.get("id", ""))) is not None


def _broken(call: CallRecord, turn: Event, item: dict, zh: str, en: str) -> Broken:
    place, number = item.get("id"), turn.data.get("turn")
    return Broken(
        3,
        call.first_case,
        call.call_id,
        f"{zh}即说出保单信息（第{number}轮，{place}）",
        f"turn {number} tells of the policy ({place}) {en}",
        turn.at,
    )
