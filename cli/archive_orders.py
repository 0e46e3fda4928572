"""What people order about kept records at the command line: by log-in and password, under the rules of the desk's pages."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Any

import click

from cli.archive_group import archive, run
from cli.output import emit, text
from cli.people import BY, password_of, signed_in


def _ordered(by: str, act: str, work: Callable[[str, Any], Awaitable[Any]]) -> Any:
    """`work` with the log-in and the clock, when `by` is who he says and may do that (rules/keeping.py)."""
    from clock import system
    from rules.keeping import Act, may
    from storage import db
    from storage.retrieval import allowed

    password = password_of(by)

    async def whole() -> Any:
        async with db.transaction() as connection:
            person = await signed_in(connection, by, password)
        allowed(may(person, Act[act]))
        return await work(by, system())

    return run(whole)


@archive.command(
    "hold",
    example="huifang archive hold CALL_ID --reason '诉讼 (2026) 1 号' --by lin",
    zh="依法冻结一通电话的录音：一人设定，两人解除。须输入密码。",
)
@click.argument("call_id")
@click.option("--reason", required=True, help="Why it must not go.")
@BY
def hold(call_id: str, reason: str, by: str) -> None:
    """Put a legal hold on a call's recording: set by one, released by two. Asks for the password."""
    from storage import archive_orders

    held = _ordered(by, "HOLD", lambda who, clock: archive_orders.hold(call_id, reason, who, clock))
    emit({"ok": True, "objects": held}, text(f"已冻结 {held} 份。", f"{held} objects held."))


@archive.command(
    "release",
    example="huifang archive release CALL_ID --ask --reason 结案 --by lin\nhuifang archive release CALL_ID --by wu",
    zh="解除冻结：先由一人提出（--ask），再由另一人确认。须输入密码。",
)
@click.argument("call_id")
@click.option("--ask", is_flag=True, help="As the first of two.")
@click.option("--reason", default="", help="Why it may go; with --ask.")
@BY
def release(call_id: str, ask: bool, reason: str, by: str) -> None:
    """Release a legal hold: one person asks (--ask), another confirms. Asks for the password."""
    from storage import archive_orders

    if ask:
        _ordered(by, "ASK_RELEASE", lambda who, clock: archive_orders.ask_release(call_id, reason, who, clock))
        emit({"ok": True, "objects": 0}, text("已提出，待另一人确认。", "Asked; another person confirms."))
        return
    freed = _ordered(by, "RELEASE", lambda who, clock: archive_orders.release(call_id, who, clock))
    emit({"ok": True, "objects": freed}, text(f"已解除 {freed} 份。", f"{freed} objects released."))


@archive.command(
    "dispute",
    example="huifang archive dispute POLICY_NO --on 2026-09-01 --by lin\nhuifang archive dispute 3 --closed 2026-10-01 --by lin",
    zh="登记合同争议（延长其全部记录的保存期），或登记其了结（--closed）。须输入密码。",
)
@click.argument("what", metavar="POLICY_NO|NUMBER")
@click.option("--on", "opened", type=click.DateTime(["%Y-%m-%d"]), help="The day on which it began.")
@click.option("--closed", type=click.DateTime(["%Y-%m-%d"]), help="The day on which the dispute of this number ended.")
@BY
def dispute(what: str, opened: Any, closed: Any, by: str) -> None:
    """A dispute over a contract keeps its records while it is open and two years after. Asks for the password."""
    from storage import db, disputes

    if (opened is None) == (closed is None) or (closed is not None and not what.isdigit()):
        raise click.UsageError("a POLICY_NO with --on, or the NUMBER of a dispute with --closed")

    async def work(who: str, clock: Any) -> int:
        async with db.transaction() as connection:
            if opened is not None:
                return await disputes.open_dispute(connection, what, _day(opened), who, clock.now())
            await disputes.close_dispute(connection, int(what), _day(closed), who, clock.now())
            return int(what)

    number = _ordered(by, "DISPUTE", work)
    emit({"ok": True, "dispute": number}, text(f"争议 {number} 已登记。", f"Dispute {number} is on record."))


def _day(given: Any) -> date:
    return given.date()


@archive.command(
    "dispose",
    example="huifang archive dispose --list --by an\nhuifang archive dispose 1 --approve --by wu\nhuifang archive dispose 1 --by an",
    zh="期满销毁：列清单（--list），拟定人以外的两人批准（--approve）或不同意（--refuse），执行；留存凭证。须输入密码。",
)
@click.argument("number", type=int, required=False)
@click.option("--list", "listing", is_flag=True, help="Draw up a list of what has expired.")
@click.option("--approve", is_flag=True, help="Approve the list, as one of two.")
@click.option("--refuse", metavar="WHY", help="Do not agree: the list is over.")
@BY
def dispose(number: int | None, listing: bool, approve: bool, refuse: str | None, by: str) -> None:
    """Disposal after expiry: a list, two approvals, every version and key destroyed, a certificate. Asks for the
    password."""
    from storage import archive_orders

    if listing == (number is not None) or sum((listing, approve, refuse is not None)) > 1:
        raise click.UsageError("either --list or the NUMBER of a list, and one thing to do with it")
    if listing:
        made = _ordered(by, "LIST_EXPIRED", archive_orders.list_expired)
        emit({"ok": True, "list": made}, text(f"清单 {made}，待两人批准。", f"List {made}; two persons approve."))
    elif approve:
        count = _ordered(by, "APPROVE_DISPOSAL", lambda who, clock: archive_orders.approve(number, who, clock))
        emit({"ok": True, "approvals": count}, text(f"批准 {count}/2。", f"{count} of 2 approvals."))
    elif refuse is not None:
        _ordered(by, "APPROVE_DISPOSAL", lambda who, clock: archive_orders.refuse(number, who, refuse, clock))
        emit({"ok": True, "list": number}, text(f"清单 {number} 已终止。", f"List {number} is over."))
    else:
        outcome = _ordered(by, "DISPOSE", lambda who, clock: archive_orders.dispose(number, clock))
        emit({"ok": True, "objects": outcome}, lambda: [f"{key} · {what}" for key, what in outcome.items()])


@archive.command(
    "redact",
    example="huifang archive redact CALL_ID --from 61.5 --to 74 --reason 客户报出卡号 --by lin\nhuifang archive redact 1 --by wu",
    zh="遮蔽已归档录音中的支付信息：一人提出，另一人执行；先存入遮蔽后的副本，再销毁原录音的密钥。须输入密码。",
)
@click.argument("what", metavar="CALL_ID|NUMBER")
@click.option("--from", "begin", type=float, help="Seconds from the beginning.")
@click.option("--to", "end", type=float, help="Seconds from the beginning.")
@click.option("--reason", default="", help="Why it must not be heard.")
@BY
def redact(what: str, begin: float | None, end: float | None, reason: str, by: str) -> None:
    """Payment data in an archived recording: one asks with a stretch, another carries out the request by its number. Asks
    for the password."""
    from storage import redacting

    if (begin is None) != (end is None) or (begin is None and not what.isdigit()):
        raise click.UsageError("a CALL_ID with --from and --to, or the NUMBER of a request")
    if begin is not None:
        number = _ordered(by, "ASK_REDACTION", lambda who, clock: redacting.ask(what, begin, end, reason, who, clock))
        emit(
            {"ok": True, "request": number},
            text(f"申请 {number}，待另一人执行。", f"Request {number}; another carries it out."),
        )
        return
    _ordered(by, "REDACT", lambda who, clock: redacting.carry_out(int(what), who, clock))
    emit({"ok": True, "request": int(what)}, text("已遮蔽。", "Redacted."))


@archive.command(
    "training",
    example="huifang archive training\nhuifang archive training --make 7 RECORDING --by lin\nhuifang archive training --end 3 --by wu",
    zh="培训副本：列出；按已获准的培训申请制作（--make）；停用（--end）。制作与停用须输入密码。",
)
@click.option(
    "--make", nargs=2, metavar="REQUEST RECORDING", help="Make the masked copy of a granted request's recording."
)
@click.option("--end", "ended", type=int, metavar="NUMBER", help="Take a copy out of use.")
@click.option(
    "--by", metavar="LOGIN", help="Your log-in at the desk; the password is asked for. With --make and --end."
)
def training(make: tuple[str, str] | None, ended: int | None, by: str | None) -> None:
    """Masked copies for teaching: which there are; make one, end one. Nothing is heard here: the player is at the desk."""
    from clock import system
    from storage import db, training_copies

    if (make and ended) or (by is None) != (not make and ended is None) or (make and not make[0].isdigit()):
        raise click.UsageError("--make REQUEST RECORDING or --end NUMBER, with --by LOGIN; or nothing, for the list")
    password = password_of(by) if by else ""

    async def work() -> list[training_copies.Copy]:
        if by:
            async with db.transaction() as connection:
                person = await signed_in(connection, by, password)
            await _change(person, make, ended, system().now())
        async with db.transaction() as connection:
            return await training_copies.listed(connection)

    found = run(work)
    emit(
        {
            "ok": True,
            "copies": [
                {
                    "copy": copy.id,
                    "request": copy.request_id,
                    "recording": copy.recording,
                    "made_by": copy.made_by,
                    "made_at": copy.made_at,
                    "ends": copy.ends,
                    "ended": copy.ended_why,
                    "silenced": copy.silenced,
                }
                for copy in found
            ],
        },
        lambda: [
            f"{copy.id} · {copy.recording} · {copy.made_by} · {copy.ends:%Y-%m-%d} · {copy.ended_why or text('使用中', 'in use')}"
            for copy in found
        ],
    )


async def _change(person: Any, make: tuple[str, str] | None, ended: int | None, now: Any) -> None:
    from cli.output import fail
    from rules.retrieval import may_end_copy
    from storage import db, training_copies
    from storage.retrieval import allowed

    if make:
        try:
            await training_copies.make(int(make[0]), make[1], person.login, now)
        except LookupError:
            fail(f"没有第 {make[0]} 号申请。", f"There is no request {make[0]}.")
        return
    allowed(may_end_copy(person))
    async with db.transaction() as connection:
        copy = await training_copies.find(connection, ended, lock=True)
        if copy is None:
            fail(f"没有第 {ended} 号培训副本。", f"There is no training copy {ended}.")
        await training_copies.end(connection, copy, person.login, training_copies.WITHDRAWN, now)
