"""`huifang measures`: every figure of the reports from a list of callbacks in a file, for checking by hand."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import click

from cli.output import command, emit, fail, language, text
from cli.questions import BadQuestion, Question, Rules, day, instant, required_day

BY = ("HEAD_OFFICE", "BRANCH")


@command(
    example="huifang measures callbacks.json\nhuifang measures callbacks.json --rows --json",
    zh="由一份回访清单算出报表的全部指标，便于人工核对；--rows 列出每个数字背后的保单号。",
)
@click.argument("file", type=click.File(encoding="utf-8"))
@click.option("--rows", "with_rows", is_flag=True, help="The policy numbers behind each figure.")
def measures(file: Any, with_rows: bool) -> None:
    """Every figure of the reports from a list of callbacks."""
    try:
        question = json.load(file)
    except ValueError:
        fail("文件不是 JSON。", "The file is not JSON.", exit_code=2)
    try:
        document = figures(question, with_rows)
    except BadQuestion as wrong:
        fail(f"文件有误：{wrong}", f"wrong file: {wrong}", exit_code=2)
    emit(document, lambda: _lines(document))


def figures(question: Any, with_rows: bool = False) -> dict:
    """The figures of the file's callbacks as they stood at the end of `as_of`."""
    from rules.measures import drill_down, measure, measure_by

    if not isinstance(question, Mapping):
        raise BadQuestion("the file holds one object with as_of and callbacks")
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
    given = question.get("callbacks")
    if not isinstance(given, list):
        raise BadQuestion("callbacks is a list")
    found = []
    for n, row in enumerate(given):
        try:
            found.append(_callback(row))
        except BadQuestion as wrong:
            raise BadQuestion(f"callbacks[{n}]: {wrong}") from None
    return found


def _callback(row: Any):
    from rules.measures import Callback

    if not isinstance(row, Mapping):
        raise BadQuestion(f"an object, not {row!r}")
    if not row.get("policy_no"):
        raise BadQuestion("policy_no is missing")
    results = row.get("results") or []
    if not isinstance(results, list):
        raise BadQuestion("results is a list")
    return Callback(
        policy_no=str(row["policy_no"]),
        policyholder_id=str(row.get("policyholder_id") or ""),
        branch=str(row.get("branch") or ""),
        policyholder_type=_word(row, "policyholder_type", ("PERSON", "ORGANISATION")) or "PERSON",
        policy_term_years=_term(row.get("policy_term_years")),
        receipt_signed_on=day(row, "receipt_signed_on"),
        nominal_end=day(row, "nominal_end"),
        withdrawn_on=day(row, "withdrawn_on"),
        death_known_on=day(row, "death_known_on"),
        cancelled_on=day(row, "cancelled_on"),
        results=tuple(_result(result, f"results[{n}]") for n, result in enumerate(results)),
        channel=str(row.get("channel") or ""),
        agent=str(row.get("agent") or ""),
    )


def _result(given: Any, where: str):
    from rules.class_overrides import CLASSES
    from rules.measures import Result
    from rules.papers import METHODS

    if not isinstance(given, Mapping):
        raise BadQuestion(f"{where} is an object, not {given!r}")
    if not given.get("at"):
        raise BadQuestion(f"{where}.at is missing")
    if not isinstance(given.get("completed"), bool):
        raise BadQuestion(f"{where}.completed is true or false, not {given.get('completed')!r}")
    if given.get("valid") not in (None, True, False):
        raise BadQuestion(f"{where}.valid is true or false, not {given['valid']!r}")
    return Result(
        at=instant(given["at"], f"{where}.at"),
        by=_word(given, "by", BY, where) or "HEAD_OFFICE",
        method=_word(given, "method", METHODS, where) or "PHONE",
        class_=_word(given, "class", CLASSES, where),
        completed=given["completed"],
        valid=given.get("valid") is not False,
        reasons=_codes(given, "reason") + _codes(given, "reasons"),
        marks=_codes(given, "flag") + _codes(given, "flags"),
    )


def _word(given: Mapping, key: str, words: tuple[str, ...], where: str = "") -> str | None:
    value = given.get(key)
    if value in (None, ""):
        return None
    if str(value).upper() not in words:
        raise BadQuestion(f"{where + '.' if where else ''}{key} is one of {', '.join(words)}, not {value!r}")
    return str(value).upper()


def _codes(given: Mapping, key: str) -> tuple[str, ...]:
    value = given.get(key)
    if value in (None, ""):
        return ()
    return (value,) if isinstance(value, str) else tuple(map(str, value))


def _term(value: Any) -> float | None:
    """Years; None is whole life, or a term that the file does not tell."""
    if value in (None, "") or str(value).upper() == "WHOLE_LIFE":
        return None
    try:
        return float(str(value))
    except ValueError:
        raise BadQuestion(f"policy_term_years is a number of years or WHOLE_LIFE, not {value!r}") from None


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
