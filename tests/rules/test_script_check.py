"""The proofs of a call script on a script of a few steps: each fault with all that is said of it, each table row by row."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
import yaml

from rules.call_sheet import CallSheet, PermittedTime, PersonFacts, PolicyFacts
from rules.conversation.values import Progress
from rules.conversation.walk import Walk
from rules.parameters import PARAMETERS, Profile
from rules.script import ReadyAnswer, Script, ScriptStep, Text
from rules.script_check import Problem, Proof, Report, Wording, check
from rules.script_check.graphs import walks
from rules.script_check.inputs import inputs
from rules.script_check.specimens import (
    NOW,
    jurisdictions,
    kinds,
    specimens,
    told,
    used_facts,
    with_elements,
    with_fact,
)
from rules.script_check.telling import in_words
from rules.script_check.values import Problems
from rules.script_check.wording import keys_fit_the_words, spoken_seconds
from rules.script_conditions import FACTS, Condition

PROFILE = Profile("national", "1", {name: parameter.default for name, parameter in PARAMETERS.items()})
SPOKEN = ("ask", "again", "explain", "restate")
YES_OR_NO = {"1": "YES", "2": "NO"}

STEPS = {
    "C1": {"question": "person", "ask": "请问是{name}{title}本人吗？是请按1，不是请按2。", "keys": YES_OR_NO,
           "on": {"YES": "next", "NO": "T1", "BUSY": "A1"}, "purpose": "找到本人"},
    "T1": {"ask": "打扰您了，再见。", "end": "THIRD_PARTY"},
    "A1": {"question": "time", "ask": "请问什么时间方便？", "on": {"YES": "A1.booked", "REFUSE": "X"}},
    "A1.offer": {"question": "time", "ask": "请问{slot1}，还是{slot2}？第一个请按1，第二个请按2。",
                 "keys": {"1": "YES.SLOT1", "2": "YES.SLOT2"}, "on": {"YES": "A1.booked", "REFUSE": "X"}, "records": "A1"},
    "A1.booked": {"ask": "我们{appointment}再联系您。", "end": "APPOINTED", "records": "A1"},
    "A1.default": {"ask": "先定在{appointment}。", "end": "APPOINTED", "records": "A1"},
    "A1.none": {"ask": "我们会再联系您。", "end": "BUSY", "records": "A1"},
    "L1": {"question": "understands", "ask": "请问您能听懂吗？能请按1，不能请按2。", "keys": YES_OR_NO,
           "on": {"YES": "back", "NO": "L1.barrier", "UNSURE": "L1.barrier", "SILENT": "L1.barrier",
                  "NOT_UNDERSTOOD": "L1.barrier", "QUESTION": "L1.barrier", "OBJECT": "L1.barrier"}},
    "L1.barrier": {"ask": "会有人联系您。", "end": "BARRIER", "records": "C3"},
    "I1.birth_date": {"question": "birth_date", "ask": "请问您的出生日期是？", "records": "I1"},
    "I1.id_last4": {"question": "id_last4", "ask": "请问证件的后四位是？", "records": "I1"},
    "I1.district": {"question": "district", "ask": "请问住在哪个区？", "records": "I1"},
    "I1.mismatch": {"ask": "核实没有通过，再见。", "end": "MISMATCH", "records": "I1"},
    "M1": {"question": "purchase", "ask": "请问是您投保的吗？是请按1，不是请按2。", "keys": YES_OR_NO,
           "explain": "说明一下。", "discloses": True},
    "M2.received": {"question": "confirm", "ask": "请问收到{product}的合同了吗？收到请按1，没有收到请按2。",
                    "keys": YES_OR_NO, "discloses": True,
                    "on": {"YES": "next", "NO": "M2.missing", "UNSURE": "M2.missing", "QUESTION": "M2.missing",
                           "OBJECT": "M2.missing"}},
    "M2.missing": {"ask": "送到以后再核对。", "next": "next_policy", "records": "M2.received", "discloses": True},
    "M2.receipt_signed": {"question": "confirm", "ask": "请问签了吗？签了请按1，没有签请按2。", "keys": YES_OR_NO,
                          "on": {"YES": "next", "NO": "next", "UNSURE": "next", "QUESTION": "next", "OBJECT": "next"},
                          "discloses": True},
    "M8": {"question": "clear", "ask": "有{cooling_off_days}天犹豫期。请问您清楚吗？清楚请按1，不清楚请按2。",
           "again": "请问您清楚吗？清楚请按1，不清楚请按2。", "explain": "犹豫期里退保，退全部保费。",
           "restate": "犹豫期是反悔的时间。", "keys": YES_OR_NO, "discloses": True, "purpose": "犹豫期"},
    "Z1": {"ask": "核对完成了，再见。", "end": "COMPLETED", "discloses": True},
    "Z1.open": {"ask": "还有没答的，再见。", "end": "INCOMPLETE", "records": "Z1", "discloses": True},
    "Z1.undelivered": {"ask": "送到以后再打。", "end": "CONTRACT_NOT_RECEIVED", "records": "Z1", "discloses": True},
    "X": {"ask": "换个时间再联系，再见。", "end": "SILENT"},
}  # fmt: skip
PHRASES = {
    "silent": "没有听到。", "misheard": "没有听明白。", "use_keys": "也可以按键。", "mismatch": "不一致，请再说一次。",
    "begins": "身份核实了。", "next_policy": "下一份。", "resumed": "接着核对。", "slower": "说慢一点。",
}  # fmt: skip
TOP = {
    "opening": ("C1", "I1.birth_date", "I1.id_last4", "I1.district"),
    "per_policy": ("M1", "M2.received", "M2.receipt_signed", "M8"),
    "closing": ("Z1",),
    "anywhere": {},
}


def made(steps: dict, **top) -> Script:
    """The script, each step ten lines after the last, each of its keys and texts on a line of its own below it."""
    texts, nodes = {}, {}
    for number, (name, said) in enumerate(PHRASES.items()):
        texts[f"phrase.{name}"] = Text(f"phrase.{name}", "", said, name in ("next_policy", "resumed"), 50 + number, "s")
    texts["ready.period"] = Text("ready.period", "", "一共{cooling_off_days}天。", True, 60, "s")
    for number, (name, given) in enumerate(steps.items()):
        line, places, values = 100 + 20 * number, {}, dict(given)
        for key in given:
            places |= (
                {f"on.{answer}": ("s", line + 10 + n) for n, answer in enumerate(given["on"])} if key == "on" else {}
            )
            places[key] = ("s", line + 1 + list(given).index(key))
        for kind in SPOKEN:
            if kind in given:
                text = f"{name}.{kind}"
                texts[text] = Text(text, name, given[kind], given.get("discloses", False), places[kind][1], "s")
                values[kind] = text
        values.setdefault("records", name)
        values["when"] = tuple(
            Condition(**{kind: tuple(of) for kind, of in one.items()}) for one in given.get("when", ())
        )
        nodes[name] = ScriptStep(id=name, line=line, file="s", places=places, **values)
    base = {
        "name": "small", "version": 1, "language": "zh-CN", "channels": ("AGENCY",), "product_types": ("HEALTH",),
        "premium_modes": ("SINGLE",), "valid_from": date(2024, 3, 1), "valid_until": None, "minutes": 4,
        "variant": "SIMPLIFIED", "steps": nodes, "texts": texts, "ready_answers": (), "file": "s",
        "places": {key: ("s", number) for number, key in enumerate(TOP, 10)},
    }  # fmt: skip
    top = {key: tuple(value) if isinstance(value, list) else value for key, value in top.items()}
    return Script(**{**base, **TOP, **top})


def changed(steps: dict, **top) -> Script:
    """The small script with these keys of its steps changed or added; None takes a key, or a whole step, away."""
    every = {name: dict(given) for name, given in STEPS.items()}
    for name, keys in steps.items():
        if keys is None:
            del every[name]
            continue
        every.setdefault(name, {}).update(keys)
        every[name] = {key: value for key, value in every[name].items() if value is not None}
    return made(every, **top)


PROXY = {
    "C1": {"question": "person", "ask": "请问是本人吗？", "on": {"YES": "next", "NO": "T5", "BUSY": "A1"}},
    "T5": {"ask": "请问能请他来吗？", "question": "consent", "when": [{"facts": ["proxy_allowed"]}], "otherwise": "T1",
           "on": {"YES": "back", "NO": "T1", "UNSURE": "T1", "QUESTION": "T1", "OBJECT": "T1"}},
    "T6": {"ask": "请问您同意由家人代您回答吗？", "question": "consent", "when": [{"facts": ["proxy_allowed"]}],
           "on": {"YES": "T6.relation", "NO": "next", "UNSURE": "next", "QUESTION": "next", "OBJECT": "next"}},
    "T6.relation": {"ask": "请问怎么称呼？", "question": "what", "records": "T6",
                    "on": {"YES": "next", "SILENT": "next", "NOT_UNDERSTOOD": "next"}},
}  # fmt: skip
QUESTIONS = {
    "K3": {"question": "anything_else", "ask": "请问还有疑问吗？没有请按1，有请按2。", "keys": {"1": "NO", "2": "QUESTION"},
           "on": {"NO": "next", "QUESTION": "K3.what"}, "discloses": True},
    "K3.what": {"question": "what", "ask": "请问想了解什么？", "records": "K3", "discloses": True},
    "K3.answered": {"question": "clear", "ask": "请问清楚了吗？", "records": "K3", "discloses": True},
    "K3.noted": {"ask": "记录了。", "next": "next", "records": "K3", "discloses": True},
    "K3.complaint": {"ask": "记录为投诉。", "next": "back", "records": "K3", "discloses": True},
    "R1": {"question": "willing", "ask": "请问愿意继续吗？", "on": {"YES": "back", "NO": "R1.refused", "REFUSE": "R1.refused", "BUSY": "A1"}},
    "I1.declined": {"ask": "再见。", "end": "DECLINED", "records": "I1"},
    "R1.refused": {"ask": "再见。", "end": "REFUSED", "records": "R1"},
    "D2": {"ask": "已经退了，再见。", "end": "ALREADY_SURRENDERED", "records": "M1"},
}  # fmt: skip
ANYWHERE = {"OBJECT.COMPLAINT": "K3.complaint", "REFUSE": "R1", "OBJECT.ALREADY_SURRENDERED": "D2", "BUSY": "A1"}

SOUND = {
    "the small one": changed({}),
    "with questions": changed(
        QUESTIONS, anywhere=ANYWHERE, closing=("K3", "Z1"),
        ready_answers=(ReadyAnswer("period", ("犹豫期", "截止"), "ready.period"),),
    ),
    "with a proxy": changed(PROXY, opening=(*TOP["opening"], "T6")),
    "of open items": changed({}, variant="SUPPLEMENTARY"),
}  # fmt: skip
FAULTS = yaml.safe_load((Path(__file__).parent / "script_faults.yaml").read_text("utf-8"))


def findings(report):
    return [
        "\n".join([f"{p.code} {p.line}", p.zh, p.en, *(" · ".join(path) for path in (p.path_zh, p.path_en) if path)])
        for p in report.problems
    ]


# ---------------------------------------------------------------- all that is told


@pytest.mark.parametrize("row", FAULTS, ids=lambda row: row["fault"])
def test_all_that_is_told_of_a_fault(row):
    report = check(changed(row.get("steps", {}), **row.get("top", {})), (), PROFILE)
    assert findings(report) == [problem.rstrip() for problem in row["problems"]]
    assert [proof.name for proof in report.proofs if not proof.holds] == row["disproved"]
    assert report.ok == (not row["problems"]) and {p.file for p in report.problems} <= {"s"}


def test_all_that_is_told_of_a_sound_script():
    walked = ("穷尽：1种保单归为1类，127个状态，915次应答",
              "exhaustive: 1 combinations of policy facts in 1 kinds, 127 states, 915 answers")  # fmt: skip
    texts = ("35段话术", "35 texts")
    assert check(SOUND["the small one"], (), PROFILE) == Report(
        "small@1",
        (),
        (
            Proof("MANDATORY_ITEMS", True, "走到“完成”的每一条路都问过每一个必问项目",
                  "every way to a completed end passes every mandatory item", *walked),
            Proof("EXPLICIT_ANSWERS", True, "每个项目都要明确回答，沉默和应声不算",
                  "each item needs an explicit answer; silence and sounds of listening are none", *walked),
            Proof("IDENTITY_FIRST", True, "身份核实之前说不出、也看不出任何保单内容",
                  "nothing of the policy is said or shown before identity is proven", *walked),
            Proof("NO_DEAD_END", True, "从每一个问题都能靠回答走到结束",
                  "from every question its answers lead to an end", *walked),
            Proof("NO_ENDLESS_LOOP", True, "没有走不完的通话", "no call goes on for ever", *walked),
            Proof("EVERY_STEP_REACHED", True, "每一步都走得到", "every step is reached by some call", *walked),
            Proof("EVERY_END_HAS_A_CLASS", True, "每一种结束都有结论", "every end has a class or a result",
                  "10种结束", "10 ends"),
            Proof("NOT_LEADING", True, "没有诱导，一次只问一件事", "no leading question, and one question at a time",
                  *texts),
            Proof("NO_PRETEXT", True, "没有借口", "no pretext", *texts),
            Proof("NO_FORBIDDEN_PHRASE", True, "没有禁用语", "no forbidden phrase", *texts),
            Proof("SHORT_ENOUGH", True, "每一段不超过25秒", "nothing takes more than 25 s to say",
                  "35段话术，最长8.5秒", "35 texts, the longest 8.5 s"),
            Proof("PLACEHOLDERS_EXIST", True, "每个占位在听到它的每张保单上都有内容",
                  "each placeholder has words for every policy that can hear it",
                  "35段话术，1种保单", "35 texts, 1 combinations of policy facts"),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "covers"),
    [
        ("with questions", "exhaustive: 1 combinations of policy facts in 1 kinds, 306 states, 2832 answers"),
        ("with a proxy", "exhaustive: 1 combinations of policy facts in 1 kinds, 206 states, 1557 answers"),
        ("of open items", "exhaustive: 2 combinations of policy facts in 2 kinds, 146 states, 1008 answers"),
    ],
)
def test_over_what_the_proofs_go(name, covers):
    """What the walk sees is told by number: nothing that it once saw may fall out unnoticed."""
    report = check(SOUND[name], (), PROFILE)
    assert {p.covers_en for p in report.proofs if p.covers_en.startswith("exhaustive")} == {covers}
    assert {p.code for p in report.problems} <= {"MISSING_ITEM"}


# ---------------------------------------------------------------- the walks


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "with questions",
            [
                # what must be passed, where it begins and what follows, states, answers, bounded ones, of the question
                (None, ("", "UNPROVEN", None), "C1", 59, 578, 235, 115),
                (None, ("", "UNPROVEN", None), "C1", 42, 368, 165, 73),
                (None, ("C1", "UNPROVEN", None), "I1.birth_date", 47, 493, 201, 97),
                (None, ("C1", "UNPROVEN", None), "I1.id_last4", 47, 493, 201, 97),
                (None, ("C1", "UNPROVEN", None), "I1.mismatch", 2, 1, 0, 1),
                (("M1", "M8"), ("I1.district", "PROVEN", None), "M1", 109, 899, 360, 226),
            ],
        ),
        (
            "with a proxy",
            [
                (None, ("", "UNPROVEN", None), "C1", 57, 476, 219, 128),
                (None, ("", "UNPROVEN", None), "C1", 51, 420, 199, 116),
                (None, ("C1", "UNPROVEN", None), "I1.birth_date", 19, 157, 75, 37),
                (None, ("C1", "UNPROVEN", None), "I1.id_last4", 19, 157, 75, 37),
                (None, ("C1", "UNPROVEN", None), "I1.mismatch", 2, 1, 0, 1),
                (("M1", "M8"), ("I1.district", "PROVEN", None), "M1", 34, 200, 81, 74),
                (None, ("I1.district", "PROVEN", "WANTED"), "T6", 24, 146, 55, 61),
            ],
        ),
    ],
)
def test_the_walks_that_see_every_call(name, expected):
    script = SOUND[name]
    found = []
    for one in walks(script, kinds(script, PROFILE)[0][0].sheet, ("M1", "M8")):
        graph, first = one.graph, next(iter(one.graph.parent))
        assert (first.place, first.policy, first.got, first.ended) == (first.step, 0, frozenset(), None)
        found.append((
            one.items, (first.step, first.identity, first.proxy), graph.edges[0].end.step, len(graph.parent),
            len(graph.edges), sum(e.bounded for e in graph.edges), sum(e.own for e in graph.edges),
        ))  # fmt: skip
        assert {type(e.bounded) for e in graph.edges} == {bool} and graph.told_too_early == {}
    assert found == expected


def test_a_shortest_call_leads_to_each_state():
    script = SOUND["with questions"]
    graph = [one.graph for one in walks(script, kinds(script, PROFILE)[0][0].sheet, ("M1",))][5]
    ways = {state: [edge.label for edge in graph.way_to(state)] for state in graph.parent}
    assert {tuple(way) for state, way in ways.items() if state.ended == "COMPLETED" and state.got is not None} == {
        # the one question more that is only noted
        ("", "YES", "YES", "YES", "YES", "READY_QUESTION"),
    }
    assert [way for state, way in ways.items() if state.ended == "CONTRACT_NOT_RECEIVED"][0] == ["", "YES", "NO"]
    assert [way for state, way in ways.items() if state.step == "I1.district"] == [[]]


def in_short(edge):
    """What an answer leads to, what is definite then, what it uses up and what is said."""
    end = edge.end
    parts = [
        f"{edge.label} → {end.step}", end.ended, "open" if end.open else "",
        "" if end.got is None else f"[{' '.join(sorted(end.got))}]", "bounded" if edge.bounded else "",
        "own" if edge.own else "", "timed" if edge.appointment else "", f"says {' '.join(edge.said)}",
    ]  # fmt: skip
    return " ".join(filter(None, parts))


@pytest.mark.parametrize(
    ("walk", "step", "expected"),
    [
        (
            5, "M8",
            [
                "YES → Z1 COMPLETED [0/M8] own says Z1.ask",
                "YES → Z1 COMPLETED [0/M8] own says Z1.ask",
                "YES → Z1 COMPLETED [0/M8] own says Z1.ask",
                "NO → M8 [] bounded own says M8.explain M8.again",
                "NO → Z1 COMPLETED [0/M8] own says Z1.ask",
                "SILENT → M8 [] bounded says phrase.silent M8.again",
                "SILENT → Z1.open INCOMPLETE open says Z1.open.ask",
                "SILENT → X SILENT open says X.ask",
                "QUESTION → M8 [] bounded own says M8.explain M8.again",
                "QUESTION → Z1 COMPLETED [0/M8] own says Z1.ask",
                "REPEAT → M8 [] bounded says M8.ask",
                "NOT_UNDERSTOOD → M8 [] bounded says phrase.misheard M8.again",
                "NOT_UNDERSTOOD → Z1.open INCOMPLETE open says Z1.open.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → M8 [] bounded says phrase.misheard M8.again",
                "NOT_UNDERSTOOD → Z1.open INCOMPLETE open says Z1.open.ask",
                "OBJECT.DENIES → M8 [] bounded own says M8.restate M8.again",
                "OBJECT.DENIES → M8 [] bounded own says M8.explain M8.again",
                "OBJECT.DENIES → Z1 COMPLETED [0/M8] own says Z1.ask",
            ],
        ),
        (
            5, "L1",
            [
                "YES → M8 [] own says phrase.slower M8.again",
                "NO → L1.barrier BARRIER [] own says L1.barrier.ask",
                "SILENT → L1 [] bounded says phrase.silent L1.ask",
                "SILENT → L1.barrier BARRIER [] says L1.barrier.ask",
                "SILENT → X SILENT [] says X.ask",
                "QUESTION → L1.barrier BARRIER [] own says L1.barrier.ask",
                "REPEAT → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says phrase.misheard L1.ask",
                "NOT_UNDERSTOOD → L1.barrier BARRIER [] says L1.barrier.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says phrase.misheard L1.ask",
                "NOT_UNDERSTOOD → L1.barrier BARRIER [] says L1.barrier.ask",
                "OBJECT.DENIES → L1.barrier BARRIER [] own says L1.barrier.ask",
            ],
        ),
        (
            0, "A1",
            [
                "TIME → A1.booked APPOINTED [] own timed says A1.booked.ask",
                "TIME_NOT_PERMITTED → A1.offer [] own says A1.offer.ask",
                "SILENT → A1 [] bounded says phrase.silent A1.ask",
                "SILENT → A1.default APPOINTED [] timed says A1.default.ask",
                "SILENT → X SILENT [] says X.ask",
                "REFUSE → X SILENT [] says X.ask",
                "REPEAT → A1 [] bounded says A1.ask",
                "NOT_UNDERSTOOD → A1 [] bounded says phrase.misheard A1.ask",
                "NOT_UNDERSTOOD → A1.default APPOINTED [] timed says A1.default.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → A1 [] bounded says phrase.misheard A1.ask",
                "NOT_UNDERSTOOD → A1.default APPOINTED [] timed says A1.default.ask",
                "REFUSE.INFORMED → X SILENT [] says X.ask",
            ],
        ),
        (
            0, "A1.offer",
            [
                "TIME → A1.booked APPOINTED [] own timed says A1.booked.ask",
                "TIME_NOT_PERMITTED → A1.default APPOINTED [] own timed says A1.default.ask",
                "SLOT → A1.booked APPOINTED [] own timed says A1.booked.ask",
                "YES → A1.booked APPOINTED [] own timed says A1.booked.ask",
                "SILENT → A1.offer [] bounded says phrase.silent A1.offer.ask",
                "SILENT → A1.default APPOINTED [] timed says A1.default.ask",
                "SILENT → X SILENT [] says X.ask",
                "REFUSE → X SILENT [] says X.ask",
                "REPEAT → A1.offer [] bounded says A1.offer.ask",
                "NOT_UNDERSTOOD → A1.offer [] bounded says phrase.misheard A1.offer.ask",
                "NOT_UNDERSTOOD → A1.default APPOINTED [] timed says A1.default.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → A1.offer [] bounded says phrase.misheard A1.offer.ask",
                "NOT_UNDERSTOOD → A1.default APPOINTED [] timed says A1.default.ask",
                "REFUSE.INFORMED → X SILENT [] says X.ask",
            ],
        ),
        (
            0, "I1.id_last4",
            [
                "RIGHT → M1 [] own says phrase.begins M1.ask",
                "WRONG → I1.birth_date [] bounded own says phrase.mismatch I1.birth_date.ask",
                "SILENT → I1.id_last4 [] bounded says phrase.silent I1.id_last4.ask",
                "SILENT → X SILENT [] says X.ask",
                "SILENT → X SILENT [] says X.ask",
                "REPEAT → I1.id_last4 [] bounded says I1.id_last4.ask",
                "NOT_UNDERSTOOD → I1.id_last4 [] bounded says phrase.misheard I1.id_last4.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → X SILENT [] says X.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → I1.id_last4 [] bounded says phrase.misheard I1.id_last4.ask",
                "NOT_UNDERSTOOD → L1 [] bounded says L1.ask",
                "NOT_UNDERSTOOD → X SILENT [] says X.ask",
            ],
        ),
    ],
)  # fmt: skip
def test_everything_that_is_followed_from_a_question(walk, step, expected):
    script = SOUND["the small one"]
    graph = [one.graph for one in walks(script, kinds(script, PROFILE)[0][0].sheet, ("M8",))][walk]
    at = next(
        state for state in graph.parent
        if state.step == step and state.place in (step, "M8", "C1") and not (state.undelivered or state.open)
        and (step != "I1.id_last4" or state.passed) and state.identity_round == 1
    )  # fmt: skip
    assert [in_short(edge) for edge in graph.edges if edge.start == at] == expected


# ---------------------------------------------------------------- what is answered

EVERYTHING = (
    *("YES", "NO", "UNSURE", "SILENT", "QUESTION", "OBJECT", "BUSY", "REFUSE", "THIRD_PARTY", "REPEAT", "OPERATOR"),
    *("NOT_UNDERSTOOD", "NO.LANGUAGE", "NO.HEARING", "NO.AGE", "OBJECT.COMPLAINT", "OBJECT.ALREADY_SURRENDERED"),
    *("OBJECT.WANTS_SURRENDER", "OBJECT.DENIES", "REFUSE.INFORMED"),
)
AT_A_TIME = (*EVERYTHING, "NO.DECEASED", "NO.NO_SUCH_PERSON")
# what the engine can tell apart where nothing is looked for but the way on
TOGETHER = ("SILENT", "QUESTION", "BUSY", "REFUSE", "THIRD_PARTY", "REPEAT", "NOT_UNDERSTOOD", "OBJECT.COMPLAINT",
            "OBJECT.ALREADY_SURRENDERED", "OBJECT.DENIES")  # fmt: skip


@pytest.mark.parametrize(
    ("step", "merged", "every"),
    [
        ("C1", ("YES", "NO", "UNSURE", *TOGETHER, "NO.DECEASED", "NO.NO_SUCH_PERSON"), AT_A_TIME),
        ("R1", ("YES", "NO", "UNSURE", *TOGETHER, "NO.DECEASED", "NO.NO_SUCH_PERSON"), AT_A_TIME),
        ("M8", ("YES", "NO", *TOGETHER), EVERYTHING),
        ("L1", ("YES", "NO", *TOGETHER), EVERYTHING),
        ("I1.birth_date", ("RIGHT", "WRONG", "YES", "NO", *TOGETHER), ("RIGHT", "WRONG", *EVERYTHING)),
        ("A1", ("TIME", "TIME_NOT_PERMITTED", *AT_A_TIME), ("TIME", "TIME_NOT_PERMITTED", *AT_A_TIME)),
        (
            "A1.offer",
            ("TIME", "TIME_NOT_PERMITTED", "SLOT", *AT_A_TIME),
            ("TIME", "TIME_NOT_PERMITTED", "SLOT", *AT_A_TIME),
        ),
        (
            "K3",
            ("READY_QUESTION", "OTHER_QUESTION", *EVERYTHING),
            ("READY_QUESTION", "OTHER_QUESTION", *EVERYTHING),
        ),
        ("K3.answered", EVERYTHING, EVERYTHING),
    ],
)
def test_every_answer_at_a_question(step, merged, every):
    script = SOUND["with questions"]
    assert tuple(one.label for one in inputs(script, script.steps[step])) == merged
    assert tuple(one.label for one in inputs(script, script.steps[step], merge=False)) == every


def test_answers_that_a_step_looks_at_are_given_too():
    script = changed({
        **PROXY,
        "M8": {"question": "signature", "on": {"OBJECT.ODD": "next"}},
        "M2.receipt_signed": {"question": "day", "keys": {"2": "UNSURE.TIRED", "3": "YES.SLOT1", "4": "SOMETHING"}},
    }, anywhere={"BUSY.DRIVING": "A1"})  # fmt: skip
    found = {
        name: tuple(one.label for one in inputs(script, script.steps[name], merge=False))
        for name in ("M8", "M2.receipt_signed", "T6.relation")
    }
    assert found == {
        "M8": (*EVERYTHING, "OBJECT.ODD", "BUSY.DRIVING", "NO.FAMILY"),
        "M2.receipt_signed": ("DAY", *EVERYTHING, "BUSY.DRIVING", "UNSURE.TIRED"),
        "T6.relation": ("WORDS", *EVERYTHING, "BUSY.DRIVING"),
    }


def test_which_answers_are_of_the_question_and_which_ask_a_counter_before_it():
    script = SOUND["with questions"]
    found = inputs(script, script.steps["M8"], merge=False)
    aside = {"SILENT", "BUSY", "REFUSE", "THIRD_PARTY", "REPEAT", "OPERATOR", "NOT_UNDERSTOOD", "REFUSE.INFORMED"}
    assert {one.label for one in found if not one.own} == aside | set(ANYWHERE)
    assert {one.label: one.in_a_row for one in found if one.in_a_row != ({},)} == {
        "SILENT": ({}, {"silent_in_a_row": 2}),
        "NOT_UNDERSTOOD": ({}, {"misheard_in_a_row": 99}),
    }


@pytest.mark.parametrize(
    ("step", "label", "leads_to", "recorded"),
    [
        ("I1.birth_date", "RIGHT", "I1.id_last4", []),
        ("I1.id_last4", "WRONG", "I1.birth_date", [("I1", "NO", None, "")]),
        ("A1", "TIME", "A1.booked", [("A1", "YES", None, "明天上午十点")]),
        ("A1", "TIME_NOT_PERMITTED", "A1.offer", [("A1", "NO", "TIME_NOT_PERMITTED", "明天晚上十点")]),
        ("A1", "NO", "A1", [("A1", "NOT_UNDERSTOOD", None, "")]),
        ("A1", "REFUSE", "X", [("A1", "REFUSE", None, "")]),
        ("A1.offer", "SLOT", "A1.booked", [("A1", "YES", None, "")]),
        ("K3", "READY_QUESTION", "K3.answered", [("K3", "QUESTION", None, "我想问一下犹豫期")]),
        ("K3", "OTHER_QUESTION", "K3.noted", [("K3", "QUESTION", "NOT_ANSWERABLE", "我想问一下窗外的天气怎么样呢")]),
        ("T6.relation", "WORDS", "M1", [("T6", "YES", None, "李梅，家里人")]),
        ("M2.receipt_signed", "DAY", "M8", [("M2.receipt_signed", "YES", None, "昨天")]),
        ("M8", "NO.FAMILY", "Z1", [("M8", "NO", None, "")]),
        ("M8", "OBJECT.DENIES", "Z1", [("M8", "OBJECT", None, "")]),
        ("M8", "SILENT", "M8", [("M8", "SILENT", None, "")]),
        ("M8", "NOT_UNDERSTOOD", "M8", [("M8", "NOT_UNDERSTOOD", None, "")]),
    ],
)  # fmt: skip
def test_what_an_answer_does(step, label, leads_to, recorded):
    script = changed({
        **PROXY, **QUESTIONS,
        "M2.receipt_signed": {"question": "day"},
        "M8": {"question": "signature", "on": {"NO": "X", "OBJECT": "next"}, "restate": None, "explain": None},
    }, opening=(*TOP["opening"], "T6"), closing=("K3", "Z1") if step.startswith("K3") else ("Z1",),
       ready_answers=SOUND["with questions"].ready_answers)  # fmt: skip
    proven = "PROVEN" if step[0] in "MKT" else "UNPROVEN"
    place = {"A1": "C1", "T6": "T6"}.get(step[:2], step)
    slots = (NOW + timedelta(hours=25), NOW + timedelta(hours=27))
    walk = Walk(
        script, kinds(script, PROFILE)[0][0].sheet, Progress(step=step, place=place, identity=proven, slots=slots)
    )
    (given,) = [one for one in inputs(script, script.steps[step], merge=False) if one.label == label]
    given.give(walk)
    turn = walk.turn()
    steps = [turn.progress.step, *(script.texts[said].step for said in turn.progress.saying)]
    assert leads_to in steps
    assert [(a.step, a.answer, a.detail, a.heard) for a in turn.answers if a.step != "Z1"] == recorded
    assert all(answer.signer == ("FAMILY" if label == "NO.FAMILY" else None) for answer in turn.answers)
    assert walk.heard.kind == ("nothing" if label in ("SILENT", "RIGHT", "WRONG", "SLOT") else "speech")


# ---------------------------------------------------------------- the policies


def test_a_specimen_whole():
    (found,) = [
        sheet for sheet, _ in specimens(
            changed({}, channels=("BANCASSURANCE",), premium_modes=("ANNUAL",), jurisdictions=("510000",)), PROFILE
        )
    ]  # fmt: skip
    zone = timezone(timedelta(hours=8))
    assert found == CallSheet(
        person=PersonFacts("欧阳示例", "F", "女士", date(1980, 3, 5), "123X", "示例自治县", "5678"),
        policies=(
            PolicyFacts(
                policy_no="P1", case_id=1, product_type="HEALTH", product_name="福寿安康年年有余终身两全保险",
                premium_mode="ANNUAL", premium=Decimal("120000"), premium_term_years=20, policy_term="WHOLE_LIFE",
                channel="BANCASSURANCE", outlet="示例银行股份有限公司和平路支行", nominal_end=date(2026, 12, 31),
                cooling_off_days=15, next_due_on=date(2027, 12, 31), jurisdiction="510000",
            ),
        ),
        insurer="示例人寿", hotline="95000", staff_number="R001", now_date=date(2026, 9, 24),
        appointment_times=(
            PermittedTime(datetime(2026, 9, 25, 9, 0, tzinfo=zone), datetime(2026, 9, 25, 21, 0, tzinfo=zone)),
        ),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("channel", "mode", "outlet", "term", "next_due"),
    [
        ("BANK_DIRECT", "ANNUAL", "示例银行股份有限公司和平路支行", 20, date(2027, 12, 31)),
        ("AGENCY", "MONTHLY", None, 20, date(2027, 12, 31)),
        ("ONLINE", "SINGLE", None, None, None),
    ],
)
def test_what_a_specimen_has_by_channel_and_premium(channel, mode, outlet, term, next_due):
    (sheet, _), *_ = specimens(changed({}, channels=(channel,), premium_modes=(mode,)), PROFILE)
    policy = sheet.policies[0]
    assert (policy.channel, policy.premium_mode) == (channel, mode)
    assert (policy.outlet, policy.premium_term_years, policy.next_due_on) == (outlet, term, next_due)


@pytest.mark.parametrize(
    ("name", "field", "held", "not_held"),
    [
        ("receipt_on_file", "receipt_signed_on", date(2026, 9, 20), None),
        ("next_due_known", "next_due_on", date(2027, 12, 31), None),
        ("outlet_known", "outlet", "示例银行股份有限公司和平路支行", None),
        ("premium_term_known", "premium_term_years", 20, None),
        ("end_provisional", "provisional", True, False),
        ("fees_for_all_types", "fees_for_all_types", True, False),
    ],
)
def test_a_specimen_with_a_fact_and_without(name, field, held, not_held):
    (sheet, _), *_ = specimens(changed({}), PROFILE)
    for holds, value in ((True, held), (False, not_held)):
        found = with_fact(sheet, name, holds)
        assert found == replace(sheet, policies=(replace(sheet.policies[0], **{field: value}),))
        assert FACTS[name].holds(found, found.policies[0]) is holds
    assert with_fact(sheet, "proxy_allowed", True) == replace(sheet, proxy_allowed=True)
    with pytest.raises(KeyError):
        with_fact(sheet, "never_heard_of", True)


def test_a_specimen_with_elements_of_identity():
    (sheet, _), *_ = specimens(changed({}), PROFILE)
    person = sheet.person
    assert with_elements(sheet, ("id_last4",)).person == replace(person, birth_date=None, district=None)
    assert with_elements(sheet, ("birth_date", "district")).person == replace(person, id_last4=None)


BASE = ("M1", "M2.received", "M2.receipt_signed", "M3")
CORE = ("M5", "M6.coverage", "M6.exclusions", "M6.term")


@pytest.mark.parametrize(
    ("steps", "top", "expected", "sheets"),
    [
        ({}, {}, [("agency, health, single", ("M1", "M2.received", "M2.receipt_signed", "M8"))], 1),
        # every product is asked about fees where the local rules say so, whether the script looks at it or not
        (
            {},
            {"variant": "FULL"},
            [
                ("agency, health, single", (*BASE, *CORE, "M8", "M9", "N5")),
                ("agency, health, single, the local rules ask every product's fees", (*BASE, *CORE, "M8", "M9", "N3", "N5")),
            ],
            2,
        ),
        (
            {"M8": {"when": [{"facts": ["fees_for_all_types"]}]}},
            {"variant": "FULL", "premium_modes": ("MONTHLY",)},
            [
                ("agency, health, monthly", (*BASE, *CORE, "M7", "M8", "M9", "N5")),
                (
                    "agency, health, monthly, the local rules ask every product's fees",
                    (*BASE, *CORE, "M7", "M8", "M9", "N3", "N5"),
                ),
            ],
            2,
        ),
        # a product that is asked about them anyhow is one kind
        ({}, {"variant": "FULL", "product_types": ("UNIVERSAL",)},
         [("agency, universal, single", (*BASE, "M4", *CORE, "M8", "M9", "N2", "N3"))], 1),
        # two facts: four combinations, of two kinds for the condition that asks for both
        (
            {"M8": {"when": [{"facts": ["receipt_on_file"], "without": ["end_provisional"]}]}},
            {},
            [("agency, health, single", ("M1", "M2.received", "M2.receipt_signed", "M8"))] * 2,
            4,
        ),
        # what may be said to anybody makes no kind
        ({"M8": {"when": [{"facts": ["proxy_allowed"]}]}}, {},
         [("agency, health, single", ("M1", "M2.received", "M2.receipt_signed", "M8"))], 1),
    ],
)  # fmt: skip
def test_the_kinds_of_policies(steps, top, expected, sheets):
    found, every = kinds(changed(steps, **top), PROFILE)
    assert [(kind.en, kind.mandatory) for kind in found] == expected
    assert len(every) == sheets and [kind.sheet for kind in found if kind.sheet not in every] == []


@pytest.mark.parametrize(
    ("of_script", "of_steps", "expected"),
    [
        ((), (), (None,)),
        ((), ("510100", "500000"), (None, "500000", "510100")),
        (("510000",), (), ("510000",)),
        (("510000", "500000"), ("510100",), ("500000", "510000", "510100")),
    ],
)
def test_the_places_that_a_script_tells_apart(of_script, of_steps, expected):
    script = changed({"M8": {"when": [{"jurisdictions": list(of_steps)}]}} if of_steps else {}, jurisdictions=of_script)
    assert jurisdictions(script) == expected
    assert [sheet.policies[0].jurisdiction for sheet, _ in specimens(script, PROFILE)] == list(expected)


def test_the_facts_that_a_script_looks_at():
    script = changed({
        "M8": {"when": [{"facts": ["receipt_on_file", "proxy_allowed"]}, {"without": ["outlet_known"]}]},
        "M1": {"when": [{"facts": ["end_provisional"]}]},
    })  # fmt: skip
    assert used_facts(script) == ("end_provisional", "outlet_known", "receipt_on_file")


def test_a_specimen_in_words():
    (sheet, _), *_ = specimens(changed({}, channels=("BANK_DIRECT",)), PROFILE)
    assert told(sheet) == ("银保通、健康险、趸交", "bank direct, health, single")
    assert told(with_fact(with_fact(sheet, "proxy_allowed", True), "fees_for_all_types", True)) == (
        "银保通、健康险、趸交、允许家属经本人授权代答、当地规则要求各类产品都询问费用",
        "bank direct, health, single, an authorised relative may answer, the local rules ask every product's fees",
    )


# ---------------------------------------------------------------- words


@pytest.mark.parametrize(
    ("label", "zh", "en"),
    [
        ("", "接通", "answered"),
        ("RIGHT", "核对一致", "right"),
        ("WRONG", "核对不符", "wrong"),
        ("TIME", "说出许可的时间", "names a permitted time"),
        ("TIME_NOT_PERMITTED", "说出不许可的时间", "names a time that is not permitted"),
        ("SLOT", "选了给出的时间", "takes an offered time"),
        ("DAY", "说出日期", "names a day"),
        ("WORDS", "说了几句话", "says some words"),
        ("READY_QUESTION", "问了有核定答复的问题", "asks what has an approved answer"),
        ("OTHER_QUESTION", "问了没有答复的问题", "asks what has none"),
        ("QUESTION", "反问", "asks back"),
        ("OPERATOR", "要求人工", "asks for a person"),
        ("BUSY", "不方便", "not now"),
        ("YES", "是", "yes"),
        ("OBJECT.DENIES", "有异议 否认投保", "objects denies the purchase"),
        ("REFUSE.INFORMED", "拒绝 表示均已知悉", "refuses says that he knows it all"),
    ],
)
def test_an_answer_in_words(label, zh, en):
    assert (in_words(label, "zh"), in_words(label, "en")) == (zh, en)


LISTS = (
    Wording("核对", "FORBIDDEN_PHRASE", "R31", "尚未核实", "before identity is proven", before_identity=True),
    Wording("保证", "FORBIDDEN_PHRASE", "R12", "不得许诺", "promises nothing"),
    Wording("您都清楚", "LEADING_QUESTION", "R30", "替客户回答", "answers for the customer"),
    Wording("中奖", "PRETEXT", "C19", "不得找借口", "no pretext"),
)


@pytest.mark.parametrize(
    ("step", "text", "words", "expected"),
    [
        ("M8", "explain", "保证您都清楚", [
            "FORBIDDEN_PHRASE 444\nM8.explain 说“保证”：不得许诺（R12）\nM8.explain says “保证”: promises nothing (R12)"]),
        ("M8", "again", "您都清楚？", [
            "LEADING_QUESTION 443\nM8.again 说“您都清楚”：替客户回答（R30）\n"
            "M8.again says “您都清楚”: answers for the customer (R30)"]),
        ("M8", "ask", "您都清楚？中奖。", [
            "LEADING_QUESTION 442\nM8.ask 说“您都清楚”：替客户回答（R30）\n"
            "M8.ask says “您都清楚”: answers for the customer (R30)",
            "PRETEXT 442\nM8.ask 说“中奖”：不得找借口（C19）\nM8.ask says “中奖”: no pretext (C19)"]),
        ("T1", "ask", "核对。", [
            "FORBIDDEN_PHRASE 121\nT1.ask 说“核对”：尚未核实（R31）\nT1.ask says “核对”: before identity is proven (R31)"]),
        ("M8", "explain", "核对。", []),
        ("M8", "ask", "清楚吗？不清楚吗？", [
            "SEVERAL_QUESTIONS 442\nM8.ask 一次问了2个问题，须逐一询问（R30）\n"
            "M8.ask asks 2 questions at once; they are asked one by one (R30)"]),
        ("M8", "again", "清楚吗？不清楚吗？清楚？", [
            "SEVERAL_QUESTIONS 443\nM8.again 一次问了3个问题，须逐一询问（R30）\n"
            "M8.again asks 3 questions at once; they are asked one by one (R30)"]),
        ("M8", "explain", "清楚吗？不清楚吗？", []),
        ("C1", "ask", "是您吗？是吗？", []),
        ("T1", "ask", "好" * 112, []),
        ("T1", "ask", "好" * 112 + "。", ["TOO_LONG 121\nT1.ask 要说25.2秒，超过25秒\nT1.ask takes 25.2 s to say, more than 25"]),
    ],
)  # fmt: skip
def test_what_is_told_of_wording(step, text, words, expected):
    assert findings(check(changed({step: {text: words}}), LISTS, PROFILE)) == expected


def test_wording_in_another_language_is_read_too():
    script = SOUND["the small one"]
    text = replace(script.texts["M8.explain"], in_other={"yue": "保证退", "en": "refund"})
    script = replace(script, texts={**script.texts, "M8.explain": text})
    assert findings(check(script, LISTS, PROFILE)) == [
        "FORBIDDEN_PHRASE 444\nM8.explain 说“保证”：不得许诺（R12）\nM8.explain says “保证”: promises nothing (R12)"
    ]


@pytest.mark.parametrize(
    ("question", "words", "keys", "codes"),
    [
        ("clear", "清楚请按1，不清楚请按2。", {"1": "YES", "2": "NO"}, []),
        ("clear", "清楚按1；若不清楚，请您按二。", {"1": "YES", "2": "NO"}, []),
        ("clear", "清楚请按1，不清楚请按2，重听请按9，找人请按0。", {"1": "YES", "2": "NO"}, []),
        ("clear", "清楚请按1，不清楚请按2，其他请按8。", {"1": "YES", "2": "NO"}, ["KEY_MEANS_NOTHING 8"]),
        ("clear", "请按8位数字。", {"1": "YES", "2": "NO"}, []),
        ("clear", "清楚请按1，不清楚请按2。", {"1": "YES", "2": "NO", "3": "NO.LANGUAGE"}, []),
        ("clear", "清楚请按1。", {"1": "YES", "2": "YES.SURE"}, ["ONE_SIDED_KEYS"]),
        ("clear", "不清楚请按2。", {"2": "NO", "3": "UNSURE"}, ["ONE_SIDED_KEYS"]),
        ("time", "清楚请按1。", {"1": "YES"}, []),
        ("clear", "不清楚请按1。", {"1": "YES", "2": "NO"}, ["KEYS_TURNED_ROUND 不清楚"]),
        ("clear", "没有请按1。", {"1": "YES.SURE", "2": "NO"}, ["KEYS_TURNED_ROUND 没有"]),
        ("clear", "家人代签请按2，本人请按1。", {"1": "YES", "2": "NO"}, []),
        (
            "clear",
            "清楚请按2，不记得请按1。",
            {"1": "NO", "2": "NO.LANGUAGE"},
            ["ONE_SIDED_KEYS", "KEYS_TURNED_ROUND 清楚"],
        ),
        ("time", "不清楚请按1。", {"1": "YES", "2": "NO"}, []),
        ("none_of_it", "没有请按1，有请按2。", {"1": "YES", "2": "NO"}, []),
        (
            "none_of_it",
            "有请按1，没有请按2。",
            {"1": "YES", "2": "NO"},
            ["KEYS_TURNED_ROUND 有", "KEYS_TURNED_ROUND 没有"],
        ),
        ("none_of_it", "没有请按2，没听清请按3。", {"1": "YES", "2": "NO", "3": "UNSURE"}, []),
        ("none_of_it", "没有请按2，有请按3。", {"1": "YES", "2": "NO", "3": "UNSURE"}, ["KEYS_TURNED_ROUND 没有"]),
    ],
)
def test_keys_and_what_is_said_of_them(question, words, keys, codes):
    problems = Problems()
    keys_fit_the_words(changed({"M8": {"question": question, "ask": words, "again": None, "keys": keys}}), problems)
    found = [
        re.sub(r"^(\w+) .*?(?: key (\d), which means nothing| “(.*?)” is key.*|)$", r"\1 \2\3", f"{p.code} {p.en}")
        for p in problems.found
    ]
    assert [one.strip() if "ONE_SIDED" not in one else one.split()[0] for one in found] == codes


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("", 0),
        ("好好好好好好好好好", 2),
        ("好。？！!?；;", 1 / 4.5 + 7 * 0.3),
        ("好，,、：:“”", 1 / 4.5 + 7 * 0.1),
        ("12 3", 3 / 4.5),
        ("ABC deF好", 3 / 4.5),
        ("一鿿 -", 2 / 4.5),
        ("Zz9a", 3 / 4.5),
    ],
)
def test_how_long_it_takes_to_say(text, seconds):
    assert spoken_seconds(text) == pytest.approx(seconds)


def test_a_finding_is_told_once():
    problems = Problems()
    problems.add("A", ("f", 1), "一", "one", (["甲"], ["a"]))
    problems.add("A", ("f", 1), "二", "one")
    assert problems.found == [Problem("A", 1, "f", "一", "one", ("甲",), ("a",))]
    for code, place, en in (
        ("B", ("f", 1), "one"),
        ("A", ("g", 1), "one"),
        ("A", ("f", 2), "one"),
        ("A", ("f", 1), "two"),
    ):
        problems.add(code, place, "一", en)
    assert len(problems.found) == 5 and problems.found[4] == Problem("A", 1, "f", "一", "two")
