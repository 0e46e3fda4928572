"""How every command speaks: `--json`, `--lang`, exit codes, and the click classes that bring them.

stdout carries the answer (one JSON document with `--json`), stderr everything else. Exit codes: 0 done as asked,
1 found what was asked for or could not do it, 2 wrong use.
"""

import contextlib
import json as json_codec
import os
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Any, NoReturn

import click


def locale_language() -> str:
    """`zh` where the locale is Chinese, else `en`; the first set one of LC_ALL, LC_MESSAGES, LANG decides."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := os.environ.get(name):
            return "zh" if value.lower().startswith("zh") else "en"
    return "en"


@dataclass
class Voice:
    """What the options of this invocation ask for."""

    json: bool = False
    lang: str = "en"
    spoken: bool = False

    def pick(self, zh: str, en: str) -> str:
        return zh if self.lang == "zh" else en


def voice() -> Voice:
    context = click.get_current_context(silent=True)
    return context.find_root().ensure_object(Voice) if context else Voice(lang=locale_language())


def text(zh: str, en: str) -> str:
    """The sentence in the language asked for."""
    return voice().pick(zh, en)


def language() -> str:
    return voice().lang


def wants_json() -> bool:
    return voice().json


def emit(document: Any, human_lines: str | Iterable[str] | Callable[[], Iterable[str]] = ()) -> None:
    """Print `document` as one JSON document with `--json`, the human lines otherwise."""
    speaker = voice()
    if speaker.json:
        click.echo(json_codec.dumps(document, ensure_ascii=False, default=_plain))
    else:
        lines = human_lines() if callable(human_lines) else human_lines
        for line in [lines] if isinstance(lines, str) else lines:
            click.echo(line)
    speaker.spoken = True


def _plain(value: Any) -> Any:
    """What JSON has no form for: dates and instants in ISO 8601, amounts as text, sets in order."""
    if hasattr(value, "isoformat"):
        return value.isoformat()
    if isinstance(value, set | frozenset):
        return sorted(value)
    return str(value)


def say(zh: str, en: str) -> None:
    """A message beside the answer: on stderr."""
    click.echo(text(zh, en), err=True)


class Failure(click.ClickException):
    """The command could not do it: one sentence in both languages, exit code 1 (2 for wrong use)."""

    def __init__(self, zh: str, en: str, exit_code: int = 1):
        super().__init__(en)
        self.zh, self.en, self.exit_code = zh, en, exit_code


def fail(zh: str, en: str, exit_code: int = 1) -> NoReturn:
    """End the command with a sentence on stderr, and `{"error": …}` on stdout with `--json`."""
    raise Failure(zh, en, exit_code)


def show_failure(problem: Failure, speaker: Voice) -> None:
    sentence = speaker.pick(problem.zh, problem.en)
    if speaker.json and not speaker.spoken:
        click.echo(json_codec.dumps({"error": sentence}, ensure_ascii=False))
    click.echo(sentence, err=True)


def _take_json(context: click.Context, _param: click.Parameter, value: bool) -> None:
    speaker = context.find_root().ensure_object(Voice)
    speaker.json = speaker.json or value


def _take_lang(context: click.Context, _param: click.Parameter, value: str | None) -> None:
    if value:
        context.find_root().ensure_object(Voice).lang = value


def shared_options() -> list[click.Option]:
    """`--json` and `--lang`, accepted before and after the subcommand."""
    return [
        click.Option(
            ["--json"], is_flag=True, is_eager=True, expose_value=False, callback=_take_json, help="One JSON document."
        ),
        click.Option(
            ["--lang"],
            type=click.Choice(["zh", "en"]),
            is_eager=True,
            expose_value=False,
            callback=_take_lang,
            help="Language of the sentences; the locale's unless told.",
        ),
    ]


def add_shared_options(command: click.Command) -> click.Command:
    """Give a command made elsewhere the shared options that it lacks."""
    present = {name for param in command.params for name in param.opts}
    for param in command.params:
        if "--json" in param.opts and param.expose_value and param.default is not _json_before:
            # a command with a --json of its own hears the one before the subcommand as well
            param.default = _json_before
    command.params.extend(option for option in shared_options() if not present & set(option.opts))
    return command


def _json_before() -> bool:
    return voice().json


class _Spoken:
    """Adds the shared options, an example to the help page, and its Chinese text."""

    def __init__(self, *args: Any, example: str | None = None, zh: str | None = None, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.example, self.zh = example, zh
        add_shared_options(self)

    def format_help_text(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.zh and context.find_root().ensure_object(Voice).lang == "zh":
            formatter.write_paragraph()
            with formatter.indentation():
                formatter.write_text(self.zh)
        else:
            super().format_help_text(context, formatter)

    def format_epilog(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        if self.example:
            formatter.write_paragraph()
            formatter.write(context.find_root().ensure_object(Voice).pick("例：\n", "Example:\n"))
            for line in self.example.splitlines():
                formatter.write(f"  {line.strip()}\n")
        super().format_epilog(context, formatter)

    def get_short_help_str(self, limit: int = 45) -> str:
        return self.zh if self.zh and language() == "zh" else super().get_short_help_str(limit)


class Command(_Spoken, click.Command):
    """A command with the shared options, `example=` for its help page and `zh=` for its Chinese description."""


class Group(_Spoken, click.Group):
    """A group whose commands are `Command`s."""

    command_class = Command
    group_class = type


command = partial(click.command, cls=Command)
group = partial(click.group, cls=Group)


def invoke(root: click.Command, argv: list[str] | None = None) -> int:
    """Run the command line and return its exit code; no traceback unless HUIFANG_DEBUG is set."""
    speaker = Voice(lang=locale_language())
    try:
        result = root.main(argv, prog_name="huifang", standalone_mode=False, obj=speaker)
        sys.stdout.flush()
    except Failure as problem:
        show_failure(problem, speaker)
        return problem.exit_code
    except click.ClickException as problem:
        problem.show()
        return problem.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo(speaker.pick("已中断。", "Interrupted."), err=True)
        return 1
    except BrokenPipeError:
        # the reader of the pipe has gone; the interpreter would complain once more while flushing at exit
        with contextlib.suppress(OSError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except Exception as problem:
        if os.environ.get("HUIFANG_DEBUG"):
            raise
        show_failure(unexpected(problem), speaker)
        return 1
    return result if isinstance(result, int) else 0


def unexpected(problem: Exception) -> Failure:
    """One sentence for an error that no command foresaw."""
    if type(problem).__module__.startswith("pydantic") and type(problem).__name__ == "ValidationError":
        names = ", ".join(f"HUIFANG_{'_'.join(map(str, item['loc']))}".upper() for item in problem.errors())
        return Failure(
            f"设置缺失或有误：{names}。请运行 huifang up，或在环境变量、.env 中填写；huifang doctor 会逐项列出。",
            f"Settings missing or wrong: {names}. Run `huifang up`, or set them in the environment or .env; "
            "`huifang doctor` lists each.",
        )
    if type(problem).__name__ == "OperationalError":
        return Failure(
            "连接不上数据库。请运行 huifang up；huifang doctor 会说明原因。",
            "The database cannot be reached. Run `huifang up`; `huifang doctor` says why.",
        )
    first = str(problem).strip().splitlines()[:1]
    what = f"{type(problem).__name__}: {first[0]}" if first else type(problem).__name__
    return Failure(
        f"未能完成：{what}（设 HUIFANG_DEBUG=1 可看详情）。", f"That failed: {what} (HUIFANG_DEBUG=1 shows where)."
    )
