"""`huifang measures`: every figure of the reports from a list of callbacks in a file, for checking by hand."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from cli.output import command, emit, fail, language, text
from cli.question_values import (
    BadQuestion,
    Question,
    choice,
    day,
    flag,
    instant,
    missing,
    parts,
    required_day,
    wrong_shape,
)
from cli.questions import Rules

BY = ("HEAD_OFFICE", "BRANCH")


@command(
    example="huifang measures callbacks.json\nhuifang measures callbacks.json --rows --json",
    zh="由一份回访清单算出报表的全部指标，便于人工核对；--rows 列出每个数字背后的保单号。",
)
@click.argument("file", type=click.File("rb"))
@click.option("--rows", "with_rows", is_flag=True, help="The policy numbers behind each figure.")
def measures(file: Any, with_rows: bool) -> None:
    """Every figure of the reports from a list of callbacks."""
    try:
        question = json.loads(file.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        fail("文件不是 JSON。", "The file is not JSON.", exit_code=2)
    try:
        document = figures(question, with_rows)
    except BadQuestion as wrong:
        fail(f"文件有误（{wrong.code}）：{wrong.zh}", f"wrong file ({wrong.code}): {wrong.en}", exit_code=2)
    emit(document, lambda: _lines(document))


def figures(question: Any, with_rows: bool = False) -> dict:
    """The figures of the file's callbacks as they stood at the end of `as_of`."""
    from rules.measures import drill_down, measure, measure_by

    if not isinstance(question, Mapping):
        raise wrong_shape("the file", "one object with as_of and callbacks", "含 as_of 与 callbacks 的对象", question)
    rules = Rules(question)
    as_of = required_day(question, "as_of")
    callbacks = _callbacks(question)
    found = _plain(asdict(measure(callbacks, as_of, rules.profile)))
    parts = {
        key: {name: _plain(asdict(part)) for name, part in measure_by(callbacks, as_of, rules.profile, of).items()}
        for key, of in (("by_channel", lambda row: row.channel), ("by_agent", lambda row: row.agent))
        if any(map(of, callbacks))
    }
    behind = {"rows": drill_down(callbacks, as_of, rules.profile)} if with_rows else {}
    # C27: both rates are always told; which of them is called the success rate is the profile's to say
    success = "completed_rate" if rules.profile["kpi.success_definition"] == "COMPLETED" else "clean_success_rate"
    found["success_rate"] = found[success]
    return {"as_of": as_of, **found, **parts, **behind, "profile": rules.profile.id}


def _plain(found: dict) -> dict:
    """Codes as keys of a summary stand in lower case; the names of branches stay as they are."""
    for name in ("excluded_by", "completed_by", "completed_by_method", "classes"):
        found[name] = {key.lower(): number for key, number in found[name].items()}
    branches = found.pop("by_branch")
    return found | ({"by_branch": {name: _plain(part) for name, part in branches.items()}} if branches else {})


def _callbacks(question: Question) -> list:
    if question.get("callbacks") is None:
        raise missing("callbacks")
    found = []
    for n, row in enumerate(parts(question, "callbacks")):
        try:
            found.append(_callback(row))
        except BadQuestion as wrong:
            raise wrong.inside(f"callbacks[{n}]") from None
    return found


def _callback(row: Mapping):
    from rules.measures import Callback

    if not row.get("policy_no"):
        raise missing("policy_no")
    return Callback(
        policy_no=str(row["policy_no"]),
        policyholder_id=str(row.get("policyholder_id") or ""),
        branch=str(row.get("branch") or ""),
        policyholder_type=choice(row, "policyholder_type", ("PERSON", "ORGANISATION")) or "PERSON",
        policy_term_years=_term(row.get("policy_term_years")),
        receipt_signed_on=day(row, "receipt_signed_on"),
        nominal_end=day(row, "nominal_end"),
        withdrawn_on=day(row, "withdrawn_on"),
        death_known_on=day(row, "death_known_on"),
        cancelled_on=day(row, "cancelled_on"),
        results=tuple(_result(result, f"results[{n}].") for n, result in enumerate(parts(row, "results"))),
        channel=str(row.get("channel") or ""),
        agent=str(row.get("agent") or ""),
    )


def _result(given: Mapping, where: str):
    from rules.class_overrides import CLASSES
    from rules.measures import Result
    from rules.papers import METHODS

    if not given.get("at"):
        raise missing(f"{where}at")
    if given.get("completed") is None:
        raise missing(f"{where}completed", ("true", "false"))
    return Result(
        at=instant(given["at"], f"{where}at"),
        by=choice(given, "by", BY, where) or "HEAD_OFFICE",
        method=choice(given, "method", METHODS, where) or "PHONE",
        class_=choice(given, "class", CLASSES, where),
        completed=flag(given, "completed", where),
        valid=flag(given, "valid", where) if given.get("valid") is not None else True,
        reasons=_codes(given, "reason", where) + _codes(given, "reasons", where),
        marks=_codes(given, "flag", where) + _codes(given, "flags", where),
    )


def _codes(given: Mapping, key: str, where: str) -> tuple[str, ...]:
    value = given.get(key)
    if value is None or value == "":
        return ()
    if not isinstance(value, str | list):
        raise wrong_shape(f"{where}{key}", "a code or a list of codes", "代码或代码列表", value)
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _term(value: Any) -> float | None:
    """Years; None is whole life, or a term that the file does not tell."""
    if value is None or value == "" or str(value).upper() == "WHOLE_LIFE":
        return None
    try:
        return float(str(value))
    except ValueError:
        raise wrong_shape("policy_term_years", "a number of years or WHOLE_LIFE", "年数或 WHOLE_LIFE", value) from None


_SHOWN = (
    ("due", "应访", "due"),
    ("excluded", "剔除", "excluded"),
    ("denominator", "分母", "denominator"),
    ("completed", "完成", "completed"),
    ("clean", "其中无遗留问题", "clean"),
    ("in_window", "期内完成", "in the window"),
    ("completed_rate", "完成率 %", "completed rate %"),
    ("clean_success_rate", "无遗留问题率 %", "clean success rate %"),
    ("in_window_rate", "期内完成率 %", "in-window rate %"),
    ("sales_question_share", "销售类问题占比 %", "sales-type question share %"),
    ("data_truth_rate", "资料真实率 %", "data-truth rate %"),
)


def _lines(document: dict):
    from rules.words import word

    for key, zh, en in _SHOWN:
        yield f"{text(zh, en)}: {document[key] if document[key] is not None else '–'}"
    for key, zh, en in (("excluded_by", "剔除原因", "excluded by"), ("classes", "结论", "classes")):
        told = " · ".join(f"{word(name.upper(), language())} {n}" for name, n in document[key].items())
        yield f"{text(zh, en)}: {told or '–'}"
    for key, zh, en in (
        ("by_branch", "机构", "branch"),
        ("by_channel", "渠道", "channel"),
        ("by_agent", "业务员", "agent"),
    ):
        for name, part in document.get(key, {}).items():
            rates = " · ".join(f"{text(z, e)} {part[k] or '–'}" for k, z, e in _SHOWN if k.endswith("_rate"))
            yield f"{text(zh, en)} {name or '–'}: {text('应访', 'due')} {part['due']} · {rates}"
    for name, policies in document.get("rows", {}).items():
        yield f"{name}: {', '.join(policies) or '–'}"
