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


@scripts.command(
    name="show",
    example="huifang scripts show agency-universal-regular@1",
    zh="整篇打印一个话术：每一步说什么、问什么、各种回答去哪里。",
)
@click.argument("script_id")
def show(script_id: str) -> None:
    """Print a script whole, with every shared part in its place."""
    script = _shipped(script_id)
    document = script.to_json()

    def lines():
        yield f"{script.id}  {script.file}"
        for step in script.steps.values():
            yield f"{step.id}  {step.purpose}  {' '.join(step.rules)}"
            for key, text_id in (("ask", step.ask), ("again", step.again), ("explain", step.explain)):
                if text_id:
                    yield f"    {key}: {script.texts[text_id].words}"
            for answer, target in step.on.items():
                yield f"    {answer} → {target}"
            if step.end:
                yield f"    ■ {step.end}"

    emit(document, lines)


def _shipped(script_id: str):
    from scripts.call_scripts import UnknownScript, load_script

    name, _, number = script_id.partition("@")
    try:
        return load_script(name, int(number) if number else None)
    except (UnknownScript, ValueError):
        fail(f"没有话术 {script_id}。", f"There is no script {script_id}.", exit_code=2)


# ---------------------------------------------------------------- the life of a version: these ask the database


@scripts.command(name="list", example="huifang scripts list --json", zh="列出所有版本及其状态。")
def list_versions() -> None:
    """Every version, where it stands, and who brought it there."""
    from storage import script_versions

    async def work(connection):
        return await script_versions.versions(connection)

    found = _run(work)
    document = {"versions": [_version(one) for one in found]}
    emit(document, lambda: (f"{one.id}  {one.state}  {one.effective_from or ''}" for one in found))


@scripts.command(
    name="draft",
    example="huifang scripts draft my-script.yaml --by wang",
    zh="提交一个新版本的草稿，待第二人复核。",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--by", required=True, help="Who drafts it.")
def draft(file: Path, by: str) -> None:
    """Put a new version forward; a second person reviews it."""
    from scripts.call_scripts import BadScript, read_script_file
    from storage import script_versions

    try:
        script = read_script_file(file)
    except OSError:
        fail(f"读不到文件 {file}。", f"There is no readable file {file}.", exit_code=2)
    except BadScript as bad:
        fail(f"话术读不出来：{bad}", f"The script cannot be read: {bad}")

    async def work(connection):
        return await script_versions.draft(connection, script, by, _now())

    _tell(_run(work))


@scripts.command(
    name="review", example="huifang scripts review agency-universal-regular@2 --by li", zh="由起草人以外的第二人复核。"
)
@click.argument("script_id")
@click.option("--by", required=True, help="Who has reviewed it; not whoever drafted it.")
def review(script_id: str, by: str) -> None:
    """A second person has read the draft."""
    from storage import script_versions

    async def work(connection):
        return await script_versions.review(connection, script_id, by, _now())

    _tell(_run(work))


@scripts.command(
    name="publish",
    example="huifang scripts publish agency-universal-regular@2 --by li --from 2026-10-08",
    zh="发布复核过的版本，证明不成立的不能发布。",
)
@click.argument("script_id")
@click.option("--by", required=True, help="Who publishes it.")
@click.option("--from", "effective_from", type=click.DateTime(["%Y-%m-%d"]), help="The first day (default: today).")
def publish(script_id: str, by: str, effective_from) -> None:
    """Publish a reviewed version; one that fails its proofs is refused. Exit code 1 then."""
    from rules.calendar import business_date
    from scripts.script_proofs import check_script
    from storage import script_versions

    now = _now()
    today = business_date(now)

    async def work(connection):
        script = await script_versions.script_of(connection, script_id)
        report = check_script(script)
        if not report.ok:
            return report
        day = effective_from.date() if effective_from else today
        return await script_versions.publish(connection, script_id, by, day, now, today=today)

    found = _run(work)
    if hasattr(found, "problems"):
        checked = [_document(Path(script_id), found, language() == "zh")]
        emit({"ok": False, "problems": checked[0]["problems"], "proofs": checked[0]["proofs"]}, lambda: _lines(checked))
        click.get_current_context().exit(1)
    _tell(found)


@scripts.command(
    name="withdraw",
    example='huifang scripts withdraw agency-universal-regular@1 --by li --why "the fee item is missing"',
    zh="停用一个版本，新的通话不再使用。",
)
@click.argument("script_id")
@click.option("--by", required=True, help="Who withdraws it.")
@click.option("--why", required=True, help="The reason, kept for ever.")
def withdraw(script_id: str, by: str, why: str) -> None:
    """No new call uses the version; calls made under it keep it."""
    from storage import script_versions

    async def work(connection):
        return await script_versions.withdraw(connection, script_id, by, why, _now())

    _tell(_run(work))


@scripts.command(
    name="calls",
    example="huifang scripts calls agency-universal-regular@1 --json\nhuifang scripts calls bank-health-single@1 -o calls.csv",
    zh="某一版本下的全部通话，可导出。",
)
@click.argument("script_id")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write them as CSV, without personal data.")
def calls(script_id: str, output: Path | None) -> None:
    """All calls made under a version."""
    from storage import script_calls, script_versions

    async def work(connection):
        await script_versions.version(connection, script_id)
        found = await script_calls.calls_under(connection, script_id)
        return found, await script_calls.count_under(connection, script_id)

    found, counts = _run(work)
    if output is not None:
        _write_csv(output, found)
    document = {"script": script_id, **counts, "list": found, "file": str(output) if output else None}
    sentence = text(
        f"{script_id}：{counts['calls']}通通话，{counts['cases']}件，其中{counts['completed']}件计为完成，{counts['recalled']}件已重访",
        f"{script_id}: {counts['calls']} calls, {counts['cases']} cases, {counts['completed']} count as completed, "
        f"{counts['recalled']} taken up again",
    )
    emit(document, [sentence, *([str(output)] if output else [])])


@scripts.command(
    name="recall",
    example='huifang scripts recall agency-universal-regular@1 --items N3 --by li --why "fees were not asked" --dry-run',
    zh="对某一版本漏问的项目批量重访，只问漏问的项目，其余回答保留。",
)
@click.argument("script_id")
@click.option("--items", required=True, help="The items to ask, separated by commas.")
@click.option("--by", required=True, help="Who orders it.")
@click.option("--why", required=True, help="The reason, kept for ever.")
@click.option("--dry-run", is_flag=True, help="Only tell which cases it would be.")
def recall(script_id: str, items: str, by: str, why: str, dry_run: bool) -> None:
    """Take up again every case completed under the version, for the missing items only; it counts once they are answered."""
    from rules.calendar import business_date
    from rules.outcomes import ITEM_REASONS, SIGNATURE_REASONS
    from storage import script_calls, script_versions

    asked = [item.strip() for item in items.split(",") if item.strip()]
    known = {*ITEM_REASONS, *SIGNATURE_REASONS, "M2.received", "M2.receipt_signed"}
    if not asked or (unknown := sorted(set(asked) - known)):
        wrong = "、".join(unknown) if asked else items
        fail(f"没有这样的项目：{wrong}。", f"No such item: {wrong}.", exit_code=2)
    now = _now()

    async def work(connection):
        await script_versions.version(connection, script_id)
        plan = await script_calls.to_recall(connection, script_id, asked)
        if dry_run:
            return plan.cases
        return await script_calls.recall(connection, plan, by=by, why=why, now=now, today=business_date(now))

    cases = _run(work)
    document = {"script": script_id, "items": asked, "cases": list(cases), "count": len(cases), "dry_run": dry_run}
    emit(
        document,
        text(
            f"{'将' if dry_run else '已'}重访{len(cases)}件，只问{'、'.join(asked)}",
            f"{len(cases)} cases {'would be' if dry_run else 'are'} taken up again, asked only {', '.join(asked)}",
        ),
    )


def _run(work):
    import asyncio

    from cli.environment import load

    load()
    from scripts.call_scripts import UnknownScript
    from storage import db
    from storage.script_versions import NotPossible

    async def inside():
        try:
            async with db.transaction() as connection:
                return await work(connection)
        finally:
            await db.dispose()

    try:
        return asyncio.run(inside())
    except NotPossible as refused:
        fail(f"{refused.zh}。", f"{refused.en}.")
    except UnknownScript as unknown:
        fail(f"没有话术 {unknown}。", f"There is no script {unknown}.", exit_code=2)


def _now():
    import clock

    return clock.system().now()


def _version(one) -> dict:
    return {"script": one.id, **{name: getattr(one, name) for name in type(one).__dataclass_fields__}}


def _tell(one) -> None:
    emit(_version(one), f"{one.id}  {one.state}  {one.effective_from or ''}".rstrip())


def _write_csv(path: Path, found: list[dict]) -> None:
    import csv

    columns = [
        "call_id", "case_id", "policy_no", "branch_code", "channel", "product_type", "premium_mode", "script",
        "script_digest", "reserved_at", "answered_at", "ended_at", "result", "class", "completed", "counts", "recalled",
    ]  # fmt: skip
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore")
        writer.writeheader()
        writer.writerows(found)
