"""`huifang up`, `down`, `status`: the one-machine stack."""

from collections.abc import Iterable
from dataclasses import asdict

import click

from cli import environment
from cli.output import Failure, command, emit, say, text
from cli.stack import ServiceState, Stack, StackError

STATES_ZH = {
    "running": "运行中",
    "not answering": "无应答",
    "crashed": "已异常退出",
    "stopped": "未启动",
    "external": "外部服务",
}


def table(states: Iterable[ServiceState]) -> list[str]:
    return [f"{s.name:<9} {text(STATES_ZH[s.state], s.state):<15} {s.url}".rstrip() for s in states]


def document(states: Iterable[ServiceState]) -> dict:
    return {"services": [asdict(state) for state in states]}


@command(
    example="huifang up\nHUIFANG_HOME=/srv/second huifang up",
    zh="启动本机整套服务（PostgreSQL、S3、Prefect、运营商模拟、工作台）；已在运行的保持不动，被中断的予以恢复。",
)
@click.option(
    "--live", is_flag=True, help="Leave the day that a demo left to be looked at: own database, system clock."
)
def up(live: bool) -> None:
    """Start the one-machine stack: PostgreSQL, S3, Prefect, carrier, desk. What runs is left alone."""
    stack = Stack(tell=say)
    try:
        if live:
            stack.use(None)
        states = stack.up()
    except StackError as problem:
        raise Failure(problem.zh, problem.en) from problem
    emit(document(states), [*table(states), *_welcome(states)])


def _welcome(states: list[ServiceState]) -> list[str]:
    desk = next(state for state in states if state.name == "desk")
    if desk.state != "running":
        return []
    lines = ["", text(f"工作台：{desk.url}", f"Desk: {desk.url}")]
    if environment.values(environment.home()).get("HUIFANG_DEMO_USERS", "").lower() not in ("true", "1", "yes"):
        return lines
    from desk.demo_users import DEMO_USERS

    lines.append(text("演示用户（登录名 / 密码）：", "Demo users (log-in / password):"))
    return [*lines, *(f"  {u.login:<11} {u.password:<20} {u.name} {' '.join(u.roles)}" for u in DEMO_USERS)]


@command(example="huifang down", zh="停止本机整套服务；数据保留。")
def down() -> None:
    """Stop the one-machine stack; its data stays."""
    try:
        states = Stack(tell=say).down()
    except StackError as problem:
        raise Failure(problem.zh, problem.en) from problem
    emit(document(states), table(states))


@command(example="huifang status --json", zh="显示本机整套服务的状态。")
def status() -> None:
    """Show the services of the one-machine stack."""
    states = Stack().status()
    emit(document(states), table(states))
