"""A script file held to its proofs: what `huifang scripts check`, the desk and publishing all ask."""

from pathlib import Path

from rules.parameters import PARAMETERS, Profile
from rules.script import Script
from rules.script_check import Problem, Report, check
from scripts.call_scripts import read_script, read_script_file
from scripts.script_yaml import BadScript, ScriptProblem
from scripts.wording_lists import wording_lists

# What stops a file from being read, in Chinese; the English sentence names the place
_UNREADABLE = {
    "NOT_YAML": "不是合格的 YAML",
    "NOT_READABLE": "读不到文件",
    "NOT_A_SCRIPT": "不是话术文件",
    "NOT_A_STEP": "步骤写法不对",
    "NOT_A_MAPPING": "这里应当是键值表",
    "NOT_A_LIST": "这里应当是列表",
    "UNKNOWN_KEY": "没有这个键",
    "MISSING_KEY": "缺少必需的键",
    "UNKNOWN_PART": "没有这个共用部分",
    "UNKNOWN_VARIANT": "没有这种话术类型",
    "UNKNOWN_QUESTION": "没有这种问法",
    "UNKNOWN_CONDITION": "没有这个条件",
    "UNKNOWN_ANSWER": "没有这种回答",
    "UNKNOWN_STEP": "跳转目标不存在",
    "MISSING_STEP": "缺少通话必需的步骤",
    "MISSING_PHRASE": "缺少固定语",
    "NOTHING_SAID": "没有话术内容",
    "NOT_A_QUESTION": "没有问句",
    "BAD_PLACEHOLDER": "占位不存在或写法不对",
    "BAD_NUMBER": "应当是正整数",
    "BAD_DATE": "应当是日期",
    "BAD_NAME": "名称只能由字母、数字和连字符组成",
    "DISCLOSES": "话术透露保单内容而没有标明",
    "DEAD_END": "说完以后无处可去",
}


def matrix_profile() -> Profile:
    """The item matrix as the rules have it, before any company's choices; read without a file."""
    return Profile("national", "1", {name: parameter.default for name, parameter in PARAMETERS.items()})


def check_script(script: Script) -> Report:
    return check(script, wording_lists(), matrix_profile())


def check_text(text: str, path: str = "script") -> Report:
    """The report on a script that may not even be readable."""
    try:
        script = read_script(text, path)
    except BadScript as bad:
        return _unreadable(bad)
    return check_script(script)


def check_file(path: Path) -> Report:
    """Raises OSError where there is no such file."""
    try:
        script = read_script_file(path)
    except BadScript as bad:
        return _unreadable(bad)
    return check_script(script)


def _unreadable(bad: BadScript) -> Report:
    return Report(bad.path, tuple(_problem(problem, bad.path) for problem in bad.problems), ())


def _problem(found: ScriptProblem, path: str) -> Problem:
    zh = f"{_UNREADABLE[found.code]}（{found.message}）"
    return Problem(found.code, found.line, found.file or path, zh, found.message)
