"""`huifang import`, `pull`, `branches`: contracts and the organisation into the database."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.output import command, emit, fail, group, language, say, text, voice, wants_json

if TYPE_CHECKING:
    from rules.branches import Branch, Organisation
    from rules.list_columns import ListRefused
    from storage.contract_lists import ImportResult

FIRST_PROBLEMS = 50
_LABELS = {
    "rows": "行数",
    "accepted": "新接收",
    "updated": "有更新",
    "unchanged": "无变化",
    "rejected": "未接收",
    "duplicates": "文件内重复",
    "out_of_scope": "不属回访范围",
    "cases_opened": "新建回访",
}
_SEVERITIES = {"rejected": "未接收", "warning": "提示"}


@command(
    example="huifang import samples/contracts.csv\nhuifang import delivery.xlsx --mapping columns.json --json",
    zh="接收合同清单（CSV、XLSX）：逐行检查，建立回访任务。",
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--source", default="file", show_default=True, help="Who sent it; kept with the contracts.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON object: header in the file → English column name.",
)
def import_list(file: Path, source: str, mapping: Path | None) -> int:
    """Take a contract list (CSV, XLSX): check every row, open the cases."""
    from rules.list_columns import ListRefused, MappingRefused, read_mapping
    from storage.contract_lists import ListBusy
    from tasks.contract_lists import take_file

    try:
        columns = read_mapping(mapping.read_text(encoding="utf-8")) if mapping else None
    except (MappingRefused, UnicodeDecodeError) as wrong:
        fail(f"列对应文件有误：{wrong}", f"The mapping cannot be used: {wrong}", exit_code=2)

    async def work() -> None:
        with _progress() as progress:
            result = await take_file(file, now=_now(), source=source, mapping=columns, progress=progress)
        await _report(result)

    try:
        _run(work())
    except ListRefused as refused:
        return _refuse(refused)
    except ListBusy:
        fail("这份清单正在由另一个进程接收。", "Another process is taking this very list.")
    return 0


@command(example="huifang pull\nhuifang pull --since 0", zh="从核心业务系统拉取新合同。")
@click.option("--since", metavar="CURSOR", help="Begin behind this cursor instead of the stored one.")
def pull(since: str | None) -> None:
    """Take new contracts off the core system's HTTP interface."""
    from settings import settings
    from tasks.contract_lists import PullBusy, pull_contracts
    from tasks.core_system import CoreSystemError

    chosen = settings()
    if not chosen.core_url:
        fail(
            "没有设置核心业务系统的地址：请设 HUIFANG_CORE_URL（和 HUIFANG_CORE_TOKEN）。",
            "No core system is set: set HUIFANG_CORE_URL (and HUIFANG_CORE_TOKEN).",
        )
    token = chosen.core_token.get_secret_value() if chosen.core_token else None

    async def work() -> None:
        with _progress() as progress:
            result = await pull_contracts(chosen.core_url, token, now=_now(), since=since, progress=progress)
        await _report(result)

    try:
        _run(work())
    except CoreSystemError as trouble:
        fail(trouble.zh, trouble.en)
    except PullBusy:
        fail("另一个进程正在从核心系统拉取。", "Another process is pulling from the core system.")


@group(
    invoke_without_command=True,
    example="huifang branches\nhuifang branches import samples/branches.csv",
    zh="显示机构树，或从文件导入（branches import 文件）。",
)
@click.pass_context
def branches(context: click.Context) -> None:
    """The organisation tree, or take it from a file."""
    if context.invoked_subcommand is None:
        _run(_show_branches())


@branches.command(
    "import", example="huifang branches import samples/branches.csv", zh="从文件导入机构树、网点、员工和业务员。"
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_branches(file: Path) -> int:
    """Take the tree, outlets, staff and agents from a file."""
    from rules.list_columns import ListRefused
    from storage import db
    from storage.branch_files import read_organisation
    from storage.organisation import store_organisation

    async def work() -> None:
        organisation = read_organisation(file)
        async with db.transaction() as connection:
            await store_organisation(connection, organisation)
        say(
            f"已导入：机构 {len(organisation.branches)}，网点 {len(organisation.outlets)}，"
            f"员工 {len(organisation.staff)}，业务员 {len(organisation.agents)}。",
            f"Taken: {len(organisation.branches)} branches, {len(organisation.outlets)} outlets, "
            f"{len(organisation.staff)} staff, {len(organisation.agents)} agents.",
        )
        await _show_branches()

    try:
        _run(work())
    except ListRefused as refused:
        return _refuse(refused)
    return 0


# ---- what is shown ----


async def _show_branches() -> None:
    from storage import db
    from storage.organisation import read_organisation

    async with db.transaction() as connection:
        tree = await read_organisation(connection)
    document = [
        {"code": b.code, "name": b.name, "parent": b.parent, "kind": b.kind}
        | ({"jurisdiction": b.jurisdiction} if b.jurisdiction else {})
        for b in tree.branches
    ]
    emit({"branches": document}, lambda: _tree_lines(tree))


def _tree_lines(tree: "Organisation") -> Iterator[str]:
    from rules.words import word

    if not tree.branches:
        yield text(
            "还没有机构树。请运行 huifang branches import 文件。",
            "There is no tree yet. Run `huifang branches import FILE`.",
        )
    children: dict[str | None, list] = {}
    for branch in tree.branches:
        children.setdefault(branch.parent, []).append(branch)

    def below(parent: str | None, depth: int) -> Iterator[str]:
        for branch in children.get(parent, ()):
            yield f"{'  ' * depth}{branch.code}  {branch.name}  ({word(branch.kind, language())}){_region(branch)}"
            yield from below(branch.code, depth + 1)

    yield from below(None, 0)


def _region(branch: "Branch") -> str:
    return text(f"  辖区 {branch.jurisdiction}", f"  jurisdiction {branch.jurisdiction}") if branch.jurisdiction else ""


async def _report(result: "ImportResult") -> None:
    """The counts and the problems; problems are read as they are printed, since a list may have a million."""
    from storage.contract_lists import count_problems, problems

    if wants_json():
        click.echo(json.dumps({"list_id": result.list_id, **result.counts}, ensure_ascii=False)[:-1], nl=False)
        click.echo(', "problems": [', nl=False)
        if result.list_id is not None:
            async for piece in _pieces(problems(result.list_id)):
                click.echo(piece, nl=False)
        click.echo("]}")
        voice().spoken = True
        return
    for name, value in result.counts.items():
        click.echo(f"{text(_LABELS[name], name.replace('_', ' ')):<14} {value:>10,}")
    if result.list_id is None:
        return
    total = await count_problems(result.list_id)
    shown = [problem async for problem in problems(result.list_id, most=FIRST_PROBLEMS)]
    if shown:
        click.echo()
    for problem in shown:
        severity = text(_SEVERITIES[problem["severity"]], problem["severity"])
        message = problem[f"message_{language()}"]
        row = text(f"第 {problem['row']} 行", f"row {problem['row']}")
        click.echo(f"{row:<10} {severity:<9} {problem['code']:<21} {message}")
    if total > len(shown):
        more = total - len(shown)
        click.echo(text(f"… 另有 {more:,} 条，见清单页面。", f"… {more:,} more, see the list's page."))
    await _say_without_tree()


async def _say_without_tree() -> None:
    from storage import db
    from storage.db import rows

    async with db.transaction() as connection:
        if not await rows(connection, "SELECT 1 AS one FROM branches LIMIT 1"):
            say(
                "还没有机构树，所有机构代码都未识别：请运行 huifang branches import 文件。",
                "There is no organisation tree yet, so no branch code is known: run `huifang branches import FILE`.",
            )


async def _pieces(found: AsyncIterator[dict[str, Any]]) -> AsyncIterator[str]:
    lang, first = language(), True
    async for problem in found:
        one = {name: problem[name] for name in ("row", "field", "code", "severity")}
        yield ("" if first else ", ") + json.dumps({**one, "message": problem[f"message_{lang}"]}, ensure_ascii=False)
        first = False


def _refuse(refused: "ListRefused") -> int:
    sentence = text(refused.message_zh, refused.message_en)
    if wants_json():
        emit({"refused": True, "message": sentence})
    else:
        click.echo(sentence, err=True)
    return 1


# ---- how it runs ----


def _now():
    from clock import system

    return system().now()


def _run(work) -> None:
    from storage import db

    async def whole() -> None:
        try:
            await work
        finally:
            await db.dispose()

    asyncio.run(whole())


@contextlib.contextmanager
def _progress() -> Iterator[Callable[[int], None] | None]:
    """A count of rows on the terminal, for somebody who waits; nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    with Progress(
        SpinnerColumn(),
        TextColumn("{task.completed:,.0f}"),
        TextColumn(text("行", "rows")),
        TimeElapsedColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda stored: shown.update(task, completed=stored)
