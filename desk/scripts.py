"""Call scripts for compliance: every version, its proofs, what changed, who reviewed and published it, its calls."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from desk import masking
from desk.auth import User, at_head_office, csrf_checked
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import render, today
from desk.paging import FARTHEST, Paging
from rules.outcomes import ITEM_REASONS, SIGNATURE_REASONS
from rules.script import Script
from rules.script_check import Report
from rules.script_diff import changes
from rules.words import word
from scripts.call_scripts import BadScript, UnknownScript, read_script
from scripts.script_proofs import check_script
from storage import script_calls, script_versions
from storage.db import transaction
from storage.script_versions import DRAFT, PUBLISHED, REVIEWED, WITHDRAWN, NotPossible, Version

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("scripts"))]
PAGE = 50
LEAST_REASON = 4
LARGEST = 200_000  # bytes of an uploaded script
ITEMS = (*SIGNATURE_REASONS, *ITEM_REASONS, "M2.received", "M2.receipt_signed")


def _(message: str) -> str:
    return message  # marks the sentence for the catalogue; it is translated when a page is made


STATES = {
    DRAFT: _("draft, waits for its review"),
    REVIEWED: _("reviewed, waits to be published"),
    PUBLISHED: _("in use"),
    WITHDRAWN: _("withdrawn"),
}
VARIANTS = {
    "FULL": _("first callback"),
    "RESUMED": _("goes on after a cut-off"),
    "SUPPLEMENTARY": _("supplementary"),
    "AFTER_CARE": _("after a branch's handling"),
    "SIMPLIFIED": _("short, after a checked sale recording"),
}
# What may be done next → in which state, and by whom
ACTS = {
    "review": (frozenset({DRAFT}), "review_script"),
    "publish": (frozenset({REVIEWED}), "publish_script"),
    "withdraw": (frozenset({DRAFT, REVIEWED, PUBLISHED}), "publish_script"),
}


_reports: dict[str, Report] = {}  # by digest: a text is proved once in the life of this process


async def report_of(one: Version, script: Script) -> Report:
    if one.digest not in _reports:
        if len(_reports) > 200:
            _reports.clear()
        _reports[one.digest] = await run_in_threadpool(check_script, script)
    return _reports[one.digest]


@router.get("/scripts")
async def page(
    request: Request,
    user: Viewer,
    q: Annotated[str, Query(max_length=100)] = "",
    state: str = "",
    channel: str = "",
) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await script_versions.versions(connection)
        scripts = {one.id: await script_versions.script_of(connection, one.id, one.digest) for one in found}
    shown = [
        (one, scripts[one.id])
        for one in found
        if q.lower() in one.id and state in ("", one.state) and (not channel or channel in scripts[one.id].channels)
    ]
    return render(
        request,
        "scripts.html",
        place="scripts",
        moment=moment,
        rows=shown,
        states=STATES,
        variants=VARIANTS,
        channels=("AGENCY", "BROKERAGE", "BANCASSURANCE", "BANK_DIRECT", "TELEMARKETING", "ONLINE"),
        asked={"q": q, "state": state, "channel": channel},
        may_draft=user.may("draft_script"),
        refused=None,
    )


@router.post("/scripts", dependencies=[Depends(csrf_checked)])
async def draft(
    request: Request, user: Annotated[User, Depends(at_head_office("draft_script"))], file: UploadFile
) -> Response:
    """A version put forward as a file."""
    try:
        script = _read(await file.read(LARGEST + 1), file.filename or "script.yaml")
        async with transaction() as connection:
            one = await script_versions.draft(connection, script, user.login, (await today(connection)).now)
    except (BadScript, NotPossible) as refused:
        return await _refused_file(request, refused)
    return RedirectResponse(f"/scripts/{one.name}/{one.version}", 303)


def _read(content: bytes, name: str) -> Script:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = None
    if text is None or len(content) > LARGEST:
        raise NotPossible("文件不是 UTF-8 文本，或者太大", "the file is no UTF-8 text, or too large")
    return read_script(text, name)


async def _refused_file(request: Request, refused: BadScript | NotPossible) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
    problems = refused.problems if isinstance(refused, BadScript) else []
    return render(
        request, "script_refused.html", status=422, place="scripts", moment=moment, refused=refused, problems=problems
    )


@router.get("/scripts/{name}/{version}")
async def one_version(request: Request, user: Viewer, name: str, version: int) -> Response:
    async with transaction() as connection:
        return await _page(request, user, connection, f"{name}@{version}")


async def _page(request: Request, user: User, connection: AsyncConnection, script_id: str, **more: Any) -> Response:
    one, script = await _found(connection, script_id)
    moment = await today(connection)
    every = [v for v in await script_versions.versions(connection) if v.name == one.name]
    before = next((v for v in every if v.version < one.version), None)
    changed = ()
    if before is not None:
        changed = changes(await script_versions.script_of(connection, before.id, before.digest), script)
    counts = await script_calls.count_under(connection, one.id)
    return render(
        request,
        "script.html",
        place="scripts",
        moment=moment,
        one=one,
        script=script,
        report=await report_of(one, script),
        before=before,
        changed=changed,
        every=every,
        counts=counts,
        states=STATES,
        variants=VARIANTS,
        acts=[act for act, (states, right) in ACTS.items() if one.state in states and _may(user, one, act, right)],
        **{"status": 200, "refused": None, **more},
    )


def _may(user: User, one: Version, act: str, right: str) -> bool:
    return user.may(right) and not (act == "review" and one.drafted_by == user.login)


async def _found(connection: AsyncConnection, script_id: str) -> tuple[Version, Script]:
    try:
        one = await script_versions.version(connection, script_id)
        return one, await script_versions.script_of(connection, one.id, one.digest)
    except UnknownScript:
        raise HTTPException(404) from None


@router.get("/scripts/{name}/{version}/{act}")
async def ask(request: Request, user: Viewer, name: str, version: int, act: str) -> Response:
    """Is it to be done? With what will follow."""
    if act == "calls":
        return await _calls(request, user, f"{name}@{version}", 1)
    if act not in ACTS:
        raise HTTPException(404)
    async with transaction() as connection:
        one, script = await _found(connection, f"{name}@{version}")
        states, right = ACTS[act]
        if one.state not in states or not _may(user, one, act, right):
            raise HTTPException(403)
        moment = await today(connection)
        report = await report_of(one, script)
    return render(
        request, "script_act.html", place="scripts", moment=moment, one=one, act=act, report=report,
        least_reason=LEAST_REASON,
    )  # fmt: skip


@router.post("/scripts/{name}/{version}/review", dependencies=[Depends(csrf_checked)])
async def review(
    request: Request, user: Annotated[User, Depends(at_head_office("review_script"))], name: str, version: int
) -> Response:
    async def work(connection: AsyncConnection, one: Version, script: Script, moment) -> None:
        await script_versions.review(connection, one.id, user.login, moment.now)

    return await _act(request, user, f"{name}@{version}", work)


@router.post("/scripts/{name}/{version}/publish", dependencies=[Depends(csrf_checked)])
async def publish(
    request: Request,
    user: Annotated[User, Depends(at_head_office("publish_script"))],
    name: str,
    version: int,
    effective_from: Annotated[date, Form()],
) -> Response:
    async def work(connection: AsyncConnection, one: Version, script: Script, moment) -> None:
        if not (await report_of(one, script)).ok:
            raise NotPossible("证明不成立，不能发布", "a version that fails its proofs cannot be published")
        await script_versions.publish(connection, one.id, user.login, effective_from, moment.now, today=moment.day)

    return await _act(request, user, f"{name}@{version}", work)


@router.post("/scripts/{name}/{version}/withdraw", dependencies=[Depends(csrf_checked)])
async def withdraw(
    request: Request,
    user: Annotated[User, Depends(at_head_office("publish_script"))],
    name: str,
    version: int,
    why: Annotated[str, Form(min_length=LEAST_REASON, max_length=200)],
) -> Response:
    async def work(connection: AsyncConnection, one: Version, script: Script, moment) -> None:
        await script_versions.withdraw(connection, one.id, user.login, why.strip(), moment.now)

    return await _act(request, user, f"{name}@{version}", work)


async def _act(request: Request, user: User, script_id: str, work: Callable[..., Awaitable[None]]) -> Response:
    try:
        async with transaction() as connection:
            one, script = await _found(connection, script_id)
            await work(connection, one, script, await today(connection))
    except NotPossible as refused:
        async with transaction() as connection:
            return await _page(request, user, connection, script_id, refused=refused, status=422)
    return RedirectResponse(f"/scripts/{one.name}/{one.version}", 303)


# ---------------------------------------------------------------- calls under a version


@router.get("/scripts/{name}/{version}/calls/page/{number}")
async def calls(request: Request, user: Viewer, name: str, version: int, number: int) -> Response:
    return await _calls(request, user, f"{name}@{version}", min(max(number, 1), FARTHEST))


async def _calls(request: Request, user: User, script_id: str, number: int, **more: Any) -> Response:
    async with transaction() as connection:
        one, _script = await _found(connection, script_id)
        moment = await today(connection)
        counts = await script_calls.count_under(connection, one.id)
        paging = Paging.of(number, PAGE, counts["rows"])
        found = await script_calls.calls_under(connection, one.id, paging.size, paging.offset)
    return render(
        request,
        "script_calls.html",
        place="scripts",
        moment=moment,
        one=one,
        rows=found,
        counts=counts,
        paging=paging,
        items=sorted(ITEMS),
        may_recall=user.may("publish_script"),
        least_reason=LEAST_REASON,
        **{"plan": None, "why": "", "taken": None, **more},
    )


@router.get("/scripts/{name}/{version}/calls/export.xlsx")
async def export(request: Request, user: Viewer, name: str, version: int) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        one, _script = await _found(connection, f"{name}@{version}")
        found = await script_calls.calls_under(connection, one.id, MOST)
    header = [gettext(title) for title in ("Policy", "Branch", "Called", "Result", "Class", "Counts", "Taken up again")]
    return await spreadsheet(
        one.id,
        header,
        [
            (
                masking.policy(row["policy_no"]),
                row["branch_code"] or "",
                row["reserved_at"],
                word(row["result"], lang) if row["result"] else "",
                word(row["class"], lang) if row["class"] else "",
                gettext("yes") if row["counts"] else gettext("no"),
                gettext("yes") if row["recalled"] else gettext("no"),
            )
            for row in found
        ],
    )


@router.post("/scripts/{name}/{version}/recall", dependencies=[Depends(csrf_checked)])
async def recall(
    request: Request,
    user: Annotated[User, Depends(at_head_office("publish_script"))],
    name: str,
    version: int,
    item: Annotated[list[str], Form()],
    why: Annotated[str, Form(min_length=LEAST_REASON, max_length=200)],
    sure: Annotated[bool, Form()] = False,
) -> Response:
    """First how many it would be; done when asked again."""
    script_id = f"{name}@{version}"
    if not set(item) <= set(ITEMS):
        raise HTTPException(422)
    async with transaction() as connection:
        one, _script = await _found(connection, script_id)
        moment = await today(connection)
        plan = await script_calls.to_recall(connection, one.id, item)
        if sure:
            taken = await script_calls.recall(
                connection, plan, by=user.login, why=why.strip(), now=moment.now, today=moment.day
            )
    if sure:
        return await _calls(request, user, script_id, 1, taken=len(taken))
    return await _calls(request, user, script_id, 1, plan=plan, why=why.strip())
