"""`huifang profiles`: which rule layers hold for which branch, and a branch's own layer put on file."""

import asyncio
import getpass
from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from cli.output import emit, fail, group, text

if TYPE_CHECKING:
    from scripts.house import House


@group(
    invoke_without_command=True,
    example="huifang profiles\nhuifang profiles file 500101 branch-example",
    zh="规则版本：各机构适用哪几层；机构版备案（profiles file）与撤回（profiles withdraw）。",
)
@click.pass_context
def profiles(context: click.Context) -> None:
    """Rule profiles: which layers hold for which branch; a branch's own layer on file."""
    if context.invoked_subcommand is None:
        asyncio.run(_show())


@profiles.command(
    "file", example="huifang profiles file 500101 branch-example", zh="机构版备案：只能更严，备案之日起生效。"
)
@click.argument("branch")
@click.argument("name")
@click.option("--by", help="Who files it, for the record; the user of this machine unless told.")
def file(branch: str, name: str, by: str | None) -> None:
    """Put a branch's own layer on file: stricter only, in force from today."""
    from clock import system
    from rules.calendar import business_date
    from scripts.filing import FilingRefused, must_hold
    from storage import db
    from storage.house import file_layer, read_house

    now = system().now()
    today = business_date(now)

    async def work() -> bool:
        try:
            async with db.transaction() as connection:
                must_hold(await read_house(connection), branch, name, today)
                return await file_layer(connection, branch, name, now, by or getpass.getuser())
        finally:
            await db.dispose()

    try:
        fresh = asyncio.run(work())
    except FilingRefused as refused:
        fail(refused.zh, refused.en)
    emit(
        {"branch": branch, "profile": name, "filed_on": today, "changed": fresh},
        text(
            f"{name} 已为 {branch} 备案，自 {today} 起订立的合同适用。",
            f"{name} is on file for {branch} and holds for contracts concluded from {today} on.",
        )
        if fresh
        else text(f"{name} 早已为 {branch} 备案。", f"{name} is on file for {branch} already."),
    )


@profiles.command("withdraw", example="huifang profiles withdraw 500101", zh="撤回机构版；此前订立的合同仍适用它。")
@click.argument("branch")
@click.option("--by", help="Who withdraws it, for the record; the user of this machine unless told.")
def withdraw(branch: str, by: str | None) -> None:
    """Withdraw a branch's own layer; contracts concluded before keep it."""
    from clock import system
    from storage import db
    from storage.house import withdraw_layer

    async def work() -> str | None:
        try:
            async with db.transaction() as connection:
                return await withdraw_layer(connection, branch, system().now(), by or getpass.getuser())
        finally:
            await db.dispose()

    name = asyncio.run(work())
    if name is None:
        fail(f"{branch} 没有已备案的机构版。", f"{branch} has no layer on file.")
    emit({"branch": branch, "profile": name}, text(f"{branch} 的 {name} 已撤回。", f"{name} of {branch} is withdrawn."))


async def _show() -> None:
    from clock import system
    from rules.branches import jurisdiction_of
    from rules.calendar import business_date
    from storage import db
    from storage.house import read_house

    today = business_date(system().now())
    try:
        async with db.transaction() as connection:
            house = await read_house(connection)
    finally:
        await db.dispose()
    document = {
        "company": house.company,
        "branches": [
            {
                "code": branch.code,
                "name": branch.name,
                "jurisdiction": jurisdiction_of(branch.code, house.tree),
                "filed": house.layers_of(branch.code, today),
                "profiles": house.profiles_of_branch(branch.code, today),
            }
            for branch in house.tree.branches
        ],
    }
    emit(document, lambda: _lines(house, document))


def _lines(house: "House", document: dict) -> Iterator[str]:
    own = text("公司版：", "company layer: ") + (house.company or "–")
    yield own
    for branch in document["branches"]:
        yield f"{branch['code']}  {branch['name']}  {branch['jurisdiction'] or '–'}  {' · '.join(branch['profiles'])}"
