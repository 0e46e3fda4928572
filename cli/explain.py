"""`huifang explain`: what the rules say to one question, with the reasoning. Needs no service and no network."""

import json
import sys
from collections.abc import Callable
from datetime import date
from typing import Any, NoReturn

import click

from cli import questions
from cli.output import Command, Group, emit, fail, language
from cli.question_values import BadQuestion, part, required_choice, wrong_shape


class _Explain(Group):
    command_class = Command


@click.group(
    cls=_Explain,
    invoke_without_command=True,
    zh="规则怎么说：期限、时效、抽取日、结论、能否拨打、号码、保存期，附理由。",
    example="huifang explain deadline --signed 2026-09-24\nhuifang explain --batch questions.jsonl --json",
)
@click.option("--batch", type=click.File("rb"), help="One question a line, as JSON; one answer a line.")
@click.pass_context
def explain(context: click.Context, batch: Any) -> None:
    """What the rules say to one question, with the reasoning."""
    if context.invoked_subcommand is None:
        if batch is None:
            click.echo(context.get_help())
            context.exit(2)
        for line in batch:
            if line.strip():
                click.echo(_as_line(answer_line(line)))
    elif batch is not None:
        raise click.UsageError("--batch stands alone, without a subcommand")


def _today() -> date:
    from clock import system
    from rules.calendar import business_date

    return business_date(system().now())


def _outcome(question: dict) -> dict:
    from cli.outcome_questions import outcome

    return outcome(question, language())


def _calling(question: dict) -> dict:
    from cli.calling_questions import calling

    return calling(question, language())


def _numbers(question: dict) -> list[str]:
    given = question.get("numbers") or question.get("number") or ""
    return [str(number) for number in given] if isinstance(given, list) else [str(given)]


KINDS: dict[str, Callable[[dict], Any]] = {
    "deadline": lambda q: questions.deadline(q, language()),
    "limit": lambda q: questions.limit(q, language()),
    "extraction": lambda q: questions.extraction(q, language(), _today()),
    "outcome": _outcome,
    "calling": _calling,
    "retention": lambda q: questions.retention(q, language()),
    "phone": lambda q: questions.phone(_numbers(q)),
    "answer": lambda q: questions.utterance(str(q.get("text") or ""), str(q.get("question") or "clear"), language()),
}


# What a question of another shape than any rule foresees runs into
MISSHAPEN = (TypeError, AttributeError, ValueError, LookupError, ArithmeticError, RecursionError)


def answer_line(line: bytes | str) -> Any:
    """The answer to one line of a batch; whatever the line holds, one JSON value comes back."""
    try:
        # a file made on another system may begin with a byte order mark
        text = line.decode("utf-8-sig") if isinstance(line, bytes) else line
    except UnicodeDecodeError:
        return _refused(BadQuestion("not UTF-8", "不是 UTF-8 文本", "NOT_UTF8"))
    try:
        question = json.loads(text)
    except (ValueError, RecursionError):
        return _refused(BadQuestion("not JSON", "不是 JSON", "NOT_JSON"))
    if not isinstance(question, dict):
        return _refused(wrong_shape("a question", "a JSON object", "JSON 对象", question))
    try:
        return KINDS[required_choice(question, "explain", KINDS)](question)
    except BadQuestion as wrong:
        return _refused(wrong)
    except MISSHAPEN as shape:
        return _refused(_misshapen(shape))


def _refused(wrong: BadQuestion) -> dict:
    """The code first, for programs: it stays, whatever the language and the wording."""
    return {"error": f"{wrong.code}: {wrong.sentence(language())}"}


def _misshapen(shape: Exception) -> BadQuestion:
    told = f"{type(shape).__name__}: {shape}" if not isinstance(shape, RecursionError) else "nested too deeply"
    return BadQuestion(f"not built as asked for ({told})", f"结构不对（{told}）", "BAD_SHAPE")


def _as_line(answer: Any) -> str:
    line = json.dumps(answer, ensure_ascii=False, default=str)
    try:
        line.encode()
    except UnicodeEncodeError:  # half a character, given as an escape, comes back as one
        return json.dumps(answer, default=str)
    return line


def _wrong_use(wrong: BadQuestion) -> NoReturn:
    fail(f"问题有误（{wrong.code}）：{wrong.zh}", f"wrong question ({wrong.code}): {wrong.en}", exit_code=2)


def _ask(kind: str, question: dict) -> None:
    """Answer, or end with exit code 2 and the sentence."""
    try:
        answer = KINDS[kind](question)
    except BadQuestion as wrong:
        _wrong_use(wrong)
    except MISSHAPEN as shape:
        _wrong_use(_misshapen(shape))
    emit(answer, lambda: _lines(answer))


def _lines(answer: Any):
    for one in answer if isinstance(answer, list) else [answer]:
        yield from _lines(one.get("policies") or [])
        for key, value in one.items():
            if key not in ("steps", "policies"):
                yield f"{key}: {_shown(value)}"
        for step in one.get("steps", ()):
            yield f"  {step['rule']}  {step['text']}"


def _shown(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return str(value)


def _overrides(pairs: tuple[str, ...]) -> dict[str, str]:
    table = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise click.UsageError(f"--set takes NAME=VALUE, not {pair!r}")
        table[name.strip()] = value
    return table


def _file(handle: Any) -> dict:
    try:
        found = json.loads(handle.read().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        fail("文件不是 JSON。", "The file is not JSON.", exit_code=2)
    if not isinstance(found, dict):
        fail("文件应为一个 JSON 对象。", "The file holds one JSON object.", exit_code=2)
    return found


profile_option = click.option("--profile", help="Rule profile; national unless told.")
set_option = click.option("--set", "overrides", multiple=True, metavar="NAME=VALUE", help="Override one parameter.")
JSON_FILE = click.File("rb")


@explain.command(
    example="huifang explain deadline --signed 2026-09-24\n"
    "huifang explain deadline --signed 2026-09-10 --completed 2026-09-28",
    zh="由回执签署日得出的全部日期；加 --completed 可看某日的回访是否期内。",
)
@click.option("--signed", required=True, help="Day the receipt was signed.")
@click.option("--days", help="Length to count with, as asked.")
@click.option("--channel", help="Sales channel, such as BANCASSURANCE.")
@click.option("--product", help="Product type, such as PARTICIPATING.")
@click.option("--completed", help="Day a callback was completed.")
@click.option("--surrender-requested", help="Day on which the customer asked to end the contract.")
@profile_option
@set_option
def deadline(overrides: tuple[str, ...], **question: Any) -> None:
    """Every date that follows from a receipt date."""
    _ask("deadline", question | {"set": _overrides(overrides)})


@explain.command(
    example="huifang explain limit --pushed 2026-09-29T10:00 --working-days 3 --nominal-end 2026-10-07\n"
    "huifang explain limit --pushed 2026-09-30T10:00 --reason DENIES_PURCHASE",
    zh="工单时效。",
)
@click.option("--pushed", required=True, help="Instant of the push; Shanghai time without a zone.")
@click.option("--working-days", help="Working days.")
@click.option("--reason", multiple=True, help="Reason or kind of order instead; several: the shortest.")
@click.option("--nominal-end", help="End of the cooling-off period.")
@profile_option
@set_option
def limit(overrides: tuple[str, ...], **question: Any) -> None:
    """The limit of a work order."""
    _ask("limit", question | {"set": _overrides(overrides)})


@explain.command(
    example="huifang explain extraction --channel BANK_DIRECT --underwritten 2026-09-30\n"
    "huifang explain extraction --channel AGENCY --printed 2026-09-01 --receipt-signed 2026-09-11 "
    "--receipt-entered 2026-09-12 --called-on 2026-09-09 --call-completed --set extraction.strategy=E3",
    zh="何时可以拨打，按哪种抽取规则；拨打之后，是否过早。",
)
@click.option("--channel", required=True, help="Sales channel, such as BANK_DIRECT.")
@click.option("--product", help="Product type.")
@click.option("--underwritten")
@click.option("--issued")
@click.option("--printed")
@click.option("--entered")
@click.option("--receipt-signed")
@click.option("--receipt-entered")
@click.option("--receipt-written-off")
@click.option("--days", help="Length of the cooling-off period to count with.")
@click.option("--called-on", help="Day of a call.")
@click.option("--call-completed", is_flag=True, help="That call was completed.")
@click.option("--call-result", help="Its result, such as CONTRACT_NOT_RECEIVED.")
@click.option("--at", help="As seen on this day; today unless told.")
@profile_option
@set_option
def extraction(overrides: tuple[str, ...], **question: Any) -> None:
    """When a case becomes callable, and under which regime."""
    _ask("extraction", question | {"set": _overrides(overrides)})


@explain.command(
    example="huifang explain outcome answers.json\nhuifang explain outcome answers.json --set script.simplified=true",
    zh="由一次回访的答案得出结论、原因和工单。",
)
@click.argument("file", type=JSON_FILE)
@profile_option
@set_option
def outcome(file: Any, profile: str | None, overrides: tuple[str, ...]) -> None:
    """Class, reasons and what follows from the answers of one callback."""
    question = _file(file)
    if profile is not None:
        question["profile"] = profile
    if overrides:
        question["params"] = {**part(question, "params"), **_overrides(overrides)}
    _ask("outcome", question)


@explain.command(example="huifang explain calling person.json", zh="此刻能否拨打此人。")
@click.argument("file", type=JSON_FILE)
def calling(file: Any) -> None:
    """May this person be rung at this instant."""
    _ask("calling", _file(file))


@explain.command(example="huifang explain retention record.json", zh="资料应保存至何日。")
@click.argument("file", type=JSON_FILE)
def retention(file: Any) -> None:
    """Until when a record must be kept."""
    _ask("retention", _file(file))


@explain.command(example="huifang explain phone '138 0013 8000' 021-12345678", zh="号码规整后的样子，或哪里不对。")
@click.argument("numbers", nargs=-1, required=True)
def phone(numbers: tuple[str, ...]) -> None:
    """Normal form of telephone numbers, and what is wrong with them."""
    _ask("phone", {"numbers": list(numbers)})


@explain.command(example="huifang explain answer --question clear 清楚的", zh="电话里的一句话是什么意思。")
@click.option("--question", default="clear", show_default=True, help="clear, confirm, identity, convenient.")
@click.argument("text")
def answer(question: str, text: str) -> None:
    """What an utterance on the phone means."""
    _ask("answer", {"question": question, "text": text})


@explain.command(
    example="huifang explain case 17\nhuifang explain case P2026092400017", zh="此件为何在此状态，接下来做什么。"
)
@click.argument("case_id", metavar="ID")
def case(case_id: str) -> None:
    """Why a case stands where it stands; asks the database."""
    import asyncio

    from cli import case_questions
    from clock import system

    found = asyncio.run(case_questions.case(case_id.strip(), system().now(), language()))
    if found is None:
        fail(f"没有案件 {case_id}。", f"There is no case {case_id}.")
    emit(found, lambda: case_questions.lines(found, language()))


if __name__ == "__main__":
    sys.exit(explain())
