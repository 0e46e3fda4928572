"""Is a call script fit to be used? Proofs over every call it can lead to, or what is wrong and a call that shows it.

`check` walks the product of script and policies completely (explore.py says how), so a proof that holds, holds for
every call, not for a sample of them.
"""

from collections.abc import Iterable

from rules.parameters import Profile
from rules.script import Script
from rules.script_check.graphs import Seen, walks
from rules.script_check.specimens import kinds
from rules.script_check.values import Problem, Problems, Proof, Report, Wording
from rules.script_check.ways import (
    ends_have_a_class,
    every_item_on_every_way,
    every_step_is_reached,
    every_way_has_an_end,
    identity_is_asked,
    mandatory_items_are_asked_of_each,
    no_call_goes_on_for_ever,
    nothing_told_before_identity,
    policies_left_early,
    talking_in_circles,
)
from rules.script_check.wording import (
    MOST_SECONDS,
    keys_fit_the_words,
    one_question_at_a_time,
    placeholders_exist,
    short_enough,
    wording,
)

__all__ = ["Problem", "Proof", "Report", "Wording", "check"]

# Each proof: its name, the problems that disprove it, and what it says
PROOFS: tuple[tuple[str, frozenset[str], str, str], ...] = (
    ("MANDATORY_ITEMS", frozenset({"MISSING_ITEM", "ITEM_PASSED_OVER"}),
     "走到“完成”的每一条路都问过每一个必问项目", "every way to a completed end passes every mandatory item"),
    ("EXPLICIT_ANSWERS", frozenset({"SILENCE_TAKEN_AS_ANSWER", "ITEM_WITHOUT_ANSWER", "ONE_SIDED_KEYS", "KEYS_TURNED_ROUND",
                                    "KEY_MEANS_NOTHING"}),
     "每个项目都要明确回答，沉默和应声不算", "each item needs an explicit answer; silence and sounds of listening are none"),
    ("IDENTITY_FIRST", frozenset({"DISCLOSES_BEFORE_IDENTITY", "CONDITION_BEFORE_IDENTITY", "IDENTITY_INCOMPLETE"}),
     "身份核实之前说不出、也看不出任何保单内容", "nothing of the policy is said or shown before identity is proven"),
    ("NO_DEAD_END", frozenset({"DEAD_END"}),
     "从每一个问题都能靠回答走到结束", "from every question its answers lead to an end"),
    ("NO_ENDLESS_LOOP", frozenset({"ENDLESS_LOOP"}), "没有走不完的通话", "no call goes on for ever"),
    ("EVERY_STEP_REACHED", frozenset({"UNREACHABLE"}), "每一步都走得到", "every step is reached by some call"),
    ("EVERY_END_HAS_A_CLASS", frozenset({"END_WITHOUT_CLASS"}), "每一种结束都有结论", "every end has a class or a result"),
    ("NOT_LEADING", frozenset({"LEADING_QUESTION", "SEVERAL_QUESTIONS"}),
     "没有诱导，一次只问一件事", "no leading question, and one question at a time"),
    ("NO_PRETEXT", frozenset({"PRETEXT"}), "没有借口", "no pretext"),
    ("NO_FORBIDDEN_PHRASE", frozenset({"FORBIDDEN_PHRASE"}), "没有禁用语", "no forbidden phrase"),
    ("SHORT_ENOUGH", frozenset({"TOO_LONG"}),
     f"每一段不超过{MOST_SECONDS:.0f}秒", f"nothing takes more than {MOST_SECONDS:.0f} s to say"),
    ("PLACEHOLDERS_EXIST", frozenset({"PLACEHOLDER_MISSING"}),
     "每个占位在听到它的每张保单上都有内容", "each placeholder has words for every policy that can hear it"),
)  # fmt: skip


def check(script: Script, lists: Iterable[Wording], profile: Profile) -> Report:
    """Every proof for this script under `profile`, whose fee item is also asked of all types (C46)."""
    problems = Problems()
    found_kinds, sheets = kinds(script, profile)
    ends_have_a_class(script, problems)
    identity_is_asked(script, problems)
    policies_left_early(script, problems)
    seen: list[Seen] = []
    if not talking_in_circles(script, problems):
        lacking = mandatory_items_are_asked_of_each(script, found_kinds, problems)
        items = tuple(dict.fromkeys(item for kind in found_kinds for item in kind.mandatory if item not in lacking))
        seen = list(walks(script, found_kinds[0].sheet, items))
        every_item_on_every_way(script, seen, lacking, problems)
        nothing_told_before_identity(script, seen, problems)
        every_step_is_reached(script, seen, problems)
        every_way_has_an_end(script, seen, problems)
        no_call_goes_on_for_ever(script, seen, problems)
    early = {text.id for text in script.texts.values() if not text.discloses}
    wording(script, lists, early, problems)
    one_question_at_a_time(script, problems)
    keys_fit_the_words(script, problems)
    longest = short_enough(script, sheets, problems)
    placeholders_exist(script, seen, sheets, problems)
    return Report(
        script.id, tuple(problems.found), _proofs(problems, seen, len(found_kinds), len(sheets), longest, script)
    )


def _proofs(
    problems: Problems, seen: list[Seen], kinds_: int, sheets: int, longest: float, script: Script
) -> tuple[Proof, ...]:
    codes = {problem.code for problem in problems.found}
    states = sum(len(one.graph.parent) for one in seen)
    edges = sum(len(one.graph.edges) for one in seen)
    walked = (
        f"穷尽：{sheets}种保单归为{kinds_}类，{states}个状态，{edges}次应答",
        f"exhaustive: {sheets} combinations of policy facts in {kinds_} kinds, {states} states, {edges} answers",
    )
    texts = (f"{len(script.texts)}段话术", f"{len(script.texts)} texts")
    covers = {
        "SHORT_ENOUGH": (f"{texts[0]}，最长{longest:.1f}秒", f"{texts[1]}, the longest {longest:.1f} s"),
        "PLACEHOLDERS_EXIST": (f"{texts[0]}，{sheets}种保单", f"{texts[1]}, {sheets} combinations of policy facts"),
        **dict.fromkeys(("NOT_LEADING", "NO_PRETEXT", "NO_FORBIDDEN_PHRASE"), texts),
        "EVERY_END_HAS_A_CLASS": (f"{sum(bool(s.end) for s in script.steps.values())}种结束",
                                  f"{sum(bool(s.end) for s in script.steps.values())} ends"),
    }  # fmt: skip
    found = []
    for name, disproved_by, zh, en in PROOFS:
        about = covers.get(name, walked)
        holds = not codes & disproved_by and (bool(seen) or name in covers)
        found.append(Proof(name, holds, zh, en, *about))
    return tuple(found)
