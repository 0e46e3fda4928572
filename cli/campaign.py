"""`huifang campaign`: whether people are rung, and the switch that a supervisor throws."""

import asyncio

import click

from cli.output import emit, group, text

# the command is no page with a sign-in, and stopping must not wait for a password
BY = click.option("--by", help="Who throws it, for the record; the user of this machine unless told.")
WHY = click.option("--reason", default="", help="Why, for the record and the board.")
WORDS = {
    "RUN": ("外呼进行中", "Dialling runs"),
    "PAUSED": (
        "外呼已暂停：不再拨打新的客户，进行中的通话照常结束",
        "Dialling is paused: nobody new is rung, calls under way go on",
    ),
    "STOPPED": (
        "外呼已停止：不再拨打新的客户，尚未接通的呼叫已撤回",
        "Dialling is stopped: nobody new is rung, calls that nobody had answered are taken back",
    ),
}


@group(
    invoke_without_command=True,
    example="huifang campaign\nhuifang campaign pause --reason 'wrong list'\nhuifang campaign resume",
    zh="外呼开关：查看、暂停、恢复、立即停止；在下一次拨号之前生效。",
)
@click.pass_context
def campaign(context: click.Context) -> None:
    """Whether people are rung; pause, resume or stop it. Takes effect before the next dial."""
    if context.invoked_subcommand is None:
        _show(asyncio.run(_standing()), 0)


@campaign.command(
    example="huifang campaign pause --reason 'wrong list'", zh="暂停：不再拨打新的客户，进行中的通话照常结束。"
)
@BY
@WHY
def pause(by: str | None, reason: str) -> None:
    """Ring nobody new; calls under way go on."""
    _throw("PAUSED", by, reason)


@campaign.command(example="huifang campaign stop --reason 'complaints'", zh="立即停止：另将尚未接通的呼叫撤回。")
@BY
@WHY
def stop(by: str | None, reason: str) -> None:
    """Ring nobody new, and take back what nobody has answered yet; who is talking talks to the end."""
    _throw("STOPPED", by, reason)


@campaign.command(example="huifang campaign resume", zh="恢复外呼。")
@BY
@WHY
def resume(by: str | None, reason: str) -> None:
    """Ring again whoever may be rung."""
    _throw("RUN", by, reason)


def _throw(value: str, by: str | None, reason: str) -> None:
    import getpass

    _show(*asyncio.run(_thrown(value, by or getpass.getuser(), reason.strip())))


async def _standing():
    from storage import controls, db

    async with db.transaction() as connection:
        switch = await controls.standing(connection, controls.DIALLER)
    await db.dispose()
    return switch


async def _thrown(value: str, by: str, reason: str):
    from clock import system
    from storage import controls, db

    clock, taken_back = system(), 0
    try:
        async with db.transaction() as connection:
            await controls.throw(connection, controls.DIALLER, value, by, clock.now(), reason)
        if value == controls.STOPPED:
            from cli.day import quiet_prefect

            quiet_prefect()
            from tasks.sweeping import take_back_unanswered
            from telephony.twilio_phone import twilio_phone

            # the dialler does so too, if one runs; a call is taken back once
            async with twilio_phone() as line:
                taken_back = await take_back_unanswered.fn(line, clock)
        async with db.transaction() as connection:
            return await controls.standing(connection, controls.DIALLER), taken_back
    finally:
        await db.dispose()


def _show(switch, taken_back: int) -> None:
    from rules.calendar import SHANGHAI

    document = {
        "state": switch.value,
        "by": switch.set_by,
        "at": switch.set_at,
        "reason": switch.reason,
        "taken_back": taken_back,
    }

    def lines():
        yield text(*WORDS[switch.value])
        if switch.set_by:
            when = f"{switch.set_at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
            why = f" · {switch.reason}" if switch.reason else ""
            yield text(f"{switch.set_by}，{when}{why}", f"{switch.set_by}, {when}{why}")
        if taken_back:
            yield text(f"撤回呼叫 {taken_back} 个", f"{taken_back} calls taken back")

    emit(document, lines)
