"""`huifang archive`: is every recording still there, does the store keep its promises; copies, keys, papers."""

import getpass
from datetime import date
from typing import Any

import click

from cli import archive_orders as _orders  # its commands belong to this group
from cli.archive_group import archive, run
from cli.output import emit, fail, text

__all__ = ["_orders", "archive"]


@archive.command(
    "check",
    example="huifang archive check\nhuifang archive check --due --seconds 600 --json",
    zh="按版本逐一重读每份录音（两份副本），核对摘要与锁；受损的用另一份修复。发现问题时退出码为 1。",
)
@click.option("--due", is_flag=True, help="Only what must be read again by now, as the nightly run does.")
@click.option("--seconds", type=float, default=86400.0, help="Stop after so long; the next run goes on from there.")
def check(due: bool, seconds: float) -> None:
    """Read every object again by its version, both copies: digests and locks. What is damaged is mended from the other
    copy. Exit code 1 when something was found."""
    from clock import system
    from tasks import archive_care

    clock = system()
    done = run(lambda: archive_care.check_objects.fn(clock, seconds, everything=not due))
    failures = [
        {
            "recording": finding.kept.name,
            "call_id": finding.kept.call_id,
            "object_key": finding.kept.object_key,
            "copy": finding.which,
            "problem": finding.problem,
            "mended": finding.mended,
        }
        for finding in done.findings
    ]
    document = {"objects": done.objects, "ok": not failures, "failures": failures, "finished": done.finished}

    def lines():
        for f in failures:
            state = text("已修复", "mended") if f["mended"] else text("未能修复", "not mended")
            yield f"{f['object_key']} · {f['copy']} · {f['problem']} · {state}"
        yield text(
            f"重读 {done.objects} 份，发现问题 {len(failures)} 处。",
            f"{done.objects} read again, {len(failures)} problems.",
        )

    emit(document, lines)
    if failures:
        click.get_current_context().exit(1)


@archive.command(
    "canary",
    example="huifang archive canary --json",
    zh="在真实存储桶上试图删除、覆盖、缩短、降级、停用版本、绕过，逐项报告；有一项未守住则报警、停止删除运营商副本，退出码为 1。",
)
def canary() -> None:
    """Try on the real buckets what Object Lock forbids, and report each answer. Exit code 1 when a promise is broken."""
    from clock import system
    from tasks import archive_care

    reports = run(lambda: archive_care.prove_stores.fn(system()))
    failures = [{"bucket": r.bucket, "promise": promise} for r in reports for promise in r.broken]
    document = {
        "objects": len(reports),
        "ok": not failures,
        "failures": failures,
        "buckets": [{"bucket": r.bucket, "kept": r.kept, "attempts": r.as_json()} for r in reports],
    }

    def lines():
        for report in reports:
            for attempt in report.attempts:
                kept = text("守住", "kept") if attempt.kept else text("未守住", "BROKEN")
                yield f"{report.bucket} · {attempt.promise} · {kept} · {attempt.answer}"

    emit(document, lines)
    if failures:
        click.get_current_context().exit(1)


@archive.command(
    "status", example="huifang archive status", zh="档案概况：份数、受损、逾期未复核、缺第二副本、密钥版本、报警。"
)
def status() -> None:
    """How the archive stands: objects, damage, overdue reading, missing second copies, key versions, alarms."""
    from clock import system
    from settings import settings
    from storage import alarms, data_keys, db, fixity, legal_holds, worm_tests

    async def work():
        async with db.transaction() as connection:
            return (
                await fixity.standing(connection, system().now(), settings().archive_check_days),
                await data_keys.versions_in_use(connection),
                await worm_tests.newest(connection),
                await legal_holds.standing(connection),
                await alarms.standing(connection),
            )

    found, keys, tests, holds, standing = run(work)
    document = {
        "objects": found.objects,
        "damaged": found.damaged,
        "overdue": found.overdue,
        "without_second_copy": found.single,
        "keys": keys,
        "canaries": [{"bucket": t["bucket"], "at": t["at"], "kept": t["kept"]} for t in tests],
        "holds": [{"call_id": h.call_id, "reason": h.reason, "set_by": h.set_by} for h in holds],
        "alarms": [{"name": a["name"], "since": a["raised_at"], "detail": a["detail"]} for a in standing],
    }

    def lines():
        yield text(
            f"{found.objects} 份；受损 {found.damaged}，逾期未复核 {found.overdue}，缺第二副本 {found.single}。",
            f"{found.objects} objects; {found.damaged} damaged, {found.overdue} not read in time, {found.single} without a second copy.",
        )
        for alarm in document["alarms"]:
            yield text("报警", "alarm") + f" {alarm['name']} · {alarm['since']:%Y-%m-%d %H:%M} · {alarm['detail']}"

    emit(document, lines)


@archive.command("copy", example="huifang archive copy", zh="为尚无第二副本的录音制作第二副本。")
@click.option("--seconds", type=float, default=86400.0, help="Stop after so long.")
def copy(seconds: float) -> None:
    """Make the second copies that are missing."""
    from clock import system
    from tasks import archive_care

    made = run(lambda: archive_care.make_second_copies.fn(system(), seconds))
    emit({"ok": True, "objects": made}, text(f"制作第二副本 {made} 份。", f"{made} second copies made."))


@archive.command(
    "renew",
    example="huifang archive renew --json",
    zh="续期：签署台账最新检查点；已设时间戳机构时，连同此前的时间戳一并重新盖戳。有时间戳失效或未能续期时退出码为 1。",
)
def renew() -> None:
    """Renew the evidence: sign the ledger as it stands and, where an authority is set, have it stamped together with the
    stamps before. Exit code 1 when a stamp no longer holds or none could be had."""
    from clock import system
    from tasks import stamping

    done = run(lambda: stamping.renew.fn(system()))
    failures = [{"object": name, "problem": problem} for name, problem in done.problems]
    document = {
        "objects": done.covered + (done.checkpoint is not None),
        "ok": not failures,
        "failures": failures,
        "checkpoint": done.checkpoint and {"lines": done.checkpoint.size, "root": done.checkpoint.root},
        "stamp": done.stamp and {"id": done.stamp.id, "authority": done.stamp.authority, "covers": done.covered},
    }

    def lines():
        for f in failures:
            yield f"{f['object']} · {f['problem']}"
        if done.checkpoint:
            size, root = done.checkpoint.size, done.checkpoint.root
            yield text(f"检查点：{size} 行，根 {root}", f"checkpoint: {size} lines, root {root}")
        if done.stamp:
            yield text(
                f"已由 {done.stamp.authority} 盖戳，并覆盖此前 {done.covered} 个时间戳。",
                f"Stamped by {done.stamp.authority}, over {done.covered} earlier stamps too.",
            )
        elif not done.checkpoint and not failures:
            yield text("台账尚无记录。", "There is nothing on the ledger yet.")
        elif not failures:
            yield text("未设时间戳机构：仅签署。", "No time-stamp authority is set: signed only.")

    emit(document, lines)
    if failures:
        click.get_current_context().exit(1)


@archive.command(
    "rotate",
    example="huifang archive rotate",
    zh="在密钥文件中加入新版本，并用它重新包裹每个数据密钥；存储中的对象不变。",
)
@click.option("--rewrap-only", is_flag=True, help="The new version is there already (environment, key service).")
def rotate(rewrap_only: bool) -> None:
    """Add a new version to the key file and wrap every data key with it. No object is touched."""
    from clock import system
    from rules.calendar import business_date
    from settings import settings
    from storage import archive_orders, data_keys, db
    from storage.key_keepers import add_key, key_keeper

    file = settings().archive_key_file
    if not rewrap_only:
        if file is None or settings().archive_kms_url:
            fail(
                "密钥不在文件中：请在其所在处轮换，然后运行 huifang archive rotate --rewrap-only。",
                "The keys are not in a file: rotate them where they are, then run `huifang archive rotate --rewrap-only`.",
            )
        today: date = business_date(system().now())
        add_key(file, today)

    async def work():
        done = await archive_orders.rewrap(system())
        async with db.transaction() as connection:
            return done, await data_keys.versions_in_use(connection)

    done, in_use = run(work)
    version = key_keeper().current()
    emit(
        {"ok": True, "objects": done, "version": version, "in_use": in_use},
        text(
            f"密钥版本 {version}，重新包裹 {done} 个数据密钥。请备份密钥文件。",
            f"Key version {version}; {done} data keys wrapped anew. Back the key file up.",
        ),
    )


@archive.command(
    "paper",
    example="huifang archive paper\nhuifang archive paper --add '2026年9月 回执' --place '二号库 3架' --keeper 李档案",
    zh="纸质档案登记：内容、存放处、保管人、保存期（自归档起十年）。",
)
@click.option("--add", "title", help="What the bundle holds.")
@click.option("--place", help="Where it lies; with --add.")
@click.option("--keeper", help="Who keeps it; with --add, or with --number to hand it over.")
@click.option("--archived-on", type=click.DateTime(["%Y-%m-%d"]), help="The day of archiving (default: today).")
@click.option("--number", type=int, help="A bundle of the register, to be handed over to --keeper.")
@click.option("--by", help="Who enters it, for the record; the user of this machine unless told.")
def paper(
    title: str | None, place: str | None, keeper: str | None, archived_on: Any, number: int | None, by: str | None
) -> None:
    """The register of paper records: what, where, who keeps it, until when."""
    from clock import system
    from rules.calendar import business_date
    from storage import db, paper_files

    if (title and not (place and keeper)) or (number and not keeper):
        raise click.UsageError("--add needs --place and --keeper, --number needs --keeper")
    now = system().now()

    async def work():
        async with db.transaction() as connection:
            if title:
                day = archived_on.date() if archived_on else business_date(now)
                await paper_files.enter(connection, title, place, keeper, day, by or getpass.getuser(), now)
            elif number and not await paper_files.hand_over(connection, number, keeper):
                fail(f"登记中没有 {number} 号。", f"There is no bundle {number} in the register.")
            return await paper_files.register(connection)

    found = run(work)
    emit(
        {"ok": True, "papers": found},
        lambda: [
            f"{p['id']} · {p['title']} · {p['place']} · {p['keeper']} · {p['archived_on']} – {p['keep_until']}"
            for p in found
        ],
    )
