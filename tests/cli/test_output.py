"""What every command promises: options before and after, exit codes, languages, sentences instead of tracebacks."""

import json
import os
import subprocess
import sys

import click
import pytest

from cli import output
from cli.main import COMMANDS, root
from cli.output import command, emit, fail, group, invoke, say


@group(example="toy show")
def toy() -> None:
    """A toy."""


@toy.command(example="toy show", zh="显示")
def show() -> None:
    """Show."""
    say("在看", "looking")
    emit({"word": "回访", "on": __import__("datetime").date(2026, 9, 24)}, lambda: [output.text("词", "word")])


@toy.command()
def broken() -> None:
    fail("坏了", "broken")


@toy.command()
def surprised() -> None:
    raise RuntimeError("first line\nsecond line with 13800138000")


@toy.group()
def inner() -> None:
    """Inner."""


@inner.command()
def deep() -> None:
    emit({"deep": True}, "deep")


@command()
def plain() -> None:
    emit([], [])


def run(*argv: str, capsys, root=toy) -> tuple[int, str, str]:
    code = invoke(root, list(argv))
    shown = capsys.readouterr()
    return code, shown.out, shown.err


@pytest.fixture(autouse=True)
def english(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")


@pytest.mark.parametrize("argv", [("--json", "show"), ("show", "--json"), ("--json", "show", "--json")])
def test_json_before_and_after_the_subcommand(argv, capsys):
    code, out, err = run(*argv, capsys=capsys)
    assert (code, json.loads(out)) == (0, {"word": "回访", "on": "2026-09-24"})
    assert err == "looking\n"


@pytest.mark.parametrize(
    "argv", [("--json", "inner", "deep"), ("inner", "--json", "deep"), ("inner", "deep", "--json")]
)
def test_json_at_any_depth(argv, capsys):
    assert run(*argv, capsys=capsys)[1] == '{"deep": true}\n'


@pytest.mark.parametrize("argv", [("--lang", "zh", "show"), ("show", "--lang", "zh")])
def test_language_before_and_after_the_subcommand(argv, capsys):
    assert run(*argv, capsys=capsys) == (0, "词\n", "在看\n")


@pytest.mark.parametrize(
    ("variables", "language"),
    [
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "zh_CN.UTF-8"}, "zh"),
        ({"LANG": "zh_CN.UTF-8", "LC_ALL": "C"}, "en"),
    ],
)
def test_language_of_the_locale(variables, language, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert output.locale_language() == language


def test_a_failure_is_a_sentence_and_exit_code_1(capsys):
    assert run("broken", capsys=capsys) == (1, "", "broken\n")
    assert run("broken", "--lang", "zh", "--json", capsys=capsys) == (1, '{"error": "坏了"}\n', "坏了\n")


@pytest.mark.parametrize("argv", [("show", "--nonsense"), ("nonsense",), ("show", "--lang", "fr"), ("show", "extra")])
def test_wrong_use_is_exit_code_2(argv, capsys):
    code, out, err = run(*argv, capsys=capsys)
    assert (code, out) == (2, "")
    assert "Error" in err


def test_the_unforeseen_is_one_sentence(capsys, monkeypatch):
    monkeypatch.delenv("HUIFANG_DEBUG", raising=False)
    code, out, err = run("surprised", capsys=capsys)
    assert (code, out) == (1, "")
    assert err.count("\n") == 1
    assert "first line" in err
    assert "13800138000" not in err
    monkeypatch.setenv("HUIFANG_DEBUG", "1")
    with pytest.raises(RuntimeError):
        invoke(toy, ["surprised"])


def test_help_shows_the_example_and_speaks_both_languages(capsys):
    assert "Example:\n  toy show" in run("show", "--help", capsys=capsys)[1]
    chinese = run("show", "--lang", "zh", "--help", capsys=capsys)[1]
    assert "显示" in chinese
    assert "例：" in chinese


def test_a_command_made_elsewhere_gets_the_shared_options():
    assert {"--json", "--lang"} <= {o for p in output.add_shared_options(click.Command("bare")).params for o in p.opts}


def huifang(*argv: str, **extra: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-m", "cli.main", *argv], env=os.environ | extra, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_a_help_page_with_an_example(name: str, capsys):
    code, out, _ = run(name, "--help", capsys=capsys, root=root)
    assert code == 0
    assert "Example" in out
    assert f"huifang {name}" in out
    assert "--json" in out
    assert "--lang" in out


def test_a_command_without_settings_says_which_are_missing(tmp_path):
    answer = huifang("migrate", HUIFANG_HOME=str(tmp_path / "none"))
    assert answer.returncode == 1
    assert "HUIFANG_DATABASE_URL" in answer.stderr
    assert "huifang up" in answer.stderr
    assert "Traceback" not in answer.stderr


def test_the_frame_imports_nothing_heavy():
    script = "import sys, cli.main, cli.environment; print('\\n'.join(sys.modules))"
    loaded = set(
        subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    )
    heavy = {"pydantic", "sqlalchemy", "prefect", "fastapi", "httpx", "psycopg", "minio", "twilio", "rich", "numpy"}
    assert not heavy & loaded


def test_a_closed_pipe_is_no_traceback():
    answer = subprocess.run(
        f"{sys.executable} -m cli.main --help | head -c 1", shell=True, capture_output=True, text=True, check=False
    )
    assert answer.stderr == ""
