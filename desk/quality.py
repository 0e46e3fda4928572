"""Samples of recordings: drawing them, how far they are, and the finding on one."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, HTTPException, Query, Request
from fastapi.responses import RedirectResponse, Response

from desk import masking
from desk.answer_words import step_words
from desk.auth import User, at_head_office, csrf_checked
from desk.exports import MOST, spreadsheet
from desk.languages import language, translations
from desk.pages import Today, render, today
from desk.paging import FARTHEST, Paging
from rules.penalties import QUALITY_ITEMS
from rules.words import word
from scripts.rule_profiles import load_profile
from storage import plays, quality_samples
from storage.db import transaction
from storage.quality_samples import KINDS, SampleRefused
from storage.views import cases
from storage.views import quality_samples as views

router = APIRouter(include_in_schema=False)
Viewer = Annotated[User, Depends(at_head_office("samples"))]
Drawer = Annotated[User, Depends(at_head_office("draw"))]
Checker = Annotated[User, Depends(at_head_office("check"))]
Text = Annotated[str, Query(max_length=100)]
VERDICTS = ("AGREES", "DIFFERS")


@router.get("/quality-samples")
async def page(request: Request, user: Viewer) -> Response:
    return await _list(request)


async def _list(request: Request, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await views.samples(connection)
    given = {"refused": None, "kind": "QUALITY_SHARE", "period": _last_month(moment), **more}
    return render(
        request, "quality_samples.html", status=status, place="quality", moment=moment, rows=found, kinds=KINDS, **given
    )


def _last_month(moment: Today) -> str:
    year, month = divmod(moment.day.year * 12 + moment.day.month - 2, 12)
    return f"{year}-{month + 1:02d}"


@router.post("/quality-samples", dependencies=[Depends(csrf_checked)])
async def draw(
    request: Request,
    user: Drawer,
    kind: Annotated[str, Form(max_length=20)] = "",
    period: Annotated[str, Form(max_length=10)] = "",
) -> Response:
    period = period.strip()
    try:
        async with transaction() as connection:
            moment = await today(connection)
            sample_id = await quality_samples.draw(
                connection, kind, period, user=user.login, now=moment.now, profile=load_profile("national")
            )
    except SampleRefused as refused:
        return await _list(request, 422, refused=refused, kind=kind, period=period)
    return RedirectResponse(f"/quality-samples/{sample_id}", 303)


class Asked:
    """The list's filter as the address bar has it."""

    def __init__(
        self,
        state: Text = "",
        verdict: Text = "",
        why: Text = "",
        mine: bool = False,
        page: Annotated[int, Query(ge=1, le=FARTHEST)] = 1,
    ):
        self.values = {"state": state, "verdict": verdict, "why": why, "mine": "1" if mine else ""}
        self.mine, self.page = mine, page

    def filter(self, sample_id: int, user: User) -> views.CheckFilter:
        return views.CheckFilter(
            sample_id,
            self.values["state"],
            self.values["verdict"],
            self.values["why"],
            user.login if self.mine else "",
        )


@router.get("/quality-samples/{sample_id}")
async def sample(request: Request, user: Viewer, sample_id: int, asked: Annotated[Asked, Depends()]) -> Response:
    return await _sample(request, user, sample_id, asked)


async def _sample(request: Request, user: User, sample_id: int, asked: Asked, again: dict | None = None) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await views.sample(connection, sample_id)
        if found is None:
            raise HTTPException(404)
        narrowed = asked.filter(sample_id, user)
        paging = Paging.of(asked.page, views.PAGE, await views.count(connection, narrowed))
        rows = await views.checks(connection, narrowed, paging.offset, paging.size)
        strata = await views.strata(connection, sample_id)
        following = await views.next_open(connection, sample_id, user.login)
    return render(
        request,
        "quality_sample.html",
        place="quality",
        moment=moment,
        sample=found,
        rows=rows,
        strata=strata,
        paging=paging,
        asked=asked.values,
        whys=views.WHYS,
        verdicts=VERDICTS,
        next_open=following,
        again=again,
    )


@router.post("/quality-samples/{sample_id}/again", dependencies=[Depends(csrf_checked)])
async def again(request: Request, user: Viewer, sample_id: int) -> Response:
    """Draw it once more from what was known then, and say whether it is the same. Stores nothing."""
    async with transaction() as connection:
        drawn = await quality_samples.draw_again(connection, sample_id)
    if drawn is None:
        raise HTTPException(404)
    return await _sample(request, user, sample_id, Asked("", "", "", False, 1), drawn)


@router.get("/quality-samples/{sample_id}/export.xlsx")
async def export(request: Request, user: Viewer, sample_id: int, asked: Annotated[Asked, Depends()]) -> Response:
    lang = language(request)
    gettext = translations(lang).gettext
    async with transaction() as connection:
        found = await views.sample(connection, sample_id)
        if found is None:
            raise HTTPException(404)
        rows = await views.checks(connection, asked.filter(sample_id, user), 0, MOST)
    header = [
        gettext("Check"),
        gettext("Call"),
        gettext("Policy"),
        gettext("Branch"),
        gettext("Channel"),
        gettext("Product type"),
        gettext("Class"),
        gettext("Drawn because"),
        gettext("Checker"),
        gettext("State"),
        gettext("Finding"),
        gettext("Where it differs"),
        gettext("Quality items"),
        gettext("Note"),
        gettext("Checked at"),
    ]
    return await spreadsheet(
        f"{gettext('Quality sample')}-{word(found['kind'], lang)}-{found['period']}",
        header,
        [
            (
                row["id"],
                row["call_id"],
                masking.policy(row["policy_no"]),
                row["branch_name"] or "",
                word(row["channel"], lang),
                word(row["product_type"], lang),
                word(row["class"], lang),
                word(row["why"], lang),
                row["assigned_name"] or "",
                word(row["state"], lang),
                word(row["verdict"], lang) if row["verdict"] else "",
                [f"{step_words(d['step'], gettext)}: {masking.long_numbers(d['heard'])}" for d in row["differences"]],
                [_item(code, lang) for code in row["quality_items"]],
                masking.long_numbers(row["note"] or ""),
                row["done_at"],
            )
            for row in rows
        ],
    )


def _item(code: str, lang: str) -> str:
    return QUALITY_ITEMS[code][0 if lang == "zh" else 1]


@router.get("/quality-checks/{check_id}")
async def check(request: Request, user: Viewer, check_id: int) -> Response:
    return await _check(request, user, check_id)


async def _check(request: Request, user: User, check_id: int, status: int = 200, **more: Any) -> Response:
    async with transaction() as connection:
        moment = await today(connection)
        found = await views.check(connection, check_id)
        if found is None:
            raise HTTPException(404)
        calls = await cases.calls(connection, found["case_id"])
        assignment = await plays.open_assignment(connection, check_id, user.login)
    call = next((call for call in calls if call["id"] == found["call_id"]), None)
    mine = found["state"] == "OPEN" and found["assigned_to"] == user.login
    given = {"refused": None, "note": "", "verdict": "", "items": [], "heard": {}, **more}
    return render(
        request,
        "quality_check.html",
        status=status,
        place="quality",
        moment=moment,
        check=found,
        call=call,
        mine=mine,
        assignment=assignment,
        may_take_over=found["state"] == "OPEN" and not mine and user.may("check"),
        quality_items=[(code, _item(code, language(request))) for code in QUALITY_ITEMS],
        item_words={code: _item(code, language(request)) for code in QUALITY_ITEMS},
        **given,
    )


@router.post("/quality-checks/{check_id}/take-over", dependencies=[Depends(csrf_checked)])
async def take_over(request: Request, user: Checker, check_id: int) -> Response:
    try:
        async with transaction() as connection:
            moment = await today(connection)
            await quality_samples.take_over(
                connection, check_id, user=user.login, branch=user.branch_code, now=moment.now
            )
    except LookupError as e:
        raise HTTPException(404) from e
    except SampleRefused as refused:
        return await _check(request, user, check_id, 422, refused=refused)
    return RedirectResponse(f"/quality-checks/{check_id}", 303)


@router.post("/quality-checks/{check_id}", dependencies=[Depends(csrf_checked)])
async def finish(
    request: Request,
    user: Checker,
    check_id: int,
    verdict: Annotated[str, Form(max_length=20)] = "",
    note: Annotated[str, Form(max_length=2000)] = "",
    items: Annotated[list[str], Form()] = [],  # noqa: B006  (a form's own)
) -> Response:
    """The finding; `heard.<step>` names what was heard at a step that differs."""
    form = await request.form()
    heard = {
        key.removeprefix("heard."): " ".join(str(value).split())[:500]
        for key, value in form.items()
        if key.startswith("heard.") and str(value).strip()
    }
    try:
        async with transaction() as connection:
            moment = await today(connection)
            done = await quality_samples.finish(
                connection,
                check_id,
                user=user.login,
                verdict=verdict,
                now=moment.now,
                differences=[{"step": step, "heard": words} for step, words in heard.items()],
                items=items,
                note=note,
            )
    except LookupError as e:
        raise HTTPException(404) from e
    except SampleRefused as refused:
        given = {"note": note, "verdict": verdict, "items": items, "heard": heard}
        return await _check(request, user, check_id, 422, refused=refused, **given)
    # what differs is looked at again where it stands; what agrees is done, and the next one waits
    if verdict == "DIFFERS":
        return RedirectResponse(f"/quality-checks/{check_id}", 303)
    async with transaction() as connection:
        following = await views.next_open(connection, done["sample_id"], user.login)
    target = f"/quality-checks/{following}" if following else f"/quality-samples/{done['sample_id']}"
    return RedirectResponse(target, 303)
