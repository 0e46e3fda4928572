"""`huifang scripts`: prove a call script, show it whole, and lead a version through its life."""

from pathlib import Path

import click

from cli.output import Group, emit, fail, language, text


@click.group(
    cls=Group,
    example="huifang scripts check scripts/calls/agency-universal-regular.yaml\nhuifang scripts calls agency-universal-regular@1",
    zh="回访话术：证明、查看、发布、停用、按版本查通话。",
)
def scripts() -> None:
    """Call scripts: prove, show, publish, withdraw, and find the calls of a version."""


@scripts.command(
    name="check",
    example="huifang scripts check scripts/calls/*.yaml\nhuifang scripts check my-script.yaml --json",
    zh="证明话术，或指出哪一行有什么问题，附一通会出错的通话。有问题时退出码为 1。",
)
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Prove call scripts, or say what is wrong and in which line. Exit code 1 when a proof fails."""
    from scripts.script_proofs import check_file

    reports = []
    for path in files:
        try:
            reports.append((path, check_file(path)))
        except OSError:
            fail(f"读不到文件 {path}。", f"There is no readable file {path}.", exit_code=2)
    zh = language() == "zh"
    checked = [_document(path, report, zh) for path, report in reports]
    whole = {
        "ok": all(one["ok"] for one in checked),
        "problems": [problem for one in checked for problem in one["problems"]],
        "proofs": [proof for one in checked for proof in one["proofs"]],
        "scripts": [{"file": one["file"], "script": one["script"], "ok": one["ok"]} for one in checked],
    }
    emit(whole, lambda: _lines(checked))
    if not whole["ok"]:
        click.get_current_context().exit(1)


def _document(path: Path, report, zh: bool) -> dict:
    return {
        "file": str(path),
        "script": report.script,
        "ok": report.ok,
        "problems": [
            {
                "line": p.line,
                "code": p.code,
                "message": p.zh if zh else p.en,
                "file": p.file,
                "script": report.script,
                "path": list(p.path_zh if zh else p.path_en),
            }
            for p in report.problems
        ],
        "proofs": [
            {
                "proof": p.name,
                "holds": p.holds,
                "text": p.zh if zh else p.en,
                "covers": p.covers_zh if zh else p.covers_en,
                "script": report.script,
            }
            for p in report.proofs
        ],
    }


def _lines(checked: list[dict]):
    for one in checked:
        held = sum(proof["holds"] for proof in one["proofs"])
        if one["ok"]:
            yield text(f"{one['script']}：{held}项证明全部成立", f"{one['script']}: all {held} proofs hold")
        else:
            count = len(one["problems"])
            yield text(f"{one['script']}：{count}个问题", f"{one['script']}: {count} problems")
        for problem in one["problems"]:
            yield f"  {problem['file']}:{problem['line']} {problem['code']} {problem['message']}"
            yield from (f"      {line}" for line in problem["path"])
        for proof in one["proofs"]:
            yield f"  {'✓' if proof['holds'] else '✗'} {proof['text']} [{proof['covers']}]"
